/**
 * Purpose: the command `headway score` with its flags.
 * Invariants: as cli/command.ts.
 * Fails: as the action does.
 */
import type { ScoreFlags } from '../actions/score.ts';
import { type AddCommand, command } from '../command.ts';

export const register: AddCommand = (program, env) => {
  command<ScoreFlags>(program, env, {
    name: 'score',
    description:
      'Score the issued forecasts of the log against what happened. Does not change the store.',
    define: (c) =>
      c
        .option('--from <timestamp>', 'forecasts issued from this UTC time on (default: all)')
        .option('--until <timestamp>', 'forecasts issued before this UTC time')
        .option(
          '--page <file>',
          'write the report of the newest model to this HTML file (default: score-DOMAIN.html ' +
            'in --work)',
        ),
    run: async (context, flags) =>
      (await import('../actions/score.ts')).scoreCommand(context, flags),
  });
};
