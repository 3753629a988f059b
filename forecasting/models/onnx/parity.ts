/**
 * Purpose: how far an exported graph's forecasts lie from ours.
 * Invariants: a difference counts relative to the forecast, or to the level of its series where
 * that is more: a quantile next to zero is a difference of large numbers.
 * Fails: never; if either is not a number, the difference is infinite.
 */

/** The most that rounding of 32-bit sums explains. */
export const MAX_DIFFERENCE = 1e-5;

/** @param level [windows] */
export function largestDifference(
  ours: Float32Array,
  theirs: Float32Array,
  level: Float32Array,
): number {
  const size = ours.length / level.length;
  let largest = ours.length === theirs.length ? 0 : Number.POSITIVE_INFINITY;
  for (const [i, value] of ours.entries()) {
    const unit = Math.max(Math.abs(value), level[Math.floor(i / size)] as number);
    const difference = Math.abs((theirs[i] as number) - value) / unit;
    if (!(difference <= largest))
      largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return largest;
}
