/**
 * Purpose: parts of the ledger as local files: made, described, put into the store, and read back.
 * Invariants: a file is read only after its size and SHA-256 are those of its entry, as long as it
 * keeps its size and modification time once; what is described of a new file is counted from the
 * file itself.
 * Fails: STORE_CORRUPT with the key.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LRUCache } from 'lru-cache';
import type { SqlSession } from '../../platform/duckdb/session.ts';
import { parquetFiles } from '../../platform/duckdb/sql.ts';
import { HeadwayError, isHeadwayError } from '../../platform/errors.ts';
import { fileHash } from '../../platform/files/file-hash.ts';
import { objectKeys } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import type { LedgerPart } from './ledger-entry.ts';
import { columnQuantile, copyToSql, epochSql, type OrderedRows } from './part-sql.ts';

const MAX_VERIFIED = 50_000;
/** Files that are fetched and hashed at once. */
const AT_ONCE = 8;

export class PartFiles {
  readonly #store: ObjectStore;
  readonly #domain: string;
  readonly #verified = new LRUCache<string, string>({ max: MAX_VERIFIED });

  constructor(store: ObjectStore, domain: string) {
    this.#store = store;
    this.#domain = domain;
  }

  /** Local files of the parts, in their order. */
  async paths(parts: readonly LedgerPart[]): Promise<string[]> {
    const paths: string[] = [];
    for (let from = 0; from < parts.length; from += AT_ONCE)
      paths.push(
        ...(await Promise.all(parts.slice(from, from + AT_ONCE).map((part) => this.path(part)))),
      );
    return paths;
  }

  async path(part: LedgerPart): Promise<string> {
    const local = await this.#store.localPath(part.key).catch((error: unknown) => {
      throw isHeadwayError(error, 'OBJECT_NOT_FOUND')
        ? corrupt(part, 'it is missing', error)
        : error;
    });
    const look = await stat(local);
    const place = JSON.stringify([local, look.size, look.mtimeMs]);
    if (this.#verified.get(part.sha256) === place) return local;
    if (look.size !== part.bytes)
      throw corrupt(part, `it has ${look.size} bytes, not ${part.bytes}`);
    if ((await fileHash(local)) !== part.sha256) throw corrupt(part, 'its SHA-256 differs');
    this.#verified.set(part.sha256, place);
    return local;
  }

  /**
   * Writes rows as one part, and puts it into the store; null where there are none.
   * No entry names it yet.
   */
  async write(
    session: SqlSession,
    rows: OrderedRows,
    about: Pick<LedgerPart, 'compacted' | 'content'>,
  ): Promise<LedgerPart | null> {
    const folder = await mkdtemp(path.join(tmpdir(), 'headway-ledger-'));
    try {
      const file = path.join(folder, 'part.parquet');
      const codec = about.compacted === 'month' ? 'zstd' : 'snappy';
      await session.run('SET preserve_insertion_order = true');
      await session.run(copyToSql(rows, file, randomUUID(), codec));
      const described = await describe(session, file);
      if (described === null) return null;
      const sha256 = await fileHash(file);
      const key = objectKeys.ledgerPart(this.#domain, sha256);
      await this.#store.putFile(key, file);
      return { key, sha256, bytes: (await stat(file)).size, ...described, ...about };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/** What an entry says of a part, from its rows; null for none. */
export async function describe(
  session: SqlSession,
  file: string,
): Promise<Pick<
  LedgerPart,
  'rows' | 'issued' | 'target' | 'series' | 'quantiles' | 'kinds'
> | null> {
  const relation = parquetFiles(file);
  const bounds = (column: string) => `${epochSql(`min(${column})`)}, ${epochSql(`max(${column})`)}`;
  const [found = []] = await session.rows(
    `SELECT count(*)::DOUBLE, ${bounds('issued_at')}, ${bounds('target_at')}, min(series_id),
      max(series_id), count(DISTINCT series_id)::DOUBLE, list(DISTINCT role || ' ' || origin)::JSON
    FROM ${relation}`,
  );
  const [rows, issuedFirst, issuedLast, targetFirst, targetLast] = found.map(Number) as number[];
  if (!rows) return null;
  const columns = await session.rows(`DESCRIBE SELECT * FROM ${relation}`);
  return {
    rows,
    issued: { first: issuedFirst as number, last: issuedLast as number },
    target: { first: targetFirst as number, last: targetLast as number },
    series: { first: String(found[5]), last: String(found[6]), count: Number(found[7]) },
    quantiles: columns.flatMap(([name]) => columnQuantile(String(name)) ?? []),
    kinds: (JSON.parse(String(found[8])) as string[]).sort(),
  };
}

export const corrupt = (part: Pick<LedgerPart, 'key'>, problem: string, cause?: unknown) =>
  new HeadwayError('STORE_CORRUPT', `A part of the ledger does not match its entry: ${problem}`, {
    where: part.key,
    fix:
      'Restore it from a backup of the store; `headway store verify` lists everything that is ' +
      'wrong.',
    cause,
  });
