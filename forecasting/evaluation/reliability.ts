/**
 * Purpose: do quantiles hold what they say? The share of actuals at or below each, against its
 * nominal one, by group and by step.
 * Invariants: unknown actuals are left out; what happens at one cutoff counts once for the
 * uncertainty, because series and steps depend on one another there. An actual that equals the
 * forecast (counts, zeros) lies neither below nor above it, so there are two shares: below, and at
 * or below. A quantile is right where its nominal share lies between them.
 * Fails: never; what has no actuals is NaN. Source: reliability of quantile forecasts (Gneiting,
 * Balabdaoui & Raftery 2007); for counts, the two ends of the non-randomised probability integral
 * transform (Czado, Gneiting & Held 2009).
 */
import type { BacktestResult, ForecasterResult, Subset } from './backtest.ts';
import type { SeriesGroup } from './metrics.ts';

export interface QuantileReliability {
  readonly quantile: number;
  /** Share of actuals below the forecast quantile, and at or below it. */
  readonly below: number;
  readonly atMost: number;
  /**
   * Of either share, over cutoffs; not less than a binomial's of as many independent cutoffs'
   * worth.
   */
  readonly standardError: number;
  /** Whether the nominal share lies in [below, atMost], give or take two standard errors. */
  readonly isRight: boolean;
  /** By step: the two shares. */
  readonly belowPerStep: readonly number[];
  readonly atMostPerStep: readonly number[];
}

export interface GroupReliability {
  readonly group: string;
  readonly quantiles: readonly QuantileReliability[];
  /** Actuals compared. */
  readonly count: number;
  readonly cutoffs: number;
}

/** How many standard errors off still is chance. */
const TOLERANCE = 2;

export function reliability(
  result: BacktestResult,
  forecaster: ForecasterResult,
  groups: readonly SeriesGroup[],
): GroupReliability[] {
  return groups.map(({ name, series }) => {
    const quantiles = forecaster.quantiles.map((_, q) => ofQuantile(result, forecaster, series, q));
    return {
      group: name,
      quantiles: quantiles.map(({ reliability }) => reliability),
      count: quantiles[0]?.count ?? 0,
      cutoffs: quantiles[0]?.cutoffs ?? 0,
    };
  });
}

function ofQuantile(
  { cutoffs, seriesIds, horizon, actuals }: BacktestResult,
  { quantiles, values }: ForecasterResult,
  series: readonly number[],
  q: number,
): { reliability: QuantileReliability; count: number; cutoffs: number } {
  const Q = quantiles.length;
  const belowOfStep = new Float64Array(horizon);
  const atMostOfStep = new Float64Array(horizon);
  const countOfStep = new Float64Array(horizon);
  const perCutoff: { count: number; middle: number }[] = [];
  for (let c = 0; c < cutoffs.length; c++) {
    let count = 0;
    let middle = 0;
    for (const s of series) {
      const row = c * seriesIds.length + s;
      for (let k = 0; k < horizon; k++) {
        const y = actuals[row * horizon + k] as number;
        if (Number.isNaN(y)) continue;
        const forecast = values[(row * Q + q) * horizon + k] as number;
        const [below, atMost] = [y < forecast ? 1 : 0, y <= forecast ? 1 : 0];
        belowOfStep[k] = (belowOfStep[k] as number) + below;
        atMostOfStep[k] = (atMostOfStep[k] as number) + atMost;
        countOfStep[k] = (countOfStep[k] as number) + 1;
        count++;
        middle += (below + atMost) / 2;
      }
    }
    if (count > 0) perCutoff.push({ count, middle });
  }
  const sum = (list: Float64Array) => list.reduce((total, x) => total + x, 0);
  const count = sum(countOfStep);
  const quantile = quantiles[q] as number;
  const [below, atMost] = [sum(belowOfStep) / count, sum(atMostOfStep) / count];
  const error = standardError(perCutoff, quantile);
  const perStep = (list: Float64Array) =>
    Array.from(list, (x, k) => x / (countOfStep[k] as number));
  return {
    count,
    cutoffs: perCutoff.length,
    reliability: {
      quantile,
      below,
      atMost,
      standardError: error,
      isRight: quantile >= below - TOLERANCE * error && quantile <= atMost + TOLERANCE * error,
      belowPerStep: perStep(belowOfStep),
      atMostPerStep: perStep(atMostOfStep),
    },
  };
}

/** Shares of actuals between the outermost quantiles. */
export interface IntervalShares {
  /** Without those that equal a bound, and with them. */
  readonly open: number;
  readonly closed: number;
  readonly nominal: number;
  /** Over cutoffs. */
  readonly standardError: number;
  /** Actuals compared. */
  readonly count: number;
}

export function intervalShares(
  { cutoffs, seriesIds, horizon, actuals }: BacktestResult,
  { quantiles, values }: ForecasterResult,
  { series, steps: [first, end] = [0, horizon], firstCutoff = 0 }: Subset = {},
): IntervalShares {
  const Q = quantiles.length;
  const nominal = (quantiles[Q - 1] as number) - (quantiles[0] as number);
  const some = series ?? seriesIds.map((_, s) => s);
  let [open, closed, count] = [0, 0, 0];
  const perCutoff: { count: number; middle: number }[] = [];
  for (const [c, cutoff] of cutoffs.entries()) {
    if (cutoff < firstCutoff) continue;
    const before = { open, closed, count };
    for (const s of some) {
      const row = c * seriesIds.length + s;
      for (let k = first; k < end; k++) {
        const y = actuals[row * horizon + k] as number;
        if (Number.isNaN(y)) continue;
        const low = values[row * Q * horizon + k] as number;
        const high = values[(row * Q + Q - 1) * horizon + k] as number;
        if (y > low && y < high) open++;
        if (y >= low && y <= high) closed++;
        count++;
      }
    }
    const middle = (open - before.open + closed - before.closed) / 2;
    if (count > before.count) perCutoff.push({ count: count - before.count, middle });
  }
  return {
    ...{ open: open / count, closed: closed / count, nominal, count },
    standardError: standardError(perCutoff, nominal),
  };
}

/**
 * Of a ratio of sums over clusters (Cochran 1977, 6.3), the clusters being the cutoffs; at least
 * what independent draws would have.
 */
function standardError(
  clusters: readonly { count: number; middle: number }[],
  nominal: number,
): number {
  const n = clusters.length;
  const count = clusters.reduce((sum, cluster) => sum + cluster.count, 0);
  const binomial = Math.sqrt((nominal * (1 - nominal)) / count);
  if (n < 2) return Math.sqrt((nominal * (1 - nominal)) / n);
  const share = clusters.reduce((sum, cluster) => sum + cluster.middle, 0) / count;
  const squares = clusters.reduce(
    (sum, { count: size, middle }) => sum + (middle - share * size) ** 2,
    0,
  );
  return Math.max(binomial, Math.sqrt((n / (n - 1)) * squares) / count);
}

/** What the model card keeps: shares by group and quantile, without the steps. */
export function reliabilityJson(groups: readonly GroupReliability[]): Record<string, unknown> {
  const round = (x: number) => (Number.isFinite(x) ? Number(x.toFixed(4)) : null);
  return Object.fromEntries(
    groups.map(({ group, quantiles, count, cutoffs }) => [
      group,
      {
        count,
        cutoffs,
        quantiles: quantiles.map((one) => ({
          quantile: one.quantile,
          below: round(one.below),
          at_most: round(one.atMost),
          standard_error: round(one.standardError),
          is_right: one.isRight,
        })),
      },
    ]),
  );
}
