/**
 * Purpose: what the store has of the parts of a source, asked once for each head.
 * Invariants: a part is the same as a committed one where feed, name and fingerprint are equal; one
 * of which intervals were left out because they were not over is the same until the first one is.
 * Fails: never.
 */
import type { RawPart } from '../../domains/domain.ts';
import type { Segment } from '../../storage/features/manifest.ts';
import { newestParts, segmentsRead } from '../../storage/features/versions.ts';
import type { AggregatedPart } from './aggregation/aggregate.ts';
import { isReadWhole } from './part-content.ts';
import type { PartAccount } from './quality-report.ts';

export interface CommittedParts {
  readonly segments: readonly Segment[];
  /** The newest segment of the part. */
  newestOf(part: RawPart): Segment | undefined;
  /** Whether the part is committed with the content that it has now. */
  has(part: RawPart): boolean;
}

/** @param parts those of the source */
export function committedParts(
  segments: readonly Segment[],
  parts: readonly RawPart[],
  now: number,
): CommittedParts {
  const named = ({ feed, name }: RawPart) => ({ feed, part: name });
  const newest = newestParts(segments, parts.map(named));
  const newestOf = (part: RawPart) => newest(named(part));
  const has = (part: RawPart) => {
    const segment = newestOf(part);
    return segment !== undefined && isReadWhole(segment.fingerprint, part.fingerprint, now);
  };
  return { segments, newestOf, has };
}

/** The newest segment of every part, as far as the snapshot reads anything of it. */
export function newestRead(segments: readonly Segment[]): Segment[] {
  const newest = newestParts(segments, segments);
  const read = segmentsRead(segments);
  return segments.filter((segment) => newest(segment) === segment && read.has(segment));
}

/**
 * Of every part that is in the snapshot or comes into it: one in quarantine has no account, or that
 * of its last good content.
 */
export function accountsOf(
  parts: readonly RawPart[],
  fresh: readonly AggregatedPart[],
  committed: CommittedParts,
): PartAccount[] {
  return parts.flatMap((part) => {
    const made = fresh.find((candidate) => candidate.part === part);
    const account = made ?? committed.newestOf(part);
    if (account === undefined) return [];
    const { rowsIn, rowsUsed, rejected } = account;
    return [
      { name: part.name, feed: part.feed, rowsIn, rowsUsed, rejected, skipped: made === undefined },
    ];
  });
}
