/**
 * Purpose: the metrics of DESIGN.md (definitions in docs/glossary.md), over a backtest's result.
 * Invariants: never MAPE; an unknown actual is left out; the point forecast is the median; a metric
 * that has nothing to be computed from is NaN, never 0.
 * Fails: a RangeError from `score` for a forecaster without a median.
 */

import { meanSizeOf, type Panel, targetOf } from '../panel/panel.ts';
import type { BacktestResult, ForecasterResult } from './backtest.ts';

export interface Metrics {
  /** mean |y − ŷ|, in the target's unit. */
  readonly mae: number;
  /** Σ|y − ŷ| / Σ|y|, pooled. */
  readonly wape: number;
  /** MAE over the in-sample seasonal naive's MAE, per series, then averaged. */
  readonly mase: number;
  /** mean(ŷ − y): positive is too high. */
  readonly bias: number;
  readonly maePerStep: readonly number[];
  /** Mean pinball loss over the quantiles; NaN for a point forecaster. */
  readonly pinball: number;
  /**
   * Share of actuals between the outermost quantiles, and what it should be; NaN for a point
   * forecaster.
   */
  readonly coverage: number;
  readonly nominalCoverage: number;
  readonly coveragePerStep: readonly number[];
  /** Actuals scored. */
  readonly count: number;
}

/** Which series a group holds, by index. */
export interface SeriesGroup {
  readonly name: string;
  readonly series: readonly number[];
}

/**
 * All series, and those with a mean |value| of at least 1 per interval before `end` (grid index,
 * exclusive).
 */
export function seriesGroups(panel: Panel, end: number): SeriesGroup[] {
  const all = panel.seriesIds.map((_, s) => s);
  const busy = all.filter((s) => meanSizeOf(targetOf(panel, s).subarray(0, end)) >= 1);
  const groups = [{ name: 'all', series: all }];
  return busy.length > 0 && busy.length < all.length
    ? [...groups, { name: 'mean>=1', series: busy }]
    : groups;
}

/**
 * The in-sample MAE of the seasonal naive, per series: MASE's denominator (Hyndman & Koehler 2006).
 */
export function seasonalNaiveErrors(panel: Panel, seasonLength: number, end: number): Float64Array {
  return Float64Array.from(panel.seriesIds, (_, s) => {
    const values = targetOf(panel, s);
    let sum = 0;
    let count = 0;
    for (let t = seasonLength; t < end; t++) {
      const error = Math.abs((values[t] as number) - (values[t - seasonLength] as number));
      if (Number.isNaN(error)) continue;
      sum += error;
      count++;
    }
    return count > 0 ? sum / count : Number.NaN;
  });
}

export function score(
  result: BacktestResult,
  forecaster: ForecasterResult,
  group: SeriesGroup,
  naiveErrors: Float64Array,
): Metrics {
  const { horizon, actuals } = result;
  const { name, quantiles, values } = forecaster;
  const Q = quantiles.length;
  const median = quantiles.indexOf(0.5);
  if (median < 0)
    throw new RangeError(`${name} forecasts no median, only the quantiles ${quantiles.join(', ')}`);
  const isPoint = Q === 1;
  const absolutePerStep = new Float64Array(horizon);
  const insidePerStep = new Float64Array(horizon);
  const countPerStep = new Float64Array(horizon);
  let signed = 0;
  let actualSum = 0;
  let pinball = 0;
  let scaled = 0;
  let scaledSeries = 0;
  for (const s of group.series) {
    let seriesError = 0;
    let seriesCount = 0;
    for (let c = 0; c < result.cutoffs.length; c++) {
      const row = c * result.seriesIds.length + s;
      for (let k = 0; k < horizon; k++) {
        const y = actuals[row * horizon + k] as number;
        if (Number.isNaN(y)) continue;
        const at = row * Q * horizon + k;
        const error = (values[at + median * horizon] as number) - y;
        absolutePerStep[k] = (absolutePerStep[k] as number) + Math.abs(error);
        countPerStep[k] = (countPerStep[k] as number) + 1;
        signed += error;
        actualSum += Math.abs(y);
        seriesError += Math.abs(error);
        seriesCount++;
        if (isPoint) continue;
        for (let q = 0; q < Q; q++) {
          const value = values[at + q * horizon] as number;
          pinball += pinballLoss(quantiles[q] as number, y - value) / Q;
        }
        const highest = values[at + (Q - 1) * horizon] as number;
        const isInside = y >= (values[at] as number) && y <= highest;
        if (isInside) insidePerStep[k] = (insidePerStep[k] as number) + 1;
      }
    }
    const naive = naiveErrors[s] as number;
    if (seriesCount > 0 && naive > 0) {
      scaled += seriesError / seriesCount / naive;
      scaledSeries++;
    }
  }
  const count = countPerStep.reduce((sum, n) => sum + n, 0);
  const absolute = absolutePerStep.reduce((sum, e) => sum + e, 0);
  return {
    mae: absolute / count,
    wape: absolute / actualSum,
    mase: scaled / scaledSeries,
    bias: signed / count,
    maePerStep: Array.from(absolutePerStep, (sum, k) => sum / (countPerStep[k] as number)),
    pinball: isPoint ? Number.NaN : pinball / count,
    coverage: isPoint ? Number.NaN : insidePerStep.reduce((sum, n) => sum + n, 0) / count,
    nominalCoverage: isPoint ? Number.NaN : (quantiles[Q - 1] as number) - (quantiles[0] as number),
    coveragePerStep: isPoint
      ? []
      : Array.from(insidePerStep, (sum, k) => sum / (countPerStep[k] as number)),
    count,
  };
}

/** max(q·e, (q − 1)·e) with e = y − ŷ. Not doubled. */
export const pinballLoss = (quantile: number, error: number): number =>
  Math.max(quantile * error, (quantile - 1) * error);
