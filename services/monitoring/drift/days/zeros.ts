/**
 * Purpose: far more zeros in a week than the same hours of earlier weeks had.
 * Invariants: zeros that are usual (nights, rare series) count for nothing; a share that matters
 * and more than chance, both.
 * Fails: never.
 */
import type { DaySummary } from './day-summary.ts';

const MIN_SHARE = 0.25;
const MIN_SIGMAS = 10;

export interface ZeroShare {
  readonly share: number;
  readonly expected: number;
  readonly limit: number;
}

/** Null where the share is as usual. */
export function zeroShare(days: readonly (DaySummary | null)[]): ZeroShare | null {
  const known = days.filter((day) => day !== null);
  const total = (of: (day: DaySummary) => number) => known.reduce((sum, day) => sum + of(day), 0);
  const count = total((day) => day.count);
  const more = total(({ zeros, expectedZeros }) => zeros - expectedZeros);
  const sigma = Math.sqrt(1 + 1.25 * total(({ zerosVariance }) => zerosVariance));
  const limit = Math.max(MIN_SHARE * count, MIN_SIGMAS * sigma);
  if (count === 0 || more <= limit) return null;
  const expected = total(({ expectedZeros }) => expectedZeros) / count;
  return { share: expected + more / count, expected, limit: expected + limit / count };
}
