/**
 * Purpose: the commands `headway panel …` with their flags.
 * Invariants: as cli/command.ts.
 * Fails: as the action does.
 */
import { Option } from 'commander';
import type { ExportFlags } from '../actions/panel.ts';
import { type AddCommand, command } from '../command.ts';

export const register: AddCommand = (program, env) => {
  const panel = program.command('panel').description('the features as a table of time series');
  command<ExportFlags>(panel, env, {
    name: 'export',
    description: 'Export the time series as CSV, Arrow or Parquet: unique_id, ds, y.',
    define: (c) =>
      c
        .option('--out <file>', 'file to write (default: standard output)')
        .addOption(
          new Option('--format <format>', 'format of the file')
            .choices(['csv', 'arrow', 'parquet'])
            .default('csv'),
        )
        .option('--snapshot <version>', 'a snapshot (default: latest)')
        .option('--cutoff <timestamp>', 'last interval, ISO 8601 in UTC')
        .option('--known-at <timestamp>', 'only data known at this time, ISO 8601 in UTC'),
    run: async (context, flags) =>
      (await import('../actions/panel.ts')).exportPanel(context, flags),
  });
};
