/**
 * Purpose: the command `headway scenarios` with its flags.
 * Invariants: as cli/command.ts.
 * Fails: as the action does.
 */
import { MAX_PATHS } from '../../../forecasting/paths/sample-paths.ts';
import type { ScenariosFlags } from '../../actions/totals/scenarios.ts';
import { type AddCommand, command } from '../../command.ts';
import { wholeNumberOr0, wholeNumberUpTo } from '../../flags.ts';

export const register: AddCommand = (program, env) =>
  command<ScenariosFlags>(program, env, {
    name: 'scenarios',
    description: 'Write sample paths of all series together as a Parquet file.',
    define: (c) =>
      c
        .requiredOption('--out <file>', 'the file: path, unique_id, ds, step, y')
        .option(
          '--paths <count>',
          `paths to draw, at most ${MAX_PATHS}`,
          wholeNumberUpTo(MAX_PATHS),
          200,
        )
        .option(
          '--draw <number>',
          'other paths of the same forecast; the same number gives the same paths',
          wholeNumberOr0,
          0,
        ),
    run: async (context, flags) =>
      (await import('../../actions/totals/scenarios.ts')).scenariosCommand(context, flags),
  });
