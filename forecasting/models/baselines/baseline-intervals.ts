/**
 * Purpose: a naive baseline with intervals, for when no model can forecast: each quantile is the
 * baseline's forecast plus that quantile of the errors which the same baseline made on the same
 * series lately.
 * Invariants: reads nothing after the cutoff; an error of step k was made at the same time of day,
 * k steps ahead; quantiles do not cross, and enclose the point forecast, which is the median.
 * Fails: never for a cutoff inside the panel; a row is NaN where the series shows too few errors to
 * take an interval from.
 */

import { recentBirth } from '../../panel/birth.ts';
import { type Panel, targetOf } from '../../panel/panel.ts';
import type { Forecaster } from '../forecaster.ts';

/** Errors a step takes its quantiles from: four weeks of days. */
const ERRORS_PER_STEP = 28;
/**
 * With fewer at one step those of all steps are taken together; with fewer in all there is no
 * honest interval.
 */
const MIN_ERRORS = 10;

export interface BaselineOptions {
  /** Ascending, 0.5 among them. */
  readonly quantiles: readonly number[];
  readonly day: number;
  readonly week: number;
  readonly nonNegative: boolean;
  /** Counts: the median is a whole number. */
  readonly integerValued: boolean;
}

/** @param point a forecaster of the median alone, such as those of naive.ts */
export function baselineWithIntervals(point: Forecaster, options: BaselineOptions): Forecaster {
  const { quantiles, nonNegative, integerValued } = options;
  // A day apart, so that an error is of the same time of day; one interval apart where the day is
  // the longest season there is.
  const apart = options.day < options.week ? options.day : 1;

  function predict(panel: Panel, cutoff: number, horizon: number): Float32Array {
    const now = point.predict(panel, cutoff, horizon);
    const errors = pastErrors(point, panel, cutoff, horizon, apart, options.week);
    const Q = quantiles.length;
    const out = new Float32Array(panel.seriesIds.length * Q * horizon).fill(Number.NaN);
    for (let s = 0; s < panel.seriesIds.length; s++) {
      const steps = errors[s] as number[][];
      const count = steps.reduce((sum, own) => sum + own.length, 0);
      if (count < MIN_ERRORS) continue;
      const isWhole = steps.every((own) => own.length >= MIN_ERRORS);
      const all = isWhole ? [] : sorted(steps.flat());
      for (let k = 0; k < horizon; k++) {
        const own = steps[k] as number[];
        const known = own.length >= MIN_ERRORS ? sorted(own) : all;
        const value = now[s * horizon + k] as number;
        const median = possible(integerValued ? Math.round(value) : value, nonNegative);
        for (let q = 0; q < Q; q++) {
          const quantile = quantiles[q] as number;
          const at = possible(value + errorQuantile(known, quantile), nonNegative);
          // A baseline that always errs to one side must still lie inside its own interval.
          const within = quantile < 0.5 ? Math.min(at, median) : Math.max(at, median);
          out[(s * Q + q) * horizon + k] = quantile === 0.5 ? median : within;
        }
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

/**
 * Errors (actual − forecast) of every series and step, made at past cutoffs: [series][step] → a
 * list of at most ERRORS_PER_STEP. A cutoff before a series begins is no forecast of it, and left
 * out.
 */
function pastErrors(
  point: Forecaster,
  panel: Panel,
  cutoff: number,
  horizon: number,
  apart: number,
  week: number,
): number[][][] {
  const errors = panel.seriesIds.map(() => Array.from({ length: horizon }, (): number[] => []));
  const firsts = panel.seriesIds.map((_, s) => {
    const values = targetOf(panel, s);
    const known = values.findIndex((value) => !Number.isNaN(value));
    return Math.max(known, recentBirth(values, cutoff, week, ERRORS_PER_STEP * apart + horizon));
  });
  const earliest = Math.min(...firsts.filter((first) => first >= 0));
  const most = ERRORS_PER_STEP + Math.ceil(horizon / apart);
  for (let m = 1; m < most; m++) {
    const then = cutoff - m * apart;
    if (then < 0 || !(then >= earliest)) break;
    const made = point.predict(panel, then, horizon);
    for (let s = 0; s < panel.seriesIds.length; s++) {
      if (then < (firsts[s] as number) || (firsts[s] as number) < 0) continue;
      const values = targetOf(panel, s);
      // Of step k only what had happened by the cutoff, and no more errors than of the others.
      for (let k = 1; k <= Math.min(horizon, m * apart); k++) {
        const error = (values[then + k] as number) - (made[s * horizon + k - 1] as number);
        const list = (errors[s] as number[][])[k - 1] as number[];
        if (!Number.isNaN(error) && list.length < ERRORS_PER_STEP) list.push(error);
      }
    }
  }
  return errors;
}

/**
 * The quantile that a further error stays below with probability q, if errors are exchangeable:
 * position q·(n + 1) of n in order (Weibull's plotting position; split conformal prediction uses
 * the same), between the least and the greatest.
 */
function errorQuantile(errors: readonly number[], q: number): number {
  const position = Math.min(errors.length, Math.max(1, q * (errors.length + 1))) - 1;
  const low = Math.floor(position);
  const below = errors[low] as number;
  const above = errors[Math.min(low + 1, errors.length - 1)] as number;
  return below + (position - low) * (above - below);
}

/** In place; a few by insertion, which is many times faster than `sort` on so few. */
function sorted(values: number[]): number[] {
  if (values.length > 2 * ERRORS_PER_STEP) return values.sort((a, b) => a - b);
  for (let i = 1; i < values.length; i++) {
    const value = values[i] as number;
    let at = i;
    for (; at > 0 && (values[at - 1] as number) > value; at--)
      values[at] = values[at - 1] as number;
    values[at] = value;
  }
  return values;
}

const possible = (value: number, nonNegative: boolean): number =>
  nonNegative && value < 0 ? 0 : value;
