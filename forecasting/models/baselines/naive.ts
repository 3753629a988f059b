/**
 * Purpose: the naive baselines every model must beat: last value, same interval a season ago, mean
 * of the last 4 seasons. Which season, the frequency decides (seasons.ts).
 * Invariants: read nothing after the cutoff; an unknown lag is replaced by the next older one of
 * the same season, then by the series' recent mean, then by 0, so that a forecast is always finite.
 * Fails: a RangeError where the cutoff is outside the panel.
 */

import { meanOf, type Panel, targetOf } from '../../panel/panel.ts';
import { seasonNoun } from '../../panel/seasons.ts';
import type { Forecaster } from '../forecaster.ts';

const SEASONS = 4;

/** Every name that a naive baseline may have, simplest first. */
export const NAIVE_NAMES: readonly string[] = [
  'last_value',
  'seasonal_naive',
  ...(['weeks', 'years', 'seasons'] as const).map((noun) => `mean_4_${noun}`),
];

/** y(cutoff): the last known value, for every step. */
export const lastValue: Forecaster = pointForecaster('last_value', 1, (values, cutoff) =>
  lastKnown(values, cutoff),
);

/**
 * The value one season before the target; a whole number of seasons back where the horizon is
 * longer than the season.
 */
export const seasonalNaive = (seasonLength: number): Forecaster =>
  pointForecaster('seasonal_naive', seasonLength, (values, cutoff, step) => {
    let t = cutoff + step - Math.ceil(step / seasonLength) * seasonLength;
    for (; t >= 0; t -= seasonLength) if (!Number.isNaN(values[t])) return values[t] as number;
    return recentMean(values, cutoff, seasonLength);
  });

/** Mean of the known values at the target's time in each of the last 4 seasons. */
export const meanOfSeasons = (
  seasonLength: number,
  noun: ReturnType<typeof seasonNoun> = 'weeks',
): Forecaster =>
  pointForecaster(`mean_4_${noun}`, seasonLength * SEASONS, (values, cutoff, step) => {
    let sum = 0;
    let count = 0;
    const first = cutoff + step - Math.ceil(step / seasonLength) * seasonLength;
    for (let season = 0, t = first; season < SEASONS && t >= 0; season++, t -= seasonLength) {
      const value = values[t] as number;
      if (Number.isNaN(value)) continue;
      sum += value;
      count++;
    }
    return count > 0 ? sum / count : recentMean(values, cutoff, seasonLength);
  });

/** The baselines of a grid whose baseline season is `seasonLength` intervals. */
export const naiveForecasters = (seasonLength: number, frequencyMinutes = 60): Forecaster[] => [
  lastValue,
  seasonalNaive(seasonLength),
  meanOfSeasons(seasonLength, seasonNoun(frequencyMinutes, seasonLength)),
];

function pointForecaster(
  name: string,
  minimumHistory: number,
  forecast: (values: Float32Array, cutoff: number, step: number) => number,
): Forecaster {
  return {
    name,
    quantiles: [0.5],
    minimumHistory,
    predict(panel: Panel, cutoff: number, horizon: number): Float32Array {
      if (cutoff < 0 || cutoff >= panel.length)
        throw new RangeError(`cutoff ${cutoff} is outside the panel's ${panel.length} intervals`);
      const out = new Float32Array(panel.seriesIds.length * horizon);
      for (let s = 0; s < panel.seriesIds.length; s++) {
        const values = targetOf(panel, s);
        for (let k = 1; k <= horizon; k++) out[s * horizon + k - 1] = forecast(values, cutoff, k);
      }
      return out;
    },
  };
}

function lastKnown(values: Float32Array, cutoff: number): number {
  for (let t = cutoff; t >= 0; t--) if (!Number.isNaN(values[t])) return values[t] as number;
  return 0;
}

/** Mean of the known values of the last `intervals`; 0 where none is known. */
const recentMean = (values: Float32Array, cutoff: number, intervals: number): number =>
  meanOf(values.subarray(Math.max(0, cutoff - intervals + 1), cutoff + 1)) || 0;
