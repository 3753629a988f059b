/**
 * Purpose: how far a sum lies from what is expected: a logarithm of their ratio, or, where values
 * have no ratio, their difference by the size of the values.
 * Invariants: 0 where both agree; smoothed by a few events, so that rare counts stay near 0.
 * Fails: never.
 */

export interface Sums {
  readonly observed: number;
  readonly expected: number;
  /** Mean size of an expected value, and how many values are summed. */
  readonly size: number;
  readonly count: number;
}

/** Events that are added to both sums, in units of the dispersion. */
const SMOOTHING = 4;

/** @param dispersion variance of a value over its mean: 1 for counts at random */
export function deviation({ observed, expected, size, count }: Sums, dispersion: number): number {
  const smoothing = SMOOTHING * dispersion;
  if (expected > 0 && observed >= 0)
    return Math.log((observed + smoothing) / (expected + smoothing));
  return size > 0 ? (observed - expected) / (count * size) : 0;
}

export function sumOf(all: readonly Sums[]): Sums {
  let [observed, expected, size, count] = [0, 0, 0, 0];
  for (const one of all) {
    observed += one.observed;
    expected += one.expected;
    size += one.size * one.count;
    count += one.count;
  }
  return { observed, expected, size: count > 0 ? size / count : 0, count };
}
