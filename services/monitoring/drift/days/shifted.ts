/**
 * Purpose: a feed whose hours have moved: the shape of the day fits an earlier or a later one far
 * better than its own.
 * Invariants: the gain is compared with the largest that the fleet ever had, so that a change of
 * daylight or of habits is none; the same shift on two days in a row, or a very large gain on one.
 * Fails: never.
 */
import { type Fit, MAX_SHIFT } from './profile.ts';
import { limitOf, type Track } from './track.ts';

const FLOOR = 0.4;
/** The rest of a gain of 1 is what no shift explains: no limit lies beyond this. */
const HIGHEST = 0.8;

export interface Shift {
  /** Intervals that the values come late (positive) or early. */
  readonly intervals: number;
  /** Share of the misfit that the shift explains. */
  readonly gain: number;
  readonly limit: number;
}

export function shiftOf({ shifted }: Fit, track: Track): Shift | null {
  const own = shifted[MAX_SHIFT] as number;
  if (!(own > 0)) return null;
  let best = MAX_SHIFT;
  for (let k = 0; k < shifted.length; k++)
    if ((shifted[k] as number) < (shifted[best] as number)) best = k;
  return {
    // Values that fit what is usual later came early.
    intervals: MAX_SHIFT - best,
    gain: 1 - (shifted[best] as number) / own,
    limit: Math.min(HIGHEST, limitOf(track, FLOOR)),
  };
}
