/**
 * Purpose: the command `headway replay` with its flags.
 * Invariants: as cli/command.ts.
 * Fails: as the action does.
 */
import type { ReplayFlags } from '../../actions/monitoring/replay.ts';
import { type AddCommand, command } from '../../command.ts';
import { trainingFlags, wholeNumber } from '../../flags.ts';

export const register: AddCommand = (program, env) => {
  command<ReplayFlags>(program, env, {
    name: 'replay',
    description:
      'Drive the whole system through past time: forecasts, actuals, scores, drift, decisions, ' +
      'retraining, with a report at the end. After a stop, the same command continues.',
    define: (c) =>
      trainingFlags(c)
        .option('--from <timestamp>', 'first issue time, UTC (default: two weeks before --to)')
        .option('--to <timestamp>', 'end of the replay, UTC (default: the end of the data)')
        .option('--every <hours>', 'hours between two issues of forecasts', wholeNumber, 1)
        .option('--check-every <hours>', 'hours between two checks', wholeNumber, 24)
        .option(
          '--into <folder>',
          'folder of the replayed store (default: replay-DOMAIN in --work)',
        )
        .option('--page <file>', 'the report (default: replay-DOMAIN.html in --work)'),
    run: async (context, flags) =>
      (await import('../../actions/monitoring/replay.ts')).replayCommand(context, flags),
  });
};
