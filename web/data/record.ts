/**
 * Purpose: what was forecast for past intervals, next to what happened, as columns to draw.
 * Invariants: of several forecasts of an interval, `latest` is the last that was made before it.
 * Fails: never; without a record all is empty.
 */
import type { components } from '../../clients/typescript/headway-api.ts';
import { type Band, bandFor, bandsOf, medianOf } from './forecast.ts';

export type SeriesRecord = components['schemas']['SeriesRecord'];

export interface PastForecast {
  readonly time: number;
  /** How many intervals ahead it was made. */
  readonly step: number;
  readonly actual: number;
  readonly median: number;
  readonly lower: number;
  readonly upper: number;
  readonly level: number;
}

export interface Vintage {
  readonly cutoff: number;
  readonly times: readonly number[];
  readonly median: readonly number[];
}

export interface PastForecasts {
  readonly latest: readonly PastForecast[];
  /** Each forecast as a line, oldest first. */
  readonly vintages: readonly Vintage[];
}

export function pastForecasts(record: SeriesRecord, intervalMs: number): PastForecasts {
  const actuals = new Map(
    record.timestamps.map((time, i) => [Date.parse(time), record.actuals[i] ?? Number.NaN]),
  );
  const latest = new Map<number, PastForecast>();
  const vintages = record.forecasts.map((forecast): Vintage => {
    const quantiles = known(forecast.quantiles);
    const median = medianOf(quantiles);
    const band: Band | null = bandFor(bandsOf(quantiles));
    const start = Date.parse(forecast.start);
    const times = median.map((_, i) => start + i * intervalMs);
    for (const [i, time] of times.entries()) {
      const step = forecast.step + i;
      if (!actuals.has(time) || step >= (latest.get(time)?.step ?? Number.POSITIVE_INFINITY))
        continue;
      latest.set(time, {
        ...{ time, step, median: median[i] as number, level: band?.level ?? Number.NaN },
        actual: actuals.get(time) as number,
        lower: band?.lower[i] ?? Number.NaN,
        upper: band?.upper[i] ?? Number.NaN,
      });
    }
    return { cutoff: Date.parse(forecast.cutoff), times, median };
  });
  return { latest: [...latest.values()].sort((a, b) => a.time - b.time), vintages };
}

/** Whether the interval held what happened; null where that is not known. */
export const held = ({ actual, lower, upper }: PastForecast): boolean | null =>
  Number.isFinite(actual + lower + upper) ? actual >= lower && actual <= upper : null;

const known = (quantiles: Readonly<Record<string, readonly (number | null)[]>>) =>
  Object.fromEntries(
    Object.entries(quantiles).map(([name, values]) => [
      name,
      values.map((value) => value ?? Number.NaN),
    ]),
  );
