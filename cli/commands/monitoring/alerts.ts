/**
 * Purpose: the commands `headway alerts …`.
 * Invariants: as cli/command.ts.
 * Fails: as the actions do.
 */
import { type AddCommand, command } from '../../command.ts';

export const register: AddCommand = (program, env) => {
  const alerts = program.command('alerts').description('list open alerts, and test where they go');
  command(alerts, env, {
    name: 'list',
    description: 'List open alerts, and notifications that wait to be sent.',
    run: async (context) =>
      (await import('../../actions/monitoring/alerts.ts')).listAlerts(context),
  });
  command(alerts, env, {
    name: 'test',
    description: 'Send a test notification through every channel of the settings.',
    run: async (context) =>
      (await import('../../actions/monitoring/alerts.ts')).testAlerts(context),
  });
};
