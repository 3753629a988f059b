/**
 * Purpose: what a new version of a part takes away after its own end: rows at the end of a file
 * that its publisher removed.
 * Invariants: only a part of demand that states no span, and only where it lies inside its earlier
 * version: it begins no earlier and ends before it. What lies before its start stays, for a rolling
 * export leaves it out every day; so does everything where it is another window of time, what other
 * parts say, and what is not over.
 * Fails: never.
 */
import type { Domain } from '../../domains/domain.ts';
import { isExogenous, type Segment, type TimeSpan } from '../../storage/features/manifest.ts';
import { resolveVersions } from '../../storage/features/versions.ts';
import type { AggregatedPart } from './aggregation/aggregate.ts';
import { knownUntil } from './aggregation/unfinished.ts';

export interface Withdrawal {
  readonly made: AggregatedPart;
  readonly span: TimeSpan;
}

export interface WithdrawalOptions {
  readonly domain: Domain;
  readonly fresh: readonly AggregatedPart[];
  readonly committed: readonly Segment[];
  readonly availableAt: number;
}

export function withdrawalsOf({
  domain,
  fresh,
  committed,
  availableAt,
}: WithdrawalOptions): Withdrawal[] {
  return fresh.flatMap((made) => {
    const { part } = made;
    if (part.span !== null || isExogenous(part)) return [];
    const until = knownUntil({ domain, part, availableAt });
    return spansLost(made, committed).flatMap(({ start, end: lostEnd }) => {
      const end = Math.min(lostEnd, until);
      return start < end ? [{ made, span: { start, end } }] : [];
    });
  });
}

/** Where an earlier version of the part is read after the end of this one. */
function spansLost({ part, span }: AggregatedPart, committed: readonly Segment[]): TimeSpan[] {
  // A segment without a row is an earlier withdrawal.
  const isLost = (segment: Segment): boolean =>
    segment.part === part.name &&
    segment.rows > 0 &&
    segment.span.start <= span.start &&
    segment.span.end > span.end;
  const mine = committed.filter(({ feed }) => feed === part.feed);
  if (!mine.some(isLost)) return [];
  const { times, winners } = resolveVersions(
    mine.map(({ span: its, availableAt }) => ({ ...its, availableAt })),
  );
  const lost: { start: number; end: number }[] = [];
  for (const [cell, time] of times.entries()) {
    const winner = mine[winners[cell] as number];
    const end = times[cell + 1];
    if (winner === undefined || end === undefined || end <= span.end || !isLost(winner)) continue;
    const start = Math.max(time, span.end);
    const before = lost.at(-1);
    if (before?.end === start) before.end = end;
    else lost.push({ start, end });
  }
  return lost;
}
