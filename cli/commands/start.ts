/**
 * Purpose: the commands `headway start` and `headway demo` with their flags.
 * Invariants: as cli/command.ts.
 * Fails: as the action does.
 */
import type { StartFlags } from '../actions/start.ts';
import { type AddCommand, command } from '../command.ts';
import { addressFlags, quantilesFlag, sourceFlags } from '../flags.ts';

export const register: AddCommand = (program, env) => {
  command<StartFlags>(program, env, {
    name: 'start',
    description: 'Run everything: features, model, forecast, HTTP service and schedule.',
    define: (c) =>
      quantilesFlag(
        addressFlags(sourceFlags(c))
          .option('--once', 'fetch one forecast from the service, then stop')
          .option('--quick', 'use less data and a shorter training, for a first try'),
      ),
    run: async (context, flags) =>
      (await import('../actions/start.ts')).startCommand(context, flags),
    // People read the output of this command; the log is for problems.
    defaults: { logLevel: 'warn' },
  });
  command<StartFlags>(program, env, {
    name: 'demo',
    description: 'Run everything once on sample data of a domain, without a network, then stop.',
    define: (c) => quantilesFlag(addressFlags(sourceFlags(c))),
    run: async (context) =>
      (await import('../actions/start.ts')).startCommand(context, { once: true, quick: true }),
    // A store of its own: samples never meet real data.
    defaults: { logLevel: 'warn', store: 'file:./.headway/demo', port: 0 },
  });
};
