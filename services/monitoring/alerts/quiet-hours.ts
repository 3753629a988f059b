/**
 * Purpose: the hours of the day in which alerts wait, in the calendar that people live by.
 * Invariants: the span may cross midnight; its end is a local time, so that it is right on the days
 * of both clock changes.
 * Fails: a RangeError for an invalid span.
 */
import { Temporal } from 'temporal-polyfill';

export interface QuietHours {
  readonly from: Temporal.PlainTime;
  readonly until: Temporal.PlainTime;
  readonly timeZone: string;
}

/** @param span "22:00-07:00" */
export function quietHoursOf(span: string, timeZone: string): QuietHours {
  const [from = '', until = ''] = span.split('-');
  return { from: Temporal.PlainTime.from(from), until: Temporal.PlainTime.from(until), timeZone };
}

/** When the quiet hours that `now` lies in end; null outside of them. */
export function quietUntil(hours: QuietHours | null, now: number): number | null {
  if (hours === null) return null;
  const { from, until, timeZone } = hours;
  const local = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timeZone);
  const time = local.toPlainTime();
  const isBefore = (a: Temporal.PlainTime, b: Temporal.PlainTime) =>
    Temporal.PlainTime.compare(a, b) < 0;
  const crosses = !isBefore(from, until);
  const isIn = crosses
    ? !isBefore(time, from) || isBefore(time, until)
    : !isBefore(time, from) && isBefore(time, until);
  if (!isIn) return null;
  const isTomorrow = crosses && !isBefore(time, from);
  const day = local.toPlainDate().add({ days: isTomorrow ? 1 : 0 });
  return day.toZonedDateTime({ timeZone, plainTime: until }).epochMilliseconds;
}
