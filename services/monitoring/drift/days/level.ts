/**
 * Purpose: the level of a series over a week, and of the fleet over three days, next to the same
 * hours of earlier weeks.
 * Invariants: the limit is the largest of what matters, what chance does to so few events, and 1.5
 * times the furthest that the level has ever been: a series with seasons gets a wider one.
 * Fails: never.
 */
import { deviation, type Sums, sumOf } from './deviation.ts';
import { limitOf, type Track } from './track.ts';

export const SERIES_DAYS = 7;
export const FLEET_DAYS = 3;
const MIN_SERIES_DAYS = 4;
/** Factors below which a change of level does not matter, as logarithms. */
const SERIES_FLOOR = Math.log(1.6);
const FLEET_FLOOR = Math.log(1.35);
/** Standard errors of the sum of counts. */
const NOISE = 7;

export interface Judged {
  readonly value: number;
  readonly limit: number;
  readonly sums: Sums;
}

/** @param days newest last; null is a day that does not count */
export function seriesLevel(
  days: readonly (Sums | null)[],
  dispersion: number,
  track: Track,
): Judged | null {
  const known = days.filter((day) => day !== null);
  if (known.length < MIN_SERIES_DAYS) return null;
  const sums = sumOf(known);
  // An eighth more: the references have noise too.
  const noise = NOISE * Math.sqrt((1.125 * dispersion) / Math.max(sums.expected, dispersion));
  const limit = Math.max(limitOf(track, SERIES_FLOOR), Math.min(noise, 3));
  return { value: deviation(sums, dispersion), limit, sums };
}

export function fleetLevel(days: readonly (Sums | null)[], track: Track): Judged | null {
  const known = days.filter((day) => day !== null).slice(-FLEET_DAYS);
  if (known.length < FLEET_DAYS) return null;
  const sums = sumOf(known);
  return { value: deviation(sums, 0), limit: limitOf(track, FLEET_FLOOR), sums };
}
