/**
 * Purpose: the command `headway decide` with its flags.
 * Invariants: as cli/command.ts.
 * Fails: as the action does.
 */
import { InvalidArgumentError, Option } from 'commander';
import type { DecideFlags } from '../../actions/totals/decide.ts';
import { type AddCommand, command } from '../../command.ts';

function amount(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number) && number >= 0) return number;
  throw new InvalidArgumentError('It must be a number of at least 0.');
}

const windowText = (text: string): string => {
  if (/^[1-9]\d{0,4}(m|h|d)$/.test(text)) return text;
  throw new InvalidArgumentError('It must be minutes, hours or days, such as 8h.');
};

export const register: AddCommand = (program, env) =>
  command<DecideFlags>(program, env, {
    name: 'decide',
    description: 'Say how much to have ready, by what too few and too many cost.',
    define: (c) =>
      c
        .addOption(new Option('--series <id>', 'one series').conflicts('group'))
        .option('--group <id>', 'a group of the domain; all is the total', 'all')
        .option('--under <cost>', 'what one too few costs', amount, 1)
        .option('--over <cost>', 'what one too many costs', amount, 1)
        .option('--capacity <amount>', 'also say how likely more is needed', amount)
        .option(
          '--window <length>',
          'add up so much time, e.g. 8h (default: one interval)',
          windowText,
        ),
    run: async (context, flags) =>
      (await import('../../actions/totals/decide.ts')).decideCommand(context, flags),
  });
