/**
 * Purpose: how well the shape of a day fits: its own weekday, a Sunday, or its own weekday some
 * hours earlier or later; over the whole fleet.
 * Invariants: the level of a series is taken out, so that only the shape counts; busy series count
 * as their events do, and none more than MAX_WEIGHT.
 * Fails: never.
 */
import { localLag } from '../../../../forecasting/features/calendar.ts';
import { createReferences, expectedOf, readReferences, valueAt, type Window } from '../window.ts';
import type { LocalDay } from './day-summary.ts';

const MAX_WEIGHT = 30;
/** Series with fewer events in an interval say nothing about a shape. */
const MIN_MEAN = 1;
export const MAX_SHIFT = 3;

/** Sums of squares of square roots, of the fleet; 0 where nothing could be compared. */
export interface Fit {
  /** [MAX_SHIFT + k]: compared with what is usual k intervals later. */
  readonly shifted: Float64Array;
  /** Compared with what is usual on the last Sunday's weekday. */
  readonly sunday: number;
}

/** @param dispersions of each series, variance over mean: what one event is */
export function fitOf(window: Window, day: LocalDay, dispersions: readonly number[]): Fit {
  const shifted = new Float64Array(2 * MAX_SHIFT + 1);
  let sunday = 0;
  for (let s = 0; s < window.seriesIds.length; s++) {
    const values = rootsOf(day, (t) => valueAt(window, s, t));
    const references = createReferences();
    const usual = (t: number) => expectedOf(readReferences(window, s, t, references));
    const own = rootsOf(day, usual);
    const event = dispersions[s] as number;
    const mean = meanSquare(own) / event;
    if (!(event > 0) || !(mean >= MIN_MEAN)) continue;
    const weight = Math.min(mean, MAX_WEIGHT) / (mean * event);
    for (let k = -MAX_SHIFT; k <= MAX_SHIFT; k++) {
      const other = k === 0 ? own : rootsOf(day, (t) => usual(t + k));
      shifted[MAX_SHIFT + k] = (shifted[MAX_SHIFT + k] as number) + weight * misfit(values, other);
    }
    sunday += weight * misfit(values, sundayRoots(window, day, usual));
  }
  return { shifted, sunday };
}

const rootsOf = (day: LocalDay, of: (t: number) => number): Float64Array =>
  Float64Array.from({ length: day.end - day.first }, (_, i) =>
    Math.sqrt(Math.max(0, of(day.first + i))),
  );

/** What is usual on the last Sunday before the day, by the local clock. */
function sundayRoots(window: Window, day: LocalDay, usual: (t: number) => number): Float64Array {
  const back = ((window.calendar.weekday[day.first] as number) + 1) * window.day;
  return rootsOf(day, (t) => usual(localLag(window.calendar, t, back)));
}

function meanSquare(roots: Float64Array): number {
  let [sum, count] = [0, 0];
  for (const root of roots) {
    if (Number.isNaN(root)) continue;
    sum += root * root;
    count++;
  }
  return count > 0 ? sum / count : Number.NaN;
}

/** Sum of squares of what is left when `other` is brought to the level of `values`. */
function misfit(values: Float64Array, other: Float64Array): number {
  let [cross, square, own] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const [a, b] = [values[i] as number, other[i] as number];
    if (Number.isNaN(a) || Number.isNaN(b)) continue;
    cross += a * b;
    square += b * b;
    own += a * a;
  }
  return square > 0 ? own - (cross * cross) / square : 0;
}
