/**
 * Purpose: the command `headway backtest` with its flags.
 * Invariants: as cli/command.ts.
 * Fails: as the action does.
 */
import type { BacktestFlags } from '../actions/backtest.ts';
import { type AddCommand, command } from '../command.ts';
import { trainingFlags, wholeNumber } from '../flags.ts';

export const register: AddCommand = (program, env) => {
  command<BacktestFlags>(program, env, {
    name: 'backtest',
    description: 'Compare all forecasters on the last weeks. Does not change the store.',
    define: (c) =>
      trainingFlags(c)
        .option(
          '--cutoff-step <intervals>',
          'intervals between two cutoffs; must share no factor with the day',
          wholeNumber,
        )
        .option(
          '--refit-days <days>',
          'fit again after this many days of the test span (default: fit once)',
          wholeNumber,
        )
        .option(
          '--workers <count>',
          'processes that fit in parallel (default: one per fit, at most one per core)',
          wholeNumber,
        )
        .option(
          '--page <file>',
          'write the leaderboard to this HTML file (default: backtest-DOMAIN.html in --work)',
        ),
    run: async (context, flags) =>
      (await import('../actions/backtest.ts')).backtestCommand(context, flags),
  });
};
