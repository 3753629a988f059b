/**
 * Purpose: the online view of the next snapshot from that of the one before, by reading only the
 * intervals that new objects speak for.
 * Invariants: gives the very panel that reading everything gives, bit for bit, or null where that
 * cannot be shown from what is at hand: other feeds of demand than before, several of them where
 * absent means unknown, a replaced object whose series may be gone, a view that does not reach back
 * far enough.
 * Fails: as reading the snapshot does; a view before that is missing or torn is no failure, only no
 * help.
 */

import { createPanel, type Panel } from '../../../forecasting/panel/panel.ts';
import type { SqlSession } from '../../../platform/duckdb/session.ts';
import { sha256 } from '../../../platform/files/content-hash.ts';
import type { ObjectStore } from '../../objects/object-store.ts';
import type { ReadableFiles } from '../feature-files.ts';
import { demandOf, type FeatureObject, filesOf, type Manifest } from '../manifest.ts';
import {
  gridOf,
  inCodePoints,
  knownFeeds,
  readExogenous,
  readSnapshot,
  type SnapshotFiles,
  type SnapshotQuery,
  sumFeeds,
} from '../reading/snapshot-reader.ts';
import { type RowReader, seriesIn } from '../reading/snapshot-rows.ts';
import type { WinningSpan } from '../reading/version-coverage.ts';
import { clipSpans } from '../time-spans.ts';
import { decodeOnlineView } from './online-view.ts';

/**
 * The panel of a snapshot that extends `parent`: from the online view of that, or read wholly.
 * @param added the objects that `snapshot` has beyond `parent`
 */
export async function readExtended(
  files: ReadableFiles,
  session: SqlSession,
  parent: Manifest | null,
  snapshot: SnapshotFiles,
  added: readonly FeatureObject[],
  query: Pick<SnapshotQuery, 'from' | 'lastIntervals' | 'ahead'>,
): Promise<Panel> {
  const next = parent && (await nextOnlinePanel(files, session, parent, snapshot, added, query));
  return next ?? readSnapshot(files, snapshot, query, session);
}

/** @param added the objects that `snapshot` has beyond `parent` */
export async function nextOnlinePanel(
  files: ReadableFiles,
  session: SqlSession,
  parent: Manifest,
  snapshot: SnapshotFiles,
  added: readonly FeatureObject[],
  query: Pick<SnapshotQuery, 'from' | 'lastIntervals' | 'ahead'>,
): Promise<Panel | null> {
  const { frequencyMinutes, missing } = snapshot.schema;
  const before = await viewOf(files.store, parent);
  const old = demandOf(filesOf(parent));
  const oldFeeds = new Set(old.map(({ feed }) => feed));
  const fresh = demandOf(added);
  if (before === null || before.seriesIds.length === 0) return null;
  if (fresh.some(({ feed }) => !oldFeeds.has(feed)) || (missing === 'unknown' && oldFeeds.size > 1))
    return null;

  const known = await knownFeeds(files, snapshot);
  const grid = gridOf(known.span, frequencyMinutes, query);
  const step = grid.step;
  const oldEnd = before.start + before.length * step;
  // Before this time the same objects win as before, in every feed.
  const until = Math.min(oldEnd, grid.end, ...fresh.map(({ span }) => span.start));
  if (before.start > grid.start || until <= grid.start) return null;

  const reader: RowReader = { files, session, frequencyMinutes, tables: known.tables };
  const part = { start: until, end: grid.end, step, length: (grid.end - until) / step };
  const feeds: { winners: WinningSpan[]; ids: Set<string> }[] = [];
  for (const winners of known.demand) {
    const inside = clipSpans(winners, part.start, part.end);
    feeds.push({ winners: inside, ids: await seriesIn(reader, inside) });
  }
  const ids = new Set(feeds.flatMap((feed) => [...feed.ids]));
  const replaces = fresh.some(({ feed, span }) =>
    old.some((o) => o.feed === feed && o.span.start < span.end && span.start < o.span.end),
  );
  for (const [row, id] of before.seriesIds.entries()) {
    // Where nothing old lost an interval, no series did. Otherwise its values before that time must
    // show that it has rows there.
    if (replaces && !ids.has(id) && !hasRow(before, row, until, missing)) return null;
    ids.add(id);
  }
  const seriesIds = inCodePoints(ids);
  // One feed where absent means unknown: whoever is a series is one of it.
  const all = feeds.map(({ winners }) => ({ winners, ids }));
  const now = await sumFeeds(reader, all, seriesIds, part, missing);
  const target = new Float32Array(seriesIds.length * grid.length);
  const rowOf = new Map(before.seriesIds.map((id, row) => [id, row]));
  const shift = (grid.start - before.start) / step;
  const kept = (until - grid.start) / step;
  for (const [series, id] of seriesIds.entries()) {
    const at = series * grid.length;
    const row = rowOf.get(id);
    const from = (row ?? 0) * before.length + shift;
    const values = before.columns.target.subarray(from, from + kept);
    // A new series had no row: where absent means zero it is 0 wherever the feeds speak, which any
    // other series shows.
    if (row !== undefined) target.set(values, at);
    else
      for (let t = 0; t < kept; t++)
        target[at + t] = missing === 'zero' && !Number.isNaN(values[t]) ? 0 : Number.NaN;
    target.set(now.subarray(series * part.length, (series + 1) * part.length), at + kept);
  }
  const exogenous = await readExogenous(reader, known.exogenous, grid, query.ahead);
  const { start, length } = grid;
  return createPanel({
    seriesIds,
    start,
    frequencyMinutes,
    length,
    columns: { target },
    ...exogenous,
  });
}

async function viewOf(store: ObjectStore, { online }: Manifest): Promise<Panel | null> {
  if (online === null) return null;
  try {
    const bytes = await store.get(online.key);
    return sha256(bytes) === online.sha256 ? decodeOnlineView(online.key, bytes) : null;
  } catch {
    return null; // the whole is read instead
  }
}

/**
 * Whether a series shows a row before `until`: a value where absent means unknown; one that is not
 * 0 where it means zero.
 */
function hasRow(
  { start, length, frequencyMinutes, columns }: Panel,
  row: number,
  until: number,
  missing: 'zero' | 'unknown',
): boolean {
  const steps = (until - start) / (frequencyMinutes * 60_000);
  const values = columns.target.subarray(row * length, row * length + steps);
  return values.some((value) => !Number.isNaN(value) && (missing === 'unknown' || value !== 0));
}
