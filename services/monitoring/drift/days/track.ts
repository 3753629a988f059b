/**
 * Purpose: how far a statistic strays when nothing is wrong: its size so far, and its largest
 * value, so that a limit fits each series and knows its seasons.
 * Invariants: plain JSON; no limit before MIN_DAYS. A value is learned LAG_DAYS later, so that a
 * change that comes little by little does not raise its own limit; one beyond its limit is never
 * learned, except while history is read for the first time.
 * Fails: never.
 */

/** Days that must have been seen before a statistic is judged. */
export const MIN_DAYS = 28;
const LAG_DAYS = 14;
/** Days over which the mean square is taken. */
const MEMORY_DAYS = 120;
/** How far beyond the usual size, and beyond the largest value so far, a limit is. */
const TIMES_USUAL = 6;
const TIMES_LARGEST = 1.5;
/** After so many days the largest value has seen seasons, and the usual size counts for less. */
const EXPERIENCED_DAYS = 180;
const TIMES_USUAL_EXPERIENCED = 4;

export interface Track {
  readonly days: number;
  readonly meanSquare: number;
  readonly largest: number;
  /** The last values, not learned yet, oldest first. */
  readonly waiting: readonly number[];
}

export const NEW_TRACK: Track = { days: 0, meanSquare: 0, largest: 0, waiting: [] };

export function learn(track: Track, value: number): Track {
  const waiting = [...track.waiting, Math.round(value * 1e6) / 1e6];
  if (waiting.length <= LAG_DAYS) return { ...track, waiting };
  const [next, ...rest] = waiting as [number, ...number[]];
  const days = track.days + 1;
  const weight = 1 / Math.min(days, MEMORY_DAYS);
  return {
    days,
    meanSquare: track.meanSquare + weight * (next * next - track.meanSquare),
    largest: Math.max(track.largest, Math.abs(next)),
    waiting: rest,
  };
}

/** @param floor what matters in practice, however quiet the series is */
export function limitOf({ days, meanSquare, largest }: Track, floor: number): number {
  if (days < MIN_DAYS) return Number.POSITIVE_INFINITY;
  const times = days < EXPERIENCED_DAYS ? TIMES_USUAL : TIMES_USUAL_EXPERIENCED;
  return Math.max(floor, times * Math.sqrt(meanSquare), TIMES_LARGEST * largest);
}
