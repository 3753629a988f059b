/**
 * Purpose: the segment index of a pack: which objects a compaction merged, in the order in which
 * they win, and where each series begins.
 * Invariants: the rank of a segment is its place in the table, ascending by `availableAt` and, of
 * equals, in the order of the commits; the table is named by its content and must add up to what
 * the manifest says of the pack.
 * Fails: STORE_CORRUPT with the key for a table that is missing, torn, or does not fit its pack.
 */

import { HeadwayError, isHeadwayError } from '../../../platform/errors.ts';
import { sha256 } from '../../../platform/files/content-hash.ts';
import { lazyValidator, record, schemaProblem } from '../../../platform/settings/validator.ts';
import type { ObjectStore } from '../../objects/object-store.ts';
import type { FeaturePack, Segment, TimeSpan } from '../manifest.ts';
import { coveredBy } from '../time-spans.ts';

const SEGMENT_FORMAT = 1;

export interface SegmentIndex {
  readonly segments: readonly Segment[];
  /**
   * For each series with rows of last segments: the first interval at which there is one (no later
   * segment of the pack covers it).
   */
  readonly firsts: ReadonlyMap<string, number>;
  /** The stretches of time that any segment covers, in their order. */
  readonly covered: readonly TimeSpan[];
}

type StoredSegment = [
  number,
  number,
  number,
  string,
  string,
  number,
  number,
  number,
  Record<string, number>,
];
interface Stored {
  format: number;
  feed: string;
  copy: number;
  pieces: StoredSegment[];
  series: [string, number][];
}

const epochMs = { type: 'integer', minimum: -8.64e15, maximum: 8.64e15 };
const count = { type: 'integer', minimum: 0 };
const text = { type: 'string', minLength: 1 };
const tuple = (...items: object[]) => ({
  type: 'array',
  items,
  minItems: items.length,
  maxItems: items.length,
});
const properties = {
  format: { const: SEGMENT_FORMAT },
  feed: text,
  copy: count,
  pieces: {
    type: 'array',
    minItems: 1,
    items: tuple(epochMs, epochMs, epochMs, text, text, count, count, count, {
      type: 'object',
      additionalProperties: count,
    }),
  },
  series: { type: 'array', items: tuple(text, epochMs) },
};
const validator = lazyValidator(record(properties));

/**
 * @param copy distinguishes tables of the same content, where a name must not be used again
 * (docs/store-protocol.md, Garbage)
 */
export function encodeSegmentIndex(
  feed: string,
  table: Pick<SegmentIndex, 'segments' | 'firsts'>,
  copy: number,
): Uint8Array {
  const rows = table.segments.map((segment): StoredSegment => {
    const { span, availableAt, part, fingerprint, rows, rowsIn, rowsUsed, rejected } = segment;
    return [span.start, span.end, availableAt, part, fingerprint, rows, rowsIn, rowsUsed, rejected];
  });
  const series = [...table.firsts];
  const stored: Stored = { format: SEGMENT_FORMAT, feed, copy, pieces: rows, series };
  return Buffer.from(JSON.stringify(stored));
}

/** What a manifest says of a pack, as far as it follows from its segments. */
export function sumOfSegments(segments: readonly Segment[]) {
  const span = { start: Number.POSITIVE_INFINITY, end: Number.NEGATIVE_INFINITY };
  const rejected: Record<string, number> = {};
  const sum = { availableAt: Number.NEGATIVE_INFINITY, rowsIn: 0, rowsUsed: 0 };
  for (const segment of segments) {
    span.start = Math.min(span.start, segment.span.start);
    span.end = Math.max(span.end, segment.span.end);
    sum.availableAt = Math.max(sum.availableAt, segment.availableAt);
    sum.rowsIn += segment.rowsIn;
    sum.rowsUsed += segment.rowsUsed;
    for (const [reason, rows] of Object.entries(segment.rejected))
      rejected[reason] = (rejected[reason] ?? 0) + rows;
  }
  return { span: span as TimeSpan, ...sum, rejected };
}

/** The segment index of a pack. */
export async function readSegmentIndex(
  store: ObjectStore,
  pack: FeaturePack,
): Promise<SegmentIndex> {
  const { key, sha256: hash } = pack.segments;
  const corrupt = (problem: string, cause?: unknown) =>
    new HeadwayError('STORE_CORRUPT', `The segments of a pack cannot be read: ${problem}`, {
      where: key,
      fix:
        'Restore the object from a backup of the store; `headway store verify` lists ' +
        'everything that is wrong.',
      cause,
    });
  const bytes = await store.get(key).catch((error: unknown) => {
    throw isHeadwayError(error, 'OBJECT_NOT_FOUND')
      ? corrupt('the object is missing', error)
      : error;
  });
  if (bytes.length !== pack.segments.bytes || sha256(bytes) !== hash)
    throw corrupt('the object does not match its SHA-256');
  let stored: unknown;
  try {
    stored = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    throw corrupt('it is not JSON', error);
  }
  const unlike = schemaProblem(validator, stored);
  if (unlike !== null) throw corrupt(unlike);
  const { feed, series } = stored as Stored;
  const segments = decode(stored as Stored);
  const problem = problemIn(feed, segments, pack);
  if (problem !== null) throw corrupt(problem);
  return {
    segments,
    firsts: new Map(series),
    covered: coveredBy(segments.map(({ span }) => span)),
  };
}

const decode = ({ feed, pieces }: Stored): Segment[] =>
  pieces.map(([start, end, availableAt, part, fingerprint, rows, rowsIn, rowsUsed, rejected]) => ({
    ...{ feed, part, fingerprint, availableAt, rows, rowsIn, rowsUsed, rejected },
    span: { start, end },
  }));

function problemIn(feed: string, segments: readonly Segment[], pack: FeaturePack): string | null {
  if (feed !== pack.feed) return `it belongs to the feed ${JSON.stringify(feed)}`;
  if (segments.length !== pack.segments.count)
    return `it has ${segments.length} segments, not ${pack.segments.count}`;
  const unordered = segments.findIndex(
    (segment, rank) =>
      rank > 0 && segment.availableAt < (segments[rank - 1] as Segment).availableAt,
  );
  if (unordered >= 0) return `segment ${unordered} is out of order`;
  if (segments.some(({ span }) => !(span.start < span.end))) return 'a segment has an empty span';
  const sum = sumOfSegments(segments);
  const same = (a: object, b: object) => JSON.stringify(a) === JSON.stringify(b);
  const sorted = (record: object) => Object.entries(record).sort();
  if (!same(sum.span, pack.span) || sum.availableAt !== pack.availableAt)
    return 'its times differ from those of the pack';
  const isSum = sum.rowsIn === pack.rowsIn && sum.rowsUsed === pack.rowsUsed;
  if (!isSum || !same(sorted(sum.rejected), sorted(pack.rejected)))
    return 'its row counts differ from those of the pack';
  return null;
}
