/**
 * Purpose: the command `headway mcp`.
 * Invariants: as cli/command.ts.
 * Fails: as the action does.
 */
import { type AddCommand, command } from '../../command.ts';

export const register: AddCommand = (program, env) => {
  command(program, env, {
    name: 'mcp',
    description: 'Serve agents by the Model Context Protocol on standard input, read-only.',
    defaults: { logLevel: 'warn' },
    run: async (context) => (await import('../../actions/readers/mcp.ts')).mcpCommand(context),
  });
};
