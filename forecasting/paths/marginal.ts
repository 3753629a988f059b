/**
 * Purpose: one value of a path from the quantiles and the mean of a forecast: a quantile function
 * that passes through the quantiles, with tails.
 * Invariants: it ascends; it does not go below the floor; the upper tail is as heavy as the mean
 * asks, within bounds.
 * Fails: never; of one quantile it is that value everywhere.
 */

/** The scale of the upper tail, in units of the slope before it. */
const TAIL_BOUNDS = [0.05, 8] as const;

/**
 * Writes the values at `probabilities` (ascending) to `out`: linear between the quantiles, the
 * first part continued below, an exponential tail above.
 * @param quantiles ascending @param values one a quantile, ascending
 */
export function quantileFunction(
  { quantiles, values, mean }: { quantiles: readonly number[]; values: Float64Array; mean: number },
  floor: number,
  probabilities: Float64Array,
  out: Float64Array,
): void {
  const last = quantiles.length - 1;
  if (last === 0) {
    out.fill(values[0] as number);
    return;
  }
  const top = quantiles[last] as number;
  const highest = values[last] as number;
  let i = 0;
  let below = 0;
  for (const [n, p] of probabilities.entries()) {
    while (i < last - 1 && p > (quantiles[i + 1] as number)) i++;
    const [q0, q1] = [quantiles[i] as number, quantiles[i + 1] as number];
    const [v0, v1] = [values[i] as number, values[i + 1] as number];
    out[n] = p > top ? highest : Math.max(floor, v0 + ((v1 - v0) * (p - q0)) / (q1 - q0));
    below += out[n] as number;
  }
  const missing = mean - below / probabilities.length;
  const slope = (highest - (values[last - 1] as number)) / (top - (quantiles[last - 1] as number));
  const unit = slope * (1 - top);
  // Above the highest quantile an exponential of this scale has a mean of it.
  const scale = Math.min(
    TAIL_BOUNDS[1] * Math.max(unit, Math.abs(missing)),
    Math.max(TAIL_BOUNDS[0] * unit, missing / (1 - top)),
  );
  for (let n = probabilities.length - 1; n >= 0 && (probabilities[n] as number) > top; n--)
    out[n] = highest - scale * Math.log((1 - (probabilities[n] as number)) / (1 - top));
}
