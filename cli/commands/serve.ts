/**
 * Purpose: the command `headway serve` with its flags.
 * Invariants: as cli/command.ts.
 * Fails: as the action does.
 */
import { type AddCommand, command } from '../command.ts';
import { addressFlags } from '../flags.ts';

export const register: AddCommand = (program, env) => {
  command(program, env, {
    name: 'serve',
    description: 'Serve forecasts over HTTP.',
    define: addressFlags,
    run: async (context) => (await import('../actions/serve.ts')).serveCommand(context),
  });
};
