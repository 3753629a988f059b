/**
 * Purpose: the commands `headway contract …`.
 * Invariants: as cli/command.ts.
 * Fails: as the action does.
 */
import { type AddCommand, command } from '../../command.ts';

export const register: AddCommand = (program, env) => {
  const contract = program.command('contract').description('the data contract of the domain');
  command<{ out?: string }>(contract, env, {
    name: 'export',
    description: 'Write the contract as an Open Data Contract (ODCS), in YAML.',
    define: (c) => c.option('--out <file>', 'file to write (default: standard output)'),
    run: async (context, flags) =>
      (await import('../../actions/readers/contract.ts')).exportContract(context, flags),
  });
};
