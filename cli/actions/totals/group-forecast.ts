/**
 * Purpose: `headway forecast --group`: the forecast of a total, by windows.
 * Invariants: the figures of `GET /v1/groups/{id}/forecast` of the same model and snapshot.
 * Fails: as `issue` of forecast.ts; GROUP_UNKNOWN, WINDOW_INVALID.
 */
import Table from 'cli-table3';
import { sumOfMeans, sumOfPaths } from '../../../forecasting/paths/totals.ts';
import { utcText } from '../../../platform/text/utc-text.ts';
import {
  totalFigures,
  totalWindows,
} from '../../../services/inference/responses/group-response.ts';
import { PATHS } from '../../../services/inference/serving/group-totals.ts';
import type { CommandContext } from '../../context.ts';
import { groupOfIssue, issuedPaths } from './issued-paths.ts';

/** What the table shows of them. */
const LEVELS = [80];

export interface GroupForecastFlags {
  readonly group: string;
  readonly window?: string;
  readonly capacity?: number;
}

export async function groupForecastCommand(
  context: CommandContext,
  { group: groupId, window, capacity }: GroupForecastFlags,
): Promise<void> {
  const { domain } = context;
  const { issued, modelVersion, paths } = await issuedPaths(context, { count: PATHS });
  const { panel, cutoff, entry } = issued;
  const { horizon } = entry;
  const { rows, title, withoutForecast } = groupOfIssue(domain, issued, groupId);
  const windows = totalWindows(
    { panel, cutoff, horizon, closedWeekdays: domain.closedWeekdays },
    sumOfPaths(paths, rows, horizon),
    window,
  );
  const { timestamps } = windows;
  const mean = sumOfMeans(entry, rows, horizon);
  const figures = totalFigures({ mean }, windows, { levels: LEVELS, capacity });
  context.print(`${title}: total of ${rows.length} series, ${domain.unit}`);
  context.print(tableOf(timestamps, figures));
  if (withoutForecast.length > 0)
    context.print(`Left out, without a forecast: ${withoutForecast.join(', ')}.`);
  context.printJson({
    ...{ domain: domain.name, groupId, title, unit: domain.unit },
    cutoff: new Date(entry.cutoff).toISOString(),
    ...{ modelVersion, snapshotVersion: entry.snapshotVersion },
    timestamps: timestamps.map((timestamp) => new Date(timestamp).toISOString()),
    ...{ point: 'mean', ...figures, paths: PATHS, series: rows.length, withoutForecast },
  });
}

function tableOf(
  timestamps: readonly number[],
  { quantiles, mean, peak, exceeds }: ReturnType<typeof totalFigures>,
): string {
  const columns = [...Object.entries(quantiles), ['mean', mean] as const];
  const share = (probability: number) => `${(100 * probability).toFixed(1)} %`;
  const table = new Table({
    head: [
      'from (UTC)',
      ...columns.map(([name]) => (name === '0.5' ? 'median' : name)),
      'is the peak',
      ...(exceeds ? [`above ${exceeds.capacity}`] : []),
    ],
    style: { head: [], border: [] },
    colAligns: ['left', ...columns.map(() => 'right' as const), 'right', 'right'],
  });
  for (const [i, timestamp] of timestamps.entries())
    table.push([
      utcText(timestamp),
      ...columns.map(([, values]) => Number((values[i] as number).toPrecision(6))),
      share(peak.probability[i] as number),
      ...(exceeds ? [share(exceeds.probability[i] as number)] : []),
    ]);
  return table.toString();
}
