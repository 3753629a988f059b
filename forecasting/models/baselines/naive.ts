/**
 * Purpose: the naive baselines every model must beat: last value, same interval a season ago, mean
 * of the last 4 seasons. Which season, the frequency decides (seasons.ts).
 * Invariants: read nothing after the cutoff; an unknown lag is replaced by the next older one of
 * the same season, then by the series' recent mean, then by 0, so that a forecast is always finite;
 * what lies before a series began is unknown.
 * Fails: a RangeError where the cutoff is outside the panel.
 */

import { birthsOf } from '../../panel/birth.ts';
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
export const lastValue: Forecaster = pointForecaster('last_value', 1, 1, (values, cutoff) =>
  lastKnown(values, cutoff),
);

/**
 * The value one season before the target; a whole number of seasons back where the horizon is
 * longer than the season.
 */
export const seasonalNaive = (seasonLength: number): Forecaster =>
  pointForecaster('seasonal_naive', seasonLength, 1, (values, cutoff, step, birth) => {
    let t = cutoff + step - Math.ceil(step / seasonLength) * seasonLength;
    for (; t >= birth; t -= seasonLength) if (!Number.isNaN(values[t])) return values[t] as number;
    return recentMean(values, birth, cutoff, seasonLength);
  });

/** Mean of the known values at the target's time in each of the last 4 seasons. */
export const meanOfSeasons = (
  seasonLength: number,
  noun: ReturnType<typeof seasonNoun> = 'weeks',
): Forecaster =>
  pointForecaster(`mean_4_${noun}`, seasonLength, SEASONS, (values, cutoff, step, birth) => {
    let sum = 0;
    let count = 0;
    const first = cutoff + step - Math.ceil(step / seasonLength) * seasonLength;
    for (let season = 0, t = first; season < SEASONS && t >= birth; season++, t -= seasonLength) {
      const value = values[t] as number;
      if (Number.isNaN(value)) continue;
      sum += value;
      count++;
    }
    return count > 0 ? sum / count : recentMean(values, birth, cutoff, seasonLength);
  });

/** The baselines of a grid whose baseline season is `seasonLength` intervals. */
export const naiveForecasters = (seasonLength: number, frequencyMinutes = 60): Forecaster[] => [
  lastValue,
  seasonalNaive(seasonLength),
  meanOfSeasons(seasonLength, seasonNoun(frequencyMinutes, seasonLength)),
];

function pointForecaster(
  name: string,
  season: number,
  seasons: number,
  forecast: (values: Float32Array, cutoff: number, step: number, birth: number) => number,
): Forecaster {
  // An interval forecast asks at many cutoffs of one panel.
  const births = new WeakMap<Panel, readonly ((cutoff: number) => number)[]>();
  const birthsIn = (panel: Panel) => {
    const known =
      births.get(panel) ??
      panel.seriesIds.map((_, s) => birthsOf(targetOf(panel, s), season, SEASONS * season));
    births.set(panel, known);
    return known;
  };
  return {
    name,
    quantiles: [0.5],
    minimumHistory: season * seasons,
    predict(panel: Panel, cutoff: number, horizon: number): Float32Array {
      if (cutoff < 0 || cutoff >= panel.length)
        throw new RangeError(`cutoff ${cutoff} is outside the panel's ${panel.length} intervals`);
      const out = new Float32Array(panel.seriesIds.length * horizon);
      const begun = season > 1 ? birthsIn(panel) : [];
      for (let s = 0; s < panel.seriesIds.length; s++) {
        const values = targetOf(panel, s);
        const birth = begun[s]?.(cutoff) ?? 0;
        for (let k = 1; k <= horizon; k++)
          out[s * horizon + k - 1] = forecast(values, cutoff, k, birth);
      }
      return out;
    },
  };
}

function lastKnown(values: Float32Array, cutoff: number): number {
  for (let t = cutoff; t >= 0; t--) if (!Number.isNaN(values[t])) return values[t] as number;
  return 0;
}

/** Mean of the known values of the last `intervals` from `birth` on; 0 where none is known. */
const recentMean = (
  values: Float32Array,
  birth: number,
  cutoff: number,
  intervals: number,
): number => meanOf(values.subarray(Math.max(birth, cutoff - intervals + 1), cutoff + 1)) || 0;
