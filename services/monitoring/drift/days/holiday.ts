/**
 * Purpose: a holiday that people keep on another day than the calendar says.
 * Invariants: two days must agree: a holiday of the calendar that fits its weekday, and a plain
 * working day close by that fits a Sunday. A holiday that nobody keeps, and a storm, are neither.
 * Fails: never.
 */
import type { Fit } from './profile.ts';
import { MAX_SHIFT } from './profile.ts';

/** Days between the two, at most. */
const MAX_AWAY = 7;
export const SHAPES_KEPT = MAX_AWAY + 1;
/** Logarithm of one misfit over the other from which on a day is like the one, or the other. */
const CLEARLY = 0.5;

/** The shape of one working day. */
export interface Shape {
  /** Local day, in days since 1970, and its first interval. */
  readonly day: number;
  readonly start: number;
  readonly isHoliday: boolean;
  /** Logarithm of the misfit to its weekday over that to a Sunday: positive is like a Sunday. */
  readonly likeSunday: number;
}

export const likeSunday = ({ shifted, sunday }: Fit): number | null => {
  const own = shifted[MAX_SHIFT] as number;
  return own > 0 && sunday > 0 ? Math.log(own / sunday) : null;
};

export interface MovedHoliday {
  readonly calendar: Shape;
  readonly kept: Shape;
  readonly limit: number;
}

/** @param shapes of the last working days, newest last; only pairs with the newest are new */
export function movedHoliday(shapes: readonly Shape[]): MovedHoliday | null {
  const newest = shapes.at(-1);
  if (!newest) return null;
  for (const other of shapes.slice(0, -1)) {
    if (newest.day - other.day > MAX_AWAY || newest.isHoliday === other.isHoliday) continue;
    const [calendar, kept] = newest.isHoliday ? [newest, other] : [other, newest];
    if (calendar.likeSunday < -CLEARLY && kept.likeSunday > CLEARLY)
      return { calendar, kept, limit: CLEARLY };
  }
  return null;
}
