/**
 * Purpose: a total that jumps from one day to the next: part of a feed that is lost, or comes
 * twice.
 * Invariants: what is expected is taken out first, so that weekends are not a jump; compared with
 * the middle of the days before, so that a slow change is not one.
 * Fails: never.
 */
import { deviation, type Sums } from './deviation.ts';
import type { Judged } from './level.ts';
import { limitOf, type Track } from './track.ts';

const MIN_DAYS_BEFORE = 4;
const FLOOR = Math.log(1.6);

/** @param days of the fleet, newest last; null is a day that does not count */
export function volume(days: readonly (Sums | null)[], track: Track): Judged | null {
  const today = days.at(-1);
  if (!today) return null;
  const before = days
    .slice(0, -1)
    .filter((day) => day !== null)
    .map((day) => deviation(day, 0))
    .sort((a, b) => a - b);
  if (before.length < MIN_DAYS_BEFORE) return null;
  const value = deviation(today, 0) - (before[before.length >> 1] as number);
  return { value, limit: limitOf(track, FLOOR), sums: today };
}
