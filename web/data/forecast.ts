/**
 * Purpose: a forecast of the API as columns of numbers that charts and tables draw.
 * Invariants: a missing actual is NaN; bands are the widest first; nothing is computed that the API
 * says itself. Times need not follow each other: closed days are none of them.
 * Fails: never.
 */
import { niceTicks } from '../../platform/text/scales.ts';
import type { Forecast, ServedModel } from './page-context.ts';

export interface Band {
  /** 80: between the quantiles 0.1 and 0.9. */
  readonly level: number;
  readonly lower: readonly number[];
  readonly upper: readonly number[];
}

export interface Columns {
  readonly cutoff: number;
  /** Of one interval, in milliseconds. */
  readonly intervalMs: number;
  readonly pastTimes: readonly number[];
  readonly actual: readonly number[];
  readonly times: readonly number[];
  readonly median: readonly number[];
  /** What is added up. */
  readonly mean: readonly number[];
  /** Which of the two the API calls the point forecast. */
  readonly pointName: 'median' | 'mean';
  readonly bands: readonly Band[];
  /** The value a season before each step. */
  readonly naive: readonly number[];
}

type Domain = ServedModel['domain'];

export const seasonOf = ({ seasonLengths }: Domain): number => seasonLengths.at(-1) ?? 1;

export function columnsOf(forecast: Forecast, domain: Domain): Columns {
  const { quantiles, history = { timestamps: [], values: [] } } = forecast;
  const times = forecast.timestamps.map((time) => Date.parse(time));
  const cutoff = Date.parse(forecast.cutoff);
  const actual = history.values.map((value) => value ?? Number.NaN);
  const pastTimes = history.timestamps.map((time) => Date.parse(time));
  const interval = intervalMs(forecast.frequency);
  const seasonMs = seasonOf(domain) * interval;
  const known = new Map(pastTimes.map((time, i) => [time, actual[i] as number]));
  const seasonBefore = (time: number) =>
    known.get(time - seasonMs * Math.ceil((time - cutoff) / seasonMs)) ?? Number.NaN;
  return {
    cutoff,
    intervalMs: interval,
    pastTimes,
    actual,
    times,
    median: medianOf(quantiles),
    mean: forecast.mean,
    pointName: forecast.point === 'mean' ? 'mean' : 'median',
    bands: bandsOf(quantiles),
    naive: times.map(seasonBefore),
  };
}

type Quantiles = Readonly<Record<string, readonly number[]>>;

/** "0.1", "0.5", "0.9": what forecasts call their quantiles, ascending. */
export const quantileNames = (quantiles: Readonly<Record<string, unknown>>): string[] =>
  Object.keys(quantiles).sort((a, b) => Number(a) - Number(b));

export function medianOf(quantiles: Quantiles): readonly number[] {
  const names = quantileNames(quantiles);
  return quantiles['0.5'] ?? quantiles[names[names.length >> 1] as string] ?? [];
}

export function bandsOf(quantiles: Quantiles): Band[] {
  const names = quantileNames(quantiles);
  return names
    .filter((name) => Number(name) < 0.5)
    .flatMap((name) => {
      const opposite = names.find((other) => Math.abs(1 - Number(name) - Number(other)) < 1e-6);
      if (opposite === undefined) return [];
      const lower = quantiles[name] as readonly number[];
      const upper = quantiles[opposite] as readonly number[];
      return [{ level: Math.round((1 - 2 * Number(name)) * 1000) / 10, lower, upper }];
    });
}

/** One quantile, one value a step; empty where there is none. */
export const plainQuantile = (quantiles: Quantiles, q: number): readonly number[] =>
  quantiles[String(q)] ?? [];

/** The band closest to level 80, which titles name; null without any. */
export const bandFor = (bands: readonly Band[]): Band | null =>
  [...bands].sort((a, b) => Math.abs(a.level - 80) - Math.abs(b.level - 80))[0] ?? null;

/** Steps of a slider of capacities. */
const STEPS = 100;

/**
 * From nothing to more than is at all likely, in round steps; `usual`, one of them, lies in the
 * upper half of the interval at its highest: there the probability says most.
 */
export function capacityRange(quantiles: Quantiles) {
  const upper = Math.max(1, ...(bandFor(bandsOf(quantiles))?.upper ?? []));
  const median = Math.max(1, ...medianOf(quantiles));
  const ticks = niceTicks(0, 1.2 * Math.max(1, ...Object.values(quantiles).flat()), STEPS);
  const [low = 0, step = 1] = ticks;
  const high = ticks.at(-1) as number;
  const usual = ticks.find((tick) => tick >= (median + upper) / 2) ?? high;
  return { low, high, step, usual };
}

/** "last week" where a season is a week; for labels. */
export function naiveName(domain: Domain): string {
  const hours = (seasonOf(domain) * minutesOf(domain.frequency)) / 60;
  if (hours === 168) return 'last week';
  if (hours === 24) return 'the day before';
  return 'last season';
}

/** Minutes of an ISO 8601 duration of hours or minutes. */
function minutesOf(frequency: string): number {
  const [, hours = '0', minutes = '0'] = /^PT(?:(\d+)H)?(?:(\d+)M)?$/.exec(frequency) ?? [];
  return Number(hours) * 60 + Number(minutes);
}

/** Of an ISO 8601 duration of hours or minutes. */
export const intervalMs = (frequency: string): number => minutesOf(frequency) * 60_000;

/**
 * The interval that holds `time`: the last that starts at or before it, and the first for an
 * earlier time. @param times ascending starts of intervals @returns -1 without times
 */
export function indexAt(times: readonly number[], time: number): number {
  if (times.length === 0) return -1;
  return Math.max(
    0,
    times.findLastIndex((start) => start <= time),
  );
}

/** "hour", "quarter-hour", "day": what one interval is called. */
export function intervalNoun(domain: Domain): string {
  const minutes = minutesOf(domain.frequency);
  const nouns: Record<number, string> = { 15: 'quarter-hour', 30: 'half-hour', 60: 'hour' };
  return nouns[minutes] ?? (minutes === 1440 ? 'day' : 'interval');
}

export const indexOfHighest = (values: readonly number[]): number => {
  let best = 0;
  for (const [i, value] of values.entries())
    if (value > (values[best] as number) || !Number.isFinite(values[best])) best = i;
  return best;
};
