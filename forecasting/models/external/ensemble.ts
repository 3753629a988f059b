/**
 * Purpose: a model of others and one of ours as one forecaster: each quantile is the average of
 * both, with a share of ours for each group of steps.
 * Invariants: shares are chosen by the pinball loss at the calibration cutoffs, errors counting in
 * units of the series' level; nothing after their horizons is read. Averages of ordered quantiles
 * are in order. Ours is what stays where too little was observed.
 * Fails: a RangeError where our model lacks a quantile.
 */
import { pinballLoss } from '../../evaluation/metrics.ts';
import type { FeatureSpec, LevelSpec } from '../../features/feature-spec.ts';
import { hasEnoughHistory, levelAt } from '../../features/features.ts';
import { type Panel, targetOf } from '../../panel/panel.ts';
import { MIN_OBSERVATIONS } from '../calibration/observations.ts';
import type { Forecaster } from '../forecaster.ts';
import type { SavedNetwork } from '../network/forecaster.ts';

const GROUPS = 4;
const GRID = 10;

/** Our part of an ensemble, in its model.json; its weights lie behind the graph. */
export interface SavedEnsemble {
  /** Of the registry: the model of ours. */
  readonly modelVersion: string;
  readonly model: SavedNetwork;
  /** [step]: the share of our quantiles; the rest is theirs. */
  readonly shares: readonly number[];
  /** Where our weights begin. */
  readonly graphBytes: number;
}

/** Theirs, uncalibrated, with a share of ours. */
export function ensembleForecaster(
  theirs: Forecaster,
  ours: Forecaster,
  shares: readonly number[],
): Forecaster {
  const { quantiles } = theirs;
  const places = placesIn(ours, quantiles);
  const { exogenous, withContext, contextSeries, knows } = ours;
  return {
    ...theirs,
    minimumHistory: Math.max(theirs.minimumHistory, ours.minimumHistory),
    ...(exogenous ? { exogenous } : {}),
    ...(withContext ? { withContext } : {}),
    ...(contextSeries ? { contextSeries } : {}),
    ...(knows ? { knows } : {}),
    predict(panel, cutoff, horizon) {
      const out = theirs.predict(panel, cutoff, horizon);
      const own = ours.predict(panel, cutoff, horizon);
      for (let s = 0; s < panel.seriesIds.length; s++)
        for (const [q, place] of places.entries())
          for (let k = 0; k < horizon; k++) {
            const at = (s * quantiles.length + q) * horizon + k;
            const mine = own[(s * ours.quantiles.length + place) * horizon + k] as number;
            out[at] = (out[at] as number) + (shares[k] as number) * (mine - (out[at] as number));
          }
      return out;
    },
  };
}

/** [step]: the share of ours with which the ensemble loses least in the step's group. */
export function sharesOf(
  panel: Panel,
  theirs: Forecaster,
  ours: Forecaster,
  cutoffs: readonly number[],
  spec: Pick<FeatureSpec, 'horizon' | 'day'> & LevelSpec,
): number[] {
  const { horizon } = spec;
  const { quantiles } = theirs;
  const groupOf = (step: number) => Math.floor((step * GROUPS) / horizon);
  const losses = Array.from({ length: GROUPS }, () => new Float64Array(GRID + 1));
  const counts = new Int32Array(GROUPS);
  const places = placesIn(ours, quantiles);
  for (const cutoff of cutoffs) {
    const weights = weightsAt(panel, cutoff, spec);
    const theirValues = theirs.predict(panel, cutoff, horizon);
    const ourValues = ours.predict(panel, cutoff, horizon);
    for (let s = 0; s < panel.seriesIds.length; s++) {
      const weight = weights[s] as number;
      const actuals = targetOf(panel, s).subarray(cutoff + 1, cutoff + 1 + horizon);
      for (const [k, actual] of actuals.entries()) {
        if (weight === 0 || Number.isNaN(actual)) continue;
        const pairs = places.map((place, q) => {
          const their = theirValues[(s * quantiles.length + q) * horizon + k] as number;
          return [their, ourValues[(s * ours.quantiles.length + place) * horizon + k] as number];
        }) as [number, number][];
        // Of unknown inputs a graph may make no number.
        if (!pairs.flat().every(Number.isFinite)) continue;
        const group = groupOf(k);
        const loss = losses[group] as Float64Array;
        counts[group] = (counts[group] as number) + 1;
        for (const [q, quantile] of quantiles.entries()) {
          const pair = pairs[q] as [number, number];
          for (let n = 0; n <= GRID; n++)
            loss[n] = (loss[n] as number) + weight * pinballLoss(quantile, actual - mixed(pair, n));
        }
      }
    }
  }
  const best = losses.map((loss, group) =>
    (counts[group] as number) < MIN_OBSERVATIONS ? 1 : bestShare(loss),
  );
  return Array.from({ length: horizon }, (_, k) => best[groupOf(k)] as number);
}

const mixed = ([theirs, ours]: readonly [number, number], tenths: number): number =>
  theirs + (tenths / GRID) * (ours - theirs);

/** Of equals the larger. */
const bestShare = (loss: Float64Array): number => loss.lastIndexOf(Math.min(...loss)) / GRID;

/**
 * [series]: 1 over its level plus the median level, as the trust of a network weighs; 0 without
 * enough history.
 */
function weightsAt(
  panel: Panel,
  cutoff: number,
  spec: Pick<FeatureSpec, 'day'> & LevelSpec,
): number[] {
  const levels = panel.seriesIds.map((_, s) => {
    const values = targetOf(panel, s);
    return hasEnoughHistory(values, cutoff, spec) ? levelAt(values, cutoff, spec) : Number.NaN;
  });
  const known = levels.filter((level) => !Number.isNaN(level)).sort((a, b) => a - b);
  const middle = known[known.length >> 1] ?? 0;
  return levels.map((level) => (Number.isNaN(level) ? 0 : 1 / (level + middle)));
}

/** The place of each quantile among those of a forecaster. */
function placesIn({ name, quantiles }: Forecaster, wanted: readonly number[]): number[] {
  return wanted.map((quantile) => {
    const place = quantiles.indexOf(quantile);
    if (place >= 0) return place;
    throw new RangeError(`${name} has the quantiles ${quantiles}, not ${quantile}`);
  });
}
