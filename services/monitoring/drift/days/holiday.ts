/**
 * Purpose: a holiday that people keep on another day than the calendar says.
 * Invariants: two days must agree: a holiday of the calendar that fits its weekday, and a plain
 * working day close by that fits a Sunday. A holiday that nobody keeps, and a storm, are neither.
 * Fails: never.
 */
/** Days between the two, at most. */
const MAX_AWAY = 7;
export const SHAPES_KEPT = MAX_AWAY + 1;
/** Shares of the way to a Sunday: of a holiday that is kept, and of one that is not. */
const KEPT = 0.5;
const NOT_KEPT = 0.25;
const MIN_Z = 6;

/** The shape of one working day. */
export interface Shape {
  /** Local day, in days since 1970, and its first interval. */
  readonly day: number;
  readonly start: number;
  readonly isHoliday: boolean;
  /** Share of the way from its weekday to a Sunday. */
  readonly likeSunday: number;
  /** In standard errors. */
  readonly z: number;
}

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
    if (calendar.likeSunday < NOT_KEPT && kept.likeSunday > KEPT && kept.z > MIN_Z)
      return { calendar, kept, limit: KEPT };
  }
  return null;
}
