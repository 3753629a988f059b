/**
 * Purpose: the command `headway serve` with its flags.
 * Invariants: as cli/command.ts.
 * Fails: as the action does.
 */
import type { ServeFlags } from '../actions/serve.ts';
import { type AddCommand, command } from '../command.ts';
import { addressFlags } from '../flags.ts';

export const register: AddCommand = (program, env) => {
  command<ServeFlags>(program, env, {
    name: 'serve',
    description: 'Serve forecasts over HTTP.',
    define: (c) =>
      addressFlags(c).option(
        '--shard <i/n>',
        'load and serve only the i-th of n equal parts of the series, for several services',
      ),
    run: async (context, flags) =>
      (await import('../actions/serve.ts')).serveCommand(context, flags),
  });
};
