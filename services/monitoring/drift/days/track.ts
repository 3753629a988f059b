/**
 * Purpose: how far a statistic strays when nothing is wrong: its size so far, and its largest
 * value, so that a limit fits each series and knows its seasons.
 * Invariants: plain JSON; no limit before MIN_DAYS; a statistic that is beyond its limit is not
 * learned from, except while history is read for the first time.
 * Fails: never.
 */

/** Days that must have been seen before a statistic is judged. */
export const MIN_DAYS = 28;
/** Days over which the mean square is taken. */
const MEMORY_DAYS = 120;
/** How far beyond the usual size, and beyond the largest value so far, a limit is. */
const TIMES_USUAL = 6;
const TIMES_LARGEST = 1.5;

export interface Track {
  readonly days: number;
  readonly meanSquare: number;
  readonly largest: number;
}

export const NEW_TRACK: Track = { days: 0, meanSquare: 0, largest: 0 };

export const learn = (track: Track, value: number): Track => {
  const days = track.days + 1;
  const weight = 1 / Math.min(days, MEMORY_DAYS);
  return {
    days,
    meanSquare: track.meanSquare + weight * (value * value - track.meanSquare),
    largest: Math.max(track.largest, Math.abs(value)),
  };
};

/** @param floor what matters to anybody, however quiet the series is */
export const limitOf = (track: Track, floor: number): number =>
  track.days < MIN_DAYS
    ? Number.POSITIVE_INFINITY
    : Math.max(floor, TIMES_USUAL * Math.sqrt(track.meanSquare), TIMES_LARGEST * track.largest);
