/**
 * Purpose: times of a query string, whose form a schema has checked, and the range that two of them
 * make.
 * Invariants: a range is [from, until), no longer than asked for, and never empty.
 * Fails: REQUEST_INVALID for an invalid day, such as 30 February, and for a range that is empty or
 * too long.
 */
import { exactTime } from '../prediction/sent-values.ts';
import { HttpProblem } from './problems.ts';

const DAY_MS = 86_400_000;

/** null where it was not sent. */
export function queryTime(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const at = exactTime(text);
  if (!Number.isNaN(at)) return at;
  throw new HttpProblem('REQUEST_INVALID', `${name} ${JSON.stringify(text)} is not a time`);
}

export interface TimeRange {
  readonly from: number;
  readonly until: number;
}

/** @param limits the end where none was sent, the length where no beginning was, the longest */
export function queryRange(
  query: { readonly from?: string; readonly until?: string },
  limits: { readonly end: number; readonly days: number; readonly maxDays: number },
): TimeRange {
  const { end, days, maxDays } = limits;
  const until = queryTime('until', query.until) ?? end;
  const from = queryTime('from', query.from) ?? until - days * DAY_MS;
  if (from >= until) throw new HttpProblem('REQUEST_INVALID', 'from is not before until');
  if (until - from > maxDays * DAY_MS)
    throw new HttpProblem(
      'REQUEST_INVALID',
      `from and until are more than ${Math.floor(maxDays)} days apart: ask for less at once`,
    );
  return { from, until };
}
