/**
 * Purpose: from the objects and packs of a snapshot to a panel, as it was known at a time.
 * Invariants: an interval reads as a number only where every feed covers it, so that a sum
 * never lacks a part; only winners are read (coverage.ts); feeds are added in a fixed order, so
 * that the same question gives the same bits, packed or not.
 *   missing = zero: a feed covers every series in all of its span, and an absent row is
 *   0.
 *   missing = unknown: a feed covers the series it has rows of, and an absent row is NaN.
 *   Exogenous feeds are columns next to the series: they make no interval, no series, and no value
 *   of the target known or unknown.
 * Fails: SNAPSHOT_EMPTY where nothing was known, SERIES_UNKNOWN, USAGE for a time off the grid,
 * STORE_CORRUPT.
 */

import { declaredName, ownerOf } from '../../../forecasting/panel/exogenous-columns.ts';
import { createPanel, type Panel } from '../../../forecasting/panel/panel.ts';
import { type SqlSession, withSqlSession } from '../../../platform/duckdb/session.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import { seedFrom } from '../../../platform/random.ts';
import { compareText } from '../../../platform/text/compare-text.ts';
import type { ReadableFiles } from '../feature-files.ts';
import {
  type FeatureObject,
  type FeaturePack,
  type FeatureSchema,
  filesOf,
  isExogenous,
  type TimeSpan,
} from '../manifest.ts';
import { exogenousWithin, RANGE_SERIES, rangesOf } from '../online/view-ranges.ts';
import type { Ahead } from '../requests.ts';
import type { SegmentIndex } from '../segments/segment-index.ts';
import { clipSpans } from '../time-spans.ts';
import { type RowReader, seriesIn, streamRows } from './snapshot-rows.ts';
import { feedsOf, type WinningSpan, winningSpans } from './version-coverage.ts';

/** 4 GB: no array can be much larger. */
const MAX_VALUES = 2 ** 30;
/** Read at once, where series are read one after another: 256 MB, … */
const MAX_BLOCK = 2 ** 26;
/** … and as many ids as a statement of the SQL engine may name. */
const MAX_BLOCK_SERIES = 65_536;

/** How many series of so many intervals are read at once. */
export const seriesAtOnce = (length: number): number =>
  Math.max(1, Math.min(MAX_BLOCK_SERIES, Math.floor(MAX_BLOCK / length)));

export interface SnapshotQuery {
  /** Start of the last interval, inclusive. Default: the last one that anything covers. */
  cutoff?: number;
  /** Only what was known then. Default: everything in the snapshot. */
  knownAt?: number;
  /** Start of the first interval, inclusive. Default: the first one that anything covers. */
  from?: number;
  /** Instead of `from`: so many intervals up to the last. */
  lastIntervals?: number;
  /**
   * Default: every series with a row at or before the cutoff. The panel holds them in code-point
   * order in any case.
   */
  seriesIds?: readonly string[];
  /**
   * Exogenous columns known in advance reach so many intervals past the last one. The others end
   * with it.
   */
  ahead?: Ahead;
  /** Values of demand at most: of series that have more together, some. Default: all of them. */
  maxValues?: number;
}

/** A panel of all series, or of some of them. */
export interface PanelSample {
  readonly panel: Panel;
  /** How many series there are. */
  readonly of: number;
}

/** What a reader needs of a manifest. */
export interface SnapshotFiles {
  readonly packs: readonly FeaturePack[];
  readonly objects: readonly FeatureObject[];
  readonly schema: FeatureSchema;
}

/** What wins when in each feed, as far as it was known. */
export interface KnownFeeds {
  /** From the first to the last interval that is covered. */
  readonly span: TimeSpan;
  /** Segments of the feeds of demand in the order of their names, and of the exogenous ones. */
  readonly demand: readonly (readonly WinningSpan[])[];
  readonly exogenous: readonly (readonly WinningSpan[])[];
  readonly tables: ReadonlyMap<string, SegmentIndex>;
}

interface FeedRows {
  readonly winners: readonly WinningSpan[];
  readonly ids: ReadonlySet<string>;
}

export interface Grid extends TimeSpan {
  readonly step: number;
  readonly length: number;
}

/**
 * Where the panel would hold more than `maxValues` values of demand, it has as many series as fit,
 * at least one. They are drawn by their ids alone, so that a later snapshot gives the same ones, or
 * fewer of them as the history grows.
 */
export async function readSnapshot(
  files: ReadableFiles,
  snapshot: SnapshotFiles,
  query: SnapshotQuery,
  openSession?: SqlSession,
): Promise<PanelSample> {
  const { maxValues = Number.POSITIVE_INFINITY } = query;
  const { grid, open } = await openSnapshot(files, snapshot, query);
  const read = async (session: SqlSession): Promise<PanelSample> => {
    const { seriesIds: all, exogenous, valuesOf } = await open(session);
    const { start, length } = grid;
    const { frequencyMinutes } = snapshot.schema;
    const seriesIds = drawn(all, Math.max(1, Math.floor(maxValues / length)));
    const others = seriesIds.length < all.length ? columnsOf(seriesIds, exogenous) : exogenous;
    const columns = { target: await valuesOf(seriesIds) };
    const panel = { seriesIds, start, frequencyMinutes, length, columns, ...others };
    return { panel: createPanel(panel), of: all.length };
  };
  return openSession ? read(openSession) : withSqlSession(read);
}

/** The `count` ids with the least hashes, in the order of all. */
function drawn(ids: string[], count: number): string[] {
  if (ids.length <= count) return ids;
  const hashes = Uint32Array.from(ids, (id) => seedFrom(id));
  const byHash = Uint32Array.from(ids.keys()).sort(
    (a, b) => (hashes[a] as number) - (hashes[b] as number) || a - b,
  );
  return [...byHash.subarray(0, count).sort()].map((at) => ids[at] as string);
}

/** Columns that all series share, and those of these series. */
function columnsOf(
  seriesIds: readonly string[],
  { exogenous }: Pick<Panel, 'exogenous'>,
): Pick<Panel, 'exogenous'> {
  if (exogenous === undefined) return {};
  const known = new Set<string | null>([null, ...seriesIds]);
  const own = Object.entries(exogenous).filter(([column]) => known.has(ownerOf(column)));
  return { exogenous: Object.fromEntries(own) };
}

/**
 * The panel that `readSnapshot` gives, some series at a time: at most MAX_BLOCK values are in
 * memory, or a range.
 */
export async function* snapshotPanels(
  files: ReadableFiles,
  snapshot: SnapshotFiles,
  query: SnapshotQuery & { readonly rangeSeries?: number },
  session: SqlSession,
): AsyncGenerator<Panel> {
  const { grid, open } = await openSnapshot(files, snapshot, query);
  const { seriesIds, exogenous, valuesOf } = await open(session);
  const { start, length } = grid;
  const { frequencyMinutes } = snapshot.schema;
  const { rangeSeries = RANGE_SERIES } = query;
  const ranges = rangesOf(seriesIds.length, rangeSeries);
  const atOnce = Math.max(1, Math.floor(seriesAtOnce(length) / rangeSeries));
  for (let block = 0; block < ranges.length; block += atOnce) {
    const inBlock = ranges.slice(block, block + atOnce);
    const first = inBlock[0]?.from as number;
    const target = await valuesOf(seriesIds.slice(first, inBlock.at(-1)?.to));
    for (const { from, to } of inBlock) {
      const ids = seriesIds.slice(from, to);
      const bounds = { from: from === 0 ? null : (ids[0] as string), to: seriesIds[to] ?? null };
      const values = target.subarray((from - first) * length, (to - first) * length);
      yield createPanel({
        ...{ seriesIds: ids, start, frequencyMinutes, length, columns: { target: values } },
        ...exogenousWithin(exogenous, bounds),
      });
    }
  }
}

/** What wins in a snapshot, and the grid of the query; with a SQL session, also its series. */
async function openSnapshot(files: ReadableFiles, snapshot: SnapshotFiles, query: SnapshotQuery) {
  const { frequencyMinutes, missing } = snapshot.schema;
  const known = await knownFeeds(files, snapshot, query.knownAt);
  const grid = gridOf(known.span, frequencyMinutes, query);
  const open = async (session: SqlSession) => {
    const reader: RowReader = { files, session, frequencyMinutes, tables: known.tables };
    const feeds = await openFeeds(reader, known.demand, grid.end);
    return {
      seriesIds: selectSeries(feeds, query.seriesIds),
      exogenous: await readExogenous(reader, known.exogenous, grid, query.ahead),
      valuesOf: (ids: readonly string[]) => sumFeeds(reader, feeds, ids, grid, missing),
    };
  };
  return { grid, open };
}

/**
 * Reads the segment index of a snapshot and judges what wins when. SNAPSHOT_EMPTY where no demand
 * was known.
 */
export async function knownFeeds(
  readable: ReadableFiles,
  { packs, objects }: SnapshotFiles,
  knownAt = Number.POSITIVE_INFINITY,
): Promise<KnownFeeds> {
  const tables = new Map<string, SegmentIndex>();
  for (const pack of packs) tables.set(pack.key, await readable.index(pack));
  const demand: WinningSpan[][] = [];
  const exogenous: WinningSpan[][] = [];
  const span = { start: Number.POSITIVE_INFINITY, end: Number.NEGATIVE_INFINITY };
  const files = filesOf({ packs, objects });
  for (const feed of feedsOf(files)) {
    const mine = files.filter((file) => file.feed === feed);
    const winners = winningSpans(mine, tables, knownAt);
    if (winners.length === 0) continue;
    if (isExogenous({ feed })) {
      exogenous.push(winners);
      continue;
    }
    demand.push(winners);
    span.start = Math.min(span.start, winners[0]?.start as number);
    span.end = Math.max(span.end, winners.at(-1)?.end as number);
  }
  if (demand.length === 0)
    throw nothing(knownAt === Number.POSITIVE_INFINITY ? 'yet' : 'that was known by then');
  return { span, demand, exogenous, tables };
}

/** What each feed says up to `end`, and of which series. */
async function openFeeds(
  reader: RowReader,
  feeds: readonly (readonly WinningSpan[])[],
  end: number,
): Promise<FeedRows[]> {
  const opened: FeedRows[] = [];
  for (const feed of feeds) {
    const winners = clipSpans(feed, Number.NEGATIVE_INFINITY, end);
    opened.push({ winners, ids: await seriesIn(reader, winners) });
  }
  return opened;
}

/** The demand of `seriesIds` over the grid, row-major by series. */
export async function sumFeeds(
  reader: RowReader,
  feeds: readonly FeedRows[],
  seriesIds: readonly string[],
  grid: Grid,
  missing: FeatureSchema['missing'],
): Promise<Float32Array> {
  const { start, end, step, length } = grid;
  if (seriesIds.length * length > MAX_VALUES) {
    throw new HeadwayError(
      'USAGE',
      `${seriesIds.length} series × ${length} intervals are too many to be read at once`,
      {
        fix: 'Ask for less: with `from`, `cutoff` or `seriesIds`.',
      },
    );
  }
  const target = new Float32Array(seriesIds.length * length).fill(Number.NaN);
  if (target.length === 0) return target;
  // How many feeds must cover a value for it to be whole, and how many do.
  const heard = new Uint16Array(target.length);
  for (const { winners } of feeds) {
    const inside = clipSpans(winners, start, end);
    if (missing === 'zero') for (const winner of inside) hear(heard, winner, start, step, length);
    await streamRows(reader, seriesIds, inside, grid, (at, value) => {
      const before = target[at] as number;
      target[at] = Number.isNaN(before) ? value : before + value;
      if (missing === 'unknown') (heard[at] as number)++;
    });
  }
  for (let at = 0, series = 0; series < seriesIds.length; series++) {
    const id = seriesIds[series] as string;
    const needed =
      missing === 'zero' ? feeds.length : feeds.filter(({ ids }) => ids.has(id)).length;
    for (let t = 0; t < length; t++, at++) {
      if ((heard[at] as number) < needed) target[at] = Number.NaN;
      else if (missing === 'zero' && Number.isNaN(target[at])) target[at] = 0;
    }
  }
  return target;
}

/**
 * The exogenous columns. A column is of one feed; where two have it, the one whose name comes later
 * decides.
 */
export async function readExogenous(
  reader: RowReader,
  feeds: readonly (readonly WinningSpan[])[],
  grid: Grid,
  ahead: Ahead = { columns: [], intervals: 0 },
): Promise<{ exogenous?: Record<string, Float32Array> }> {
  // A map, because a column may be called `constructor`.
  const columns = new Map<string, Float32Array>();
  const reach = grid.length + ahead.intervals;
  const end = grid.start + reach * grid.step;
  const opened = await openFeeds(reader, feeds, end);
  for (const { winners, ids } of opened) {
    const names = [...ids].sort();
    for (const name of names) {
      const values = new Float32Array(
        ahead.columns.includes(declaredName(name)) ? reach : grid.length,
      ).fill(Number.NaN);
      if (!columns.has(name)) columns.set(name, values);
    }
    const inside = clipSpans(winners, grid.start, end);
    if (inside.length === 0 || names.length === 0) continue;
    await streamRows(reader, names, inside, { ...grid, length: reach }, (at, value) => {
      const column = columns.get(names[Math.floor(at / reach)] as string) as Float32Array;
      if (at % reach < column.length) column[at % reach] = value;
    });
  }
  return opened.length > 0 ? { exogenous: Object.fromEntries(columns) } : {};
}

const nothing = (what: string) =>
  new HeadwayError('SNAPSHOT_EMPTY', `The feature store holds nothing ${what}`, {
    fix: 'Run the feature service over that time first, or ask for another time.',
  });

/**
 * The grid of the panel: from the first to the last covered interval, within what was asked for.
 */
export function gridOf(covered: TimeSpan, frequencyMinutes: number, query: SnapshotQuery): Grid {
  const step = frequencyMinutes * 60_000;
  const first = covered.start;
  for (const [name, time] of Object.entries({ cutoff: query.cutoff, from: query.from })) {
    if (time !== undefined && (time - first) % step !== 0) {
      const example = Number.isFinite(time)
        ? `; ${new Date(first + Math.floor((time - first) / step) * step).toISOString()} is`
        : '';
      throw new HeadwayError(
        'USAGE',
        `\`${name}\` is not the start of an interval of ${frequencyMinutes} minutes${example}`,
        {
          where: String(time),
        },
      );
    }
  }
  const end = Math.min(covered.end, (query.cutoff ?? Number.POSITIVE_INFINITY) + step);
  const from =
    query.from ?? (query.lastIntervals === undefined ? first : end - query.lastIntervals * step);
  const start = Math.max(first, from);
  if (start >= end) throw nothing('between the first interval asked for and the cutoff');
  return { start, end, step, length: (end - start) / step };
}

function selectSeries(feeds: readonly FeedRows[], wanted: readonly string[] | undefined): string[] {
  const present = new Set(feeds.flatMap(({ ids }) => [...ids]));
  const unknown = wanted?.find((id) => !present.has(id));
  if (unknown !== undefined) {
    throw new HeadwayError(
      'SERIES_UNKNOWN',
      `There is no series ${JSON.stringify(unknown)} in this snapshot`,
      {
        where: unknown,
      },
    );
  }
  return inCodePoints(wanted === undefined ? present : new Set(wanted));
}

/** In the order of Unicode code points; JavaScript's own is another. */
export const inCodePoints = (ids: ReadonlySet<string>): string[] => [...ids].sort(compareText);

function hear(
  heard: Uint16Array,
  winner: TimeSpan,
  start: number,
  step: number,
  length: number,
): void {
  const first = (winner.start - start) / step;
  const end = (winner.end - start) / step;
  for (let row = 0; row < heard.length; row += length)
    for (let t = first; t < end; t++) (heard[row + t] as number)++;
}
