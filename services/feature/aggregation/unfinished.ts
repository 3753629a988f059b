/**
 * Purpose: which intervals of a part are not over when it is read, and are left out.
 * Invariants: no interval of demand is known before it has ended, whether its part states a span or
 * not: forecasts start after the newest one, and one that still runs would count as a full one.
 * Measured values are treated alike, also one that its file has before its interval ends: no row
 * says whether it is final, provisional or a sum so far. It comes with the first run after that
 * end, also from an unchanged file (part-content.ts). Calendar days of a domain in UTC end when
 * they end in UTC, or later by the clock that the domain names. Exogenous values stay: they move no
 * cutoff, and one about the future may be known today.
 * Fails: never.
 */

import type { Domain, RawPart } from '../../../domains/domain.ts';
import { type DayClock, overAt } from '../../../forecasting/panel/interval-end.ts';
import { isExogenous, type TimeSpan } from '../../../storage/features/manifest.ts';
import { overUntil } from './local-time.ts';

/** From the first interval that is left out to the end of the last. */
export interface Unfinished extends TimeSpan {
  /** Those with rows; all of them where the part states its span. */
  readonly intervals: number;
}

export interface ReadAt {
  readonly domain: Pick<Domain, 'timeZone'> & DayClock;
  readonly part: Pick<RawPart, 'feed' | 'span'>;
  readonly availableAt: number;
}

/**
 * The intervals of a part that start here or later are left out. None where its stated span is
 * over: that also says which pass of a repeated hour its rows are of.
 */
export function knownUntil({ domain, part, availableAt }: ReadAt): number {
  const frequencyMs = domain.frequencyMinutes * 60_000;
  const isOver = part.span !== null && overAt(domain, part.span.end - frequencyMs) <= availableAt;
  if (isOver || isExogenous(part)) return Number.POSITIVE_INFINITY;
  const until = overUntil(domain.timeZone, frequencyMs, availableAt);
  const isLast = overAt(domain, until - frequencyMs) <= availableAt;
  return isLast ? until : until - frequencyMs;
}

/** What is left out of a stated span. */
export function unfinishedIn(
  { start, end }: TimeSpan,
  until: number,
  frequencyMs: number,
): Unfinished | null {
  const first = Math.max(start, until);
  return first < end ? { start: first, end, intervals: (end - first) / frequencyMs } : null;
}

/**
 * What is committed of a span: nothing of it, an empty span, where no interval is over.
 * @param known stated, or of the values; null where there is no value
 */
export function committedSpan(known: TimeSpan | null, unfinished: Unfinished | null): TimeSpan {
  if (unfinished === null) return known as TimeSpan;
  const { start, end } = known ?? unfinished;
  return { start, end: Math.min(end, unfinished.start) };
}

/** Whether there is something to commit. */
export const hasIntervals = ({ span }: { readonly span: TimeSpan }): boolean =>
  span.start < span.end;
