/**
 * Purpose: the known distribution of the simulated city's counts: negative binomial with mean m and
 * variance m + m²/size; Poisson where `size` is infinite.
 * Invariants: sampling is the quantile of a uniform draw, so simulation and oracle share one
 * function and cannot disagree.
 * Fails: never for a finite mean; a quantile of 1 or more is refused with a RangeError.
 */

/**
 * The smallest count k with P(X ≤ k) ≥ quantile.
 * Formula: P(0) = (size / (size + m))^size, P(k+1) = P(k) · (k + size) / (k + 1) · m / (m + size).
 */
export function countQuantile(mean: number, size: number, quantile: number): number {
  if (!(quantile < 1)) throw new RangeError(`a count has no finite quantile ${quantile}`);
  const poisson = !Number.isFinite(size);
  let probability = poisson ? Math.exp(-mean) : Math.exp(-size * Math.log1p(mean / size));
  const ratio = poisson ? mean : mean / (mean + size);
  let cumulative = probability;
  let count = 0;
  // Rounding may keep the sum just below a quantile next to 1: end where no mass is left.
  while (cumulative < quantile && (count < mean || probability > 0)) {
    probability *= poisson ? ratio / (count + 1) : ((count + size) / (count + 1)) * ratio;
    count++;
    cumulative += probability;
  }
  return count;
}
