/**
 * Purpose: one series over the times of the page: what happened up to the cutoff, the mean forecast
 * after it.
 * Invariants: actuals are loaded apart from forecasts, of as many intervals as are worth it; a
 * value that is not known, or not loaded, is NaN.
 * Fails: as the client.
 */
import { dataOf, type HeadwayClient } from '../../../clients/typescript/headway-client.ts';
import { seasonOf } from '../../data/forecast.ts';
import type { Forecast, SeriesInfo, ServedModel, Timeline } from '../../data/page-context.ts';
import { placesBefore } from '../../data/timeline.ts';

export interface Row {
  readonly info: SeriesInfo;
  /** One a time of the page. */
  readonly values: readonly number[];
  /** The value a season before each. */
  readonly before: readonly number[];
}

export interface Actuals {
  readonly times: readonly number[];
  /** By the id of the series, one value a time. */
  readonly values: ReadonlyMap<string, readonly (number | null)[]>;
}

/** Values of all series together: a megabyte, about. */
const MAX_VALUES = 300_000;
/** What the service gives of a series at most, and of how many series at once. */
const [MAX_INTERVALS, PAGE_SIZE] = [1000, 1000];

/** The forecast of every series that has one. */
export async function loadForecasts({
  forecastLines,
}: HeadwayClient): Promise<ReadonlyMap<string, Forecast>> {
  const found = new Map<string, Forecast>();
  for await (const forecast of forecastLines()) found.set(forecast.seriesId as string, forecast);
  return found;
}

/** What happened in the times of the page and a season before: less of it, of many series. */
export async function loadActuals(
  { GET }: HeadwayClient,
  { times, past, cutoff, intervalMs }: Timeline,
  domain: ServedModel['domain'],
  seriesCount: number,
): Promise<Actuals> {
  const first = (times[0] as number) - (past > 0 ? seasonOf(domain) * intervalMs : 0);
  const affordable = Math.min(MAX_INTERVALS, Math.floor(MAX_VALUES / Math.max(1, seriesCount)));
  const from = new Date(Math.max(first, cutoff + intervalMs * (1 - affordable))).toISOString();
  const values = new Map<string, readonly (number | null)[]>();
  let found: number[] = [];
  let cursor: string | null = null;
  do {
    const until = new Date(cutoff + intervalMs).toISOString();
    const query = { from, until, limit: PAGE_SIZE, ...(cursor === null ? {} : { cursor }) };
    const page: {
      timestamps: string[];
      series: { seriesId: string; values: (number | null)[] }[];
      nextCursor: string | null;
    } = await dataOf(GET('/v1/actuals', { params: { query } }));
    found = page.timestamps.map((time) => Date.parse(time));
    for (const one of page.series) values.set(one.seriesId, one.values);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return { times: found, values };
}

export function rowsOf(
  series: readonly SeriesInfo[],
  forecasts: ReadonlyMap<string, Forecast>,
  actuals: Actuals | null,
  timeline: Timeline,
  domain: ServedModel['domain'],
): Row[] {
  const { times, past, intervalMs } = timeline;
  // Closed days are among what happened, and no time of the page.
  const places = new Map(actuals?.times.map((time, i) => [time, i]));
  const known = times.slice(0, past).map((time) => places.get(time) ?? -1);
  const seasonMs = seasonOf(domain) * intervalMs;
  const inside = placesBefore(times, seasonMs);
  const outside = times.map((time) => places.get(time - seasonMs) ?? -1);
  return series.flatMap((info): Row[] => {
    const forecast = forecasts.get(info.seriesId);
    if (forecast === undefined) return [];
    const own = actuals?.values.get(info.seriesId) ?? [];
    const values = [...known.map((place) => own[place] ?? Number.NaN), ...forecast.mean];
    const before = inside.map(
      (place, i) => values[place] ?? own[outside[i] as number] ?? Number.NaN,
    );
    return [{ info, values, before }];
  });
}

/** How much more than a season before, by the scatter of counts: large series do not always win. */
export function riseOf(row: Row, index: number): number {
  const before = row.before[index] as number;
  return ((row.values[index] as number) - before) / Math.sqrt(Math.max(1, Math.abs(before)));
}
