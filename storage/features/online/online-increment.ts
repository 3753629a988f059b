/**
 * Purpose: the online view of the next snapshot from that of the one before, by reading only the
 * intervals that new objects speak for; range by range, so that one range of series is in memory.
 * Invariants: gives the very panel that reading everything gives, bit for bit, or gives up where
 * that cannot be shown from what is at hand: other feeds of demand than before, several of them
 * where absent means unknown, a replaced object whose series may be gone, a view that does not
 * reach back far enough. A range stays a range, new series in it, until it is too large.
 * Fails: as reading the snapshot does; an earlier view that is missing or torn is not a failure,
 * only no help.
 */

import { createPanel, type Panel } from '../../../forecasting/panel/panel.ts';
import type { SqlSession } from '../../../platform/duckdb/session.ts';
import { compareText } from '../../../platform/text/compare-text.ts';
import type { ReadableFiles } from '../feature-files.ts';
import { demandOf, type FeatureObject, filesOf, type Manifest } from '../manifest.ts';
import {
  type Grid,
  gridOf,
  inCodePoints,
  type KnownFeeds,
  knownFeeds,
  readExogenous,
  type SnapshotFiles,
  type SnapshotQuery,
  seriesAtOnce,
  snapshotPanels,
  sumFeeds,
} from '../reading/snapshot-reader.ts';
import { type RowReader, seriesIn } from '../reading/snapshot-rows.ts';
import type { WinningSpan } from '../reading/version-coverage.ts';
import type { OnlineRequest } from '../requests.ts';
import { clipSpans } from '../time-spans.ts';
import type { OnlineSnapshot } from './online-snapshot.ts';
import { type Bounds, exogenousWithin, type Rows, rangesOf } from './view-ranges.ts';
import { openView } from './view-reader.ts';

type ViewQuery = Pick<SnapshotQuery, 'from' | 'lastIntervals' | 'ahead'> &
  Pick<OnlineRequest, 'rangeSeries'>;

/** It turns out that the view before does not show what the next one is. */
export class NotShown extends Error {}

/**
 * What `use` makes of the panels of a snapshot that extends `parent`: from the online view of that,
 * or, where this gives up, read wholly.
 * @param added the objects that `snapshot` has beyond `parent`
 */
export async function withExtended<T>(
  files: ReadableFiles,
  session: SqlSession,
  parent: Manifest | null,
  snapshot: SnapshotFiles,
  added: readonly FeatureObject[],
  query: ViewQuery,
  use: (panels: AsyncIterable<Panel>) => Promise<T>,
): Promise<T> {
  const next = parent && (await nextOnlinePanels(files, session, parent, snapshot, added, query));
  try {
    if (next) return await use(next);
  } catch (error) {
    if (!(error instanceof NotShown)) throw error;
  }
  return use(snapshotPanels(files, snapshot, query, session));
}

/**
 * @param added the objects that `snapshot` has beyond `parent`
 * @returns null where it gives up; what is returned throws NotShown where it turns out later
 */
export async function nextOnlinePanels(
  files: ReadableFiles,
  session: SqlSession,
  parent: Manifest,
  snapshot: SnapshotFiles,
  added: readonly FeatureObject[],
  query: ViewQuery,
): Promise<AsyncIterable<Panel> | null> {
  const { frequencyMinutes, missing } = snapshot.schema;
  const old = demandOf(filesOf(parent));
  const oldFeeds = new Set(old.map(({ feed }) => feed));
  const fresh = demandOf(added);
  if (parent.online === null) return null;
  if (fresh.some(({ feed }) => !oldFeeds.has(feed)) || (missing === 'unknown' && oldFeeds.size > 1))
    return null;

  const known = await knownFeeds(files, snapshot);
  const grid = gridOf(known.span, frequencyMinutes, query);
  const { span } = parent.online;
  // Before this time the same objects win as before, in every feed.
  const until = Math.min(span.end, grid.end, ...fresh.map(({ span }) => span.start));
  if (span.start > grid.start || until <= grid.start) return null;
  const before = await openView(files.store, parent).catch(() => null);
  if (before === null || before.series === 0) return null;

  const reader: RowReader = { files, session, frequencyMinutes, tables: known.tables };
  const replaces = fresh.some(({ feed, span }) =>
    old.some((o) => o.feed === feed && o.span.start < span.end && span.start < o.span.end),
  );
  const now = await latestRows(reader, known, { ...grid, start: until }, missing);
  const exogenous = await readExogenous(reader, known.exogenous, grid, query.ahead);
  const { rangeSeries } = query;
  return extended({ before, now, grid, until, missing, replaces, exogenous, rangeSeries });
}

interface Extension {
  readonly before: OnlineSnapshot;
  /** What is read again, from `until` on. */
  readonly now: LatestRows;
  readonly grid: Grid;
  readonly until: number;
  readonly missing: 'zero' | 'unknown';
  /** Whether something that the view before shows lost an interval. */
  readonly replaces: boolean;
  readonly exogenous: Pick<Panel, 'exogenous'>;
  readonly rangeSeries: number | undefined;
}

async function* extended(extension: Extension): AsyncGenerator<Panel> {
  const { before, now } = extension;
  const { ids } = now;
  let at = 0;
  for (const [index, { first }] of before.ranges.entries()) {
    const next = before.ranges[index + 1]?.first ?? null;
    const from = at;
    while (at < ids.length && (next === null || compareText(ids[at] as string, next) < 0)) at++;
    const panel = await before.range(index).catch(() => {
      throw new NotShown(); // it is torn: the whole is read instead
    });
    yield* extendedRange(extension, panel, { from, to: at }, { from: first, to: next });
  }
}

/** @param rows of what is read again: those that belong into this range */
async function* extendedRange(
  { now, grid, until, missing, replaces, exogenous, before, rangeSeries }: Extension,
  panel: Panel,
  rows: Rows,
  bounds: Bounds,
): AsyncGenerator<Panel> {
  const { frequencyMinutes } = before;
  const old = new Map(panel.seriesIds.map((id, row) => [id, row]));
  const some = now.ids.slice(rows.from, rows.to);
  const fresh = new Map(some.map((id, row) => [id, rows.from + row]));
  for (const [row, id] of panel.seriesIds.entries()) {
    // Where nothing old lost an interval, no series did. Otherwise its values before that time must
    // show that it has rows there.
    if (replaces && !fresh.has(id) && !hasRow(panel, row, until, missing)) throw new NotShown();
  }
  const isNew = some.some((id) => !old.has(id));
  const ids = isNew ? inCodePoints(new Set([...panel.seriesIds, ...some])) : panel.seriesIds;
  const { start, length } = grid;
  const shift = (start - before.start) / grid.step;
  const kept = (until - start) / grid.step;
  let at = rows.from;
  for (const { from, to } of rangesOf(ids.length, rangeSeries)) {
    const seriesIds = ids.slice(from, to);
    const count = seriesIds.filter((id) => fresh.has(id)).length;
    await now.load(at, at + count);
    at += count;
    const target = new Float32Array(seriesIds.length * length);
    for (const [series, id] of seriesIds.entries()) {
      const place = series * length;
      const row = old.get(id);
      const first = (row ?? 0) * panel.length + shift;
      const values = panel.columns.target.subarray(first, first + kept);
      // A new series had no row: where absent means zero it is 0 wherever the feeds speak, which
      // any other series shows.
      if (row !== undefined) target.set(values, place);
      else
        for (let t = 0; t < kept; t++)
          target[place + t] = missing === 'zero' && !Number.isNaN(values[t]) ? 0 : Number.NaN;
      target.set(now.row(fresh.get(id)), place + kept);
    }
    const own = {
      from: from === 0 ? bounds.from : (seriesIds[0] as string),
      to: ids[to] ?? bounds.to,
    };
    yield createPanel({
      ...{ seriesIds, start, frequencyMinutes, length, columns: { target } },
      ...exogenousWithin(exogenous, own),
    });
  }
}

/** The last intervals of the series that have a row in them; all others read alike there. */
interface LatestRows {
  /** In code-point order. */
  readonly ids: readonly string[];
  /** Reads these of `ids`; those before are not asked for any more. */
  load(from: number, to: number): Promise<void>;
  /** Of one of them that was loaded; undefined: of a series without a row. */
  row(index: number | undefined): Float32Array;
}

/** @param grid from the first interval on that is read again */
async function latestRows(
  reader: RowReader,
  known: KnownFeeds,
  grid: Omit<Grid, 'length'>,
  missing: 'zero' | 'unknown',
): Promise<LatestRows> {
  const { start, end, step } = grid;
  const length = (end - start) / step;
  const part = { start, end, step, length };
  const feeds: { winners: WinningSpan[]; ids: ReadonlySet<string> }[] = [];
  for (const winners of known.demand) {
    const inside = clipSpans(winners, start, end);
    feeds.push({ winners: inside, ids: await seriesIn(reader, inside) });
  }
  const all = new Set(feeds.flatMap((feed) => [...feed.ids]));
  const ids = inCodePoints(all);
  // One feed where absent means unknown: whoever is a series is one of it.
  const fed = feeds.map(({ winners }) => ({ winners, ids: all }));
  const valuesOf = (some: readonly string[]) => sumFeeds(reader, fed, some, part, missing);
  // No series has an empty id.
  const absent = await valuesOf(['']);
  const atOnce = seriesAtOnce(length);
  let block: Rows & { values: Float32Array } = { from: 0, to: 0, values: new Float32Array(0) };
  return {
    ids,
    async load(from, to) {
      if (from >= block.from && to <= block.to) return;
      const until = Math.min(ids.length, Math.max(to, from + atOnce));
      block = { from, to: until, values: await valuesOf(ids.slice(from, until)) };
    },
    row(index) {
      if (index === undefined) return absent;
      const at = (index - block.from) * length;
      return block.values.subarray(at, at + length);
    },
  };
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
