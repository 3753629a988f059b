/**
 * Purpose: the command `headway monitor` with its flags.
 * Invariants: as cli/command.ts.
 * Fails: as the action does.
 */
import type { MonitorFlags } from '../../actions/monitoring/monitor.ts';
import { type AddCommand, command } from '../../command.ts';
import { wholeNumber } from '../../flags.ts';

export const register: AddCommand = (program, env) => {
  command<MonitorFlags>(program, env, {
    name: 'monitor',
    description:
      'Check the live system once: score forecasts, look for drift, decide by the policy, alert.',
    define: (c) =>
      c
        .option('--no-decide', 'change no model: score, judge and alert only')
        .option('--page <file>', 'write a report of the last days as a page')
        .option('--days <days>', 'days of the report', wholeNumber, 14)
        .option('--note <text...>', 'sentences for the page, such as why there was an outage'),
    run: async (context, flags) =>
      (await import('../../actions/monitoring/monitor.ts')).monitorCommand(context, flags),
  });
};
