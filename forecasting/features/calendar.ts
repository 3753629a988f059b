/**
 * Purpose: what is known of every interval in advance: local hour and weekday, holidays.
 * Invariants: a pure function of the grid, the IANA zone and the holiday calendar; local time
 * follows daylight saving.
 * Fails: a RangeError for an unknown IANA zone, country or state.
 */
import Holidays from 'date-holidays';
import { Temporal } from 'temporal-polyfill';
import { holidayYears } from './recent-cache.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const HOUR = 3_600_000;
const DAYS_A_YEAR = 365.25;

export interface CalendarPlace {
  readonly timeZone: string;
  readonly holidays: { readonly country: string; readonly state?: string } | null;
}

export interface Calendar {
  /** Minute of the local day, 0…1439, per interval. */
  readonly minuteOfDay: Int16Array;
  /** Local weekday, 0 Monday … 6 Sunday. */
  readonly weekday: Uint8Array;
  /** 1 on public holidays. */
  readonly holiday: Uint8Array;
  /** 1 on the local day before a public holiday. */
  readonly holidayEve: Uint8Array;
  /** Local time less UTC, in intervals: what moves when the clocks change. */
  readonly utcOffset: Int16Array;
  /** Share of the local year that has passed, 0…1. */
  readonly shareOfYear: Float32Array;
}

/** The calendar of `length` intervals from `start` (epoch ms). */
export function createCalendar(
  start: number,
  frequencyMinutes: number,
  length: number,
  place: CalendarPlace,
): Calendar {
  const calendar: Calendar = {
    minuteOfDay: new Int16Array(length),
    weekday: new Uint8Array(length),
    holiday: new Uint8Array(length),
    holidayEve: new Uint8Array(length),
    utcOffset: new Int16Array(length),
    shareOfYear: new Float32Array(length),
  };
  const localTimes = localTimesOf(start, frequencyMinutes, length, place.timeZone);
  const isHoliday = holidayLookup(localTimes, place.holidays);
  let lastDay = Number.NaN;
  let weekday = 0;
  let holiday = 0;
  let holidayEve = 0;
  let shareOfYear = 0;
  for (let i = 0; i < length; i++) {
    const local = localTimes[i] as number;
    const day = Math.floor(local / DAY);
    if (day !== lastDay) {
      lastDay = day;
      weekday = (((day + 3) % 7) + 7) % 7; // 1970-01-01 was a Thursday
      holiday = isHoliday(day) ? 1 : 0;
      holidayEve = isHoliday(day + 1) ? 1 : 0;
      const newYear = Date.UTC(new Date(local).getUTCFullYear(), 0, 1);
      shareOfYear = (day - newYear / DAY) / DAYS_A_YEAR;
    }
    calendar.minuteOfDay[i] = (local - day * DAY) / MINUTE;
    calendar.weekday[i] = weekday;
    calendar.holiday[i] = holiday;
    calendar.holidayEve[i] = holidayEve;
    calendar.shareOfYear[i] = shareOfYear;
    const timestamp = start + i * frequencyMinutes * MINUTE;
    calendar.utcOffset[i] = Math.round((local - timestamp) / (frequencyMinutes * MINUTE));
  }
  return calendar;
}

/**
 * The grid index `back` intervals before t by the local clock: an hour off in UTC where the clocks
 * changed between.
 */
export function localLag(calendar: Calendar, t: number, back: number): number {
  const lag = t - back;
  return lag < 0
    ? lag
    : lag + (calendar.utcOffset[t] as number) - (calendar.utcOffset[lag] as number);
}

/** Inputs that say what an interval is: two waves of the day, the weekday, holiday and its eve. */
export const CALENDAR_INPUTS = 4 + 7 + 2;

/** [(end − first) × CALENDAR_INPUTS]: the inputs of the intervals [first, end). */
export function calendarInputs(calendar: Calendar, first: number, end: number): Float32Array {
  const inputs = new Float32Array(Math.max(0, end - first) * CALENDAR_INPUTS);
  let to = 0;
  for (let t = first; t < end; t++) {
    const angle = ((calendar.minuteOfDay[t] as number) / 1440) * 2 * Math.PI;
    inputs[to++] = Math.sin(angle);
    inputs[to++] = Math.cos(angle);
    inputs[to++] = Math.sin(2 * angle);
    inputs[to++] = Math.cos(2 * angle);
    const weekday = calendar.weekday[t] as number;
    for (let d = 0; d < 7; d++) inputs[to++] = d === weekday ? 1 : 0;
    inputs[to++] = calendar.holiday[t] as number;
    inputs[to++] = calendar.holidayEve[t] as number;
  }
  return inputs;
}

/**
 * Local wall-clock times as if they were UTC milliseconds. Asks Temporal once per change of the UTC
 * offset, not per interval.
 */
function localTimesOf(
  start: number,
  frequencyMinutes: number,
  length: number,
  timeZone: string,
): Float64Array {
  const times = new Float64Array(length);
  let offset = 0;
  let validUntil = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < length; i++) {
    const timestamp = start + i * frequencyMinutes * MINUTE;
    if (timestamp >= validUntil) {
      const zoned = Temporal.Instant.fromEpochMilliseconds(timestamp).toZonedDateTimeISO(timeZone);
      offset = zoned.offsetNanoseconds / 1e6;
      validUntil =
        zoned.getTimeZoneTransition('next')?.epochMilliseconds ?? Number.POSITIVE_INFINITY;
    }
    times[i] = timestamp + offset;
  }
  return times;
}

function holidayLookup(
  localTimes: Float64Array,
  place: CalendarPlace['holidays'],
): (day: number) => boolean {
  if (!place || localTimes.length === 0) return () => false;
  const days = new Set<number>();
  const firstYear = new Date(localTimes[0] as number).getUTCFullYear();
  const lastYear = new Date((localTimes[localTimes.length - 1] as number) + DAY).getUTCFullYear();
  for (let year = firstYear; year <= lastYear; year++)
    for (const day of publicHolidays(place, year)) days.add(day);
  return (day) => days.has(day);
}

/** Local days (since 1970) of a year that are public holidays. */
export function publicHolidays(
  place: NonNullable<CalendarPlace['holidays']>,
  year: number,
): readonly number[] {
  const key = `${place.country}/${place.state ?? ''}/${year}`;
  return holidayYears(key, () =>
    holidaysOf(place)
      .getHolidays(year)
      .flatMap(({ type, date, start, end }) => {
        if (type !== 'public') return [];
        const first = Math.floor(Date.parse(`${date.slice(0, 10)}T00:00:00Z`) / DAY);
        // Feasts may last several days, and may begin on the evening before their first. Where the
        // clocks go forward meanwhile, they are an hour short of whole days.
        const lasts = end.getTime() - start.getTime() + HOUR;
        const count = Math.max(1, Math.floor(lasts / DAY));
        return Array.from({ length: count }, (_, i) => first + i);
      }),
  );
}

/** What is wrong with the codes of a place; null: its holidays are known. */
export function holidaysProblem(place: NonNullable<CalendarPlace['holidays']>): string | null {
  try {
    holidaysOf(place);
    return null;
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}

/** Local day (since 1970) and name of each public holiday of a year, for people. */
export function holidayTitles(
  place: NonNullable<CalendarPlace['holidays']>,
  year: number,
): [day: number, title: string][] {
  return holidaysOf(place)
    .getHolidays(year)
    .filter(({ type }) => type === 'public')
    .map(({ date, name }) => [
      Math.floor(Date.parse(`${date.slice(0, 10)}T00:00:00Z`) / DAY),
      name,
    ]);
}

/**
 * The library returns no holidays for an unknown country and the country's for an unknown state:
 * here both are refused.
 */
function holidaysOf({ country, state }: NonNullable<CalendarPlace['holidays']>): Holidays {
  const known = new Holidays();
  if (!(country in known.getCountries()))
    throw new RangeError(`no holidays known for the country ${country}`);
  if (state === undefined) return new Holidays(country);
  if (!(state in (known.getStates(country) ?? {})))
    throw new RangeError(`no holidays known for the state ${state} of ${country}`);
  return new Holidays(country, state);
}
