/**
 * Purpose: the rolling backtest: forecasts at many cutoffs, next to the actuals.
 * Invariants: every forecaster sees the same cutoffs and nothing after each; cutoffs stand
 * `stepSize` apart, coprime with the day, so that every hour of the day meets every step; an
 * unknown actual stays NaN and is not scored.
 * Fails: a RangeError where the span holds no complete cutoff, naming what to reduce, and for a
 * step size that is not a whole number of at least 1.
 */
import type { Forecaster } from '../models/forecaster.ts';
import { concatenated } from '../panel/concatenated.ts';
import { type Panel, targetOf } from '../panel/panel.ts';

export interface BacktestResult {
  readonly seriesIds: readonly string[];
  /** Grid indices. */
  readonly cutoffs: readonly number[];
  readonly horizon: number;
  /** [cutoff][series][step]. */
  readonly actuals: Float32Array;
  readonly forecasts: readonly ForecasterResult[];
}

export interface ForecasterResult {
  readonly name: string;
  readonly quantiles: readonly number[];
  /** [cutoff][series][quantile][step]. */
  readonly values: Float32Array;
}

/**
 * The cutoffs of a test span: the last `testIntervals` of `length`; the first cutoff is the last
 * interval before the span, and each horizon ends inside it.
 */
export function backtestCutoffs(
  length: number,
  testIntervals: number,
  horizon: number,
  stepSize: number,
): number[] {
  if (!Number.isInteger(stepSize) || stepSize < 1)
    throw new RangeError(`cutoffs must lie at least 1 interval apart, got ${stepSize}`);
  const cutoffs: number[] = [];
  for (let cutoff = length - testIntervals - 1; cutoff < length - horizon; cutoff += stepSize)
    cutoffs.push(cutoff);
  if (cutoffs.length === 0 || (cutoffs[0] as number) < 0) {
    throw new RangeError(
      `a test span of ${testIntervals} intervals does not fit ${length} intervals with ` +
        `horizon ${horizon}; reduce the test span or provide more history`,
    );
  }
  return cutoffs;
}

export async function runBacktest(
  panel: Panel,
  forecasters: readonly Forecaster[],
  cutoffs: readonly number[],
  horizon: number,
  onProgress: (done: number, total: number) => void | Promise<void> = () => {},
): Promise<BacktestResult> {
  const seriesCount = panel.seriesIds.length;
  const actuals = new Float32Array(cutoffs.length * seriesCount * horizon);
  const forecasts = forecasters.map(({ name, quantiles }) => ({
    name,
    quantiles,
    values: new Float32Array(cutoffs.length * seriesCount * quantiles.length * horizon),
  }));
  for (const [c, cutoff] of cutoffs.entries()) {
    for (let s = 0; s < seriesCount; s++) {
      actuals.set(
        targetOf(panel, s).subarray(cutoff + 1, cutoff + 1 + horizon),
        (c * seriesCount + s) * horizon,
      );
    }
    for (const [f, forecaster] of forecasters.entries()) {
      const values = forecaster.predict(panel, cutoff, horizon);
      forecasts[f]?.values.set(values, c * values.length);
    }
    await onProgress(c + 1, cutoffs.length);
  }
  return { seriesIds: panel.seriesIds, cutoffs, horizon, actuals, forecasts };
}

/** Some of a backtest's series, steps and cutoffs; all where absent. */
export interface Subset {
  readonly series?: readonly number[];
  /** From 0; the end is exclusive. */
  readonly steps?: readonly [first: number, end: number];
  /** Only cutoffs at or after this grid index: a forecaster may have learnt from earlier ones. */
  readonly firstCutoff?: number;
}

/** How many cutoffs have anything known after them. */
export function observedCutoffs(
  { actuals, cutoffs, seriesIds, horizon }: BacktestResult,
  { series = seriesIds.map((_, s) => s), steps = [0, horizon], firstCutoff = 0 }: Subset = {},
): number {
  const isKnown = (c: number, s: number): boolean => {
    const at = (c * seriesIds.length + s) * horizon;
    return actuals.subarray(at + steps[0], at + steps[1]).some((value) => !Number.isNaN(value));
  };
  return cutoffs.filter((cutoff, c) => cutoff >= firstCutoff && series.some((s) => isKnown(c, s)))
    .length;
}

/** Results over the same series and forecasters at other cutoffs as one, in the order given. */
export function joined(parts: readonly BacktestResult[]): BacktestResult {
  const [first] = parts;
  if (first === undefined) throw new RangeError('there is no result to join');
  const forecasts = first.forecasts.map(({ name, quantiles }, f) => {
    const same = parts.map((part) => part.forecasts[f]);
    if (same.some((one) => one?.name !== name || one.quantiles.join() !== quantiles.join()))
      throw new RangeError(`not every result holds ${name} at the same place and quantiles`);
    return {
      name,
      quantiles,
      values: concatenated(same.map((one) => (one as ForecasterResult).values)),
    };
  });
  return {
    ...first,
    cutoffs: parts.flatMap((part) => part.cutoffs),
    actuals: concatenated(parts.map((part) => part.actuals)),
    forecasts,
  };
}
