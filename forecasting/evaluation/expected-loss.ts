/**
 * Purpose: the pinball loss that a forecast expects of itself: an estimate of its loss before the
 * actual is known, and, compared with the loss that came, a check of its intervals.
 * Invariants: linear in the quantiles' values, so that a forecast costs one weight a quantile; 0
 * for a point forecaster.
 * Fails: never.
 */

/**
 * Weights w, one a quantile, so that Σ w·x is the mean over the quantiles q of the expected pinball
 * loss E[ρ_q(Y − x_q)], where Y has the quantile function that joins the given quantiles by straight
 * lines and is constant beyond the outermost (which understates the tails).
 * @param quantiles ascending
 */
export function expectedLossWeights(quantiles: readonly number[]): number[] {
  const weights = quantiles.map(() => 0);
  const add = (i: number, weight: number) => {
    weights[i] = (weights[i] as number) + weight / quantiles.length;
  };
  const ends = [0, ...quantiles, 1];
  for (const [at, q] of quantiles.entries()) {
    // Between neighbours the mean of Y is the mean of their values; beyond the ends, the end's.
    for (let left = 0; left + 1 < ends.length; left++) {
      const mass = (ends[left + 1] as number) - (ends[left] as number);
      const isAbove = (ends[left] as number) >= q;
      const share = mass * (isAbove ? q : q - 1);
      const [low, high] = [Math.max(0, left - 1), Math.min(quantiles.length - 1, left)];
      add(low, share / 2);
      add(high, share / 2);
      add(at, -share);
    }
  }
  return weights;
}
