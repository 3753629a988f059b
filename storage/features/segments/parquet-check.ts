/**
 * Purpose: whether a Parquet file is what is claimed of it, and its rows, which have to be looked
 * at for that.
 * Invariants: the columns have their names and types; every row is complete, finite, on the grid,
 * inside the span, known by `availableAt`, and there is one row for a series and interval (in a
 * pack: at one rank).
 * Fails: never: a file that cannot be read is a problem like any other.
 */

import { columnItems, listedItems, type SqlSession } from '../../../platform/duckdb/session.ts';
import { parquetFiles } from '../../../platform/duckdb/sql.ts';
import type { FeatureObject } from '../manifest.ts';
import type { ObjectRows } from '../object-rows.ts';

const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  series_id: ['VARCHAR'],
  timestamp: ['TIMESTAMP'],
  target: ['FLOAT', 'DOUBLE'],
  available_at: ['TIMESTAMP'],
};
const PACK_COLUMNS = { ...COLUMNS, first_piece: ['INTEGER'], until_piece: ['INTEGER'] };
/** Bytes of UTF-8. */
const MAX_ID_LENGTH = 1024;
/** In either language of patterns. */
const CONTROL = '\\p{Cc}';
const ODD_ID = `an id is longer than ${MAX_ID_LENGTH} bytes, or has control characters`;
const LARGEST_FLOAT = '3.4028234e38';
/**
 * Lists are held in memory, and not spilled: where a file has more rows, the SQL engine groups
 * them.
 */
const MAX_LISTED = 4_000_000;

export type Claims = Pick<FeatureObject, 'rows' | 'span' | 'availableAt'> & {
  /** Of a pack: how many segments it has. */
  readonly segments?: { readonly count: number };
};

export interface Inspected {
  /** What is wrong; null where all is well. */
  readonly problem: string | null;
  /** Null where there is a problem, and of packs and files that are too large. */
  readonly rows: ObjectRows | null;
}

const wrong = (problem: string): Inspected => ({ problem, rows: null });
const FINE: Inspected = { problem: null, rows: null };

export async function inspectParquet(
  session: SqlSession,
  path: string,
  claims: Claims,
  frequencyMinutes: number,
): Promise<Inspected> {
  const file = parquetFiles(path);
  try {
    const described = await session.rows(`DESCRIBE SELECT * FROM ${file}`);
    const types = new Map(described.map(([name, type]) => [String(name), String(type)]));
    for (const [name, allowed] of Object.entries(claims.segments ? PACK_COLUMNS : COLUMNS)) {
      const type = types.get(name);
      if (type === undefined) return wrong(`it has no column ${name}`);
      if (!allowed.includes(type))
        return wrong(`its column ${name} is ${type}, not ${allowed.join(' or ')}`);
    }
    // Readers ask DuckDB for the file of each row under this name.
    if (types.has('filename'))
      return wrong('it has a column filename, which would be taken for the name of the file');
    const [[counted]] = (await session.rows(`SELECT count(*) FROM ${file}`)) as [[unknown]];
    if (Number(counted) !== claims.rows) return wrong(`it has ${counted} rows, not ${claims.rows}`);
    const bad = badRows(claims, frequencyMinutes);
    if (!claims.segments && claims.rows <= MAX_LISTED)
      return await readRows(session, file, claims, frequencyMinutes, bad);

    const [found] = await session.rows(`SELECT ${countsOf(bad)} FROM ${file}`);
    const problem = wrongIn(bad, found);
    if (problem !== null) return problem;
    const odd = `strlen(series_id) > ${MAX_ID_LENGTH} OR regexp_matches(series_id, '${CONTROL}')`;
    const [unnamed] = await session.rows(
      `SELECT 1 FROM (SELECT DISTINCT series_id FROM ${file}) WHERE ${odd} LIMIT 1`,
    );
    if (unnamed) return wrong(ODD_ID);
    const [doubled] = await session.rows(doubledSql(file, claims));
    return doubled ? wrong(twice(String(doubled[0]))) : FINE;
  } catch (error) {
    return wrong(
      `it cannot be read as Parquet (${String((error as Error).message).split('\n')[0]})`,
    );
  }
}

/** SQL of how many rows each of `bad` is true of, in their order. */
const countsOf = (bad: Record<string, string>): string =>
  Object.values(bad)
    .map((when) => `count(*) FILTER (${when})::DOUBLE`)
    .join(', ');

function wrongIn(bad: Record<string, string>, counts: readonly unknown[] = []): Inspected | null {
  const first = Object.keys(bad).findIndex((_, i) => Number(counts[i]) > 0);
  return first < 0 ? null : wrong(`${counts[first]} ${Object.keys(bad)[first]}`);
}

/** What must be true of no row, by what it is called. */
function badRows(
  { span, availableAt, segments }: Claims,
  frequencyMinutes: number,
): Record<string, string> {
  const micros = `epoch_us("timestamp")`;
  const step = frequencyMinutes * 60_000_000;
  const bad: Record<string, string> = {
    'rows with a missing field':
      'series_id IS NULL OR series_id = \'\' OR "timestamp" IS NULL OR target IS NULL OR ' +
      'available_at IS NULL',
    'rows whose target is not finite': `NOT isfinite(target) OR abs(target::DOUBLE) > ${LARGEST_FLOAT}`,
    'rows off the grid': `(${micros} - ${span.start * 1000}) % ${step} <> 0`,
    'rows outside the span': `${micros} < ${span.start * 1000} OR ${micros} >= ${span.end * 1000}`,
    'rows that became known after the object': `epoch_us(available_at) > ${availableAt * 1000}`,
  };
  if (segments) {
    bad['rows with segments that do not exist'] =
      `first_piece IS NULL OR until_piece IS NULL OR first_piece < 0
      OR first_piece >= until_piece OR until_piece > ${segments.count}`;
  }
  return bad;
}

const twice = (id: string): string => `two rows for one interval of series ${JSON.stringify(id)}`;

/**
 * A series with two rows for an interval. In a pack an interval may have several rows, as long as
 * no two are valid at the same rank.
 */
function doubledSql(file: string, { segments }: Claims): string {
  const several = `SELECT series_id, "timestamp" FROM ${file} GROUP BY ALL HAVING count(*) > 1`;
  if (!segments) return `${several} LIMIT 1`;
  return `SELECT series_id FROM (
    SELECT series_id, first_piece < lag(until_piece)
      OVER (PARTITION BY series_id, "timestamp" ORDER BY first_piece) AS overlap
    FROM ${file} SEMI JOIN (${several}) USING (series_id, "timestamp")) WHERE overlap LIMIT 1`;
}

/**
 * The rows come as one list for each series, for to hand over a list takes a tenth of the time that
 * its rows take; with it the counts of what must not be, so that the file is read once. In a bitmap
 * two rows of one interval meet, at a tenth of what it costs an SQL engine to group them.
 */
async function readRows(
  session: SqlSession,
  file: string,
  { rows: count, span }: Claims,
  frequencyMinutes: number,
  bad: Record<string, string>,
): Promise<Inspected> {
  const step = frequencyMinutes * 60_000;
  const grid = { start: span.start, step, length: (span.end - span.start) / step };
  const taken = new Uint8Array(grid.length);
  const all = {
    series: new Int32Array(count),
    intervals: new Int32Array(count),
    values: new Float32Array(count),
  };
  const seriesIds: string[] = [];
  const badCounts = Object.keys(bad).map(() => 0);
  let row = 0;
  let doubled: string | null = null;
  // What does not fit is counted as bad, whatever comes of it here.
  const interval =
    `coalesce(TRY_CAST((epoch_ms("timestamp") - ${span.start}::BIGINT) // ${step} AS ` +
    'INTEGER), -1)';
  const value = 'coalesce(TRY_CAST(target AS FLOAT), 0)';
  const sql =
    `SELECT series_id, list({i: ${interval}, v: ${value}}), ${countsOf(bad)} FROM ${file} ` +
    'GROUP BY series_id ORDER BY series_id';
  await session.stream(sql, (chunk) => {
    for (let i = 0; i < badCounts.length; i++)
      for (const n of columnItems<Float64Array>(chunk, 2 + i)) (badCounts[i] as number) += n;
    for (const [id, intervals, values] of listedItems(chunk)) {
      for (const at of intervals) {
        if (taken[at] === 1) doubled = id;
        taken[at] = 1;
      }
      for (const at of intervals) taken[at] = 0;
      all.series.fill(seriesIds.length, row, row + intervals.length);
      all.intervals.set(intervals, row);
      all.values.set(values, row);
      row += intervals.length;
      seriesIds.push(id);
    }
  });
  if (row !== count) return wrong(`it has ${row} rows, not ${count}`);
  const control = new RegExp(CONTROL, 'u');
  const isOdd = seriesIds.some((id) => Buffer.byteLength(id) > MAX_ID_LENGTH || control.test(id));
  const problem =
    wrongIn(bad, badCounts) ??
    (isOdd ? wrong(ODD_ID) : doubled === null ? null : wrong(twice(doubled)));
  return problem ?? { problem: null, rows: { seriesIds, ...grid, ...all } };
}
