/**
 * Purpose: landed records as one Parquet file: events with their hour, dead letters with their
 * reason and their bytes.
 * Invariants: the same records give the same bytes: sorted by hour, partition and offset, written
 * by one thread.
 * Fails: STORE_FULL where the disk is full.
 */
import { BLOB, DOUBLE, DuckDBBlobValue, DuckDBDataChunk, VARCHAR } from '@duckdb/node-api';
import { withDuckDB } from '../../platform/duckdb/duckdb.ts';
import { sqlFilename } from '../../platform/duckdb/sql.ts';

const CHUNK_ROWS = 2048;
const COLUMNS = [DOUBLE, DOUBLE, DOUBLE, DOUBLE, VARCHAR, VARCHAR, BLOB];

/** Columns of equal length; numbers are whole and below 2^53, so a DOUBLE holds them. */
export class SegmentRows {
  readonly partition: number[] = [];
  readonly offset: number[] = [];
  readonly published: number[] = [];
  readonly hour: (number | null)[] = [];
  readonly event: (string | null)[] = [];
  readonly reason: (string | null)[] = [];
  readonly evidence: (Uint8Array | null)[] = [];

  get length(): number {
    return this.partition.length;
  }

  columns(from: number, to: number): readonly (readonly unknown[])[] {
    const { partition, offset, published, hour, event, reason, evidence } = this;
    const blobs = evidence
      .slice(from, to)
      .map((bytes) => (bytes === null ? null : new DuckDBBlobValue(bytes)));
    const plain = [partition, offset, published, hour, event, reason];
    return [...plain.map((column) => column.slice(from, to)), blobs];
  }
}

export async function writeSegment(path: string, rows: SegmentRows): Promise<void> {
  await withDuckDB({ threads: 1 }, async (connection) => {
    await connection.run(
      'CREATE TABLE landed (partition DOUBLE, "offset" DOUBLE, published DOUBLE, hour DOUBLE, ' +
        'event VARCHAR, reason VARCHAR, evidence BLOB)',
    );
    const appender = await connection.createAppender('landed');
    for (let from = 0; from < rows.length; from += CHUNK_ROWS) {
      const to = Math.min(rows.length, from + CHUNK_ROWS);
      const chunk = DuckDBDataChunk.create(COLUMNS, to - from);
      chunk.setColumns(rows.columns(from, to) as Parameters<typeof chunk.setColumns>[0]);
      appender.appendDataChunk(chunk);
    }
    appender.closeSync();
    await connection.run(
      'COPY (SELECT CAST(partition AS INTEGER) AS partition, CAST("offset" AS BIGINT) AS ' +
        '"offset", CAST(published AS BIGINT) AS published, CAST(hour AS BIGINT) AS hour, event, ' +
        'reason, evidence FROM landed ORDER BY hour NULLS LAST, partition, "offset") ' +
        `TO ${sqlFilename(path)} (FORMAT parquet, COMPRESSION zstd)`,
    );
  });
}
