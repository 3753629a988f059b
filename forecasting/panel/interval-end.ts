/**
 * Purpose: when an interval is over, also for a domain whose days end by a clock west of Greenwich.
 * Invariants: never before it is over in UTC.
 * Fails: a RangeError for a time zone that Temporal does not have.
 */
import { Temporal } from 'temporal-polyfill';

/** Of a domain. */
export interface DayClock {
  readonly frequencyMinutes: number;
  readonly dayTimeZone?: string;
}

/** When the interval from `start` on is over: in UTC and by the clock of its days. */
export function overAt({ frequencyMinutes, dayTimeZone }: DayClock, start: number): number {
  const end = start + frequencyMinutes * 60_000;
  if (dayTimeZone === undefined) return end;
  const local = Temporal.Instant.fromEpochMilliseconds(end)
    .toZonedDateTimeISO('UTC')
    .toPlainDateTime();
  return Math.max(end, local.toZonedDateTime(dayTimeZone).epochMilliseconds);
}
