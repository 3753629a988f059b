/**
 * Purpose: what differs between two snapshots, or between two moments of one: restatements made visible, by series, day and hour.
 * Invariants: both sides are read as everybody reads them (snapshot-reader.ts); an interval that both answer alike is no difference;
 * memory holds a bounded number of values at a time, whole series of both sides.
 * Fails: SNAPSHOT_EMPTY where a side knew nothing, STORE_CORRUPT.
 */
import type { Panel } from '../forecasting/panel.ts';
import { feedsOf, isExogenous, knownObjects, type Segment, winningSegments } from './coverage.ts';
import { type SqlSession, withSqlSession } from './duckdb-session.ts';
import type { FeatureObject, Manifest } from './manifest.ts';
import type { ObjectStore } from './object-store.ts';
import { readSnapshot } from './snapshot-reader.ts';
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
  readonly manifest: Pick<Manifest, 'objects' | 'schema' | 'snapshotVersion'>;
  readonly knownAt?: number;
}

/** An object that only one of the sides reads from. */
export type OtherPart = Pick<FeatureObject, 'feed' | 'part' | 'span' | 'availableAt' | 'rows'> & {
  readonly publishedAgain: boolean;
};

export interface SnapshotDiff {
  readonly frequencyMinutes: number;
  readonly unit: string;
  /** Objects that the second side has and the first has not. */
  readonly newParts: readonly OtherPart[];
  /** The other way round. */
  readonly goneParts: readonly OtherPart[];
  readonly totals: Difference;
  /** Those with a difference, in the order of their ids; columns beside the demand last. */
  readonly series: readonly SeriesDifference[];
  readonly days: readonly DayDifference[];
}

/** Values of a side in memory at once: 16 MB. */
const MOST_VALUES = 4_000_000;

/** @param take is given every series that differs, whole, in turn */
export async function diffSnapshots(
  store: ObjectStore,
  from: SnapshotView,
  to: SnapshotView,
  take?: (changes: SeriesChanges) => void | Promise<void>,
): Promise<SnapshotDiff> {
  const [before, after] = [objectsOf(from), objectsOf(to)];
  const { frequencyMinutes, unit } = to.manifest.schema;
  const found = collectChanges(frequencyMinutes);
  const parts = { newParts: notIn(before, after), goneParts: notIn(after, before) };
  const since = firstDifference(before, after, to.manifest.schema.missing);
  const tell = async (changes: SeriesChanges): Promise<void> => {
    if (changes.timestamps.length > 0) await take?.(changes);
  };
  const isSame = since === Number.POSITIVE_INFINITY;
  await withSqlSession(async (session) => {
    const sides = [await openSide(store, from, since, session), await openSide(store, to, since, session)] as const;
    if (isSame) return;
    const ids = [...new Set(sides.flatMap((side) => side.ids))].sort();
    const length = Math.max(...sides.map((side) => side.length), 1);
    const abreast = Math.max(1, Math.floor(MOST_VALUES / length));
    for (let at = 0; at < Math.max(1, ids.length); at += abreast) {
      const chunk = ids.slice(at, at + abreast);
      const panels = [await sides[0].read(chunk), await sides[1].read(chunk)] as const;
      for (const id of chunk) await tell(found.add(id, false, rowOf(sides[0], panels[0], id), rowOf(sides[1], panels[1], id)));
      if (at + abreast < ids.length) continue;
      const names = [...new Set(panels.flatMap((panel) => Object.keys(panel?.exogenous ?? {})))].sort();
      for (const name of names) await tell(found.add(name, true, columnOf(panels[0], name), columnOf(panels[1], name)));
    }
  });
  return { frequencyMinutes, unit, ...parts, ...found.result() };
}

const objectsOf = ({ manifest, knownAt }: SnapshotView): FeatureObject[] =>
  knownObjects(manifest.objects, knownAt ?? Number.POSITIVE_INFINITY);

function notIn(objects: readonly FeatureObject[], others: readonly FeatureObject[]): OtherPart[] {
  const have = new Set(objects.map(identity));
  const parts = new Set(objects.map(({ feed, part }) => JSON.stringify([feed, part])));
  return others
    .filter((object) => !have.has(identity(object)))
    .map(({ feed, part, span, availableAt, rows }) => {
      return { feed, part, span, availableAt, rows, publishedAgain: parts.has(JSON.stringify([feed, part])) };
    });
}

const identity = ({ sha256, feed, span, availableAt }: FeatureObject): string =>
  JSON.stringify([sha256, feed, span.start, span.end, availableAt]);

/**
 * Before this time both sides read the same rows of the same objects; Infinity where they do everywhere. undefined where that says too
 * little: with feeds that only one side has, and with several feeds where a row absent is unknown, a row may change what is known earlier.
 */
function firstDifference(a: FeatureObject[], b: FeatureObject[], missing: 'zero' | 'unknown'): number | undefined {
  const feeds = feedsOf(a);
  if (feeds.join('\n') !== feedsOf(b).join('\n')) return undefined;
  if (missing === 'unknown' && feeds.filter((feed) => !isExogenous(feed)).length > 1) return undefined;
  return Math.min(...feeds.map((feed) => firstUnlike(winningSegments(a, feed), winningSegments(b, feed))));
}

function firstUnlike(a: readonly Segment[], b: readonly Segment[]): number {
  let [i, j] = [0, 0];
  let alike = Number.NEGATIVE_INFINITY;
  while (i < a.length || j < b.length) {
    const x = a[i];
    const y = b[j];
    const starts = [x, y].map((segment) => (segment ? Math.max(segment.start, alike) : Number.POSITIVE_INFINITY));
    const [start, other] = starts as [number, number];
    if (!x || !y || start !== other || x.object.sha256 !== y.object.sha256) return Math.min(start, other);
    alike = Math.min(x.end, y.end);
    if (x.end === alike) i++;
    if (y.end === alike) j++;
  }
  return Number.POSITIVE_INFINITY;
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
  store: ObjectStore,
  { manifest, knownAt }: SnapshotView,
  since: number | undefined,
  session: SqlSession,
): Promise<Side> {
  const known = knownAt === undefined ? {} : { knownAt };
  const last = await readSnapshot(store, manifest, { ...known, lastIntervals: 1 }, session);
  const step = last.frequencyMinutes * 60_000;
  const end = last.start + last.length * step;
  const demand = objectsOf({ manifest, ...known }).filter(({ feed }) => !isExogenous(feed));
  const start = Math.max(since ?? Number.NEGATIVE_INFINITY, Math.min(...demand.map(({ span }) => span.start)));
  const present = new Set(last.seriesIds);
  return {
    ids: last.seriesIds,
    isZero: manifest.schema.missing === 'zero',
    length: Math.max(0, (end - start) / step),
    async read(seriesIds) {
      if (start >= end) return null;
      const own = seriesIds.filter((id) => present.has(id));
      // Where an absent row is a zero, any series tells which intervals are covered.
      const asked = own.length === 0 ? last.seriesIds.slice(0, 1) : own;
      return readSnapshot(store, manifest, { ...known, from: start, seriesIds: asked }, session);
    },
  };
}

function rowOf({ isZero }: Side, panel: Panel | null, id: string): Row | null {
  if (panel === null || panel.seriesIds.length === 0) return null;
  const { start, length, columns } = panel;
  const own = panel.seriesIds.indexOf(id);
  if (own >= 0) return { start, values: columns.target.subarray(own * length, (own + 1) * length) };
  return isZero ? { start, values: columns.target.subarray(0, length).map((value) => (Number.isNaN(value) ? value : 0)) } : null;
}

function columnOf(panel: Panel | null, name: string): Row | null {
  const values = panel?.exogenous?.[name];
  return panel && values ? { start: panel.start, values: values.subarray(0, panel.length) } : null;
}
