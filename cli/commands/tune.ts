/**
 * Purpose: the command `headway tune` with its flags.
 * Invariants: as cli/command.ts.
 * Fails: as the action does.
 */
import type { TuneFlags } from '../actions/tune.ts';
import { type AddCommand, command } from '../command.ts';
import { computeFlags, wholeNumber } from '../flags.ts';

export const register: AddCommand = (program, env) => {
  command<TuneFlags>(program, env, {
    name: 'tune',
    description: 'Search for a better network configuration. Resumable; only reads the store.',
    define: (c) =>
      computeFlags(
        c
          .option(
            '--candidates <count>',
            'configurations to try, including the default',
            wholeNumber,
            18,
          )
          .option(
            '--steps <count>',
            'batches in the first round; each next round has three times as many for the ' +
              'best third',
            wholeNumber,
            60,
          )
          .option(
            '--folds <count>',
            'consecutive spans of 14 days that each candidate is scored on',
            wholeNumber,
            2,
          )
          .option(
            '--workers <count>',
            'processes that fit in parallel (default: one per core)',
            wholeNumber,
          )
          .option(
            '--test-days <days>',
            'days at the end that the search must not use (default: 28)',
            wholeNumber,
          )
          .option('--snapshot <version>', 'search on this snapshot (default: latest)')
          .option(
            '--config-out <file>',
            'where the best configuration is written (default: tuning/DOMAIN.json in --work)',
          )
          .option(
            '--page <file>',
            'where the report is written (default: reports/DOMAIN-tuning.html in --work)',
          ),
      ),
    run: async (context, flags) => (await import('../actions/tune.ts')).tuneCommand(context, flags),
  });
};
