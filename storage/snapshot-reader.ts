/**
 * Purpose: from the objects of a snapshot to a panel, as it was known at a time.
 * Invariants: an interval reads as a number only where every feed speaks for it, so that a sum never lacks a part; only winners
 * are read (coverage.ts); feeds are added in a fixed order, so that the same question gives the same bits.
 *   missing = zero:    a feed speaks for every series in all of its covered span, and an absent row is 0.
 *   missing = unknown: a feed speaks for the series it has rows of, and an absent row is NaN.
 * Exogenous feeds are columns beside the series: they make no interval, no series, and no value of the target known or unknown.
 * Fails: SNAPSHOT_EMPTY where nothing was known, SERIES_UNKNOWN, USAGE for a time off the grid, STORE_CORRUPT.
 */
import { createPanel, type Panel } from '../forecasting/panel.ts';
import { HeadwayError } from '../runtime/errors.ts';
import { sqlText } from '../runtime/sql.ts';
import { clipSegments, feedsOf, isExogenous, knownObjects, type Segment, winningSegments } from './coverage.ts';
import { columnItems, type SqlSession, withSqlSession } from './duckdb-session.ts';
import { verifiedPath } from './feature-objects.ts';
import type { FeatureObject, FeatureSchema, TimeSpan } from './manifest.ts';
import type { ObjectStore } from './object-store.ts';

export interface SnapshotQuery {
  /** Start of the last interval, inclusive. Default: the last one that anything covers. */
  cutoff?: number;
  /** Only what was known then. Default: everything in the snapshot. */
  knownAt?: number;
  /** Start of the first interval, inclusive. Default: the first one that anything covers. */
  from?: number;
  /** Instead of `from`: so many intervals up to the last. */
  lastIntervals?: number;
  /** Default: every series with a row at or before the cutoff. The panel holds them in code-point order in any case. */
  seriesIds?: readonly string[];
  /** Exogenous columns known in advance reach so many intervals past the last one. The others end with it. */
  ahead?: Ahead;
}

export interface Ahead {
  readonly columns: readonly string[];
  readonly intervals: number;
}

interface FeedRows {
  readonly segments: Segment[];
  readonly ids: Set<string>;
}

export async function readSnapshot(
  store: ObjectStore,
  snapshot: { objects: readonly FeatureObject[]; schema: FeatureSchema },
  query: SnapshotQuery,
  openSession?: SqlSession,
): Promise<Panel> {
  const { frequencyMinutes, missing } = snapshot.schema;
  const everything = knownObjects(snapshot.objects, query.knownAt ?? Number.POSITIVE_INFINITY);
  const known = everything.filter(({ feed }) => !isExogenous(feed));
  const grid = gridOf(known, frequencyMinutes, query);
  const step = frequencyMinutes * 60_000;
  const length = (grid.end - grid.start) / step;

  const read = async (session: SqlSession): Promise<Panel> => {
    const paths = new Map<string, string>();
    const open = async (objects: readonly FeatureObject[], feed: string, end: number): Promise<FeedRows> => {
      const segments = clipSegments(winningSegments(objects, feed), Number.NEGATIVE_INFINITY, end);
      for (const { object } of segments) {
        if (!paths.has(object.key)) paths.set(object.key, await verifiedPath(store, session, object, frequencyMinutes));
      }
      return { segments, ids: await seriesIn(session, segments, paths) };
    };
    const feeds: FeedRows[] = [];
    for (const feed of feedsOf(known)) feeds.push(await open(known, feed, grid.end));
    const others = everything.filter(({ feed }) => isExogenous(feed));
    const end = grid.end + (query.ahead?.intervals ?? 0) * step;
    const shared: FeedRows[] = [];
    for (const feed of feedsOf(others)) shared.push(await open(others, feed, end));

    const seriesIds = selectSeries(feeds, query.seriesIds);
    const target = new Float32Array(seriesIds.length * length).fill(Number.NaN);
    const exogenous = await readExogenous(session, shared, paths, { ...grid, step, length }, query.ahead);
    const panel = createPanel({
      ...{ seriesIds, start: grid.start, frequencyMinutes, length, columns: { target } },
      ...(shared.length > 0 ? { exogenous } : {}),
    });
    if (target.length === 0) return panel;

    // How many feeds must have spoken for a value to be whole, and how many have.
    const heard = new Uint16Array(target.length);
    await nameRows(session, seriesIds);
    for (const { segments } of feeds) {
      const inside = clipSegments(segments, grid.start, grid.end);
      if (missing === 'zero') for (const segment of inside) hear(heard, segment, grid.start, step, length);
      await streamRows(session, inside, paths, { start: grid.start, step, length }, (at, value) => {
        target[at] = Number.isNaN(target[at]) ? value : target[at] + value;
        if (missing === 'unknown') heard[at]++;
      });
    }
    for (let at = 0, series = 0; series < seriesIds.length; series++) {
      const needed = missing === 'zero' ? feeds.length : feeds.filter(({ ids }) => ids.has(seriesIds[series])).length;
      for (let t = 0; t < length; t++, at++) {
        if (heard[at] < needed) target[at] = Number.NaN;
        else if (missing === 'zero' && Number.isNaN(target[at])) target[at] = 0;
      }
    }
    return panel;
  };
  return openSession ? read(openSession) : withSqlSession(read);
}

/** The exogenous columns. A column is of one feed; where two have it, the one whose name comes later decides. */
async function readExogenous(
  session: SqlSession,
  feeds: readonly FeedRows[],
  paths: ReadonlyMap<string, string>,
  grid: { start: number; step: number; length: number },
  ahead: Ahead = { columns: [], intervals: 0 },
): Promise<Record<string, Float32Array>> {
  const columns: Record<string, Float32Array> = {};
  const reach = grid.length + ahead.intervals;
  for (const { segments, ids } of feeds) {
    const names = [...ids].sort();
    for (const name of names) {
      columns[name] ??= new Float32Array(ahead.columns.includes(name) ? reach : grid.length).fill(Number.NaN);
    }
    const inside = clipSegments(segments, grid.start, grid.start + reach * grid.step);
    if (inside.length === 0 || names.length === 0) continue;
    await nameRows(session, names);
    await streamRows(session, inside, paths, { ...grid, length: reach }, (at, value) => {
      const column = columns[names[Math.floor(at / reach)]];
      if (at % reach < column.length) column[at % reach] = value;
    });
  }
  return columns;
}

/** The grid of the answer: from the first to the last covered interval, within what was asked for. */
function gridOf(known: readonly FeatureObject[], frequencyMinutes: number, query: SnapshotQuery): TimeSpan {
  const step = frequencyMinutes * 60_000;
  const nothing = (what: string) =>
    new HeadwayError('SNAPSHOT_EMPTY', `The feature store holds nothing ${what}`, {
      fix: 'Run the feature service over that time first, or ask for another time.',
    });
  if (known.length === 0) throw nothing(query.knownAt === undefined ? 'yet' : 'that was known by then');
  const first = known.reduce((least, { span }) => Math.min(least, span.start), Number.POSITIVE_INFINITY);
  const covered = known.reduce((most, { span }) => Math.max(most, span.end), Number.NEGATIVE_INFINITY);
  for (const [name, time] of Object.entries({ cutoff: query.cutoff, from: query.from })) {
    if (time !== undefined && (time - first) % step !== 0) {
      const example = Number.isFinite(time)
        ? `; ${new Date(first + Math.floor((time - first) / step) * step).toISOString()} is`
        : '';
      throw new HeadwayError('USAGE', `\`${name}\` is not the start of an interval of ${frequencyMinutes} minutes${example}`, {
        where: String(time),
      });
    }
  }
  const end = Math.min(covered, (query.cutoff ?? Number.POSITIVE_INFINITY) + step);
  const from = query.from ?? (query.lastIntervals === undefined ? first : end - query.lastIntervals * step);
  const start = Math.max(first, from);
  if (start >= end) throw nothing('between the first interval asked for and the cutoff');
  return { start, end };
}

function selectSeries(feeds: readonly FeedRows[], wanted: readonly string[] | undefined): string[] {
  const present = new Set(feeds.flatMap(({ ids }) => [...ids]));
  const unknown = wanted?.find((id) => !present.has(id));
  if (unknown !== undefined) {
    throw new HeadwayError('SERIES_UNKNOWN', `There is no series ${JSON.stringify(unknown)} in this snapshot`, {
      where: unknown,
    });
  }
  const utf8 = (id: string) => Buffer.from(id); // UTF-8 bytes sort as code points do; JavaScript's own order is another
  return [...(wanted === undefined ? present : new Set(wanted))]
    .map((id) => ({ id, bytes: utf8(id) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ id }) => id);
}

function hear(heard: Uint16Array, segment: TimeSpan, start: number, step: number, length: number): void {
  const first = (segment.start - start) / step;
  const end = (segment.end - start) / step;
  for (let row = 0; row < heard.length; row += length) for (let t = first; t < end; t++) heard[row + t]++;
}

/** The table `series`: which row of the answer belongs to which id. */
async function nameRows(session: SqlSession, ids: readonly string[]): Promise<void> {
  const rows = ids.map((id, position) => `(${position}, ${sqlText(id)})`).join(', ');
  await session.run(`CREATE OR REPLACE TEMP TABLE series AS SELECT * FROM (VALUES ${rows}) AS s(position, id)`);
}

/** The rows for which `segments` speak, as a relation `winning` with series_id, instant (epoch ms) and target. */
function winningRows(segments: readonly Segment[], paths: ReadonlyMap<string, string>): string {
  const pathOf = (segment: Segment) => sqlText(paths.get(segment.object.key) ?? '');
  const files = [...new Set(segments.map(pathOf))].join(', ');
  const spans = segments.map((segment) => `(${pathOf(segment)}, ${segment.start}::BIGINT, ${segment.end}::BIGINT)`).join(', ');
  return `WITH span AS (SELECT * FROM (VALUES ${spans}) AS v(path, first, until)),
    winning AS (
      SELECT series_id, epoch_ms("timestamp") AS instant, target
      FROM read_parquet([${files}], filename = true) AS file
      JOIN span ON file.filename = span.path
        AND epoch_ms("timestamp") >= span.first AND epoch_ms("timestamp") < span.until)`;
}

async function seriesIn(session: SqlSession, segments: readonly Segment[], paths: ReadonlyMap<string, string>) {
  if (segments.length === 0) return new Set<string>();
  const rows = await session.rows(`${winningRows(segments, paths)} SELECT DISTINCT series_id FROM winning`);
  return new Set(rows.map(([id]) => String(id)));
}

async function streamRows(
  session: SqlSession,
  segments: readonly Segment[],
  paths: ReadonlyMap<string, string>,
  grid: { start: number; step: number; length: number },
  take: (at: number, value: number) => void,
): Promise<void> {
  if (segments.length === 0) return;
  const sql = `${winningRows(segments, paths)}
    SELECT series.position::INTEGER, ((winning.instant - ${grid.start}::BIGINT) // ${grid.step})::INTEGER, winning.target::FLOAT
    FROM winning JOIN series ON winning.series_id = series.id`;
  await session.stream(sql, (chunk) => {
    const positions = columnItems<Int32Array>(chunk, 0);
    const steps = columnItems<Int32Array>(chunk, 1);
    const values = columnItems<Float32Array>(chunk, 2);
    for (let row = 0; row < values.length; row++) take(positions[row] * grid.length + steps[row], values[row]);
  });
}
