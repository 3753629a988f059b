/**
 * Purpose: the command `headway train` with its flags.
 * Invariants: as cli/command.ts; flags that a model card fixes conflict with --reproduce.
 * Fails: as the action does.
 */
import { Option } from 'commander';
import type { TrainFlags, TrainingFlags } from '../actions/train.ts';
import { type AddCommand, command } from '../command.ts';
import { trainingFlags } from '../flags.ts';

/** Flags whose value the card of the reproduced model gives. */
const FIXED_BY_CARD = [
  ...['source', 'steps', 'testDays', 'config', 'demandOnly', 'seed', 'backend', 'quantiles'],
  ...['snapshot', 'knownAt', 'warmStart'],
];

export const register: AddCommand = (program, env) => {
  command<TrainingFlags & TrainFlags>(program, env, {
    name: 'train',
    description: 'Train, backtest and register a model, and promote it if it is better.',
    define: (c) =>
      trainingFlags(c)
        .option('--snapshot <version>', 'train on this snapshot (default: latest)')
        .option(
          '--known-at <timestamp>',
          'train only on data known at this time, ISO 8601 in UTC (default: all of the snapshot)',
        )
        .option(
          '--warm-start',
          "start from the champion's weights where compatible; fewer --steps are then enough",
        )
        .option(
          '--no-refit',
          'serve the model that was scored, instead of fitting it again on all data',
        )
        .addOption(
          new Option(
            '--reproduce <modelVersion>',
            'fit this model again from its card and compare the result; registers nothing',
          ).conflicts(FIXED_BY_CARD),
        )
        .option('--panel-only', 'with --reproduce: compare the training set only'),
    run: async (context, flags) =>
      (await import('../actions/train.ts')).trainCommand(context, flags),
  });
};
