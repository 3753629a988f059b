/**
 * Purpose: calibrate a forecast on cutoffs the model has not learnt from: how far to trust its
 * offset from the anchor (the shape of the week), split conformal prediction on the distance from
 * the median, and where the bounds of counts lie.
 * Invariants: a factor is per quantile, step and group of series, and positive, so a quantile keeps
 * its side of the median (that quantiles of one side do not cross is the forecaster's business);
 * nothing of the forecast span is read.
 * Fails: never; too few observations leave everything as it is. Source: conformalized quantile
 * regression (Romano, Patterson & Candès 2019, arXiv:1905.03222), in its scaled form.
 */

import { pinballLoss } from '../../evaluation/metrics.ts';
import type { FeatureSpec, LevelSpec } from '../../features/feature-spec.ts';
import { hasEnoughHistory, levelAt } from '../../features/features.ts';
import { type Panel, targetOf } from '../../panel/panel.ts';
import type { Forecaster } from '../forecaster.ts';
import { constrainQuantiles, type TargetKind } from './constrain-quantiles.ts';

/**
 * Shares, together at most 1, of the network's and the linear model's offsets from the anchor that
 * are believed.
 */
export interface Trust {
  readonly network: number;
  readonly linear: number;
}

export interface Calibration {
  /**
   * Series with a level below the first bound are the first group, and so on; the last group is
   * open.
   */
  readonly levelBounds: readonly number[];
  /** [group][step]: what the median is made of. */
  readonly trust: readonly (readonly Trust[])[];
  /** [group][quantile][step] */
  readonly factors: readonly (readonly (readonly number[])[])[];
  /** [group]: for counts, how far inside the bounds a count must lie (possible-quantiles.ts). */
  readonly edges: readonly number[];
}

const MINIMUM_OBSERVATIONS = 200;
/** Steps on either side that lend a step their observations. */
const NEIGHBOURS = 2;
const TRUST_GRID = 10;
const TRUST_NEIGHBOURS = 1;
const CLEARLY = 0.005;
/**
 * Share of the pinball loss that an edge may cost: an interval of counts shall hold what it says
 * (docs/decisions/0028).
 */
const FREE = 0.02;
const EDGE_GRID = 20;
const ALONE: Trust = { network: 1, linear: 0 };
const FACTOR_BOUNDS = [0.3, 4] as const;
/**
 * Distances are narrowed only as far as is sure by this many standard errors: a quiet fortnight
 * says little of the next month.
 */
const SURE = 2;
/** Length of a block in horizons. */
const BLOCK_HORIZONS = 2;

/** Sparse series are calibrated apart from busy ones: their errors have another shape. */
const LEVEL_BOUNDS = [1];

export const groupOf = (calibration: Pick<Calibration, 'levelBounds'>, level: number): number => {
  const group = calibration.levelBounds.findIndex((bound) => level < bound);
  return group < 0 ? calibration.levelBounds.length : group;
};

/** A forecast of the calibration span and what then happened. */
interface Observation {
  readonly step: number;
  /** Which stretch of the span the target lies in: what happens in one hangs together. */
  readonly block: number;
  readonly actual: number;
  readonly anchor: number;
  readonly linear: number;
  /** One per quantile, ascending. */
  readonly forecast: Float64Array;
}

/** A calibration that changes nothing but what the median is made of. */
export const trusting = (trust: Trust, horizon: number): Calibration => ({
  ...{ levelBounds: [], factors: [], edges: [] },
  trust: [Array.from({ length: horizon }, () => trust)],
});

/**
 * The median that a calibration believes in: the anchor, and what it trusts of two offsets from it.
 */
export function believedCenter(
  calibration: Calibration | null,
  group: number,
  step: number,
  {
    anchor,
    linear,
    own,
  }: { readonly anchor: number; readonly linear: number; readonly own: number },
): number {
  const trust = calibration?.trust[group]?.[step] ?? ALONE;
  return anchor + trust.network * (own - anchor) + trust.linear * (linear - anchor);
}

/**
 * The distances of a forecast from its median, calibrated, about another median. In place; what
 * comes may not yet be possible.
 */
export function spreadAbout(
  calibration: Calibration,
  group: number,
  step: number,
  center: number,
  forecast: Float64Array,
  median: number,
) {
  const factors = calibration.factors[group];
  const old = forecast[median] as number;
  for (let q = 0; q < forecast.length; q++)
    forecast[q] = center + ((forecast[q] as number) - old) * (factors?.[q]?.[step] ?? 1);
}

export interface Calibrated {
  /** Uncalibrated, its values neither rounded nor cut off. */
  readonly forecaster: Forecaster;
  /** A point forecaster: what is believed where nothing else is. */
  readonly anchor: Forecaster;
  /** A point forecaster that may be better than the first; null where there is none. */
  readonly linear: Forecaster | null;
}

export function calibrate(
  panel: Panel,
  models: Calibrated,
  cutoffs: readonly number[],
  spec: Pick<FeatureSpec, 'horizon' | 'day'> & LevelSpec & TargetKind,
): Calibration {
  const { quantiles } = models.forecaster;
  const median = quantiles.indexOf(0.5);
  const groups = observe(panel, models, cutoffs, spec);
  const trust = groups.map((observations) =>
    trustPerStep(observations, median, spec.horizon, models.linear !== null),
  );
  const plain = { levelBounds: LEVEL_BOUNDS, trust, factors: [], edges: [] };
  for (const [group, observations] of groups.entries()) {
    for (const { anchor, linear, forecast, step } of observations) {
      const own = forecast[median] as number;
      const shift = believedCenter(plain, group, step, { anchor, linear, own }) - own;
      for (let q = 0; q < forecast.length; q++) forecast[q] = (forecast[q] as number) + shift;
    }
  }
  const factors = groups.map((observations) => factorsOf(observations, quantiles, spec.horizon));
  const calibration = { ...plain, factors };
  const edges = groups.map((observations, group) =>
    spec.integerValued ? edgeOf(observations, quantiles, spec, calibration, group) : 0,
  );
  return { ...calibration, edges };
}

/** Per group, what was forecast at the cutoffs and what happened. */
function observe(
  panel: Panel,
  { forecaster, anchor, linear }: Calibrated,
  cutoffs: readonly number[],
  spec: Pick<FeatureSpec, 'horizon' | 'day'> & LevelSpec,
): Observation[][] {
  const { horizon } = spec;
  const Q = forecaster.quantiles.length;
  const groups: Observation[][] = Array.from({ length: LEVEL_BOUNDS.length + 1 }, () => []);
  for (const cutoff of cutoffs) {
    const forecast = forecaster.predict(panel, cutoff, horizon);
    const anchors = anchor.predict(panel, cutoff, horizon);
    const lines = linear?.predict(panel, cutoff, horizon) ?? anchors;
    for (let s = 0; s < panel.seriesIds.length; s++) {
      const values = targetOf(panel, s);
      if (!hasEnoughHistory(values, cutoff, spec)) continue;
      const group = groups[
        groupOf({ levelBounds: LEVEL_BOUNDS }, levelAt(values, cutoff, spec))
      ] as Observation[];
      for (let k = 0; k < horizon; k++) {
        const actual = values[cutoff + 1 + k] as number;
        if (Number.isNaN(actual)) continue;
        const ofStep = Float64Array.from(
          { length: Q },
          (_, q) => forecast[(s * Q + q) * horizon + k] as number,
        );
        const at = s * horizon + k;
        const block = Math.floor((cutoff + 1 + k) / (BLOCK_HORIZONS * horizon));
        group.push({
          step: k,
          block,
          actual,
          anchor: anchors[at] as number,
          linear: lines[at] as number,
          forecast: ofStep,
        });
      }
    }
  }
  return groups;
}

/**
 * [step]: the shares with which the median of a step and its neighbours would have had the least
 * absolute error.
 */
function trustPerStep(
  observations: readonly Observation[],
  median: number,
  horizon: number,
  hasLinear: boolean,
): Trust[] {
  return Array.from({ length: horizon }, (_, k) =>
    trustOf(
      observations.filter(({ step }) => Math.abs(step - k) <= TRUST_NEIGHBOURS),
      median,
      hasLinear,
    ),
  );
}

/**
 * Wholly the network's where nothing is clearly better: it goes on learning after this, from the
 * latest windows.
 */
function trustOf(observations: readonly Observation[], median: number, hasLinear: boolean): Trust {
  if (observations.length < MINIMUM_OBSERVATIONS) return ALONE;
  const lossOf = ({ network, linear: ofLinear }: Trust) => {
    let sum = 0;
    for (const { actual, anchor, linear, forecast } of observations)
      sum += Math.abs(
        actual -
          anchor -
          network * ((forecast[median] as number) - anchor) -
          ofLinear * (linear - anchor),
      );
    return sum;
  };
  let best = ALONE;
  let least = (1 - CLEARLY) * lossOf(ALONE);
  for (let n = 0; n <= TRUST_GRID; n++) {
    for (let l = 0; l <= (hasLinear ? TRUST_GRID - n : 0); l++) {
      const trust = { network: n / TRUST_GRID, linear: l / TRUST_GRID };
      const loss = lossOf(trust);
      if (loss < least) [best, least] = [trust, loss];
    }
  }
  return best;
}

/**
 * The edge with which the outermost quantiles come nearest to holding the share of actuals that
 * they say, among those that cost little pinball loss: moving a bound within the gap between two
 * counts is free, moving it past a likely count is not.
 */
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
  const tried = Array.from({ length: EDGE_GRID + 1 }, (_, i) => {
    const edge = i / EDGE_GRID;
    let inside = 0;
    let loss = 0;
    for (const { actual, forecast, step } of observations) {
      values.set(forecast);
      spreadAbout(calibration, group, step, values[median] as number, values, median);
      constrainQuantiles(values, median, kind, edge);
      if (actual >= (values[0] as number) && actual <= (values[last] as number)) inside++;
      for (let q = 0; q <= last; q++)
        loss += pinballLoss(quantiles[q] as number, actual - (values[q] as number));
    }
    return { edge, loss, miss: Math.abs(inside / observations.length - nominal) };
  });
  const least = Math.min(...tried.map(({ loss }) => loss));
  const affordable = tried.filter(({ loss }) => loss <= (1 + FREE) * least);
  return affordable.reduce((best, next) => (next.miss < best.miss ? next : best)).edge;
}

/** How far outside the median an actual was, in units of the predicted distance. */
interface Ratio {
  readonly ratio: number;
  readonly block: number;
}

/** [quantile][step] */
function factorsOf(
  observations: readonly Observation[],
  quantiles: readonly number[],
  horizon: number,
): number[][] {
  const median = quantiles.indexOf(0.5);
  /** [quantile][step] */
  const ratios: Ratio[][][] = quantiles.map(() => Array.from({ length: horizon }, () => []));
  for (const { actual, forecast, step, block } of observations) {
    const center = forecast[median] as number;
    for (let q = 0; q < quantiles.length; q++) {
      const distance = (forecast[q] as number) - center;
      if (q !== median && Math.abs(distance) >= 1e-9)
        ratios[q]?.[step]?.push({ ratio: (actual - center) / distance, block });
    }
  }
  return ratios.map((ofQuantile, q) => {
    if (q === median) return ofQuantile.map(() => 1);
    const quantile = quantiles[q] as number;
    const share = quantile > 0.5 ? quantile : 1 - quantile;
    const pools = ofQuantile
      .map((_, k) => ofQuantile.slice(Math.max(0, k - NEIGHBOURS), k + NEIGHBOURS + 1).flat())
      .map((pool) => pool.sort((a, b) => a.ratio - b.ratio));
    const count = effectiveCount(pools, share);
    return pools.map((pool) => factorOf(pool, share, count));
  });
}

/**
 * The place in a sorted pool up to which `share` of it lies, with the correction of split conformal
 * prediction for `count` draws.
 */
const rankOf = (length: number, share: number, count: number): number =>
  Math.max(
    0,
    Math.min(length - 1, Math.ceil(length * Math.min(1, (share * (count + 1)) / count)) - 1),
  );

/**
 * How many independent draws the observations are worth: the variance of a share of independent
 * draws, over the variance that the share shows from block to block. Neighbouring hours and series
 * err together, so it is far less than their number. Source: the method of batch means (Law &
 * Carson 1979, doi:10.1287/opre.27.5.1011).
 */
function effectiveCount(pools: readonly (readonly Ratio[])[], share: number): number {
  let variance = 0;
  let used = 0;
  for (const pool of pools) {
    if (pool.length < MINIMUM_OBSERVATIONS) continue;
    const bound = (pool[rankOf(pool.length, share, pool.length)] as Ratio).ratio;
    const excess = new Map<number, number>();
    for (const { ratio, block } of pool)
      excess.set(block, (excess.get(block) ?? 0) + (ratio <= bound ? 1 : 0) - share);
    for (const value of excess.values()) variance += (value / pool.length) ** 2;
    used++;
  }
  return variance > 0
    ? Math.max(1, (share * (1 - share) * used) / variance)
    : Number.POSITIVE_INFINITY;
}

/**
 * The factor that leaves `share` of the ratios (ascending) at or below it, corrected for how many
 * independent ones there are.
 */
function factorOf(ratios: readonly Ratio[], share: number, independent: number): number {
  if (ratios.length < MINIMUM_OBSERVATIONS) return 1;
  const count = Math.min(independent, ratios.length);
  const at = (part: number) => (ratios[rankOf(ratios.length, part, count)] as Ratio).ratio;
  const sure = Math.min(1, at(share + SURE * Math.sqrt((share * (1 - share)) / count)));
  return Math.min(FACTOR_BOUNDS[1], Math.max(FACTOR_BOUNDS[0], sure, at(share)));
}
