/**
 * Purpose: the command `headway decisions` with its flags.
 * Invariants: as cli/command.ts.
 * Fails: as the action does.
 */
import type { DecisionsFlags } from '../../actions/monitoring/decisions.ts';
import { type AddCommand, command } from '../../command.ts';
import { wholeNumber } from '../../flags.ts';

export const register: AddCommand = (program, env) => {
  command<DecisionsFlags>(program, env, {
    name: 'decisions',
    description: 'Show which model served at a time, and what was decided until then, and why.',
    define: (c) =>
      c
        .option('--at <timestamp>', 'the time in question, ISO 8601 in UTC (default: now)')
        .option('--limit <count>', 'how many decisions, newest first', wholeNumber, 20),
    run: async (context, flags) =>
      (await import('../../actions/monitoring/decisions.ts')).decisionsCommand(context, flags),
  });
};
