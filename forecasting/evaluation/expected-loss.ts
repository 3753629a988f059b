/**
 * Purpose: the pinball loss that a forecast expects of itself: an estimate of its loss before the
 * actual is known, and, compared with the loss that came, a check of its intervals.
 * Invariants: linear in the quantiles' values, so that a forecast costs one weight a quantile; 0
 * for a point forecaster.
 * Fails: never.
 */

/**
 * Weights w, one a quantile, so that Σ w·x is the mean over the quantiles q of the expected pinball
 * loss E[ρ_q(Y − x_q)], where Y has the quantile function that joins the given quantiles by
 * straight lines, and exponential tails beyond the outermost, as steep as between the last two.
 * @param quantiles ascending
 */
export function expectedLossWeights(quantiles: readonly number[]): number[] {
  const weights = quantiles.map(() => 0);
  const segments = segmentsOf(quantiles);
  for (const [at, q] of quantiles.entries()) {
    for (const { mass, mean, end } of segments) {
      const share = (mass * (end > q ? q : q - 1)) / quantiles.length;
      for (const [i, weight] of mean) weights[i] = (weights[i] as number) + share * weight;
      weights[at] = (weights[at] as number) - share;
    }
  }
  return weights;
}

interface Segment {
  /** Its probability. */
  readonly mass: number;
  /** The mean of Y in it, as weights of the quantiles' values. */
  readonly mean: readonly (readonly [quantile: number, weight: number])[];
  /** The probability of Y up to its end. */
  readonly end: number;
}

/** The distribution between the quantiles, and its two tails. */
function segmentsOf(quantiles: readonly number[]): Segment[] {
  const last = quantiles.length - 1;
  const between = quantiles.slice(1).map((end, i): Segment => {
    const mean = [[i, 0.5] as const, [i + 1, 0.5] as const];
    return { mass: end - (quantiles[i] as number), mean, end };
  });
  const [low, high] = [quantiles[0] as number, quantiles[last] as number];
  const lower = tail(0, Math.min(1, last), low, quantiles[1] ?? low);
  const upper = tail(last, Math.max(0, last - 1), 1 - high, 1 - (quantiles[last - 1] ?? high));
  return [
    { mass: low, mean: lower, end: low },
    ...between,
    { mass: 1 - high, mean: upper, end: 1 },
  ];
}

/**
 * The mean beyond an outermost quantile: of an exponential tail it lies (x_outer − x_inner) /
 * ln(p_inner / p_outer) further out, where p is the probability beyond a quantile.
 */
function tail(outer: number, inner: number, beyondOuter: number, beyondInner: number) {
  const excess = outer === inner ? 0 : 1 / Math.log(beyondInner / beyondOuter);
  return [[outer, 1 + excess] as const, [inner, -excess] as const];
}
