/**
 * Purpose: is one forecaster better than another, by more than the uncertainty of the comparison,
 * and if that cannot be said, how many more cutoffs would decide?
 * Invariants: compares the same actuals by the same loss, which is the absolute error of the median
 * or the mean pinball loss over the quantiles that both forecast; errors at one cutoff count as one
 * observation, because they depend on one another; neighbouring cutoffs may be correlated, which
 * the standard error and the threshold both respect: with 26 cutoffs whose differences are an AR(1)
 * of 0.5 and mean 0, a nominal 5 % is 8 % at most (tests/unit/forecasting/comparison-size.test.ts).
 * Fails: a RangeError where a result holds no median, where a forecast of a known actual is no
 * number, or where fewer than 4 cutoffs have anything observed after them. Source: the test of
 * Diebold & Mariano (1995) under fixed-smoothing asymptotics, as Coroneo & Iacone (2020, Journal of
 * Applied Econometrics 35) advise for few forecasts: Bartlett weights, a bandwidth of 1.3 √n
 * (Lazarus, Lewis, Stock & Watson 2018, Journal of Business & Economic Statistics 36), critical
 * values of Kiefer & Vogelsang (2005, Econometric Theory 21). "No better" by a one-sided test
 * against a margin (Schuirmann 1987); the number of cutoffs by the usual n = ((t + z) s / effect)².
 */
import type { BacktestResult, ForecasterResult } from './backtest.ts';
import { pinballLoss } from './metrics.ts';

/**
 * What a comparison says of the challenger. `no-better`: not by enough to matter, with certainty.
 */
export type ComparisonOutcome = 'better' | 'no-better' | 'worse' | 'undecided';

export type ComparedLoss = 'absolute' | 'pinball';

export interface Comparison {
  readonly challenger: string;
  readonly reference: string;
  readonly loss: ComparedLoss;
  /**
   * 1 − loss(challenger) / loss(reference); where the reference has no loss, 0 if the challenger
   * has none either, else −∞.
   */
  readonly skill: number;
  /**
   * mean over cutoffs of loss(reference) − loss(challenger), in the target's unit: positive where
   * the challenger is better.
   */
  readonly difference: number;
  readonly standardError: number;
  /** difference / standardError. */
  readonly statistic: number;
  /** What the statistic must exceed: one-sided 5 %. */
  readonly threshold: number;
  /**
   * What the true difference lies above with 95 % confidence, and below with 90 %. To call a
   * challenger better by mistake is dear; to refuse one that is better by what matters costs a
   * training, and the next one comes.
   */
  readonly interval: readonly [low: number, high: number];
  /** A difference below this matters to nobody, in the target's unit. */
  readonly margin: number;
  readonly outcome: ComparisonOutcome;
  readonly isBetter: boolean;
  /** Cutoffs compared. */
  readonly cutoffs: number;
  /** The difference at each of them, oldest first. */
  readonly differences: readonly number[];
  /**
   * Where undecided: cutoffs to add until it would be decided with a probability of 80 %, were the
   * difference what it seems to be; null where it is decided, and where no feasible number decides.
   */
  readonly moreCutoffs: number | null;
}

export const MIN_CUTOFFS = 4;
/** More cutoffs than this nobody waits for: with one a day, it is three years. */
const MAX_CUTOFFS = 1000;
/**
 * A gain of less than half a percent of the reference's error is nobody's reason to exchange a
 * model.
 */
const MARGIN = 0.005;
/** Normal quantile of the power, 80 %. */
const Z_POWER = 0.8416212;
/** Normal quantile of 90 %. */
const Z_REFUSAL = 1.2816;
/**
 * Forecasts and actuals have 32 bits: a standard error below a loss's rounding is no evidence of
 * certainty.
 */
const ROUNDING = 2 ** -24;

/** Some of a backtest's series and steps; all where absent. */
export interface Subset {
  readonly series?: readonly number[];
  /** From 0; the end is exclusive. */
  readonly steps?: readonly [first: number, end: number];
}

export interface ComparisonOptions extends Subset {
  /** The absolute error of the median where absent. */
  readonly loss?: ComparedLoss;
  /**
   * Compare only at cutoffs at or after this grid index: what came before, one of the two has
   * learnt from.
   */
  readonly firstCutoff?: number;
  /** What matters, as a share of the reference's loss. */
  readonly margin?: number;
}

export function compare(
  result: BacktestResult,
  challenger: ForecasterResult,
  reference: ForecasterResult,
  options: ComparisonOptions = {},
): Comparison {
  const { loss = 'absolute', margin: marginShare = MARGIN } = options;
  const { firstCutoff = Number.NEGATIVE_INFINITY } = options;
  const compared = loss === 'absolute' ? [0.5] : commonQuantiles(challenger, reference);
  const challengerErrors = lossPerCutoff(result, challenger, compared, options);
  const referenceErrors = lossPerCutoff(result, reference, compared, options);
  const used = result.cutoffs.flatMap((cutoff, c) =>
    cutoff >= firstCutoff && !Number.isNaN(referenceErrors[c]) && !Number.isNaN(challengerErrors[c])
      ? [c]
      : [],
  );
  const n = used.length;
  if (n < MIN_CUTOFFS) {
    throw new RangeError(
      `a comparison needs at least ${MIN_CUTOFFS} cutoffs that something was observed ` +
        `after, got ${n}; lengthen the test span or reduce the step size`,
    );
  }
  const losses = (errors: readonly number[]) => used.map((c) => errors[c] as number);
  const referenceLoss = mean(losses(referenceErrors));
  const differences = used.map(
    (c) => (referenceErrors[c] as number) - (challengerErrors[c] as number),
  );
  const difference = mean(differences);
  const standardError = Math.max(
    Math.sqrt(longRunVariance(differences, difference) / n),
    ROUNDING * referenceLoss,
  );
  const threshold = thresholdFor(n);
  const margin = marginShare * referenceLoss;
  const interval = [
    difference - threshold * standardError,
    difference + refusalThresholdFor(n) * standardError,
  ] as const;
  const outcome = outcomeOf(interval, margin);
  return {
    challenger: challenger.name,
    reference: reference.name,
    loss,
    skill: skillOf(mean(losses(challengerErrors)), referenceLoss),
    difference,
    standardError,
    statistic: standardError > 0 ? difference / standardError : 0,
    threshold,
    interval,
    margin,
    outcome,
    isBetter: outcome === 'better',
    cutoffs: n,
    differences,
    moreCutoffs: outcome === 'undecided' ? moreCutoffs(n, difference, standardError, margin) : null,
  };
}

const skillOf = (loss: number, referenceLoss: number): number =>
  referenceLoss > 0 || loss > 0 ? 1 - loss / referenceLoss : 0;

/**
 * Better: certainly more than nothing, and perhaps enough to matter. Worse or no better: certainly
 * less than what matters.
 */
function outcomeOf([low, high]: readonly [number, number], margin: number): ComparisonOutcome {
  if (high <= margin) return high < 0 ? 'worse' : 'no-better';
  return low > 0 ? 'better' : 'undecided';
}

/**
 * How many cutoffs more until the interval leaves 0 behind, or falls below the margin, with a
 * probability of 80 %: its half-width shrinks with √n, and its threshold with the bandwidth's share
 * of n. Whichever end is sooner at its goal decides.
 */
function moreCutoffs(
  n: number,
  difference: number,
  standardError: number,
  margin: number,
): number | null {
  // Even the normal's threshold would need this many.
  const effect = Math.max(difference, margin - difference);
  const least = Math.ceil(n * (((Z_REFUSAL + Z_POWER) * standardError) / effect) ** 2);
  for (let total = Math.max(n + 1, least); total <= MAX_CUTOFFS; total++) {
    const error = standardError * Math.sqrt(n / total);
    const decides = (threshold: number, distance: number) =>
      (threshold + Z_POWER) * error <= distance;
    if (
      decides(thresholdFor(total), difference) ||
      decides(refusalThresholdFor(total), margin - difference)
    )
      return total - n;
  }
  return null;
}

const commonQuantiles = (one: ForecasterResult, other: ForecasterResult): number[] =>
  one.quantiles.filter((quantile) => other.quantiles.includes(quantile));

/**
 * The mean loss over some quantiles after each cutoff; NaN where nothing was observed. That of the
 * median alone is the absolute error, which is twice its pinball loss.
 */
function lossPerCutoff(
  result: BacktestResult,
  { name, quantiles, values }: ForecasterResult,
  compared: readonly number[],
  { series, steps }: Subset,
): number[] {
  const { horizon, actuals, seriesIds } = result;
  if (!quantiles.includes(0.5))
    throw new RangeError(`${name} forecasts no median, only the quantiles ${quantiles.join(', ')}`);
  const places = compared.map((quantile) => quantiles.indexOf(quantile));
  const [first, end] = steps ?? [0, horizon];
  const some = series ?? seriesIds.map((_, s) => s);
  const unit = compared.length === 1 ? 2 : 1;
  return result.cutoffs.map((_, c) => {
    let sum = 0;
    let count = 0;
    for (const s of some) {
      const row = c * seriesIds.length + s;
      for (let k = first; k < end; k++) {
        const actual = actuals[row * horizon + k] as number;
        if (Number.isNaN(actual)) continue;
        for (const [q, place] of places.entries()) {
          const forecast = values[(row * quantiles.length + place) * horizon + k] as number;
          // Left out, it would let a forecaster keep silent where it is hard.
          if (!Number.isFinite(forecast))
            throw new RangeError(`${name} gives no number for step ${k + 1} of ${seriesIds[s]}`);
          sum += (unit / places.length) * pinballLoss(compared[q] as number, actual - forecast);
        }
        count++;
      }
    }
    return count > 0 ? sum / count : Number.NaN;
  });
}

/** Lags from here on count for nothing. */
const bandwidthFor = (n: number): number => Math.min(n, Math.ceil(1.3 * Math.sqrt(n)));

/**
 * Bartlett weights (Newey & West 1987): never negative. What it misses by chance, the threshold
 * allows for.
 */
function longRunVariance(values: readonly number[], center: number): number {
  const n = values.length;
  const bandwidth = bandwidthFor(n);
  let variance = 0;
  for (let lag = 0; lag < bandwidth; lag++) {
    let sum = 0;
    for (let i = lag; i < n; i++)
      sum += ((values[i] as number) - center) * ((values[i - lag] as number) - center);
    variance += ((lag === 0 ? 1 : 2) * (1 - lag / bandwidth) * sum) / n;
  }
  return Math.max(0, variance);
}

/**
 * The 95 % point of the statistic when the bandwidth is a share b of n (Kiefer & Vogelsang 2005,
 * table 1, Bartlett): a normal's 1.645 at b = 0, and more the less there is to estimate the
 * variance from.
 */
function thresholdFor(n: number): number {
  const b = bandwidthFor(n) / n;
  return 1.6449 + 2.1859 * b + 0.3142 * b ** 2 - 0.3427 * b ** 3;
}

/** The 90 % point, from the same table. */
function refusalThresholdFor(n: number): number {
  const b = bandwidthFor(n) / n;
  return Z_REFUSAL + 1.304 * b + 0.5135 * b ** 2 - 0.3386 * b ** 3;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
