/**
 * Purpose: the nearest past days: those whose last day of values, up to the same local time, looked
 * like the day before the cutoff, and what happened next.
 * Invariants: nothing after the cutoff is read; a day counts only if all of what followed it, over
 * the open steps of the horizon, is known and lies at or before the cutoff; distances are in units
 * of the series' level, so they compare between series.
 * Fails: a RangeError for a cutoff outside the panel. Source: nearest neighbours under the
 * Euclidean distance (Yakowitz 1987, "Nearest-neighbour methods for time series analysis"), as root
 * mean square, so that gaps do not shorten it.
 */

import { openSteps } from '../panel/closed-days.ts';
import { type Panel, targetOf } from '../panel/panel.ts';
import { type Calendar, type CalendarPlace, createCalendar, localLag } from './calendar.ts';
import { levelAt } from './features.ts';

export interface SimilarDaysRequest {
  readonly panel: Panel;
  /** Row in the panel. */
  readonly series: number;
  /** Grid index of the last observed interval. */
  readonly cutoff: number;
  readonly horizon: number;
  /** Intervals per day and per week. */
  readonly day: number;
  readonly week: number;
  readonly place: CalendarPlace;
  readonly closedWeekdays?: readonly number[];
  /** At most this many are returned. */
  readonly count: number;
}

export interface SimilarDay {
  /** Grid index of that day's own last interval: the same local time as the cutoff. */
  readonly cutoff: number;
  /**
   * How unlike it is, in units of the level: root mean square difference, and the penalty of other
   * weekdays. 0 is the same.
   */
  readonly distance: number;
  /** [horizon]: what happened next; NaN in steps that are closed. */
  readonly next: Float32Array;
}

/**
 * A day of the same kind (both working days, or both public holidays or Sundays) but another
 * weekday is so much further.
 */
const OTHER_WEEKDAY = 0.1;
/** A day of another kind: working day, Saturday, Sunday or public holiday. */
const OTHER_KIND = 0.5;
/** Two days are compared only if at least this share of their intervals is known in both. */
const MIN_KNOWN = 0.5;

/** Nearest first; of equals the later one. Empty where no past day can be compared. */
export function similarDays({
  panel,
  series,
  cutoff,
  horizon,
  day,
  week,
  place,
  closedWeekdays,
  count,
}: SimilarDaysRequest): SimilarDay[] {
  if (!Number.isInteger(cutoff) || cutoff < 0 || cutoff >= panel.length) {
    throw new RangeError(`cutoff ${cutoff} is outside the panel's ${panel.length} intervals`);
  }
  const values = targetOf(panel, series);
  const calendar = createCalendar(panel.start, panel.frequencyMinutes, cutoff + 1 + horizon, place);
  const unit = 1 / levelAt(values, cutoff, { week, frequencyMinutes: panel.frequencyMinutes });
  const open = openSteps(panel, cutoff, horizon, closedWeekdays);
  const found: SimilarDay[] = [];
  for (let back = day; back <= cutoff; back += day) {
    const then = localLag(calendar, cutoff, back);
    if (then < day - 1) break;
    if (then + horizon > cutoff) continue;
    const next = values.subarray(then + 1, then + 1 + horizon);
    if (open.some((step) => Number.isNaN(next[step]))) continue;
    const difference = rootMeanSquare(values, cutoff, then, day) * unit;
    if (Number.isNaN(difference)) continue;
    found.push({
      cutoff: then,
      distance: difference + penalty(calendar, cutoff, then, horizon),
      next: next.slice(),
    });
  }
  return found.sort((a, b) => a.distance - b.distance || b.cutoff - a.cutoff).slice(0, count);
}

/** Of the `day` values up to a and to b, where both are known; NaN where too few are. */
function rootMeanSquare(values: Float32Array, a: number, b: number, day: number): number {
  let sum = 0;
  let known = 0;
  for (let i = 0; i < day && i <= a; i++) {
    const difference = (values[a - i] as number) - (values[b - i] as number);
    if (Number.isNaN(difference)) continue;
    sum += difference * difference;
    known++;
  }
  return known >= MIN_KNOWN * day ? Math.sqrt(sum / known) : Number.NaN;
}

/**
 * The mean over the steps: what matters is the kind of day that was forecast, which may change at
 * midnight within the horizon.
 */
function penalty(calendar: Calendar, cutoff: number, then: number, horizon: number): number {
  let sum = 0;
  for (let k = 1; k <= horizon; k++) {
    const [a, b] = [cutoff + k, then + k];
    if (kindOf(calendar, a) !== kindOf(calendar, b)) sum += OTHER_KIND;
    else if (calendar.weekday[a] !== calendar.weekday[b]) sum += OTHER_WEEKDAY;
  }
  return sum / horizon;
}

/** 0 working day, 1 Saturday, 2 Sunday or public holiday. */
function kindOf({ weekday, holiday }: Calendar, t: number): number {
  return holiday[t] === 1 || weekday[t] === 6 ? 2 : weekday[t] === 5 ? 1 : 0;
}
