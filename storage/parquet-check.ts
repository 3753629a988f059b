/**
 * Purpose: whether a Parquet file is what is claimed of it, and its rows, which have to be looked at for that.
 * Invariants: the columns have their names and types; every row is complete, finite, on the grid, inside the span, known by `availableAt`, and
 * there is one row for a series and interval (in a pack: at one rank).
 * Fails: never: a file that cannot be read is a problem like any other.
 */
import { parquetFiles } from '../runtime/sql.ts';
import { listedItems, type SqlSession } from './duckdb-session.ts';
import type { ObjectRows } from './kept-rows.ts';
import type { FeatureObject } from './manifest.ts';

const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  series_id: ['VARCHAR'],
  timestamp: ['TIMESTAMP'],
  target: ['FLOAT', 'DOUBLE'],
  available_at: ['TIMESTAMP'],
};
const PACK_COLUMNS = { ...COLUMNS, first_piece: ['INTEGER'], until_piece: ['INTEGER'] };
/** Bytes of UTF-8. */
const LONGEST_ID = 1024;
const LARGEST_FLOAT = '3.4028234e38';
/** Lists are held in memory, and not spilled: where a file has more rows or series, the SQL engine groups its rows. */
const MOST_LISTED = { rows: 4_000_000, series: 100_000 };
/** So many intervals are looked at for the rows of all series. */
const MOST_CELLS = 2 ** 28;

export type Claims = Pick<FeatureObject, 'rows' | 'span' | 'availableAt'> & {
  /** Of a pack: how many pieces it has. */
  readonly pieces?: { readonly count: number };
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
    for (const [name, allowed] of Object.entries(claims.pieces ? PACK_COLUMNS : COLUMNS)) {
      const type = types.get(name);
      if (type === undefined) return wrong(`it has no column ${name}`);
      if (!allowed.includes(type)) return wrong(`its column ${name} is ${type}, not ${allowed.join(' or ')}`);
    }
    // Readers ask DuckDB for the file of each row under this name.
    if (types.has('filename')) return wrong('it has a column filename, which would be taken for the name of the file');
    const bad = badRows(claims, frequencyMinutes);
    const counts = Object.values(bad).map((when) => `count(*) FILTER (${when})`);
    const [found] = await session.rows(`SELECT count(*), ${counts.join(', ')} FROM ${file}`);
    if (Number(found[0]) !== claims.rows) return wrong(`it has ${found[0]} rows, not ${claims.rows}`);
    for (const [i, what] of Object.keys(bad).entries()) if (Number(found[i + 1]) > 0) return wrong(`${found[i + 1]} ${what}`);

    const odd = `strlen(series_id) > ${LONGEST_ID} OR regexp_matches(series_id, '[[:cntrl:]]')`;
    const named = await session.rows(`SELECT count(*), count(*) FILTER (${odd}) FROM (SELECT DISTINCT series_id FROM ${file})`);
    const [series, unnamed] = (named[0] as unknown[]).map(Number) as [number, number];
    if (unnamed > 0) return wrong(`an id is longer than ${LONGEST_ID} bytes, or has control characters`);
    const step = frequencyMinutes * 60_000;
    const length = (claims.span.end - claims.span.start) / step;
    const isListed = claims.rows <= MOST_LISTED.rows && series <= MOST_LISTED.series && series * length <= MOST_CELLS;
    if (!claims.pieces && isListed) {
      return await readRows(session, file, { start: claims.span.start, step, length }, claims.rows);
    }
    const doubled = await session.rows(doubledSql(file, claims));
    return doubled.length > 0 ? wrong(twice(String(doubled[0][0]))) : FINE;
  } catch (error) {
    return wrong(`it cannot be read as Parquet (${String((error as Error).message).split('\n')[0]})`);
  }
}

/** What must be true of no row, by what it is called. */
function badRows({ span, availableAt, pieces }: Claims, frequencyMinutes: number): Record<string, string> {
  const micros = `epoch_us("timestamp")`;
  const bad: Record<string, string> = {
    'rows with a missing field':
      'series_id IS NULL OR series_id = \'\' OR "timestamp" IS NULL OR target IS NULL OR available_at IS NULL',
    'rows with a target that is no finite number': `NOT isfinite(target) OR abs(target::DOUBLE) > ${LARGEST_FLOAT}`,
    'rows off the grid': `(${micros} - ${span.start * 1000}) % ${frequencyMinutes * 60_000_000} <> 0`,
    'rows outside the span': `${micros} < ${span.start * 1000} OR ${micros} >= ${span.end * 1000}`,
    'rows that became known after the object': `epoch_us(available_at) > ${availableAt * 1000}`,
  };
  if (pieces) {
    bad['rows with pieces that there are not'] = `first_piece IS NULL OR until_piece IS NULL OR first_piece < 0
      OR first_piece >= until_piece OR until_piece > ${pieces.count}`;
  }
  return bad;
}

const twice = (id: string): string => `two rows for one interval of series ${JSON.stringify(id)}`;

/** A series with two rows for an interval. In a pack an interval may have several rows, as long as no two are valid at the same rank. */
function doubledSql(file: string, { pieces }: Claims): string {
  const several = `SELECT series_id, "timestamp" FROM ${file} GROUP BY ALL HAVING count(*) > 1`;
  if (!pieces) return `${several} LIMIT 1`;
  return `SELECT series_id FROM (
    SELECT series_id, first_piece < lag(until_piece) OVER (PARTITION BY series_id, "timestamp" ORDER BY first_piece) AS overlap
    FROM ${file} SEMI JOIN (${several}) USING (series_id, "timestamp")) WHERE overlap LIMIT 1`;
}

/**
 * The rows come as one list for each series, for to hand over a list takes a tenth of the time that its rows take. In a bitmap two of one interval
 * meet, at a tenth of what it costs an SQL engine to group them.
 */
async function readRows(
  session: SqlSession,
  file: string,
  grid: Pick<ObjectRows, 'start' | 'step' | 'length'>,
  count: number,
): Promise<Inspected> {
  const { start, step, length } = grid;
  const taken = new Uint8Array(length);
  const all = { series: new Int32Array(count), intervals: new Int32Array(count), values: new Float32Array(count) };
  const seriesIds: string[] = [];
  let row = 0;
  let doubled: string | null = null;
  const interval = `((epoch_ms("timestamp") - ${start}::BIGINT) // ${step})::INTEGER`;
  const sql = `SELECT series_id, list({i: ${interval}, v: target::FLOAT}) FROM ${file} GROUP BY series_id ORDER BY series_id`;
  await session.stream(sql, (chunk) => {
    for (const [id, intervals, values] of listedItems(chunk)) {
      taken.fill(0);
      for (const at of intervals) {
        if (taken[at] === 1) doubled = id;
        taken[at] = 1;
      }
      all.series.fill(seriesIds.length, row, row + intervals.length);
      all.intervals.set(intervals, row);
      all.values.set(values, row);
      row += intervals.length;
      seriesIds.push(id);
    }
  });
  if (doubled !== null) return wrong(twice(doubled));
  if (row !== count) return wrong(`it has ${row} rows, not ${count}`);
  return { problem: null, rows: { seriesIds, ...grid, ...all } };
}
