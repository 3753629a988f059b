/**
 * Purpose: folds in the order of time: each fits on what precedes its own span and is scored inside
 * that span.
 * Invariants: spans lie side by side, end where the panel they were made for ends, and do not
 * overlap; no fold needs anything after its `end`, so its panel can be cut there.
 * Fails: never; whether the history before the first span suffices is its caller's to ask.
 */
import { backtestCutoffs } from './backtest.ts';

export interface TimeFold {
  /** Grid index of the last target that a fit may see. */
  readonly lastTarget: number;
  /** Grid indices at which forecasts are made. */
  readonly cutoffs: readonly number[];
  /** First grid index after the fold. */
  readonly end: number;
}

/**
 * `count` folds, oldest first, each scored on `spanIntervals`; the last ends at grid index `end`
 * (exclusive).
 */
export function timeFolds(
  end: number,
  count: number,
  spanIntervals: number,
  horizon: number,
  cutoffStep: number,
): TimeFold[] {
  return Array.from({ length: count }, (_, fold) => {
    const foldEnd = end - (count - 1 - fold) * spanIntervals;
    return {
      lastTarget: foldEnd - spanIntervals - 1,
      cutoffs: backtestCutoffs(foldEnd, spanIntervals, horizon, cutoffStep),
      end: foldEnd,
    };
  });
}
