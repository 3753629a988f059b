/**
 * Purpose: how far a day has gone from its own shape to another: that of a Sunday, or its own some
 * hours earlier or later; over the whole fleet.
 * Invariants: 0 is its own shape and 1 the other one, whatever the noise; the level of a series is
 * taken out. Square roots make the noise of counts alike; busy series count as their events do, and
 * none more than MAX_EVENTS.
 * Fails: never.
 */
import { localLag } from '../../../../forecasting/features/calendar.ts';
import { createReferences, expectedOf, readReferences, valueAt, type Window } from '../window.ts';
import type { LocalDay } from './day-summary.ts';

const MAX_EVENTS = 30;
/** Series with fewer events in an interval say nothing about a shape. */
const MIN_EVENTS = 0.5;
const SHIFTS = [1, 2, 3];
/** Variance of the square root of a count, and of what it is compared with. */
const ROOT_VARIANCE = 0.3;

export interface Match {
  /** Share of the way to the other shape. */
  readonly share: number;
  /** In standard errors. */
  readonly z: number;
}

export interface Shapes {
  /** By so many intervals: a share of 1 is late, one of -1 early. */
  readonly shifted: readonly (Match & { readonly intervals: number })[];
  readonly sunday: Match;
}

/** Sums over series and intervals: the day's deviation times the way to the other shape. */
interface Way {
  cross: number;
  square: number;
}

/** @param dispersions of each series, variance over mean: what one event is */
export function shapesOf(window: Window, day: LocalDay, dispersions: readonly number[]): Shapes {
  const ways: Way[] = [...SHIFTS, 'sunday'].map(() => ({ cross: 0, square: 0 }));
  const back = ((window.calendar.weekday[day.first] as number) + 1) * window.day;
  for (let s = 0; s < window.seriesIds.length; s++) {
    const references = createReferences();
    const usual = (t: number) => expectedOf(readReferences(window, s, t, references));
    const own = rootsOf(day, usual);
    const event = dispersions[s] as number;
    const events = meanSquare(own) / event;
    if (!(event > 0) || !(events >= MIN_EVENTS)) continue;
    const weight = Math.min(1, MAX_EVENTS / events) / event;
    const values = rootsOf(day, (t) => valueAt(window, s, t));
    // Values that come k intervals late fit what is usual k intervals earlier.
    for (const [i, k] of SHIFTS.entries())
      addWay(ways[i] as Way, values, own, lateBy(day, usual, k), weight);
    const sunday = rootsOf(day, (t) => usual(localLag(window.calendar, t, back)));
    addWay(ways.at(-1) as Way, values, own, sunday, weight);
  }
  return {
    shifted: SHIFTS.map((intervals, i) => ({ intervals, ...matchOf(ways[i] as Way) })),
    sunday: matchOf(ways.at(-1) as Way),
  };
}

const matchOf = ({ cross, square }: Way): Match => ({
  share: square > 0 ? cross / square : 0,
  z: square > 0 ? cross / Math.sqrt(ROOT_VARIANCE * square) : 0,
});

/**
 * What is usual, k intervals late. Of the mean of late and early only the difference is taken:
 * their sum is the day smoothed, which any noise goes some way to.
 */
function lateBy(day: LocalDay, usual: (t: number) => number, k: number): Float64Array {
  const [own, late, early] = [0, -k, k].map((step) => rootsOf(day, (t) => usual(t + step)));
  return (own as Float64Array).map(
    (root, i) => root + ((late?.[i] as number) - (early?.[i] as number)) / 2,
  );
}

const rootsOf = (day: LocalDay, of: (t: number) => number): Float64Array =>
  Float64Array.from({ length: day.end - day.first }, (_, i) =>
    Math.sqrt(Math.max(0, of(day.first + i))),
  );

function meanSquare(roots: Float64Array): number {
  let [sum, count] = [0, 0];
  for (const root of roots) {
    if (Number.isNaN(root)) continue;
    sum += root * root;
    count++;
  }
  return count > 0 ? sum / count : Number.NaN;
}

/** Both shapes are brought to the level of the values first. */
function addWay(
  way: Way,
  values: Float64Array,
  own: Float64Array,
  other: Float64Array,
  weight: number,
): void {
  let [withOwn, ownSquare, withOther, otherSquare] = [0, 0, 0, 0];
  const isKnown = (i: number) =>
    !Number.isNaN((values[i] as number) + (own[i] as number) + (other[i] as number));
  for (let i = 0; i < values.length; i++) {
    if (!isKnown(i)) continue;
    withOwn += (values[i] as number) * (own[i] as number);
    ownSquare += (own[i] as number) ** 2;
    withOther += (values[i] as number) * (other[i] as number);
    otherSquare += (other[i] as number) ** 2;
  }
  if (!(ownSquare > 0) || !(otherSquare > 0)) return;
  const [a, b] = [withOwn / ownSquare, withOther / otherSquare];
  for (let i = 0; i < values.length; i++) {
    if (!isKnown(i)) continue;
    const step = b * (other[i] as number) - a * (own[i] as number);
    way.cross += weight * ((values[i] as number) - a * (own[i] as number)) * step;
    way.square += weight * step * step;
  }
}
