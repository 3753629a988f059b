/**
 * Purpose: trust in feature objects: no Parquet file is committed or read before it is shown to be
 * what the manifest says.
 * Invariants: size and SHA-256 are those of the manifest; the rows are what it claims
 * (parquet-check.ts). Each file is hashed once per process, as long as it keeps its size and
 * modification time, and each content is read through once.
 * Fails: STORE_CORRUPT with the key. `checkContent` gives the problem as text, for files that are
 * not in the store yet.
 */
import { stat } from 'node:fs/promises';
import type { SqlSession } from '../../platform/duckdb/session.ts';
import { HeadwayError, isHeadwayError } from '../../platform/errors.ts';
import { fileHash } from '../../platform/files/file-hash.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { cachedRows, keepRows, type ObjectRows } from './kept-rows.ts';
import { type DataFile, isPack } from './manifest.ts';
import { type Claims, inspectParquet } from './segments/parquet-check.ts';

/** Path → what its file looked like when its size and SHA-256 were checked. */
const checked = new Map<string, string>();
/**
 * SHA-256 and claims of contents that were read through: the same bytes hold the same rows,
 * wherever they lie.
 */
const readThrough = new Set<string>();

/** Names bytes that were read through, and what they were held to. */
function contentOf(
  hash: string,
  { rows, span, availableAt, pieces }: Claims,
  frequencyMinutes: number,
): string {
  return JSON.stringify([
    hash,
    rows,
    span.start,
    span.end,
    availableAt,
    frequencyMinutes,
    pieces?.count ?? null,
  ]);
}

/**
 * What is wrong with the Parquet file at `path`, in the light of what is claimed of it; null where
 * all is well. Looks once per process and content. `hash` must be the SHA-256 of the file as it is
 * now: a writer's file that passed need not be read through again when it comes back out of the
 * store with that hash.
 */
export async function checkContent(
  session: SqlSession,
  path: string,
  hash: string,
  claims: Claims,
  frequencyMinutes: number,
): Promise<string | null> {
  const content = contentOf(hash, claims, frequencyMinutes);
  if (readThrough.has(content)) return null;
  const { problem, rows } = await inspectParquet(session, path, claims, frequencyMinutes);
  if (problem === null) readThrough.add(content);
  if (rows !== null) keepRows(content, rows);
  return problem;
}

/** The rows of bytes that passed `checkContent`, where they are kept. */
export const rowsOfContent = (
  hash: string,
  claims: Claims,
  frequencyMinutes: number,
): ObjectRows | null => cachedRows(contentOf(hash, claims, frequencyMinutes));

/** The local path of an object, once it has been checked. `afresh` trusts no earlier check. */
export async function verifiedPath(
  store: ObjectStore,
  session: SqlSession,
  object: DataFile,
  frequencyMinutes: number,
  afresh = false,
): Promise<string> {
  const corrupt = (problem: string, cause?: unknown) =>
    new HeadwayError(
      'STORE_CORRUPT',
      `A feature object is not what its manifest says: ${problem}`,
      {
        where: object.key,
        fix:
          'Restore it from a backup of the store; `headway store verify` lists everything ' +
          'that is wrong.',
        cause,
      },
    );
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
  if ((await fileHash(path)) !== sha256) throw corrupt('its SHA-256 differs');
  const problem = afresh
    ? (await inspectParquet(session, path, object, frequencyMinutes)).problem
    : await checkContent(session, path, sha256, object, frequencyMinutes);
  if (problem !== null) throw corrupt(problem);
  checked.set(path, claims);
  return path;
}
