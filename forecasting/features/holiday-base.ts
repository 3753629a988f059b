/**
 * Purpose: what past holidays were against a Sunday and against their weekday: how far the base of
 * a holiday goes from the one to the other.
 * Invariants: reads nothing after the cutoff, and nothing that lies more weeks before it than the
 * shape of the week does; scaling a series changes nothing; holidays count as far as they agree.
 * Fails: never.
 */
import { type Calendar, localLag } from './calendar.ts';
import type { FeatureSpec } from './feature-spec.ts';
import { WEEKS_OF_SHAPE } from './week-tables.ts';

/** A series as known at the cutoff. */
interface History {
  readonly values: Float32Array;
  readonly cutoff: number;
  readonly calendar: Calendar;
  readonly spec: Pick<FeatureSpec, 'day' | 'week'>;
  /** The shape of the week at a grid index of the week before the cutoff or later. */
  readonly shapeAt: (t: number) => number;
}

const SUNDAY = 6;

/** Intervals from the last Sunday at the time of interval t; 0 on a Sunday. */
export const sinceSunday = ({ weekday }: Calendar, t: number, day: number): number =>
  (((weekday[t] as number) + 7 - SUNDAY) % 7) * day;

/** What a holiday is against a Sunday, and how far it is one instead of its weekday. */
export interface HolidayEffect {
  /** The values of holidays over those of Sundays, of equal weeks. */
  readonly ratio: number;
  /** 0: a holiday is a day like any other, 1: it is a Sunday times the ratio. */
  readonly share: number;
}

/** Sums over one holiday, or several in a row: actual, that of a Sunday, that of the weekday. */
interface Holiday {
  y: number;
  sunday: number;
  yBySunday: number;
  yByWeekday: number;
  sundaySquare: number;
  weekdaySquare: number;
  sundayByWeekday: number;
}

const NO_SUMS: Holiday = {
  ...{ y: 0, sunday: 0, yBySunday: 0, yByWeekday: 0 },
  ...{ sundaySquare: 0, weekdaySquare: 0, sundayByWeekday: 0 },
};

/**
 * From the past holidays. The share is the least-squares one of each holiday by what the others
 * say, so that it is small where they differ; null where less than two are known.
 */
export function holidayEffect(history: History): HolidayEffect | null {
  const holidays = pastHolidays(history).filter(({ sunday }) => sunday > 0);
  if (holidays.length < 2) return null;
  const sum = (of: (holiday: Holiday) => number) =>
    holidays.reduce((total, holiday) => total + of(holiday), 0);
  const [y, sunday] = [sum((holiday) => holiday.y), sum((holiday) => holiday.sunday)];
  let above = 0;
  let below = 0;
  for (const one of holidays) {
    const ratio = (y - one.y) / (sunday - one.sunday);
    above += ratio * (one.yBySunday - one.sundayByWeekday) - one.yByWeekday + one.weekdaySquare;
    below += ratio * (ratio * one.sundaySquare - 2 * one.sundayByWeekday) + one.weekdaySquare;
  }
  return { ratio: y / sunday, share: below > 0 ? Math.min(1, Math.max(0, above / below)) : 0 };
}

function pastHolidays({ values, cutoff, calendar, spec, shapeAt }: History): Holiday[] {
  const { day, week } = spec;
  const holidays: Holiday[] = [];
  let last = Number.NEGATIVE_INFINITY;
  let mean = Number.NaN;
  const latest = (t: number, back: number) =>
    mean * shapeAt(localLag(calendar, t, back - Math.floor((cutoff - t + back) / week) * week));
  for (let t = Math.max(0, cutoff + 1 - WEEKS_OF_SHAPE * week); t <= cutoff; t++) {
    if (calendar.holiday[t] !== 1) continue;
    if (t > last + 1) {
      holidays.push({ ...NO_SUMS });
      mean = meanBefore(values, t, week);
    }
    last = t;
    const sunday = latest(t, sinceSunday(calendar, t, day));
    const weekday = latest(t, 0);
    const y = values[t] as number;
    if (Number.isNaN(y + sunday + weekday)) continue;
    const sums = holidays[holidays.length - 1] as Holiday;
    sums.y += y;
    sums.sunday += sunday;
    sums.yBySunday += y * sunday;
    sums.yByWeekday += y * weekday;
    sums.sundaySquare += sunday * sunday;
    sums.weekdaySquare += weekday * weekday;
    sums.sundayByWeekday += sunday * weekday;
  }
  return holidays;
}

/** The mean of the week before interval `end`; NaN where less than half of it is known. */
function meanBefore(values: Float32Array, end: number, week: number): number {
  let sum = 0;
  let known = 0;
  for (let t = Math.max(0, end - week); t < end; t++) {
    const value = values[t] as number;
    if (Number.isNaN(value)) continue;
    sum += value;
    known++;
  }
  return 2 * known >= week ? sum / known : Number.NaN;
}
