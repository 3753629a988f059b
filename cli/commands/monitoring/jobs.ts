/**
 * Purpose: the command `headway jobs` with its flags.
 * Invariants: as cli/command.ts.
 * Fails: as the action does.
 */
import type { JobsFlags } from '../../actions/monitoring/jobs.ts';
import { type AddCommand, command } from '../../command.ts';
import { wholeNumber } from '../../flags.ts';

export const register: AddCommand = (program, env) => {
  command<JobsFlags>(program, env, {
    name: 'jobs',
    description: 'List what the schedule ran: when, how long, where, and why it failed.',
    define: (c) => c.option('--limit <count>', 'how many runs, newest first', wholeNumber, 10),
    run: async (context, flags) =>
      (await import('../../actions/monitoring/jobs.ts')).jobsCommand(context, flags),
  });
};
