/**
 * Purpose: what differs between two snapshots, or between two moments of one: restatements made
 * visible, by series, day and hour.
 * Invariants: both sides are read as everybody reads them (readAsOf); an interval that reads
 * alike is no difference; memory holds a bounded number of values at a time, whole series of both
 * sides.
 * Fails: SNAPSHOT_EMPTY where a side knew nothing, and as readAsOf does.
 */
import type { Panel } from '../../../forecasting/panel/panel.ts';
import type { FeatureStore } from '../feature-store.ts';
import { demandOf, type FeatureObject, type Manifest, type TimeSpan } from '../manifest.ts';
import { resolveVersions } from '../versions.ts';
import {
  collectChanges,
  type DayDifference,
  type Difference,
  type Row,
  type SeriesChanges,
  type SeriesDifference,
} from './value-changes.ts';

/** A snapshot, and of it what was known at a time; all of it without one. */
export interface SnapshotView {
  readonly manifest: Manifest;
  readonly knownAt?: number;
}

/** One publication of a raw part. */
type Segment = Pick<
  FeatureObject,
  'feed' | 'part' | 'fingerprint' | 'span' | 'availableAt' | 'rows'
>;

/** A publication that only one of the sides knows. */
export type OtherPart = Omit<Segment, 'fingerprint'> & { readonly publishedAgain: boolean };

export interface SnapshotDiff {
  readonly frequencyMinutes: number;
  readonly unit: string;
  /** What the second side knows and the first does not. */
  readonly newParts: readonly OtherPart[];
  /** The other way round. */
  readonly goneParts: readonly OtherPart[];
  readonly totals: Difference;
  /** Those with a difference, in the order of their ids; exogenous columns last. */
  readonly series: readonly SeriesDifference[];
  readonly days: readonly DayDifference[];
}

/** Values of a side in memory at once: 16 MB. */
const MAX_VALUES = 4_000_000;

type Reader = Pick<FeatureStore, 'readAsOf' | 'segments'>;

/** @param take is given every series that differs, whole, in turn */
export async function diffSnapshots(
  features: Reader,
  from: SnapshotView,
  to: SnapshotView,
  take?: (changes: SeriesChanges) => void | Promise<void>,
): Promise<SnapshotDiff> {
  const [before, after] = [await knownSegments(features, from), await knownSegments(features, to)];
  const { frequencyMinutes, unit, missing } = to.manifest.schema;
  const found = collectChanges(frequencyMinutes);
  const give = async (changes: SeriesChanges): Promise<void> => {
    if (changes.timestamps.length > 0) await take?.(changes);
  };
  const since = firstDifference(before, after, missing);
  const sides = [
    await openSide(features, from, before, since),
    await openSide(features, to, after, since),
  ] as const;
  const ids = [...new Set(sides.flatMap((side) => side.ids))].sort();
  const abreast = Math.max(
    1,
    Math.floor(MAX_VALUES / Math.max(...sides.map((side) => side.length), 1)),
  );
  // Once also where there is no series: exogenous columns may differ.
  const rounds =
    since === Number.POSITIVE_INFINITY ? 0 : Math.max(1, Math.ceil(ids.length / abreast));
  for (let round = 0; round < rounds; round++) {
    const chunk = ids.slice(round * abreast, (round + 1) * abreast);
    const panels = [await sides[0].read(chunk), await sides[1].read(chunk)] as const;
    for (const id of chunk)
      await give(
        found.add(id, false, rowOf(sides[0], panels[0], id), rowOf(sides[1], panels[1], id)),
      );
    if (round < rounds - 1) continue;
    const names = [
      ...new Set(panels.flatMap((panel) => Object.keys(panel?.exogenous ?? {}))),
    ].sort();
    for (const name of names)
      await give(found.add(name, true, columnOf(panels[0], name), columnOf(panels[1], name)));
  }
  return {
    ...{ frequencyMinutes, unit, newParts: notIn(before, after), goneParts: notIn(after, before) },
    ...found.result(),
  };
}

/** What a side knows, in the order in which it was committed. */
const knownSegments = async (
  features: Reader,
  { manifest, knownAt = Number.POSITIVE_INFINITY }: SnapshotView,
): Promise<Segment[]> =>
  (await features.segments(manifest)).filter(({ availableAt }) => availableAt <= knownAt);

function notIn(segments: readonly Segment[], others: readonly Segment[]): OtherPart[] {
  const have = new Set(segments.map(identity));
  const parts = new Set(segments.map(({ feed, part }) => JSON.stringify([feed, part])));
  return others
    .filter((segment) => !have.has(identity(segment)))
    .map(({ feed, part, span, availableAt, rows }) => {
      return {
        feed,
        part,
        span,
        availableAt,
        rows,
        publishedAgain: parts.has(JSON.stringify([feed, part])),
      };
    });
}

/** The same wherever its rows are kept. */
const identity = ({ feed, part, fingerprint, span, availableAt, rows }: Segment): string =>
  JSON.stringify([feed, part, fingerprint, span.start, span.end, availableAt, rows]);

/**
 * Before this time the same publications speak on both sides; Infinity where they do everywhere.
 * undefined where that says too little: with feeds that only one side has, and with several feeds
 * where a row absent is unknown, a row may change what is known earlier.
 */
function firstDifference(
  a: readonly Segment[],
  b: readonly Segment[],
  missing: 'zero' | 'unknown',
): number | undefined {
  const [feeds, others] = [a, b].map((segments) =>
    [...new Set(segments.map(({ feed }) => feed))].sort(),
  ) as [string[], string[]];
  if (feeds.join('\n') !== others.join('\n')) return undefined;
  if (missing === 'unknown' && demandOf(feeds.map((feed) => ({ feed }))).length > 1)
    return undefined;
  return Math.min(...feeds.map((feed) => firstUnlike(versions(a, feed), versions(b, feed))));
}

interface VersionSpan extends TimeSpan {
  readonly who: string;
}

/** Which publication of a feed wins, when. */
function versions(segments: readonly Segment[], feed: string): VersionSpan[] {
  const mine = segments.filter((segment) => segment.feed === feed);
  const { times, winners } = resolveVersions(
    mine.map(({ span, availableAt }) => ({ ...span, availableAt })),
  );
  return times.flatMap((start, cell) => {
    const winner = mine[winners[cell] as number];
    return winner === undefined
      ? []
      : [{ start, end: times[cell + 1] as number, who: identity(winner) }];
  });
}

function firstUnlike(a: readonly VersionSpan[], b: readonly VersionSpan[]): number {
  let [i, j] = [0, 0];
  let alike = Number.NEGATIVE_INFINITY;
  for (;;) {
    const [x, y] = [a[i], b[j]];
    if (x === undefined && y === undefined) return Number.POSITIVE_INFINITY;
    const start = x ? Math.max(x.start, alike) : Number.POSITIVE_INFINITY;
    const other = y ? Math.max(y.start, alike) : Number.POSITIVE_INFINITY;
    if (start !== other || x?.who !== y?.who) return Math.min(start, other);
    alike = Math.min((x as VersionSpan).end, (y as VersionSpan).end);
    if (x?.end === alike) i++;
    if (y?.end === alike) j++;
  }
}

interface Side {
  readonly ids: readonly string[];
  readonly isZero: boolean;
  /** Intervals that are read. */
  readonly length: number;
  /** The panel of those of the series that the side has; null where it ends before what differs. */
  read(seriesIds: readonly string[]): Promise<Panel | null>;
}

async function openSide(
  features: Reader,
  { manifest, knownAt }: SnapshotView,
  segments: readonly Segment[],
  since: number | undefined,
): Promise<Side> {
  const { snapshotVersion, schema } = manifest;
  const step = schema.frequencyMinutes * 60_000;
  const asked = { snapshotVersion, ...(knownAt === undefined ? {} : { knownAt }) };
  const demand = demandOf(segments);
  const start = demand.reduce(
    (least, { span }) => Math.min(least, span.start),
    Number.POSITIVE_INFINITY,
  );
  const end = demand.reduce((most, { span }) => Math.max(most, span.end), Number.NEGATIVE_INFINITY);
  // Every series of the side, also those whose last row lies before; where nothing was known, the
  // reader says so.
  const { seriesIds: ids } = await features.readAsOf({
    ...asked,
    ...(start < end ? { from: end - step } : {}),
  });
  const from = Math.max(since ?? start, start);
  const present = new Set(ids);
  return {
    ids,
    isZero: schema.missing === 'zero',
    length: Math.max(0, (end - from) / step),
    async read(seriesIds) {
      if (from >= end) return null;
      const own = seriesIds.filter((id) => present.has(id));
      // Where an absent row is a zero, any series shows which intervals are covered.
      return features.readAsOf({
        ...asked,
        from,
        seriesIds: own.length === 0 ? ids.slice(0, 1) : own,
      });
    },
  };
}

function rowOf({ isZero }: Side, panel: Panel | null, id: string): Row | null {
  if (panel === null || panel.seriesIds.length === 0) return null;
  const { start, length, columns } = panel;
  const own = panel.seriesIds.indexOf(id);
  if (own >= 0) return { start, values: columns.target.subarray(own * length, (own + 1) * length) };
  return isZero
    ? {
        start,
        values: columns.target
          .subarray(0, length)
          .map((value) => (Number.isNaN(value) ? value : 0)),
      }
    : null;
}

function columnOf(panel: Panel | null, name: string): Row | null {
  const values = panel?.exogenous?.[name];
  return panel && values ? { start: panel.start, values: values.subarray(0, panel.length) } : null;
}
