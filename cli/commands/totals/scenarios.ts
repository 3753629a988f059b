/**
 * Purpose: the command `headway scenarios` with its flags.
 * Invariants: as cli/command.ts.
 * Fails: as the action does.
 */
import type { ScenariosFlags } from '../../actions/totals/scenarios.ts';
import { type AddCommand, command } from '../../command.ts';
import { wholeNumber } from '../../flags.ts';

export const register: AddCommand = (program, env) =>
  command<ScenariosFlags>(program, env, {
    name: 'scenarios',
    description: 'Write sample paths of all series together as a Parquet file.',
    define: (c) =>
      c
        .requiredOption('--out <file>', 'the file: path, unique_id, ds, step, y')
        .option('--paths <count>', 'paths to draw', wholeNumber, 200)
        .option(
          '--draw <number>',
          'other paths of the same forecast; the same number gives the same paths',
          wholeNumber,
          0,
        ),
    run: async (context, flags) =>
      (await import('../../actions/totals/scenarios.ts')).scenariosCommand(context, flags),
  });
