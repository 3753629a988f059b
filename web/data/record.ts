/**
 * Purpose: what was forecast for past intervals, next to what happened, as columns to draw.
 * Invariants: of several forecasts of an interval, `latest` is the last that was made before it; an
 * interval is that of the outermost quantiles, as in the service's own scores.
 * Fails: never; without a record all is empty.
 */
import type { components } from '../../clients/typescript/headway-api.ts';
import { bandsOf, medianOf } from './forecast.ts';

export type SeriesRecord = components['schemas']['SeriesRecord'];
type Recorded = SeriesRecord['forecasts'][number];

/** One forecast that was made. */
export interface Vintage
  extends Pick<Recorded, 'forecaster' | 'modelVersion' | 'origin' | 'fallback'> {
  readonly cutoff: number;
  readonly issuedAt: number;
  /** The step of the first of the times. */
  readonly step: number;
  readonly times: readonly number[];
  readonly median: readonly number[];
  readonly lower: readonly number[];
  readonly upper: readonly number[];
  /** Of the interval, 0 to 100. */
  readonly level: number;
}

export interface PastForecast {
  readonly time: number;
  /** How many intervals ahead it was made. */
  readonly step: number;
  readonly actual: number;
  readonly median: number;
  readonly lower: number;
  readonly upper: number;
  readonly level: number;
  readonly vintage: Vintage;
}

export interface PastForecasts {
  readonly latest: readonly PastForecast[];
  /** Each forecast as a line, oldest first. */
  readonly vintages: readonly Vintage[];
  /** Every forecast of every interval whose actual is known. */
  readonly all: readonly PastForecast[];
}

export const NO_FORECASTS: PastForecasts = { latest: [], vintages: [], all: [] };

export function pastForecasts(record: SeriesRecord, intervalMs: number): PastForecasts {
  const actuals = new Map(
    record.timestamps.map((time, i) => [Date.parse(time), record.actuals[i] ?? Number.NaN]),
  );
  const vintages = record.forecasts.map((forecast) => vintageOf(forecast, intervalMs));
  const pairs = vintages.flatMap((vintage) =>
    vintage.times.flatMap((time, i): PastForecast[] => {
      const actual = actuals.get(time);
      if (actual === undefined) return [];
      const { median, lower, upper, level, step } = vintage;
      return [
        {
          ...{ time, actual, level, vintage, step: step + i, median: median[i] as number },
          ...{ lower: lower[i] as number, upper: upper[i] as number },
        },
      ];
    }),
  );
  const latest = new Map<number, PastForecast>();
  for (const pair of pairs)
    if (pair.step < (latest.get(pair.time)?.step ?? Number.POSITIVE_INFINITY))
      latest.set(pair.time, pair);
  return {
    latest: [...latest.values()].sort((a, b) => a.time - b.time),
    vintages,
    all: pairs.filter(({ actual }) => Number.isFinite(actual)),
  };
}

function vintageOf(forecast: Recorded, intervalMs: number): Vintage {
  const { forecaster, modelVersion, origin, fallback, step } = forecast;
  const quantiles = known(forecast.quantiles);
  const median = medianOf(quantiles);
  const [outermost] = bandsOf(quantiles);
  const start = Date.parse(forecast.start);
  const unknown = median.map(() => Number.NaN);
  return {
    ...{ forecaster, modelVersion, origin, fallback, step, median },
    ...{ cutoff: Date.parse(forecast.cutoff), issuedAt: Date.parse(forecast.issuedAt) },
    times: median.map((_, i) => start + i * intervalMs),
    lower: outermost?.lower ?? unknown,
    upper: outermost?.upper ?? unknown,
    level: outermost?.level ?? Number.NaN,
  };
}

/** The last forecast of the interval that was made before it; null where there is none. */
export const forecastOf = ({ latest }: PastForecasts, time: number): PastForecast | null =>
  latest.find((one) => one.time === time) ?? null;

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
