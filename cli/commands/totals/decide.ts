/**
 * Purpose: the command `headway decide` with its flags.
 * Invariants: as cli/command.ts.
 * Fails: as the action does.
 */
import { Option } from 'commander';
import type { DecideFlags } from '../../actions/totals/decide.ts';
import { type AddCommand, command } from '../../command.ts';
import { amount, windowText } from '../../flags.ts';

export const register: AddCommand = (program, env) =>
  command<DecideFlags>(program, env, {
    name: 'decide',
    description: 'Say how much to have ready, from the costs of too few and too many.',
    define: (c) =>
      c
        .addOption(new Option('--series <id>', 'one series').conflicts('group'))
        .option('--group <id>', 'a group of the domain; all is the total', 'all')
        .option('--under <cost>', 'what one too few costs', amount, 1)
        .option('--over <cost>', 'what one too many costs', amount, 1)
        .option('--capacity <amount>', 'also show how likely it is that more is needed', amount)
        .option(
          '--window <length>',
          'add up so much time, e.g. 8h (default: one interval)',
          windowText,
        ),
    run: async (context, flags) =>
      (await import('../../actions/totals/decide.ts')).decideCommand(context, flags),
  });
