/**
 * Purpose: which version of what was published wins.
 * Invariants: for one feed and one interval the version with the latest `availableAt` wins; of
 * equal ones the one that was committed later.
 * Fails: never.
 */
import type { Segment, TimeSpan } from './manifest.ts';

/** A version of one feed: what it covers, and when it became known. */
export interface VersionSpan extends TimeSpan {
  readonly availableAt: number;
}

/**
 * The winning version of each stretch of time, as far as it was known at `knownAt`.
 * @param versions all of one feed, in the order in which they were committed
 * @returns `times`: where a version begins or ends, ascending; `winners`: for each, the index of
 * the version that wins from there to the next, -1 for none; `paint`: gives the cells between the
 * two ends of a version a value
 */
export function resolveVersions(
  versions: readonly VersionSpan[],
  knownAt = Number.POSITIVE_INFINITY,
) {
  const times = [...new Set(versions.flatMap(({ start, end }) => [start, end]))].sort(
    (a, b) => a - b,
  );
  const cellAt = new Map(times.map((time, cell) => [time, cell]));
  const paint = (cells: Int32Array, { start, end }: TimeSpan, value: number) =>
    cells.fill(value, cellAt.get(start), cellAt.get(end));

  const winners = new Int32Array(times.length).fill(-1);
  const known = [...versions.entries()].filter(([, { availableAt }]) => availableAt <= knownAt);
  known.sort(([a, x], [b, y]) => x.availableAt - y.availableAt || a - b); // the weakest first
  for (const [index, span] of known) paint(winners, span, index);
  return { times, winners, paint };
}

/** The segments of a snapshot that are read anywhere: not those that later ones hide wholly. */
export function segmentsRead<Published extends Pick<Segment, 'feed' | 'span' | 'availableAt'>>(
  segments: readonly Published[],
): Set<Published> {
  const read = new Set<Published>();
  const feeds = new Map<string, Published[]>();
  for (const segment of segments) {
    const mine = feeds.get(segment.feed) ?? [];
    feeds.set(segment.feed, mine);
    mine.push(segment);
  }
  for (const mine of feeds.values()) {
    const { winners } = resolveVersions(
      mine.map(({ span, availableAt }) => ({ ...span, availableAt })),
    );
    for (const index of winners) if (index >= 0) read.add(mine[index] as Published);
  }
  return read;
}

/** A part as a segment names it. */
export type PartName = Pick<Segment, 'feed' | 'part'>;

/**
 * The newest segment of a part, as a function of the part. @param of the only parts that are asked
 * for
 */
export function newestParts(
  segments: readonly Segment[],
  of: readonly PartName[],
): (part: PartName) => Segment | undefined {
  const feeds = new Map<string, Map<string, Segment | undefined>>(
    of.map(({ feed }) => [feed, new Map()]),
  );
  for (const { feed, part } of of) feeds.get(feed)?.set(part, undefined);
  for (const segment of segments) {
    const newest = feeds.get(segment.feed);
    if (!newest?.has(segment.part)) continue;
    const before = newest.get(segment.part);
    if (!before || segment.availableAt >= before.availableAt) newest.set(segment.part, segment);
  }
  return ({ feed, part }) => feeds.get(feed)?.get(part);
}
