/**
 * Purpose: a short-lived SQL engine in memory, over Parquet files on the local disk.
 * Invariants: DuckDB is loaded at the first use, so that serving never pays for it; memory and threads are capped; the engine
 * is closed when the work ends, with no query running (runtime/duckdb.ts).
 * Fails: with DuckDB's own errors; the caller knows which object they are about.
 */
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';

export interface SqlSession {
  run(sql: string): Promise<void>;
  /** All rows of a small result; integers come as bigint. */
  rows(sql: string): Promise<unknown[][]>;
  /** Calls `take` for every chunk, in turn. */
  stream(sql: string, take: (chunk: DuckDBDataChunk) => void): Promise<void>;
}

export async function withSqlSession<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
  const { withDuckDB } = await import('../runtime/duckdb.ts');
  const tempFolder = path.join(tmpdir(), `headway-duckdb-${process.pid}`);
  return withDuckDB({ tempFolder }, async (connection) => {
    await connection.run('SET preserve_insertion_order = false');
    return work(sessionOver(connection));
  });
}

function sessionOver(connection: DuckDBConnection): SqlSession {
  return {
    async run(sql) {
      await connection.run(sql);
    },
    rows: async (sql) => (await connection.run(sql)).getRows(),
    async stream(sql, take) {
      const result = await connection.stream(sql);
      for (;;) {
        const chunk = await result.fetchChunk();
        if (chunk === null || chunk.rowCount === 0) return;
        take(chunk);
      }
    },
  };
}

/** The values of a column of a chunk without a copy. NULLs must have been excluded in SQL: the raw buffer does not show them. */
export function columnItems<T extends Int32Array | Float32Array>(chunk: DuckDBDataChunk, column: number): T {
  const { items } = chunk.getColumnVector(column) as unknown as { items: T };
  if (items?.length !== chunk.rowCount) throw new TypeError(`column ${column} of the result has no flat buffer`);
  return items;
}
