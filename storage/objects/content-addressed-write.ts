/**
 * Purpose: put new content into the store under the name of its content, but never under a name
 * that garbage collection is about to free.
 * Invariants: what is returned exists, and its key is none of `pendingDeletion`: the same content
 * under a name pending deletion is written a second way, with other bytes and so another name.
 * (docs/store-protocol.md, Garbage, says why that closes the race.)
 * Fails: PANEL_INVALID for a file that has changed; the store's own errors, and those of the SQL
 * engine for a file that is not Parquet.
 */
import { rm, stat } from 'node:fs/promises';
import type { SqlSession } from '../../platform/duckdb/session.ts';
import { parquetFiles, sqlFilename } from '../../platform/duckdb/sql.ts';
import { HeadwayError } from '../../platform/errors.ts';
import { sha256 } from '../../platform/files/content-hash.ts';
import { fileHash } from '../../platform/files/file-hash.ts';
import { objectKeys } from './object-keys.ts';
import type { ObjectStore } from './object-store.ts';

interface Place {
  readonly store: ObjectStore;
  readonly domain: string;
}

export interface Placed {
  readonly key: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** Puts the Parquet file at `path`. @param expected the SHA-256 that it had when it was read */
export async function placeFile(
  { store, domain }: Place,
  session: SqlSession,
  path: string,
  pendingDeletion: ReadonlySet<string>,
  expected?: string,
): Promise<Placed> {
  for (let copy = 0; ; copy++) {
    const name = copy === 0 ? path : `${path}.copy`;
    if (copy > 0) {
      const note = `(FORMAT parquet, COMPRESSION zstd, KV_METADATA {copy: '${copy}'})`;
      await session.run(
        `COPY (SELECT * FROM ${parquetFiles(path)}) TO ${sqlFilename(name)} ${note}`,
      );
    }
    try {
      const hash = await fileHash(name);
      if (copy === 0 && expected !== undefined && hash !== expected) {
        throw new HeadwayError('PANEL_INVALID', 'The file has changed since it was read', {
          where: path,
          fix: 'Run it again; nothing was committed.',
        });
      }
      const key = objectKeys.featureData(domain, hash);
      if (pendingDeletion.has(key)) continue;
      const { size } = await stat(name);
      await store.putFile(key, name);
      return { key, sha256: hash, bytes: size };
    } finally {
      if (copy > 0) await rm(name, { force: true });
    }
  }
}

/** Puts bytes; `make` gives them, other ones for every `copy`. */
export async function placeBytes(
  { store, domain }: Place,
  make: (copy: number) => Uint8Array,
  keyOf: (domain: string, hash: string) => string,
  pendingDeletion: ReadonlySet<string>,
): Promise<Placed> {
  for (let copy = 0; ; copy++) {
    const bytes = make(copy);
    const hash = sha256(bytes);
    const key = keyOf(domain, hash);
    if (pendingDeletion.has(key)) continue;
    await store.put(key, bytes);
    return { key, sha256: hash, bytes: bytes.length };
  }
}
