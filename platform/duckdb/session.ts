/**
 * Purpose: a short-lived SQL engine in memory, over Parquet files on the local disk.
 * Invariants: DuckDB is loaded, and the engine opened, at the first use, so that who needs no SQL
 * never pays for it; memory and threads are capped; the engine is closed when the work ends, with
 * no query running (platform/duckdb/duckdb.ts).
 * Fails: with DuckDB's own errors; the caller knows which object they are about.
 */
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';
import { sqlText } from './sql.ts';

export interface SqlSession {
  run(sql: string): Promise<void>;
  /** All rows of a small result; integers come as bigint. */
  rows(sql: string): Promise<unknown[][]>;
  /** Calls `take` for every chunk, in turn. */
  stream(sql: string, take: (chunk: DuckDBDataChunk) => void): Promise<void>;
  /** Appends rows to a table whose columns are INTEGER and FLOAT; all columns are as long. */
  insert(table: string, columns: readonly (Int32Array | Float32Array)[]): Promise<void>;
}

export async function withSqlSession<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
  const { withLazyDuckDB } = await import('./duckdb.ts');
  const tempFolder = path.join(tmpdir(), `headway-duckdb-${process.pid}`);
  return withLazyDuckDB({ tempFolder }, (open) => {
    let prepared: Promise<DuckDBConnection> | null = null;
    const prepare = async () => {
      const connection = await open();
      await connection.run('SET preserve_insertion_order = false');
      return connection;
    };
    const connected = () => {
      prepared ??= prepare();
      return prepared;
    };
    return work(sessionOver(connected));
  });
}

/** A connection that somebody else opened, and closes, as a session. */
export const sessionOf = (connection: DuckDBConnection): SqlSession =>
  sessionOver(async () => connection);

function sessionOver(open: () => Promise<DuckDBConnection>): SqlSession {
  return {
    async run(sql) {
      await (await open()).run(sql);
    },
    rows: async (sql) => (await (await open()).run(sql)).getRows(),
    async stream(sql, take) {
      for await (const chunk of await (await open()).stream(sql)) take(chunk);
    },
    insert: async (table, columns) => insertColumns(await open(), table, columns),
  };
}

/** Rows that a chunk of DuckDB holds at most. */
const CHUNK_ROWS = 2048;
/** Some milliseconds. */
const TURN_ROWS = 8 * CHUNK_ROWS;

async function insertColumns(
  connection: DuckDBConnection,
  table: string,
  columns: readonly (Int32Array | Float32Array)[],
): Promise<void> {
  const { DuckDBDataChunk: DataChunk, FLOAT, INTEGER } = await import('@duckdb/node-api');
  const length = columns[0]?.length ?? 0;
  const chunk = DataChunk.create(
    columns.map((column) => (column instanceof Int32Array ? INTEGER : FLOAT)),
  );
  const appender = await connection.createAppender(table);
  try {
    for (let from = 0; from < length; from += CHUNK_ROWS) {
      const to = Math.min(length, from + CHUNK_ROWS);
      chunk.reset();
      chunk.rowCount = to - from;
      for (const [c, column] of columns.entries()) {
        const vector = chunk.getColumnVector(c) as unknown as FlatVector;
        vector.items.set(column.subarray(from, to));
        vector.flush();
      }
      appender.appendDataChunk(chunk);
      // Whoever serves requests next to it gets a turn.
      if (to % TURN_ROWS === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    appender.closeSync();
  }
}

/** What the vectors of INTEGER and FLOAT have, and the types of DuckDB do not show. */
interface FlatVector {
  readonly items: { set(values: Int32Array | Float32Array): void };
  flush(): void;
}

/**
 * Names the rows of a result: the temporary table `series`, which position belongs to which id.
 */
export async function nameRows(session: SqlSession, ids: readonly string[]): Promise<void> {
  const rows = ids.map((id, position) => `(${position}, ${sqlText(id)})`).join(', ');
  await session.run(
    `CREATE OR REPLACE TEMP TABLE series AS SELECT * FROM (VALUES ${rows}) AS s(position, id)`,
  );
}

/**
 * The values of a column of a chunk without a copy. NULLs must have been excluded in SQL: the raw
 * buffer does not show them.
 */
export function columnItems<T extends Int32Array | Float32Array | Float64Array>(
  chunk: DuckDBDataChunk,
  column: number,
): T {
  const { items } = chunk.getColumnVector(column) as unknown as { items: T };
  if (items?.length !== chunk.rowCount)
    throw new TypeError(`column ${column} of the result has no flat buffer`);
  return items;
}

/**
 * The lists of a column of a chunk: what holds all their items, one list after another, and where
 * in it that of a row begins and ends.
 */
export function columnLists<Child>(chunk: DuckDBDataChunk, column: number) {
  const { entryData, childData } = chunk.getColumnVector(column) as unknown as {
    /** Offset and length of each list. */
    entryData: BigUint64Array;
    childData: Child;
  };
  const boundsOf = (row: number): readonly [from: number, to: number] => {
    const from = Number(entryData[2 * row]);
    return [from, from + Number(entryData[2 * row + 1])];
  };
  return { childData, boundsOf };
}

/**
 * Of a chunk of (VARCHAR, list of struct of INTEGER and FLOAT) the text of each row and the fields
 * of its list, without a copy. As above, there must be no NULL.
 */
export function* listedItems(
  chunk: DuckDBDataChunk,
): Generator<[string, Int32Array, Float32Array]> {
  const { childData, boundsOf } = columnLists<{
    entryVectors: readonly [{ items: Int32Array }, { items: Float32Array }];
  }>(chunk, 1);
  const [first, second] = childData.entryVectors;
  const texts = chunk.getColumnVector(0);
  for (let row = 0; row < chunk.rowCount; row++) {
    const [from, to] = boundsOf(row);
    yield [
      String(texts.getItem(row)),
      first.items.subarray(from, to),
      second.items.subarray(from, to),
    ];
  }
}
