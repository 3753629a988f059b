/**
 * Purpose: calibrate quantiles on cutoffs the model has not learnt from: split conformal prediction on the distance from the
 * median, in units of the predicted distance.
 * Invariants: the median stays; a factor is per quantile, step and group of series, and positive, so a quantile keeps its side
 * of the median (that quantiles of one side do not cross is the forecaster's business); nothing of the forecast span is read.
 * Fails: never; too few observations leave a factor at 1.
 * Source: conformalized quantile regression (Romano, Patterson & Candès 2019, arXiv:1905.03222), in its scaled form.
 */
import { type FeatureSpec, levelAt } from '../features.ts';
import type { Forecaster } from '../forecaster.ts';
import { type Panel, targetOf } from '../panel.ts';

export interface Calibration {
  /** Series with a level below the first bound are the first group, and so on; the last group is open. */
  readonly levelBounds: readonly number[];
  /** [group][quantile][step] */
  readonly factors: readonly (readonly (readonly number[])[])[];
}

const MINIMUM_OBSERVATIONS = 200;
/** Steps on either side that lend a step their observations. */
const NEIGHBOURS = 2;
const FACTOR_BOUNDS = [0.3, 4] as const;

/** Sparse series are calibrated apart from busy ones: their errors have another shape. */
const LEVEL_BOUNDS = [1];

export const groupOf = (calibration: Pick<Calibration, 'levelBounds'>, level: number): number => {
  const group = calibration.levelBounds.findIndex((bound) => level < bound);
  return group < 0 ? calibration.levelBounds.length : group;
};

export function calibrate(
  panel: Panel,
  forecaster: Forecaster,
  cutoffs: readonly number[],
  spec: Pick<FeatureSpec, 'horizon' | 'week'>,
): Calibration {
  const { horizon, week } = spec;
  const { quantiles } = forecaster;
  const Q = quantiles.length;
  const median = quantiles.indexOf(0.5);
  const groups = LEVEL_BOUNDS.length + 1;
  /** [group][quantile][step] → how far outside the median the actual was, in units of the predicted distance. */
  const ratios: number[][][][] = Array.from({ length: groups }, () =>
    quantiles.map(() => Array.from({ length: horizon }, () => [])),
  );
  for (const cutoff of cutoffs) {
    const forecast = forecaster.predict(panel, cutoff, horizon);
    for (let s = 0; s < panel.seriesIds.length; s++) {
      const values = targetOf(panel, s);
      const group = groupOf({ levelBounds: LEVEL_BOUNDS }, levelAt(values, cutoff, week));
      for (let k = 0; k < horizon; k++) {
        const actual = values[cutoff + 1 + k] as number;
        if (Number.isNaN(actual)) continue;
        const center = forecast[(s * Q + median) * horizon + k] as number;
        for (let q = 0; q < Q; q++) {
          const distance = (forecast[(s * Q + q) * horizon + k] as number) - center;
          if (q === median || Math.abs(distance) < 1e-9) continue;
          ratios[group]?.[q]?.[k]?.push((actual - center) / distance);
        }
      }
    }
  }
  const factors = ratios.map((ofGroup) =>
    ofGroup.map((ofQuantile, q) =>
      ofQuantile.map((_, k) => {
        if (q === median) return 1;
        const pool = ofQuantile.slice(Math.max(0, k - NEIGHBOURS), k + NEIGHBOURS + 1).flat();
        const quantile = quantiles[q] as number;
        return factorOf(pool, quantile > 0.5 ? quantile : 1 - quantile);
      }),
    ),
  );
  return { levelBounds: LEVEL_BOUNDS, factors };
}

/** The factor that leaves `share` of the ratios at or below it: the conformal quantile with its finite-sample correction. */
function factorOf(ratios: number[], share: number): number {
  if (ratios.length < MINIMUM_OBSERVATIONS) return 1;
  const sorted = Float64Array.from(ratios).sort();
  const rank = Math.min(sorted.length - 1, Math.ceil(share * (sorted.length + 1)) - 1);
  return Math.min(FACTOR_BOUNDS[1], Math.max(FACTOR_BOUNDS[0], sorted[rank] as number));
}
