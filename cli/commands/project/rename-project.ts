/**
 * Purpose: the command `headway rename-project` with its flags.
 * Invariants: as cli/command.ts.
 * Fails: as the action does.
 */
import type { RenameFlags } from '../../actions/project/rename-project.ts';
import { type AddCommand, command } from '../../command.ts';

export const register: AddCommand = (program, env) =>
  command<RenameFlags>(program, env, {
    name: 'rename-project',
    description: 'Give a fork its own name: package, images, stacks, titles.',
    define: (c) =>
      c
        .argument('<name>', 'its name: lower case, digits and hyphens')
        .option('--title <text>', 'its title for people, e.g. "Shop forecasts"')
        .option('--dry-run', 'list what would change, and write nothing'),
    run: async (context, flags, name) =>
      (await import('../../actions/project/rename-project.ts')).renameProjectCommand(
        context,
        flags,
        name as string,
      ),
  });
