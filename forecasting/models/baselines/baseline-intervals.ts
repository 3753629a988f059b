/**
 * Purpose: a naive baseline with intervals, for when no model can forecast: each quantile is the
 * baseline's forecast plus that quantile of the errors which the same baseline made on the same
 * series lately.
 * Invariants: reads nothing after the cutoff; an error of step k was made at the same time of day,
 * k steps ahead; quantiles do not cross, and enclose the point forecast, which is the median.
 * Fails: never for a cutoff inside the panel; a row is NaN where the series shows too few errors to
 * take an interval from.
 */

import { birthsOf } from '../../panel/birth.ts';
import { type Panel, targetOf } from '../../panel/panel.ts';
import { constrainQuantiles, type TargetKind } from '../calibration/constrain-quantiles.ts';
import type { Forecaster } from '../forecaster.ts';

/** Errors a step takes its quantiles from: four weeks of days. */
const ERRORS_PER_STEP = 28;
/**
 * With fewer at one step those of all steps are taken together; with fewer in all there is no
 * honest interval.
 */
const MIN_ERRORS = 10;

export interface BaselineOptions extends TargetKind {
  /** Ascending, 0.5 among them. */
  readonly quantiles: readonly number[];
  readonly day: number;
  readonly week: number;
}

/** @param point a forecaster of the median alone, such as those of naive.ts */
export function baselineWithIntervals(point: Forecaster, options: BaselineOptions): Forecaster {
  const { quantiles } = options;
  const median = quantiles.indexOf(0.5);
  // A day apart, so that an error is of the same time of day; one interval apart where the day is
  // the longest season there is.
  const apart = options.day < options.week ? options.day : 1;

  const beginnings = beginningsOf(apart, options.week);

  function predict(panel: Panel, cutoff: number, horizon: number): Float32Array {
    const now = point.predict(panel, cutoff, horizon);
    const firsts = beginnings(panel, horizon).map((begin) => begin(cutoff));
    const past = pastForecasts(point, panel, { cutoff, horizon, apart, firsts });
    const Q = quantiles.length;
    const out = new Float32Array(panel.seriesIds.length * Q * horizon).fill(Number.NaN);
    const errors = new StepErrors(horizon);
    const row = new Float64Array(Q);
    for (let s = 0; s < panel.seriesIds.length; s++) {
      errors.read(targetOf(panel, s), s, firsts[s] as number, past);
      if (errors.count < MIN_ERRORS) continue;
      const all = errors.isWhole ? null : errors.all();
      for (let k = 0; k < horizon; k++) {
        const known = errors.enoughOf(k) ?? (all as readonly number[]);
        const value = now[s * horizon + k] as number;
        for (const [q, quantile] of quantiles.entries())
          row[q] = q === median ? value : value + errorQuantile(known, quantile);
        // A baseline that always errs to one side must still lie inside its own interval.
        constrainQuantiles(row, median, options, 0);
        for (let q = 0; q < Q; q++) out[(s * Q + q) * horizon + k] = row[q] as number;
      }
    }
    return out;
  }

  return { name: point.name, quantiles, minimumHistory: 1, predict };
}

/**
 * The same, never without a forecast: where a series shows too few errors for an interval, the
 * point forecast stands for every quantile. What the gate and live scores compare with.
 */
export function baselineDistribution(point: Forecaster, options: BaselineOptions): Forecaster {
  const wide = baselineWithIntervals(point, options);
  const Q = options.quantiles.length;
  return {
    ...wide,
    predict(panel, cutoff, steps) {
      const values = wide.predict(panel, cutoff, steps);
      if (!values.some(Number.isNaN)) return values;
      const points = point.predict(panel, cutoff, steps);
      return values.map((value, i) => {
        const series = Math.floor(i / (Q * steps));
        return Number.isNaN(value) ? (points[series * steps + (i % steps)] as number) : value;
      });
    },
  };
}

/** Of each series the grid index where it begins, as known at a cutoff; below 0: nowhere. */
type Beginnings = readonly ((cutoff: number) => number)[];

/** A backtest asks at many cutoffs of one panel: what they share is kept as long as it exists. */
function beginningsOf(apart: number, week: number): (panel: Panel, horizon: number) => Beginnings {
  const kept = new WeakMap<Panel, { readonly horizon: number; readonly all: Beginnings }>();
  return (panel, horizon) => {
    const found = kept.get(panel);
    if (found?.horizon === horizon) return found.all;
    const all = panel.seriesIds.map((_, s) => {
      const values = targetOf(panel, s);
      const known = values.findIndex((value) => !Number.isNaN(value));
      const birth = birthsOf(values, week, ERRORS_PER_STEP * apart + horizon);
      return (cutoff: number) => (known < 0 ? known : Math.max(known, birth(cutoff)));
    });
    kept.set(panel, { horizon, all });
    return all;
  };
}

interface PastForecast {
  readonly cutoff: number;
  /** Steps whose actuals are known by now. */
  readonly steps: number;
  /** [series][step] */
  readonly values: Float32Array;
}

/** Forecasts at past cutoffs, the latest first, as many as the errors of one step may come from. */
function pastForecasts(
  point: Forecaster,
  panel: Panel,
  {
    cutoff,
    horizon,
    apart,
    firsts,
  }: {
    readonly cutoff: number;
    readonly horizon: number;
    readonly apart: number;
    readonly firsts: readonly number[];
  },
): PastForecast[] {
  const earliest = Math.min(...firsts.filter((first) => first >= 0));
  const most = ERRORS_PER_STEP + Math.ceil(horizon / apart);
  const past: PastForecast[] = [];
  for (let m = 1; m < most; m++) {
    const then = cutoff - m * apart;
    if (then < 0 || !(then >= earliest)) break;
    const values = point.predict(panel, then, horizon);
    past.push({ cutoff: then, steps: Math.min(horizon, m * apart), values });
  }
  return past;
}

/**
 * Errors (actual − forecast) of one series by step, at most ERRORS_PER_STEP of each, in arrays
 * that are used again. A cutoff before a series begins is no forecast of it, and left out.
 */
class StepErrors {
  /** Of all steps. */
  count = 0;
  /** Whether each step has enough of its own. */
  isWhole = false;
  readonly #horizon: number;
  /** [step][error] */
  readonly #values: Float64Array;
  readonly #counts: Int32Array;

  constructor(horizon: number) {
    this.#horizon = horizon;
    this.#values = new Float64Array(horizon * ERRORS_PER_STEP);
    this.#counts = new Int32Array(horizon);
  }

  /** @param first grid index where the series begins; below 0: nowhere */
  read(values: Float32Array, series: number, first: number, past: readonly PastForecast[]): void {
    this.#counts.fill(0);
    for (let i = 0; i < past.length && first >= 0; i++) {
      const { cutoff, steps, values: made } = past[i] as PastForecast;
      if (cutoff < first) continue;
      for (let k = 0; k < steps; k++) {
        const error =
          (values[cutoff + 1 + k] as number) - (made[series * this.#horizon + k] as number);
        const count = this.#counts[k] as number;
        if (Number.isNaN(error) || count === ERRORS_PER_STEP) continue;
        this.#values[k * ERRORS_PER_STEP + count] = error;
        this.#counts[k] = count + 1;
      }
    }
    this.count = this.#counts.reduce((sum, count) => sum + count, 0);
    this.isWhole = this.#counts.every((count) => count >= MIN_ERRORS);
  }

  /** Of a step, ascending; null where there are too few. */
  enoughOf(step: number): Float64Array | null {
    const count = this.#counts[step] as number;
    if (count < MIN_ERRORS) return null;
    const first = step * ERRORS_PER_STEP;
    return sortFew(this.#values.subarray(first, first + count));
  }

  /** Of all steps, ascending. */
  all(): number[] {
    const all: number[] = [];
    for (let k = 0; k < this.#horizon; k++)
      for (let i = 0; i < (this.#counts[k] as number); i++)
        all.push(this.#values[k * ERRORS_PER_STEP + i] as number);
    return all.sort((a, b) => a - b);
  }
}

/**
 * The quantile that a further error stays below with probability q, if errors are exchangeable:
 * position q·(n + 1) of n in order (Weibull's plotting position; split conformal prediction uses
 * the same), between the least and the greatest.
 */
function errorQuantile(errors: ArrayLike<number>, q: number): number {
  const position = Math.min(errors.length, Math.max(1, q * (errors.length + 1))) - 1;
  const low = Math.floor(position);
  const below = errors[low] as number;
  const above = errors[Math.min(low + 1, errors.length - 1)] as number;
  return below + (position - low) * (above - below);
}

/** In place, by insertion: many times faster than `sort` on so few. */
function sortFew(values: Float64Array): Float64Array {
  for (let i = 1; i < values.length; i++) {
    const value = values[i] as number;
    let at = i;
    for (; at > 0 && (values[at - 1] as number) > value; at--)
      values[at] = values[at - 1] as number;
    values[at] = value;
  }
  return values;
}
