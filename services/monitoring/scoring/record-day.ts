/**
 * Purpose: the record of one target day: for each series what was served, next to what happened.
 * Invariants: of several issues at one cutoff the first counts, as in score-day.ts; so that finer
 * grids do not make it larger, each interval is in at most about MAX_FORECASTS of them, spread
 * evenly over the lead times.
 * Fails: never.
 */
import type { LedgerIssue } from '../../../storage/ledger/ledger.ts';
import type {
  RecordDay,
  RecordedForecast,
  SeriesDay,
} from '../../../storage/monitoring/series-records.ts';
import { type ActualAt, firstIssues } from './score-day.ts';

const MAX_FORECASTS = 24;

export interface DayRequest {
  /** UTC start of the day, epoch milliseconds. */
  readonly day: number;
  /** Nothing from here on is recorded. */
  readonly until: number;
  readonly scoredAt: number;
}

/** @param issues with targets on that day; at least one */
export function recordDay(
  issues: readonly LedgerIssue[],
  actualAt: ActualAt,
  { day, until, scoredAt }: DayRequest,
): RecordDay {
  const { frequencyMinutes, cutoff } = issues[0] as LedgerIssue;
  const interval = frequencyMinutes * 60_000;
  const start = cutoff + Math.ceil((day - cutoff) / interval) * interval;
  const count = Math.ceil((until - start) / interval);
  const forecasts = new Map<string, RecordedForecast[]>();
  const served = firstIssues(issues.filter(({ role }) => role === 'serving'));
  for (const issue of spread(served, interval)) {
    const first = Math.max(0, Math.round((start - issue.cutoff) / interval) - 1);
    const end = Math.min(issue.horizon, Math.round((start - issue.cutoff) / interval) - 1 + count);
    if (end <= first) continue;
    for (const [row, seriesId] of issue.seriesIds.entries()) {
      const forecast = clipped(issue, row, first, end);
      if (forecast === null) continue;
      const ofSeries = forecasts.get(seriesId);
      if (ofSeries) ofSeries.push(forecast);
      else forecasts.set(seriesId, [forecast]);
    }
  }
  const actuals = (seriesId: string) =>
    Array.from({ length: count }, (_, k) => shown(actualAt(seriesId, start + k * interval), 7));
  const series = new Map<string, Pick<SeriesDay, 'actuals' | 'forecasts'>>();
  for (const [seriesId, own] of forecasts)
    series.set(seriesId, { actuals: actuals(seriesId), forecasts: own });
  return { day, scoredAt, start, frequencyMinutes, series };
}

/** Where there are more than MAX_FORECASTS issues a horizon, the first in each stretch of time. */
function spread(issues: readonly LedgerIssue[], interval: number): LedgerIssue[] {
  const taken = new Map<number, number>();
  return issues.filter(({ cutoff, horizon }) => {
    const stretch = Math.floor(cutoff / (interval * Math.ceil(horizon / MAX_FORECASTS)));
    if (!taken.has(stretch)) taken.set(stretch, cutoff);
    return taken.get(stretch) === cutoff;
  });
}

/** Steps [first, end) of one series; null where nothing of them is known. */
function clipped(
  issue: LedgerIssue,
  row: number,
  first: number,
  end: number,
): RecordedForecast | null {
  const { issuedAt, cutoff, forecaster, modelVersion, origin, fallback } = issue;
  const { quantiles, horizon, values, mean } = issue;
  const steps = (all: LedgerIssue['values'], at: number) =>
    Array.from(all.slice(at + first, at + end), (value) => shown(value, 6));
  const columns = quantiles.map((_, q) => steps(values, (row * quantiles.length + q) * horizon));
  if (columns.every((column) => column.every((value) => value === null))) return null;
  return {
    ...{ issuedAt, cutoff, forecaster, modelVersion, origin, fallback, quantiles },
    ...{ step: first + 1, values: columns, mean: mean && steps(mean, row * horizon) },
  };
}

/** As the HTTP API shows it. */
const shown = (value: number, digits: number): number | null =>
  Number.isNaN(value) ? null : Number(value.toPrecision(digits));
