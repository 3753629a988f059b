/**
 * Purpose: which file wins for which interval: the rules of reading a snapshot, as pure
 * functions.
 * Invariants: for one feed and one interval the segment with the latest `availableAt` wins (of
 * equals the later in the snapshot), wholly: an interval it covers without a row is an interval
 * without a row. Segments of a feed are disjoint and in time order.
 * Fails: never; spans were checked with the manifest.
 */
import { type DataFile, isPack, type TimeSpan } from '../manifest.ts';
import type { SegmentIndex } from '../segments/segment-index.ts';
import { clipSpans, coveredBy } from '../time-spans.ts';
import { resolveVersions } from '../versions.ts';

/**
 * One published segment: an object, or what a pack holds of one. The rank is its place in the file.
 */
interface PartVersion extends TimeSpan {
  readonly availableAt: number;
  readonly file: DataFile;
  readonly rank: number;
}

/** A stretch of time for which one file wins, with the rows that are valid at `rank`. */
export interface WinningSpan extends TimeSpan {
  readonly file: DataFile;
  readonly rank: number;
}

/**
 * The last rank in a file. Rows that no later segment of the file changed are valid at it,
 * whichever segment they are from.
 */
export const lastRank = (file: DataFile): number => (isPack(file) ? file.segments.count - 1 : 0);

/**
 * The feeds there are, in code-unit order: values are always added in this order, so that sums are
 * the same bit for bit.
 */
export const feedsOf = (files: readonly { readonly feed: string }[]): string[] =>
  [...new Set(files.map(({ feed }) => feed))].sort();

/**
 * The segments of files (packs before objects), in the order in which they were committed; those of
 * a pack by rank.
 */
function versionsOf(
  files: readonly DataFile[],
  tables: ReadonlyMap<string, SegmentIndex>,
): PartVersion[] {
  return files.flatMap((file): PartVersion[] => {
    if (!isPack(file)) return [{ ...file.span, availableAt: file.availableAt, file, rank: 0 }];
    const segments = tables.get(file.key)?.segments ?? [];
    return segments.map(({ span, availableAt }, rank) => ({ ...span, availableAt, file, rank }));
  });
}

/**
 * Which of `versions` (all of one feed) wins when, as far as it was known at `knownAt`: the
 * winners' spans in time order.
 */
function winnersOf(versions: readonly PartVersion[], knownAt: number): WinningSpan[] {
  const { times, winners, paint } = resolveVersions(versions, knownAt);

  /** For a pack: the rank of the last of its segments in each cell, known or not. */
  const lasts = new Map<DataFile, Int32Array>();
  for (const version of versions) {
    if (!isPack(version.file)) continue;
    const cells = lasts.get(version.file) ?? new Int32Array(times.length);
    lasts.set(version.file, cells);
    paint(cells, version, version.rank);
  }

  const spans: WinningSpan[] = [];
  for (let cell = 0; cell + 1 < times.length; cell++) {
    const version = versions[winners[cell] as number];
    if (!version) continue;
    const { file } = version;
    // Last segments side by side are read alike: one span instead of one for each.
    const rank = lasts.get(file)?.[cell] === version.rank ? lastRank(file) : version.rank;
    spans.push({ start: times[cell] as number, end: times[cell + 1] as number, file, rank });
  }
  return joined(spans);
}

/** Segments in time order, with those that touch and are read alike as one. */
function joined(spans: readonly WinningSpan[]): WinningSpan[] {
  const out: { -readonly [K in keyof WinningSpan]: WinningSpan[K] }[] = [];
  for (const span of spans) {
    const before = out.at(-1);
    if (before?.file === span.file && before.rank === span.rank && before.end === span.start)
      before.end = span.end;
    else out.push({ ...span });
  }
  return out;
}

/**
 * Which of `files` (packs before objects, all of one feed) wins when, as far as it was known at
 * `knownAt`: spans in time order. Where everything is known and only one file has a say, its
 * last segments win, and which they are is not looked into: a history of years has tens of
 * thousands, and what is new is a few hours.
 */
export function winningSpans(
  files: readonly DataFile[],
  tables: ReadonlyMap<string, SegmentIndex>,
  knownAt = Number.POSITIVE_INFINITY,
): WinningSpan[] {
  if (files.some(({ availableAt }) => availableAt > knownAt))
    return winnersOf(versionsOf(files, tables), knownAt);
  const ends = [...new Set(files.flatMap(({ span }) => [span.start, span.end]))].sort(
    (a, b) => a - b,
  );
  const covering = (start: number, end: number) =>
    files.filter(({ span }) => span.start < end && start < span.end);
  const spans: WinningSpan[] = [];
  const contested: TimeSpan[] = [];
  for (let i = 0; i + 1 < ends.length; i++) {
    const [start, end] = [ends[i] as number, ends[i + 1] as number];
    const [file, ...others] = covering(start, end);
    if (file === undefined) continue;
    if (others.length > 0) {
      contested.push({ start, end });
      continue;
    }
    const stretches = isPack(file) ? (tables.get(file.key)?.covered ?? []) : [file.span];
    for (const inside of clipSpans(stretches, start, end))
      spans.push({ ...inside, file, rank: lastRank(file) });
  }
  // What lies side by side is judged at once: its segments are looked through once.
  for (const { start, end } of coveredBy(contested)) {
    spans.push(
      ...winnersOf(clipSpans(versionsOf(covering(start, end), tables), start, end), knownAt),
    );
  }
  spans.sort((a, b) => a.start - b.start);
  return joined(spans);
}
