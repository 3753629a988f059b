/**
 * Purpose: the rows of a query as a table: over a DuckDB or SQLite file, or over a PostgreSQL or
 * MySQL server, by what DuckDB attaches.
 * Invariants: nothing is written to the database. What the query gives becomes one Parquet file of
 * the domain's own, there whole or not at all, which is read as any other table; so a store needs
 * the database only while features are built. No password is in a message.
 * Fails: SOURCE_UNAVAILABLE where the database cannot be attached; SOURCE_INVALID for SQL that it
 * refuses; then as `openTable`.
 */
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { engineMessage, withDuckDB } from '../../platform/duckdb/duckdb.ts';
import { sqlFilename, sqlText } from '../../platform/duckdb/sql.ts';
import { HeadwayError } from '../../platform/errors.ts';
import { withoutQuery } from '../../platform/http/without-query.ts';
import type { Source, SourceContext } from '../domain.ts';
import { openTable } from './table.ts';
import type { Table } from './table-declaration.ts';

export interface Query {
  /**
   * `postgres://USER@HOST:PORT/DATABASE` (the password in PGPASSWORD or ~/.pgpass),
   * `mysql://USER@HOST:PORT/DATABASE` (in MYSQL_PWD), or a file: `.duckdb`; any other is SQLite.
   */
  readonly database: string;
  /** A SELECT of DuckDB, all of which is read at each run: `SELECT … FROM orders WHERE …`. */
  readonly sql: string;
}

type Kind = 'postgres' | 'mysql' | 'sqlite' | 'duckdb';

export async function openQuery(
  query: Query,
  table: Table,
  context: Pick<SourceContext, 'logger' | 'rawFolder'>,
): Promise<Source> {
  const shown = withoutQuery(query.database);
  return {
    description: `a query over ${shown}`,
    async parts() {
      const path = await keepRows(query, context.rawFolder);
      return (await openTable(table, path, context)).parts();
    },
  };
}

function kindOf(database: string): Kind {
  if (/^postgres(ql)?:\/\//i.test(database)) return 'postgres';
  if (/^mysql:\/\//i.test(database)) return 'mysql';
  return /\.duckdb$/i.test(database) ? 'duckdb' : 'sqlite';
}

/** @returns the Parquet file */
async function keepRows({ database, sql }: Query, rawFolder: string): Promise<string> {
  const folder = join(rawFolder, 'query');
  const [path, draft] = [join(folder, 'rows.parquet'), join(folder, 'rows.parquet.draft')];
  await mkdir(folder, { recursive: true });
  await rm(draft, { force: true });
  const kind = kindOf(database);
  const where = withoutQuery(database);
  // What the engine says may repeat the address, and with it a password: no cause either.
  const said = (cause: unknown, end: string) =>
    engineMessage(cause).split(end, 1)[0]?.replaceAll(database, where);
  // One thread: the same rows give the same file.
  await withDuckDB({ threads: 1, tempFolder: join(rawFolder, 'spill') }, async (engine) => {
    const isServer = kind === 'postgres' || kind === 'mysql';
    const address = isServer ? sqlText(database) : sqlFilename(database);
    try {
      if (!isServer) await access(database);
      if (kind !== 'duckdb') await loadExtension((text) => engine.run(text), kind, rawFolder);
      await engine.run(`ATTACH ${address} AS db (TYPE ${kind}, READ_ONLY)`);
      await engine.run('USE db');
    } catch (cause) {
      const reason = said(cause, '\n');
      throw new HeadwayError('SOURCE_UNAVAILABLE', `the database cannot be read (${reason})`, {
        where,
        fix: 'Check the address, that it can be reached from here, and the rights of the user.',
      });
    }
    await engine
      .run(`COPY (${sql}\n) TO ${sqlFilename(draft)} (FORMAT parquet)`)
      .catch((cause: unknown) => {
        const reason = said(cause, '\n\n');
        throw new HeadwayError('SOURCE_INVALID', `the database refuses the query: ${reason}`, {
          where,
          fix: 'Correct the SQL in the definition of the domain.',
        });
      });
  });
  await rename(draft, path);
  return path;
}

/** DuckDB's own signed extension: fetched once from its publisher, then kept in the folder. */
async function loadExtension(
  run: (sql: string) => Promise<unknown>,
  kind: Kind,
  rawFolder: string,
): Promise<void> {
  await run(`SET extension_directory = ${sqlFilename(join(rawFolder, 'extensions'))}`);
  await run(`LOAD ${kind}`).catch(async () => {
    await run(`INSTALL ${kind}`);
    await run(`LOAD ${kind}`);
  });
}
