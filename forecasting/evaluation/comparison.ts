/**
 * Purpose: is one forecaster better than another, by more than the uncertainty of the comparison,
 * and if that cannot be said, how many more cutoffs would decide?
 * Invariants: compares the same actuals by the same loss, which is the absolute error of the median
 * or the mean pinball loss over the quantiles that both forecast; errors at one cutoff count as one
 * observation, because they depend on one another; neighbouring cutoffs may be correlated, which
 * the standard error and the threshold both respect: with 26 cutoffs whose differences are an AR(1)
 * of 0.5 and mean 0, a nominal 5 % is 8 % at most (tests/unit/forecasting/comparison-size.test.ts).
 * Targets of neighbouring cutoffs overlap where the steps compared are more than lie between two
 * cutoffs; the standard error is corrected for that.
 * Fails: a RangeError where a result holds no median, where a forecast of a known actual is no
 * number, or where fewer than 4 cutoffs have anything observed after them. Source: the test of
 * Diebold & Mariano (1995) under fixed-smoothing asymptotics, as Coroneo & Iacone (2020, Journal of
 * Applied Econometrics 35) advise for few forecasts: Bartlett weights, a bandwidth of 1.3 √n
 * (Lazarus, Lewis, Stock & Watson 2018, Journal of Business & Economic Statistics 36), critical
 * values of Kiefer & Vogelsang (2005, Econometric Theory 21). "No better" by a one-sided test
 * against a margin (Schuirmann 1987); the number of cutoffs by the usual n = ((t + z) s / effect)².
 */
import type { BacktestResult, ForecasterResult, Subset } from './backtest.ts';
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
  /** How often chance alone may look like an improvement. */
  readonly level: number;
  /** What the statistic must exceed: one-sided, at the level. */
  readonly threshold: number;
  /**
   * What the true difference lies above with a confidence of 1 − level, and below with 90 %. To
   * call a challenger better by mistake is dear; to refuse one that is better by what matters costs
   * a training, and the next one comes.
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

/** With fewer there is no variance to estimate: `compare` throws. The gate asks for more. */
export const MIN_COMPARED_CUTOFFS = 4;
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
 * Forecasts and actuals have 32 bits: a standard error below a loss's rounding is not evidence of
 * certainty.
 */
const ROUNDING = 2 ** -24;

export interface ComparisonOptions extends Subset {
  /** The absolute error of the median where absent. */
  readonly loss?: ComparedLoss;
  /** What matters, as a share of the reference's loss. */
  readonly margin?: number;
  /** How often chance alone may look like an improvement; 5 % where absent. */
  readonly level?: number;
}

const LEVEL = 0.05;

export function compare(
  result: BacktestResult,
  challenger: ForecasterResult,
  reference: ForecasterResult,
  options: ComparisonOptions = {},
): Comparison {
  const { loss = 'absolute', margin: marginShare = MARGIN, level = LEVEL } = options;
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
  if (n < MIN_COMPARED_CUTOFFS) {
    throw new RangeError(
      `a comparison needs at least ${MIN_COMPARED_CUTOFFS} cutoffs that something was observed ` +
        `after, got ${n}; lengthen the test span or reduce the step size`,
    );
  }
  const losses = (errors: readonly number[]) => used.map((c) => errors[c] as number);
  const referenceLoss = mean(losses(referenceErrors));
  const differences = used.map(
    (c) => (referenceErrors[c] as number) - (challengerErrors[c] as number),
  );
  const difference = mean(differences);
  const overlap = overlapOf(result, used, options);
  const bandwidth = bandwidthFor(n, overlap);
  const variance =
    longRunVariance(differences, difference, bandwidth) * overlapFactor(n, bandwidth, overlap);
  const standardError = Math.max(Math.sqrt(variance / n), ROUNDING * referenceLoss);
  const share = bandwidthShare(n, overlap);
  const threshold = thresholdFor(share, level);
  const margin = marginShare * referenceLoss;
  const interval = [
    difference - threshold * standardError,
    difference + refusalThresholdFor(share) * standardError,
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
    level,
    threshold,
    interval,
    margin,
    outcome,
    isBetter: outcome === 'better',
    cutoffs: n,
    differences,
    moreCutoffs:
      outcome === 'undecided'
        ? moreCutoffs({ n, difference, standardError, margin, overlap, level })
        : null,
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
function moreCutoffs({
  n,
  difference,
  standardError,
  margin,
  overlap,
  level,
}: {
  readonly n: number;
  readonly difference: number;
  readonly standardError: number;
  readonly margin: number;
  readonly overlap: number;
  readonly level: number;
}): number | null {
  // Even the normal's threshold would need this many.
  const effect = Math.max(difference, margin - difference);
  const least = Math.ceil(n * (((Z_REFUSAL + Z_POWER) * standardError) / effect) ** 2);
  for (let total = Math.max(n + 1, least); total <= MAX_CUTOFFS; total++) {
    const error = standardError * Math.sqrt(n / total);
    const share = bandwidthShare(total, overlap);
    const decides = (threshold: number, distance: number) =>
      (threshold + Z_POWER) * error <= distance;
    if (
      decides(thresholdFor(share, level), difference) ||
      decides(refusalThresholdFor(share), margin - difference)
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
  const weight = (compared.length === 1 ? 2 : 1) / places.length;
  return result.cutoffs.map((_, c) => {
    let sum = 0;
    let count = 0;
    for (const s of some) {
      const row = c * seriesIds.length + s;
      for (let k = first; k < end; k++) {
        const actual = actuals[row * horizon + k] as number;
        if (Number.isNaN(actual)) continue;
        for (let q = 0; q < places.length; q++) {
          const at = (row * quantiles.length + (places[q] as number)) * horizon + k;
          const forecast = values[at] as number;
          // Left out, it would let a forecaster keep silent where it is hard.
          if (!Number.isFinite(forecast))
            throw new RangeError(`${name} gives no number for step ${k + 1} of ${seriesIds[s]}`);
          sum += weight * pinballLoss(compared[q] as number, actual - forecast);
        }
        count++;
      }
    }
    return count > 0 ? sum / count : Number.NaN;
  });
}

/** How many cutoffs see one interval among the steps compared: 1 where targets do not overlap. */
function overlapOf(
  { cutoffs, horizon }: BacktestResult,
  used: readonly number[],
  { steps: [first, end] = [0, horizon] }: Subset,
): number {
  const span = (cutoffs[used.at(-1) as number] as number) - (cutoffs[used[0] as number] as number);
  return Math.max(1, ((end - first) * (used.length - 1)) / span);
}

/** Lags from here on count for nothing. No less than the overlap. */
const bandwidthFor = (n: number, overlap: number): number =>
  Math.min(n, Math.ceil(Math.max(1.3 * Math.sqrt(n), overlap)));

/** The bandwidth as a share of the cutoffs; of as many as do not overlap, where they do. */
const bandwidthShare = (n: number, overlap: number): number => {
  const apart = n / overlap;
  const share = overlap === 1 ? bandwidthFor(n, overlap) / n : 1.3 / Math.sqrt(apart);
  return Math.min(1, share);
};

/**
 * Bartlett weights (Newey & West 1987): never negative. What it misses by chance, the threshold
 * allows for.
 */
function longRunVariance(values: readonly number[], center: number, bandwidth: number): number {
  const n = values.length;
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
 * By how much the estimate of the variance falls short because of the overlap: its expected share
 * of the true one where differences are independent, over the same where they are means of
 * `overlap` neighbouring draws. The thresholds hold for the first.
 */
function overlapFactor(n: number, bandwidth: number, overlap: number): number {
  if (overlap === 1) return 1;
  const share = (correlation: (lag: number) => number) => expectedShare(n, bandwidth, correlation);
  return share((lag) => (lag === 0 ? 1 : 0)) / share((lag) => Math.max(0, 1 - lag / overlap));
}

/**
 * E[estimate] over the true variance of the mean of n draws, both times n, for the correlations
 * given: tr(W P Σ P) / 1'Σ1, with Bartlett weights W and the projection P that takes the mean away.
 */
function expectedShare(n: number, bandwidth: number, correlation: (lag: number) => number): number {
  const weight = (lag: number) => Math.max(0, 1 - lag / bandwidth);
  let [trace, both, weights, total] = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    let [rowOfWeights, rowOfCorrelations] = [0, 0];
    for (let j = 0; j < n; j++) {
      const lag = Math.abs(i - j);
      rowOfWeights += weight(lag);
      rowOfCorrelations += correlation(lag);
      trace += weight(lag) * correlation(lag);
    }
    both += rowOfWeights * rowOfCorrelations;
    weights += rowOfWeights;
    total += rowOfCorrelations;
  }
  return (trace - (2 / n) * both + (weights * total) / n ** 2) / total;
}

interface FixedB {
  readonly level: number;
  /** The normal quantile of 1 − level. */
  readonly z: number;
  readonly c: readonly [number, number, number];
}

/**
 * Points of the statistic when the bandwidth is a share b of n: z + c₁ b + c₂ b² + c₃ b³, more than
 * the normal's z the less there is to estimate the variance from. That of 5 % is published (Kiefer
 * & Vogelsang 2005, table 1, Bartlett); the others are simulated in the same way
 * (`npm run bench:gate -- --thresholds`).
 */
const THRESHOLDS: readonly FixedB[] = [
  { level: 0.05, z: 1.6449, c: [2.1859, 0.3142, -0.3427] },
  { level: 0.01, z: 2.3263, c: [4.019, 0.976, -1.256] },
  { level: 0.002, z: 2.8782, c: [6.799, -0.009, -1.32] },
  { level: 0.0005, z: 3.2905, c: [9.647, -1.625, -0.977] },
  { level: 0.0001, z: 3.719, c: [13.194, -4.73, 0.394] },
];

/** Linear in the logarithm of the level between two rows of the table, and beyond its ends. */
function thresholdFor(b: number, level: number): number {
  const found = THRESHOLDS.findIndex((row, i) => i > 0 && row.level <= level);
  const i = found < 0 ? THRESHOLDS.length - 1 : found;
  const [high, low] = THRESHOLDS.slice(i - 1, i + 1) as [FixedB, FixedB];
  const share = Math.log(high.level / level) / Math.log(high.level / low.level);
  const at = ({ z, c }: FixedB) => z + c[0] * b + c[1] * b ** 2 + c[2] * b ** 3;
  return at(high) + share * (at(low) - at(high));
}

/** The 90 % point, from the published table. */
const refusalThresholdFor = (b: number): number =>
  Z_REFUSAL + 1.304 * b + 0.5135 * b ** 2 - 0.3386 * b ** 3;

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
