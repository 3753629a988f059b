/**
 * Purpose: whether a Parquet file is what is claimed of it, and its rows, which have to be looked at for that.
 * Invariants: the columns have their names and types; every row is complete, finite, on the grid, inside the span, known by `availableAt`, and
 * there is one row for a series and interval (in a pack: at one rank).
 * Fails: never: a file that cannot be read is a problem like any other.
 */
import { parquetFiles } from '../runtime/sql.ts';
import { columnItems, nameRows, type SqlSession } from './duckdb-session.ts';
import { isKeeping, type ObjectRows } from './kept-rows.ts';
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
/** 32 MB of bits, one for each series and interval. */
const MOST_CELLS = 2 ** 28;

export type Claims = Pick<FeatureObject, 'rows' | 'span' | 'availableAt'> & {
  /** Of a pack: how many pieces it has. */
  readonly pieces?: { readonly count: number };
};

export interface Inspected {
  /** What is wrong; null where all is well. */
  readonly problem: string | null;
  /** Null where there is a problem, and of packs and files that are too large to be kept. */
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
    const ids = await session.rows(`SELECT series_id, ${odd} FROM (SELECT DISTINCT series_id FROM ${file}) ORDER BY series_id`);
    if (ids.some(([, isOdd]) => isOdd)) return wrong(`an id is longer than ${LONGEST_ID} bytes, or has control characters`);
    const length = (claims.span.end - claims.span.start) / (frequencyMinutes * 60_000);
    if (claims.pieces || ids.length * length > MOST_CELLS) {
      const doubled = await session.rows(doubledSql(file, claims));
      return doubled.length > 0 ? wrong(twice(String(doubled[0][0]))) : FINE;
    }
    const seriesIds = ids.map(([id]) => String(id));
    return await readRows(
      session,
      file,
      { seriesIds, start: claims.span.start, step: frequencyMinutes * 60_000, length },
      claims.rows,
    );
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

/** Every row has its place in a bitmap: two of one interval meet there, at a tenth of what it costs an SQL engine to group them. */
async function readRows(
  session: SqlSession,
  file: string,
  grid: Omit<ObjectRows, 'series' | 'intervals' | 'values'>,
  count: number,
): Promise<Inspected> {
  const { seriesIds, start, step, length } = grid;
  const taken = new Uint8Array(Math.ceil((seriesIds.length * length) / 8));
  const rows = isKeeping(count)
    ? { ...grid, series: new Int32Array(count), intervals: new Int32Array(count), values: new Float32Array(count) }
    : null;
  let row = 0;
  let doubled = -1;
  if (count > 0) {
    await nameRows(session, seriesIds, 'file_series');
    const sql = `SELECT s.position::INTEGER, ((epoch_ms("timestamp") - ${start}::BIGINT) // ${step})::INTEGER, target::FLOAT
      FROM ${file} JOIN file_series s ON series_id = s.id`;
    await session.stream(sql, (chunk) => {
      const [positions, steps] = [columnItems<Int32Array>(chunk, 0), columnItems<Int32Array>(chunk, 1)];
      rows?.series.set(positions, row);
      rows?.intervals.set(steps, row);
      rows?.values.set(columnItems<Float32Array>(chunk, 2), row);
      row += positions.length;
      for (let i = 0; i < positions.length; i++) {
        const at = (positions[i] as number) * length + (steps[i] as number);
        const bit = 1 << (at & 7);
        if (((taken[at >> 3] as number) & bit) !== 0) doubled = positions[i] as number;
        (taken[at >> 3] as number) |= bit;
      }
    });
  }
  if (doubled >= 0) return wrong(twice(seriesIds[doubled] as string));
  return row === count ? { problem: null, rows } : wrong(`it has ${row} rows, not ${count}`);
}
