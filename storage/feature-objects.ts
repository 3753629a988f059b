/**
 * Purpose: trust in feature objects: no Parquet file is committed or read before it is shown to be what the manifest says.
 * Invariants: size and SHA-256 are those of the manifest; the columns have their names and types; every row is complete, finite,
 * on the grid, inside the span, known by `availableAt`, and there is one row for a series and interval (in a pack: at one rank). Each file
 * is hashed once per process, as long as it keeps its size and modification time, and each content is read through once.
 * Fails: STORE_CORRUPT with the key. `checkContent` gives the problem as text, for files that are not in the store yet.
 */
import { stat } from 'node:fs/promises';
import { HeadwayError, isHeadwayError } from '../runtime/errors.ts';
import { parquetFiles } from '../runtime/sql.ts';
import { hashFile } from './content-hash.ts';
import { type DataFile, isPack } from './coverage.ts';
import type { SqlSession } from './duckdb-session.ts';
import type { FeatureObject } from './manifest.ts';
import type { ObjectStore } from './object-store.ts';

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

/** Path → what its file looked like when its size and SHA-256 were checked. */
const checked = new Map<string, string>();
/** SHA-256 and claims of contents that were read through: the same bytes hold the same rows, wherever they lie. */
const readThrough = new Set<string>();

type Claims = Pick<FeatureObject, 'rows' | 'span' | 'availableAt'> & {
  /** Of a pack: how many pieces it has. */
  readonly pieces?: { readonly count: number };
};

/**
 * `checkParquet` once per process and content. `hash` must be the SHA-256 of the file as it is now: a writer's file that passed need
 * not be read through again when it comes back out of the store with that hash.
 */
export async function checkContent(
  session: SqlSession,
  path: string,
  hash: string,
  claims: Claims,
  frequencyMinutes: number,
): Promise<string | null> {
  const { rows, span, availableAt, pieces } = claims;
  const content = JSON.stringify([hash, rows, span.start, span.end, availableAt, frequencyMinutes, pieces?.count ?? null]);
  if (readThrough.has(content)) return null;
  const problem = await checkParquet(session, path, claims, frequencyMinutes);
  if (problem === null) readThrough.add(content);
  return problem;
}

/** What is wrong with the Parquet file at `path`, in the light of what is claimed of it; null where all is well. */
async function checkParquet(session: SqlSession, path: string, claims: Claims, frequencyMinutes: number): Promise<string | null> {
  const file = parquetFiles(path);
  try {
    const described = await session.rows(`DESCRIBE SELECT * FROM ${file}`);
    const types = new Map(described.map(([name, type]) => [String(name), String(type)]));
    for (const [name, allowed] of Object.entries(claims.pieces ? PACK_COLUMNS : COLUMNS)) {
      const type = types.get(name);
      if (type === undefined) return `it has no column ${name}`;
      if (!allowed.includes(type)) return `its column ${name} is ${type}, not ${allowed.join(' or ')}`;
    }
    // Readers ask DuckDB for the file of each row under this name.
    if (types.has('filename')) return 'it has a column filename, which would be taken for the name of the file';
    const micros = `epoch_us("timestamp")`;
    const { start, end } = claims.span;
    const bad: Record<string, string> = {
      'rows with a missing field':
        'series_id IS NULL OR series_id = \'\' OR "timestamp" IS NULL OR target IS NULL OR available_at IS NULL',
      'rows with a target that is no finite number': `NOT isfinite(target) OR abs(target::DOUBLE) > ${LARGEST_FLOAT}`,
      'rows off the grid': `(${micros} - ${start * 1000}) % ${frequencyMinutes * 60_000_000} <> 0`,
      'rows outside the span': `${micros} < ${start * 1000} OR ${micros} >= ${end * 1000}`,
      'rows that became known after the object': `epoch_us(available_at) > ${claims.availableAt * 1000}`,
    };
    if (claims.pieces) {
      bad['rows with pieces that there are not'] = `first_piece IS NULL OR until_piece IS NULL OR first_piece < 0
        OR first_piece >= until_piece OR until_piece > ${claims.pieces.count}`;
    }
    const counts = Object.values(bad).map((when) => `count(*) FILTER (${when})`);
    const [found] = await session.rows(`SELECT count(*), ${counts.join(', ')} FROM ${file}`);
    if (Number(found[0]) !== claims.rows) return `it has ${found[0]} rows, not ${claims.rows}`;
    for (const [i, what] of Object.keys(bad).entries()) if (Number(found[i + 1]) > 0) return `${found[i + 1]} ${what}`;
    const odd = `strlen(series_id) > ${LONGEST_ID} OR regexp_matches(series_id, '[[:cntrl:]]')`;
    const unnamed = await session.rows(`SELECT count(*) FROM (SELECT DISTINCT series_id FROM ${file}) WHERE ${odd}`);
    if (Number(unnamed[0]?.[0]) > 0) return `an id is longer than ${LONGEST_ID} bytes, or has control characters`;
    const twice = `SELECT series_id, "timestamp" FROM ${file} GROUP BY ALL HAVING count(*) > 1`;
    // In a pack an interval may have several rows, as long as no two are valid at the same rank.
    const doubled = await session.rows(
      claims.pieces
        ? `SELECT series_id FROM (
            SELECT series_id, first_piece < lag(until_piece) OVER (PARTITION BY series_id, "timestamp" ORDER BY first_piece) AS overlap
            FROM ${file} SEMI JOIN (${twice}) USING (series_id, "timestamp")) WHERE overlap LIMIT 1`
        : `${twice} LIMIT 1`,
    );
    if (doubled.length > 0) return `two rows for one interval of series ${JSON.stringify(doubled[0][0])}`;
    return null;
  } catch (error) {
    return `it cannot be read as Parquet (${String((error as Error).message).split('\n')[0]})`;
  }
}

/** The local path of an object, once it has been checked. `afresh` trusts no earlier check. */
export async function verifiedPath(
  store: ObjectStore,
  session: SqlSession,
  object: DataFile,
  frequencyMinutes: number,
  afresh = false,
): Promise<string> {
  const corrupt = (problem: string, cause?: unknown) =>
    new HeadwayError('STORE_CORRUPT', `A feature object is not what its manifest says: ${problem}`, {
      where: object.key,
      fix: 'Restore it from a backup of the store; `headway store verify` lists everything that is wrong.',
      cause,
    });
  let path: string;
  try {
    path = await store.localPath(object.key);
  } catch (error) {
    if (isHeadwayError(error, 'OBJECT_NOT_FOUND')) throw corrupt('it is missing', error);
    throw error;
  }
  const look = await stat(path);
  const { span, rows, availableAt, bytes, sha256 } = object;
  const claims = JSON.stringify([
    look.size,
    look.mtimeMs,
    bytes,
    sha256,
    span.start,
    span.end,
    rows,
    availableAt,
    frequencyMinutes,
    isPack(object) ? object.pieces.count : null,
  ]);
  if (!afresh && checked.get(path) === claims) return path;
  if (look.size !== bytes) throw corrupt(`it has ${look.size} bytes, not ${bytes}`);
  if ((await hashFile(path)) !== sha256) throw corrupt('its SHA-256 differs');
  const problem = await (afresh
    ? checkParquet(session, path, object, frequencyMinutes)
    : checkContent(session, path, sha256, object, frequencyMinutes));
  if (problem !== null) throw corrupt(problem);
  checked.set(path, claims);
  return path;
}
