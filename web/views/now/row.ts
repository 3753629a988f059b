/**
 * Purpose: one series over the times of the view: what happened up to the cutoff, the mean forecast
 * after it.
 * Invariants: all rows of a view have the same times; a value that is not known is NaN.
 * Fails: never.
 */
import { columnsOf, seasonOf } from '../../data/forecast.ts';
import type { Forecast, GroupForecast, SeriesInfo, ServedModel } from '../../data/page-context.ts';

export interface Row {
  readonly info: SeriesInfo;
  /** One a time of the view. */
  readonly values: readonly number[];
  /** The value a season before each. */
  readonly before: readonly number[];
}

export interface Rows {
  readonly rows: readonly Row[];
  readonly times: readonly number[];
  /** How many of the times are past. */
  readonly past: number;
  readonly cutoff: number;
  /** Of one interval, in milliseconds. */
  readonly intervalMs: number;
}

/** Of the rows of a group. */
export interface Total {
  /** One a time of the view: what happened, then the mean. */
  readonly values: readonly number[];
  /** A season before each. */
  readonly before: readonly number[];
  /** With its band; null while it is not known. */
  readonly forecast: GroupForecast | null;
}

/** How many intervals before the cutoff the view shows. */
export const SHOWN_PAST = 48;

/** @param forecasts with `history` of a season and SHOWN_PAST intervals, or without */
export function rowsOf(
  series: readonly SeriesInfo[],
  forecasts: ReadonlyMap<string, Forecast>,
  domain: ServedModel['domain'],
): Rows | null {
  const [first] = forecasts.values();
  if (first === undefined) return null;
  // All are of one snapshot, with the same times: they are read once.
  const { pastTimes, times: ahead, cutoff, intervalMs } = columnsOf(first, domain);
  const past = Math.min(SHOWN_PAST, pastTimes.length);
  const from = pastTimes.length - past;
  const times = [...pastTimes.slice(from), ...ahead];
  const seasonMs = seasonOf(domain) * intervalMs;
  const places = new Map([...pastTimes, ...ahead].map((time, i) => [time, i]));
  const seasonBefore = times.map((time) => places.get(time - seasonMs) ?? -1);
  const rows = series.flatMap((info): Row[] => {
    const forecast = forecasts.get(info.seriesId);
    if (forecast === undefined) return [];
    const history = forecast.history?.values ?? [];
    const all = [...history.map((value) => value ?? Number.NaN), ...forecast.mean];
    const before = seasonBefore.map((place) => all[place] ?? Number.NaN);
    return [{ info, values: all.slice(from), before }];
  });
  return { rows, times, past, cutoff, intervalMs };
}

/** Of all rows, at each time; NaN where one is not known. */
export const sumOf = (rows: readonly Row[], column: 'values' | 'before'): number[] =>
  (rows[0] as Row).values.map((_, i) =>
    rows.reduce((sum, row) => sum + (row[column][i] as number), 0),
  );

/** How much more than a season before, by the scatter of counts: large series do not always win. */
export function riseOf(row: Row, index: number): number {
  const before = row.before[index] as number;
  return ((row.values[index] as number) - before) / Math.sqrt(Math.max(1, Math.abs(before)));
}
