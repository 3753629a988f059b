/**
 * Purpose: the panel as a check sees it: the intervals that have ended, which local day each is
 * part of, which days are not plain days, and the same interval of earlier weeks.
 * Invariants: nothing after `end` is read; references are of plain days of earlier weeks, by the
 * local clock, so that both clock changes move nothing; a masked interval is unknown, as a
 * reference too.
 * Fails: a RangeError for an unknown IANA zone, country or state.
 */
import {
  type Calendar,
  type CalendarPlace,
  createCalendar,
  localLag,
} from '../../../forecasting/features/calendar.ts';
import type { Panel } from '../../../forecasting/panel/panel.ts';
import type { VerdictName } from './verdict.ts';

const MINUTE = 60_000;
const DAY_MS = 86_400_000;
/** Days between two holidays that lie no further apart are holidays for most people. */
const BRIDGE_DAYS = 8;
/** A reference is made of the last REFERENCES of the last REACH weeks that are known and plain. */
const REFERENCES = 8;
const REACH = 11;
const MIN_REFERENCES = 3;
/** Weeks of a panel that a check of one day reads. */
export const WEEKS_READ = REACH + 2;

export interface Grid {
  readonly place: CalendarPlace;
  /** Intervals of a day and of a week (or whatever season repeats). */
  readonly day: number;
  readonly week: number;
}

export interface Window extends Grid {
  readonly seriesIds: readonly string[];
  readonly start: number;
  readonly intervalMs: number;
  /** Row-major by series, `length` values each. */
  readonly values: Float32Array;
  /** The same without what is masked: what references are read from. */
  readonly trusted: Float32Array;
  readonly length: number;
  /** Intervals that have ended, exclusive grid index. */
  readonly end: number;
  readonly calendar: Calendar;
  /** Local day of each interval, in days since 1970. */
  readonly dayOf: Int32Array;
  /** 1 where the day is a holiday, next to one, or between two. */
  readonly isQuiet: Uint8Array;
}

/**
 * A span of values that are known to be wrong: they are not used as a reference, and not judged
 * again.
 */
export interface Mask {
  readonly name: VerdictName;
  readonly since: number;
  /** Exclusive; null: it lasts. */
  readonly until: number | null;
  readonly seriesIds: readonly string[];
}

export function openWindow(panel: Panel, at: number, grid: Grid): Window {
  const { seriesIds, start, frequencyMinutes, length } = panel;
  const intervalMs = frequencyMinutes * MINUTE;
  const ahead = Math.ceil(((BRIDGE_DAYS + 2) * DAY_MS) / intervalMs);
  const calendar = createCalendar(start, frequencyMinutes, length + ahead, grid.place);
  const dayOf = Int32Array.from({ length: length + ahead }, (_, t) =>
    Math.floor((start + (t + (calendar.utcOffset[t] as number)) * intervalMs) / DAY_MS),
  );
  return {
    ...grid,
    seriesIds,
    start,
    intervalMs,
    values: panel.columns.target,
    trusted: panel.columns.target,
    length,
    end: Math.max(0, Math.min(length, Math.floor((at - start) / intervalMs))),
    calendar,
    dayOf,
    isQuiet: intervalMs <= DAY_MS ? quietDays(calendar, dayOf) : new Uint8Array(length + ahead),
  };
}

/** Holidays, the days next to them, and those between two that are close. */
function quietDays(calendar: Calendar, dayOf: Int32Array): Uint8Array {
  const holidays = new Set<number>();
  for (let t = 0; t < dayOf.length; t++)
    if (calendar.holiday[t] === 1) holidays.add(dayOf[t] as number);
  const isNear = (day: number, step: 1 | -1): number => {
    for (let away = 0; away < BRIDGE_DAYS; away++) if (holidays.has(day + step * away)) return away;
    return Number.POSITIVE_INFINITY;
  };
  return Uint8Array.from(dayOf, (day) => {
    const [before, after] = [isNear(day, -1), isNear(day, 1)];
    return before <= 1 || after <= 1 || before + after <= BRIDGE_DAYS ? 1 : 0;
  });
}

/** The window with masked values unknown as references. */
export function masked(window: Window, masks: readonly Mask[]): Window {
  if (masks.length === 0) return { ...window, trusted: window.values };
  const trusted = window.values.slice();
  const rows = new Map(window.seriesIds.map((id, row) => [id, row]));
  for (const { since, until, seriesIds } of masks) {
    const first = Math.max(0, Math.ceil((since - window.start) / window.intervalMs));
    const end =
      until === null
        ? window.length
        : Math.min(window.length, Math.ceil((until - window.start) / window.intervalMs));
    for (const id of seriesIds) {
      const row = rows.get(id);
      if (row !== undefined && end > first)
        trusted.fill(Number.NaN, row * window.length + first, row * window.length + end);
    }
  }
  return { ...window, trusted };
}

/** The window with masked values unknown altogether: they are not judged either. */
export const unjudged = (window: Window, masks: readonly Mask[]): Window => ({
  ...window,
  values: masked(window, masks).trusted,
});

export const timeAt = (window: Window, t: number): number => window.start + t * window.intervalMs;

export const valueAt = (window: Window, series: number, t: number): number =>
  window.values[series * window.length + t] as number;

/** References of one interval, reused from call to call: `values` holds `count` of them. */
export interface References {
  readonly values: Float64Array;
  count: number;
}

export const createReferences = (): References => ({
  values: new Float64Array(REFERENCES),
  count: 0,
});

/** The same interval of earlier weeks, newest first. */
export function readReferences(
  window: Window,
  series: number,
  t: number,
  into: References,
): References {
  into.count = 0;
  for (let back = 1; back <= REACH && into.count < REFERENCES; back++) {
    const lag = localLag(window.calendar, t, back * window.week);
    if (lag < 0) break;
    if (window.isQuiet[lag] === 1) continue;
    const value = window.trusted[series * window.length + lag] as number;
    if (!Number.isNaN(value)) into.values[into.count++] = value;
  }
  return into;
}

/**
 * Mean without the largest and the least: one bad week moves it little, and unlike a median it is
 * fair to counts that are mostly zero. NaN of fewer than three.
 */
export function expectedOf({ values, count }: References): number {
  if (count < MIN_REFERENCES) return Number.NaN;
  let [sum, least, largest] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < count; i++) {
    const value = values[i] as number;
    sum += value;
    if (value < least) least = value;
    if (value > largest) largest = value;
  }
  return count === MIN_REFERENCES ? sum / count : (sum - least - largest) / (count - 2);
}
