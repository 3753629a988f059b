/**
 * Purpose: months and hours of New York's wall clock in UTC, and back.
 * Invariants: a month starts at local midnight of its first day, whatever daylight saving does
 * inside it.
 * Fails: `parseMonth` returns null for a text that is not a month.
 */
import { Temporal } from 'temporal-polyfill';
import { sqlText } from '../../platform/duckdb/sql.ts';
import { TIME_ZONE } from './names.ts';

export interface Month {
  readonly year: number;
  readonly month: number;
}

export interface LocalMonth {
  /** UTC epoch milliseconds [start, end). */
  readonly start: number;
  readonly end: number;
}

export function parseMonth(text: string): Month | null {
  const match = /^(\d{4})-(\d{2})$/.exec(text);
  if (!match) return null;
  const month = { year: Number(match[1]), month: Number(match[2]) };
  return month.month >= 1 && month.month <= 12 && month.year >= 1900 && month.year <= 2200
    ? month
    : null;
}

export const formatMonth = ({ year, month }: Month): string =>
  `${year}-${String(month).padStart(2, '0')}`;

export const nextMonth = ({ year, month }: Month): Month =>
  month === 12 ? { year: year + 1, month: 1 } : { year, month: month + 1 };

/** The month `count` months before the local month that `timestamp` falls into. */
export function monthBefore(timestamp: number, count: number): Month {
  const { year, month } = localTime(timestamp)
    .toPlainDate()
    .toPlainYearMonth()
    .subtract({ months: count });
  return { year, month };
}

export function spanOfMonth(month: Month): LocalMonth {
  return { start: startOfMonth(month), end: startOfMonth(nextMonth(month)) };
}

const startOfMonth = ({ year, month }: Month): number =>
  Temporal.PlainDate.from({ year, month, day: 1 }).toZonedDateTime(TIME_ZONE).epochMilliseconds;

export const localTime = (timestamp: number): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(timestamp).toZonedDateTimeISO(TIME_ZONE);

/** A wall-clock time as a SQL literal: TIMESTAMP '2023-01-01 00:00:00'. */
export const sqlLocalTime = (time: Temporal.ZonedDateTime): string =>
  'TIMESTAMP ' +
  `${sqlText(time.toPlainDateTime().toString({ smallestUnit: 'second' }).replace('T', ' '))}`;
