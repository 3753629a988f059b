/**
 * Purpose: what a local interval means in UTC, as a table of a few rows that any SQL engine can
 * join: which UTC intervals, or why none.
 * Invariants: segments cover the local times asked for without gap; in one segment every local
 * interval has the same answer; a repeated interval has two segments, numbered by `turn` in the
 * order of UTC; the middle of an interval decides, as in aggregate.ts.
 * Fails: never.
 */
import type { ClockStretch } from './local-time.ts';

export interface ClockSegment {
  /** Starts of local intervals [first, past): milliseconds, read as if they were UTC. */
  readonly first: number;
  readonly past: number;
  /** UTC = local − shift, milliseconds; 0 where the interval is lost. */
  readonly shift: number;
  /** 1 or 2, of `turns`. */
  readonly turn: number;
  readonly turns: number;
  /** Why there is no UTC interval; null where there is one. */
  readonly lost: 'outside_span' | 'nonexistent_local_time' | null;
}

export interface SegmentOptions {
  readonly stretches: readonly ClockStretch[];
  readonly frequencyMs: number;
  /** What the part speaks for; null: everything. */
  readonly span: { readonly start: number; readonly end: number } | null;
  /** First and last start of a local interval that is asked for. */
  readonly first: number;
  readonly last: number;
}

export function clockSegments({
  stretches,
  frequencyMs,
  span,
  first,
  last,
}: SegmentOptions): ClockSegment[] {
  const half = frequencyMs / 2;
  const changes = stretches.flatMap(({ start, end, offset }) => [
    start + offset - half,
    end + offset - half,
    ...(span ? [span.start + offset, span.end + offset] : []),
  ]);
  const inside = changes.filter((time) => time > first && time <= last);
  const edges = [...new Set([first, ...inside, last + 1])].sort((a, b) => a - b);
  const segments: ClockSegment[] = [];
  for (let i = 0; i + 1 < edges.length; i++) {
    const from = edges[i] as number;
    const shifts = stretches
      .filter(
        ({ start, end, offset }) => from + half - offset >= start && from + half - offset < end,
      )
      .map(({ offset }) => offset)
      .sort((a, b) => b - a); // The larger shift is the earlier time in UTC.
    const kept = shifts.filter(
      (shift) => span === null || (from - shift >= span.start && from - shift < span.end),
    );
    const lost =
      kept.length > 0 ? null : shifts.length > 0 ? 'outside_span' : 'nonexistent_local_time';
    for (const [index, shift] of (lost === null ? kept : [0]).entries()) {
      const segment = { shift, turn: index + 1, turns: Math.max(1, kept.length), lost } as const;
      const before = segments.findLast((other) => other.past === from && isSame(other, segment));
      if (before === undefined)
        segments.push({ first: from, past: edges[i + 1] as number, ...segment });
      else segments[segments.indexOf(before)] = { ...before, past: edges[i + 1] as number };
    }
  }
  return segments;
}

const isSame = (
  a: Omit<ClockSegment, 'first' | 'past'>,
  b: Omit<ClockSegment, 'first' | 'past'>,
): boolean => a.shift === b.shift && a.turn === b.turn && a.turns === b.turns && a.lost === b.lost;
