/**
 * Purpose: `headway decide`: how much to have ready for a series or a group, by what too few and
 * too many cost, and how likely a capacity does not suffice.
 * Invariants: the figures of `GET /v1/groups/{id}/decision` of the same model and snapshot.
 * Fails: SERIES_UNKNOWN, GROUP_UNKNOWN, WINDOW_INVALID, HISTORY_TOO_SHORT; USAGE for costs that
 * decide nothing.
 */
import Table from 'cli-table3';
import { newsvendorQuantile, quantityAt } from '../../../forecasting/paths/decisions.ts';
import { shareAbove, sumOfPaths } from '../../../forecasting/paths/totals.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import { utcText } from '../../../platform/text/utc-text.ts';
import { hasForecast } from '../../../services/inference/batch/issue-forecasts.ts';
import { totalWindows } from '../../../services/inference/responses/group-response.ts';
import { PATHS } from '../../../services/inference/serving/group-totals.ts';
import type { CommandContext } from '../../context.ts';
import { tooFewValues, unknownSeries } from '../forecast.ts';
import { groupOfIssue, type IssuedPaths, issuedPaths } from './issued-paths.ts';

export interface DecideFlags {
  readonly series?: string;
  readonly group: string;
  readonly under: number;
  readonly over: number;
  readonly capacity?: number;
  readonly window?: string;
}

export async function decideCommand(context: CommandContext, flags: DecideFlags): Promise<void> {
  const { domain } = context;
  const { under, over, capacity } = flags;
  if (!(under + over > 0 && Number.isFinite(under + over)))
    throw new HeadwayError('USAGE', `costs of ${under} and ${over} do not determine a quantity`, {
      where: '--under, --over',
      fix: 'State what one too few and one too many cost, below 1e308; one may be 0.',
    });
  const found = await issuedPaths(context, { count: PATHS });
  const { panel, cutoff, entry } = found.issued;
  const { horizon } = entry;
  const { rows, title } = subjectOf(context, found, flags);
  const { sorted, timestamps } = totalWindows(
    { panel, cutoff, horizon, closedWeekdays: domain.closedWeekdays },
    sumOfPaths(found.paths, rows, horizon),
    flags.window,
  );
  const quantile = newsvendorQuantile(under, over);
  const decided = sorted.map((column, i) => ({
    timestamp: timestamps[i] as number,
    quantity: quantityAt(column, quantile, domain.integerValued),
    ...(capacity === undefined ? {} : { exceeds: shareAbove(column, capacity) }),
  }));
  const table = new Table({
    head: [
      'from (UTC)',
      'have ready',
      ...(capacity === undefined ? [] : [`more than ${capacity} needed`]),
    ],
    style: { head: [], border: [] },
    colAligns: ['left', 'right', 'right'],
  });
  for (const { timestamp, quantity, exceeds } of decided)
    table.push([
      utcText(timestamp),
      Number(quantity.toPrecision(6)),
      ...(exceeds === undefined ? [] : [`${(100 * exceeds).toFixed(1)} %`]),
    ]);
  context.print(`${title}: quantile ${Number(quantile.toPrecision(3))} of ${domain.unit}`);
  context.print(table.toString());
  context.printJson({
    ...{ domain: domain.name, title, quantile, modelVersion: found.modelVersion },
    snapshotVersion: entry.snapshotVersion,
    windows: decided.map(({ timestamp, ...rest }) => ({
      timestamp: new Date(timestamp).toISOString(),
      ...rest,
    })),
  });
}

function subjectOf(
  { domain }: CommandContext,
  { issued }: IssuedPaths,
  { series, group: groupId }: DecideFlags,
): { readonly rows: readonly number[]; readonly title: string } {
  const { seriesIds, snapshotVersion } = issued.entry;
  if (series === undefined) return groupOfIssue(domain, issued, groupId);
  const row = seriesIds.indexOf(series);
  if (row < 0) throw unknownSeries(domain, series, snapshotVersion, seriesIds);
  if (hasForecast(issued.entry, row)) return { rows: [row], title: domain.seriesTitle(series) };
  throw tooFewValues(series);
}
