/**
 * Purpose: parts of one feed must not overlap: one part is authoritative within its span, so if two
 * share an interval the store reads only one.
 * Invariants: no commit hides rows of another part of the source, or is hidden by one. A later
 * version of a part supersedes the earlier one, because it has the same name. A part that the
 * source no longer has is superseded by a part that states its span, and by no other.
 * Fails: PARTS_OVERLAP with both names and the time they share.
 */
import type { RawPart } from '../../../domains/domain.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import type { Segment, TimeSpan } from '../../../storage/features/manifest.ts';
import type { AggregatedPart } from '../aggregation/aggregate.ts';

/**
 * The role of a part in this run: read by it with or without a stated span, committed and still in
 * the source, or committed and gone from the source.
 */
type Kind = 'stated' | 'unstated' | 'present' | 'gone';

interface Claim extends TimeSpan {
  readonly name: string;
  readonly kind: Kind;
}

/** The roles with which a part must not share an interval. */
const CONFLICTS: Record<Kind, readonly Kind[]> = {
  stated: ['stated', 'unstated', 'present'],
  unstated: ['stated', 'unstated', 'present', 'gone'],
  present: ['stated', 'unstated'],
  gone: ['unstated'],
};

export interface OverlapOptions {
  /** What this run is about to commit. */
  readonly fresh: readonly AggregatedPart[];
  /** The newest segment of every part that was committed, as far as the snapshot reads it. */
  readonly committed: readonly Segment[];
  /** All parts that the source has now. */
  readonly present: readonly RawPart[];
}

/** Throws if a part of this run shares an interval with another. */
export function refuseOverlap({ fresh, committed, present }: OverlapOptions): void {
  for (const feed of new Set(fresh.map(({ part }) => part.feed))) {
    const mine = fresh.filter(({ part }) => part.feed === feed);
    const read = new Set(mine.map(({ part }) => part.name));
    const there = new Set(present.filter((part) => part.feed === feed).map(({ name }) => name));
    const claims: Claim[] = mine.map(({ part, span }) => ({
      ...{ name: part.name, start: span.start, end: span.end },
      kind: part.span === null ? 'unstated' : 'stated',
    }));
    for (const { feed: other, part: name, span } of committed) {
      if (other === feed && !read.has(name))
        claims.push({ name, ...span, kind: there.has(name) ? 'present' : 'gone' });
    }
    const found = firstOverlap(claims);
    if (found !== null) throw overlapError(feed, found.earlier, found.later);
  }
}

/**
 * Parts of the source that share an interval in the store: only a store that was filled before such
 * parts were refused has them. Null where there are none.
 */
export function committedOverlap(committed: readonly Segment[]): HeadwayError | null {
  for (const feed of new Set(committed.map(({ feed }) => feed))) {
    const mine = committed.filter((segment) => segment.feed === feed);
    const found = firstOverlap(
      mine.map(({ part, span }): Claim => ({ name: part, ...span, kind: 'stated' })),
    );
    if (found !== null) return overlapError(feed, found.earlier, found.later);
  }
  return null;
}

/** Of the parts that began before, only the one of each role that reaches furthest matters. */
function firstOverlap(claims: readonly Claim[]): { earlier: Claim; later: Claim } | null {
  const furthest = new Map<Kind, Claim>();
  for (const later of [...claims].sort((a, b) => a.start - b.start)) {
    for (const kind of CONFLICTS[later.kind]) {
      const earlier = furthest.get(kind);
      if (earlier !== undefined && earlier.end > later.start) return { earlier, later };
    }
    if (later.end > (furthest.get(later.kind)?.end ?? Number.NEGATIVE_INFINITY))
      furthest.set(later.kind, later);
  }
  return null;
}

function overlapError(feed: string, earlier: Claim, later: Claim): HeadwayError {
  const names = [earlier.name, later.name].map((name) => JSON.stringify(name)).sort();
  const [start, end] = [later.start, Math.min(earlier.end, later.end)].map((time) =>
    new Date(time).toISOString(),
  );
  const gone = [earlier, later].find(({ kind }) => kind === 'gone');
  const fix =
    gone === undefined
      ? 'Remove from one file what the other has. Or change the domain: state the span that ' +
        'each part is authoritative for, read such files as one part or, in a new store, ' +
        'give parts that add up (also parts with other series) feeds of their own.'
      : `The store has ${JSON.stringify(gone.name)}, and the source no longer does. If the ` +
        'other is a new version of it, give it the same name. Or remove from the file what ' +
        `was committed, or state the part's span in the domain.`;
  return new HeadwayError(
    'PARTS_OVERLAP',
    `the parts ${names.join(' and ')} of the feed ${JSON.stringify(feed)} both cover ` +
      `${start} to ${end}, and only one of them can be read there`,
    { where: `${names.join(', ')} at ${start}`, fix },
  );
}
