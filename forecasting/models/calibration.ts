/**
 * Purpose: calibrate a forecast on cutoffs the model has not learnt from: how far to trust its offset from the anchor (the
 * shape of the week), split conformal prediction on the distance from the median, and where the bounds of counts lie.
 * Invariants: a factor is per quantile, step and group of series, and positive, so a quantile keeps its side of the median
 * (that quantiles of one side do not cross is the forecaster's business); nothing of the forecast span is read.
 * Fails: never; too few observations leave everything as it is.
 * Source: conformalized quantile regression (Romano, Patterson & Candès 2019, arXiv:1905.03222), in its scaled form.
 */
import { type FeatureSpec, levelAt } from '../features.ts';
import type { Forecaster } from '../forecaster.ts';
import { type Panel, targetOf } from '../panel.ts';
import { makePossible, type TargetKind } from './possible-quantiles.ts';

export interface Calibration {
  /** Series with a level below the first bound are the first group, and so on; the last group is open. */
  readonly levelBounds: readonly number[];
  /** [group]: the share of the median's distance from the anchor that is believed, 0…1. */
  readonly trust: readonly number[];
  /** [group][quantile][step] */
  readonly factors: readonly (readonly (readonly number[])[])[];
  /** [group]: for counts, how far inside the bounds a count must lie (possible-quantiles.ts). */
  readonly edges: readonly number[];
}

const MINIMUM_OBSERVATIONS = 200;
/** Steps on either side that lend a step their observations. */
const NEIGHBOURS = 2;
const LEAST_TRUST = 0.5;
const GRID = 0.05;
const FACTOR_BOUNDS = [0.3, 4] as const;

/** Sparse series are calibrated apart from busy ones: their errors have another shape. */
const LEVEL_BOUNDS = [1];

export const groupOf = (calibration: Pick<Calibration, 'levelBounds'>, level: number): number => {
  const group = calibration.levelBounds.findIndex((bound) => level < bound);
  return group < 0 ? calibration.levelBounds.length : group;
};

/** A forecast of the calibration span and what then happened. */
interface Observation {
  readonly step: number;
  readonly actual: number;
  readonly anchor: number;
  /** One per quantile, ascending. */
  readonly forecast: Float64Array;
}

/** One forecast, calibrated, as ascending numbers that may not yet be possible for the target. In place. */
export function applyCalibration(
  calibration: Calibration,
  group: number,
  step: number,
  anchor: number,
  forecast: Float64Array,
  median: number,
): void {
  const center = forecast[median] as number;
  const factors = calibration.factors[group];
  const moved = anchor + (center - anchor) * (calibration.trust[group] ?? 1);
  for (let q = 0; q < forecast.length; q++)
    forecast[q] = moved + ((forecast[q] as number) - center) * (factors?.[q]?.[step] ?? 1);
}

/**
 * @param forecaster uncalibrated, its values neither rounded nor cut off
 * @param anchor a point forecaster: what is believed where the forecaster is not
 */
export function calibrate(
  panel: Panel,
  forecaster: Forecaster,
  anchor: Forecaster,
  cutoffs: readonly number[],
  spec: Pick<FeatureSpec, 'horizon' | 'week'> & TargetKind,
): Calibration {
  const median = forecaster.quantiles.indexOf(0.5);
  const groups = observe(panel, forecaster, anchor, cutoffs, spec).map((observations) => {
    const trust = trustOf(observations, median);
    for (const { anchor, forecast } of observations) {
      const shift = (1 - trust) * (anchor - (forecast[median] as number));
      for (let q = 0; q < forecast.length; q++) forecast[q] = (forecast[q] as number) + shift;
    }
    return { trust, factors: factorsOf(observations, forecaster.quantiles, spec.horizon), observations };
  });
  const calibration = {
    levelBounds: LEVEL_BOUNDS,
    trust: groups.map(({ trust }) => trust),
    factors: groups.map(({ factors }) => factors),
  };
  const edges = groups.map(({ observations }, group) => {
    // The trust is in the forecasts already.
    const believed = { ...calibration, trust: calibration.trust.map(() => 1), edges: [] };
    return spec.integerValued ? edgeOf(observations, forecaster.quantiles, spec, believed, group) : 0;
  });
  return { ...calibration, edges };
}

/** Per group, what was forecast at the cutoffs and what happened. */
function observe(
  panel: Panel,
  forecaster: Forecaster,
  anchor: Forecaster,
  cutoffs: readonly number[],
  { horizon, week }: Pick<FeatureSpec, 'horizon' | 'week'>,
): Observation[][] {
  const Q = forecaster.quantiles.length;
  const groups: Observation[][] = Array.from({ length: LEVEL_BOUNDS.length + 1 }, () => []);
  for (const cutoff of cutoffs) {
    const forecast = forecaster.predict(panel, cutoff, horizon);
    const anchors = anchor.predict(panel, cutoff, horizon);
    for (let s = 0; s < panel.seriesIds.length; s++) {
      const values = targetOf(panel, s);
      const group = groups[groupOf({ levelBounds: LEVEL_BOUNDS }, levelAt(values, cutoff, week))] as Observation[];
      for (let k = 0; k < horizon; k++) {
        const actual = values[cutoff + 1 + k] as number;
        if (Number.isNaN(actual)) continue;
        const ofStep = Float64Array.from({ length: Q }, (_, q) => forecast[(s * Q + q) * horizon + k] as number);
        group.push({ step: k, actual, anchor: anchors[s * horizon + k] as number, forecast: ofStep });
      }
    }
  }
  return groups;
}

/** The share of the median's distance from the anchor that would have had the least absolute error. */
function trustOf(observations: readonly Observation[], median: number): number {
  if (observations.length < MINIMUM_OBSERVATIONS) return 1;
  return leastOn(LEAST_TRUST, 1, (trust) =>
    observations.reduce((sum, { actual, anchor, forecast }) => {
      return sum + Math.abs(actual - anchor - trust * ((forecast[median] as number) - anchor));
    }, 0),
  );
}

/** The edge with which the outermost quantiles hold the share of actuals that they say. */
function edgeOf(
  observations: readonly Observation[],
  quantiles: readonly number[],
  kind: TargetKind,
  calibration: Calibration,
  group: number,
): number {
  const last = quantiles.length - 1;
  if (observations.length < MINIMUM_OBSERVATIONS || last === 0) return 0;
  const median = quantiles.indexOf(0.5);
  const nominal = (quantiles[last] as number) - (quantiles[0] as number);
  const values = new Float64Array(quantiles.length);
  return leastOn(0, 1, (edge) => {
    let inside = 0;
    for (const { actual, anchor, forecast, step } of observations) {
      values.set(forecast);
      applyCalibration(calibration, group, step, anchor, values, median);
      makePossible(values, median, kind, edge);
      if (actual >= (values[0] as number) && actual <= (values[last] as number)) inside++;
    }
    return Math.abs(inside / observations.length - nominal);
  });
}

/** The number from `low` to `high`, on a grid, whose loss is least; the lowest of equals. */
function leastOn(low: number, high: number, loss: (x: number) => number): number {
  let best = low;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i <= Math.round((high - low) / GRID); i++) {
    const x = Math.min(high, low + i * GRID);
    const value = loss(x);
    if (value < least) [best, least] = [x, value];
  }
  return best;
}

/** [quantile][step] */
function factorsOf(observations: readonly Observation[], quantiles: readonly number[], horizon: number): number[][] {
  const median = quantiles.indexOf(0.5);
  /** [quantile][step] → how far outside the median the actual was, in units of the predicted distance. */
  const ratios: number[][][] = quantiles.map(() => Array.from({ length: horizon }, () => []));
  for (const { actual, forecast, step } of observations) {
    const center = forecast[median] as number;
    for (let q = 0; q < quantiles.length; q++) {
      const distance = (forecast[q] as number) - center;
      if (q !== median && Math.abs(distance) >= 1e-9) ratios[q]?.[step]?.push((actual - center) / distance);
    }
  }
  return ratios.map((ofQuantile, q) =>
    ofQuantile.map((_, k) => {
      if (q === median) return 1;
      const pool = ofQuantile.slice(Math.max(0, k - NEIGHBOURS), k + NEIGHBOURS + 1).flat();
      const quantile = quantiles[q] as number;
      return factorOf(pool, quantile > 0.5 ? quantile : 1 - quantile);
    }),
  );
}

/** The factor that leaves `share` of the ratios at or below it: the conformal quantile with its finite-sample correction. */
function factorOf(ratios: number[], share: number): number {
  if (ratios.length < MINIMUM_OBSERVATIONS) return 1;
  const sorted = Float64Array.from(ratios).sort();
  const rank = Math.min(sorted.length - 1, Math.ceil(share * (sorted.length + 1)) - 1);
  return Math.min(FACTOR_BOUNDS[1], Math.max(FACTOR_BOUNDS[0], sorted[rank] as number));
}
