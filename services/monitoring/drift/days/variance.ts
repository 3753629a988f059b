/**
 * Purpose: how much a series scatters around the same hours of earlier weeks, over a week, next to
 * its usual scatter.
 * Invariants: a change of the level of a day does not count as scatter; upwards only: what scatters
 * less is `stuck`, or well.
 * Fails: never.
 */
import type { DaySummary } from './day-summary.ts';
import { limitOf, type Track } from './track.ts';

const MIN_DAYS = 4;
/** Logarithm of a variance four times as large. */
const FLOOR = Math.log(4);
/** Standard errors of a sum of squares of few events. */
const NOISE = 8;

export interface Scatter {
  /** Logarithm of the variance over the usual one. */
  readonly value: number;
  readonly limit: number;
}

export function variance(
  days: readonly (DaySummary | null)[],
  dispersion: number,
  track: Track,
): Scatter | null {
  const all = days.filter((day) => day !== null);
  const rest = ({ squares, size, count }: DaySummary) => squares / (size * count);
  // Without the worst day: one in which a level changed is not scatter.
  const known = all.sort((a, b) => rest(a) - rest(b)).slice(0, -1);
  const total = (of: (day: DaySummary) => number) => known.reduce((sum, day) => sum + of(day), 0);
  const usual = dispersion * total((day) => day.size * day.count);
  if (all.length < MIN_DAYS || !(usual > 0)) return null;
  // One usual unit more on both sides: a series of rare events stays near 0.
  const unit = dispersion * dispersion;
  const value = Math.log((total(({ squares }) => squares) + unit) / (usual + unit));
  const events = usual / unit;
  return { value, limit: Math.max(limitOf(track, FLOOR), NOISE / Math.sqrt(Math.max(1, events))) };
}
