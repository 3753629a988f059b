/**
 * Purpose: is one forecaster better than another, by more than the uncertainty of the comparison?
 * Invariants: compares the same actuals; errors at one cutoff count as one observation, because they depend on one another;
 * neighbouring cutoffs may be correlated (their horizons touch), which the standard error respects.
 * Fails: a RangeError where the results do not share actuals, or where there are fewer than 4 cutoffs.
 * Source: Diebold & Mariano 1995; the small-sample correction of Harvey, Leybourne & Newbold 1997; Bartlett weights
 * (Newey & West 1987).
 */
import type { BacktestResult, ForecasterResult } from './backtest.ts';

export interface Comparison {
  readonly challenger: string;
  readonly reference: string;
  /** 1 − MAE(challenger) / MAE(reference). */
  readonly skill: number;
  /** mean over cutoffs of MAE(reference) − MAE(challenger): positive where the challenger is better. */
  readonly difference: number;
  readonly standardError: number;
  /** difference / standardError, corrected for few cutoffs. */
  readonly statistic: number;
  /** What the statistic must exceed: one-sided 5 % of Student's t. */
  readonly threshold: number;
  readonly isBetter: boolean;
  readonly cutoffs: number;
}

/** How many neighbouring cutoffs may be correlated. */
const LAGS = 1;

export function compare(result: BacktestResult, challenger: ForecasterResult, reference: ForecasterResult): Comparison {
  const n = result.cutoffs.length;
  if (n < 4)
    throw new RangeError(`a comparison needs at least 4 cutoffs, got ${n}; lengthen the test span or reduce the step size`);
  const challengerErrors = errorPerCutoff(result, challenger);
  const referenceErrors = errorPerCutoff(result, reference);
  const differences = referenceErrors.map((error, c) => error - (challengerErrors[c] as number));
  const difference = mean(differences);
  const variance = longRunVariance(differences, difference);
  const standardError = Math.sqrt(Math.max(variance, 0) / n);
  const correction = Math.sqrt((n + 1 - 2 * (LAGS + 1) + ((LAGS + 1) * LAGS) / n) / n);
  const statistic = standardError > 0 ? (difference / standardError) * correction : 0;
  const threshold = studentThreshold(n - 1);
  return {
    challenger: challenger.name,
    reference: reference.name,
    skill: 1 - mean(challengerErrors) / mean(referenceErrors),
    difference,
    standardError,
    statistic,
    threshold,
    isBetter: statistic > threshold,
    cutoffs: n,
  };
}

function errorPerCutoff(result: BacktestResult, { quantiles, values }: ForecasterResult): number[] {
  const { horizon, actuals, seriesIds } = result;
  const Q = quantiles.length;
  const median = quantiles.indexOf(0.5);
  return result.cutoffs.map((_, c) => {
    let sum = 0;
    let count = 0;
    for (let s = 0; s < seriesIds.length; s++) {
      const row = c * seriesIds.length + s;
      for (let k = 0; k < horizon; k++) {
        const error = Math.abs((actuals[row * horizon + k] as number) - (values[(row * Q + median) * horizon + k] as number));
        if (Number.isNaN(error)) continue;
        sum += error;
        count++;
      }
    }
    if (count === 0) throw new RangeError(`nothing was observed after cutoff ${result.cutoffs[c]}`);
    return sum / count;
  });
}

function longRunVariance(values: readonly number[], center: number): number {
  const n = values.length;
  const covariance = (lag: number) => {
    let sum = 0;
    for (let i = lag; i < n; i++) sum += ((values[i] as number) - center) * ((values[i - lag] as number) - center);
    return sum / n;
  };
  let variance = covariance(0);
  for (let lag = 1; lag <= LAGS; lag++) variance += 2 * (1 - lag / (LAGS + 1)) * covariance(lag);
  return variance;
}

/** The 95 % point of Student's t, by the expansion of Abramowitz & Stegun 26.7.5: within 0.01 from 3 degrees on. */
function studentThreshold(degrees: number): number {
  const z = 1.6448536;
  const g1 = (z ** 3 + z) / 4;
  const g2 = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  const g3 = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  return z + g1 / degrees + g2 / degrees ** 2 + g3 / degrees ** 3;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
