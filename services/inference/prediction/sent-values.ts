/**
 * Purpose: times and values that clients send, checked in one way wherever they come in: histories,
 * actuals, exogenous columns.
 * Invariants: a time is exact (no 30 February that rolls over to March) and on the grid; a value
 * fits 32 bits; null is unknown, never zero.
 * Fails: with the code of the caller, the place of what is wrong, and what to send instead.
 */
import type { Panel } from '../../../forecasting/panel/panel.ts';
import { type ErrorCode, HeadwayError } from '../../../platform/errors.ts';

/** Whose input it is, and where in the request it stands. */
export interface Sent {
  readonly code: ErrorCode;
  readonly where: string;
}

/** Years that the calendar library supports. */
const EARLIEST = Date.UTC(1970, 0, 1);
const LATEST = Date.UTC(2200, 0, 1);

/**
 * UTC epoch milliseconds of an ISO 8601 text whose form a schema has checked; NaN where there is no
 * such day or hour.
 */
export function exactTime(text: string): number {
  const time = Date.parse(text);
  // Date.parse rolls 30 February over to March; comparing the day catches that.
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(text.slice(0, 16))
    ? time
    : Number.NaN;
}

/** The start of an interval of the grid, in UTC epoch milliseconds. */
export function sentStart(text: string, grid: Panel, { code, where }: Sent): number {
  const start = exactTime(text);
  if (!(start >= EARLIEST && start <= LATEST)) {
    throw new HeadwayError(
      code,
      `${where}: ${JSON.stringify(text)} is not a time between 1970 and 2200`,
      {
        where,
        fix: 'Write it as ISO 8601 in UTC, e.g. 2026-03-01T00:00:00Z.',
      },
    );
  }
  const step = grid.frequencyMinutes * 60_000;
  if ((start - grid.start) % step !== 0) {
    const before = grid.start + Math.floor((start - grid.start) / step) * step;
    throw new HeadwayError(code, `${where} is off the grid of ${grid.frequencyMinutes} minutes`, {
      where,
      fix: `${new Date(before).toISOString()} is on it.`,
    });
  }
  return start;
}

/** A value as panels hold it: NaN where it is unknown. */
export function sentValue(
  value: number | null,
  index: number,
  nonNegative: boolean,
  { code, where }: Sent,
): number {
  if (value === null) return Number.NaN;
  // Values are held in 32 bits; beyond 3.4e38 they would turn into infinity.
  if (!Number.isFinite(Math.fround(value))) {
    throw new HeadwayError(code, `value ${index} of ${where} is not a finite number`, {
      where: `${where}[${index}]`,
      fix: 'Send numbers of at most 3.4e38, and null for an unknown value.',
    });
  }
  if (nonNegative && value < 0) {
    throw new HeadwayError(
      code,
      `value ${index} of ${where} is negative, and this domain has no negative values`,
      {
        where: `${where}[${index}]`,
        fix: 'Correct the value, or send null if it is unknown.',
      },
    );
  }
  return value;
}
