/**
 * Purpose: the command `headway config`.
 * Invariants: as cli/command.ts.
 * Fails: as the action does.
 */
import { type AddCommand, command } from '../command.ts';
import { sourceFlags } from '../flags.ts';

export const register: AddCommand = (program, env) => {
  command(program, env, {
    name: 'config',
    description: 'List every setting with its value, and where the value comes from.',
    define: sourceFlags,
    run: async (context) => (await import('../actions/config.ts')).listSettings(context),
  });
};
