/**
 * Purpose: the command `headway forecast` with its flags.
 * Invariants: as cli/command.ts.
 * Fails: as the action does.
 */
import { Option } from 'commander';
import type { ForecastFlags } from '../actions/forecast.ts';
import { type AddCommand, command } from '../command.ts';
import { amount, wholeNumber, windowText } from '../flags.ts';

export const register: AddCommand = (program, env) => {
  command<ForecastFlags & { group?: string }>(program, env, {
    name: 'forecast',
    description:
      'Show the forecast of one series or of a total, or write those of all series to the ledger.',
    define: (c) =>
      c
        .option('--series <id>', 'one series (default: all, written to the ledger)')
        .addOption(
          new Option('--group <id>', 'the total of a group of the domain, e.g. all').conflicts([
            ...['series', 'horizon', 'svg', 'shard', 'issuedAt', 'challenger', 'since'],
          ]),
        )
        .option(
          '--window <length>',
          'with --group: length of the windows to add up, e.g. 8h',
          windowText,
        )
        .option(
          '--capacity <amount>',
          'with --group: also show how likely it is that more is needed',
          amount,
        )
        .option('--horizon <steps>', 'steps to forecast, closed days not counted', wholeNumber)
        .option('--svg <file>', 'write the chart as SVG')
        .addOption(
          new Option(
            '--shard <i/n>',
            'forecast only the i-th of n equal parts of the series, for parallel workers',
          ).conflicts('series'),
        )
        .option(
          '--issued-at <timestamp>',
          'start time of the batch, ISO 8601 in UTC; the same for all shards (default: now)',
        )
        .option(
          '--challenger <version...>',
          'models that forecast alongside the champion, for the ledger only',
        )
        .addOption(
          new Option(
            '--since <timestamp>',
            'write what would have been forecast since then, within the test span of the model',
          ).conflicts(['series', 'shard', 'issuedAt', 'challenger', 'horizon']),
        )
        .option('--every <hours>', 'with --since: hours between two issues', wholeNumber, 1),
    run: async (context, { group, ...flags }) =>
      group === undefined
        ? (await import('../actions/forecast.ts')).forecastCommand(context, flags)
        : (await import('../actions/totals/group-forecast.ts')).groupForecastCommand(context, {
            ...flags,
            group,
          }),
  });
};
