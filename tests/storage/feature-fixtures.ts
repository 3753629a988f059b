/**
 * Purpose: small feature objects for tests: rows in, Parquet file and request out.
 * Invariants: hours are counted from HOUR_ZERO; every file has a name of its own.
 * Fails: with DuckDB's error for rows that are no rows.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sqlFilename, sqlText } from '../../runtime/sql.ts';
import { withSqlSession } from '../../storage/duckdb-session.ts';
import type { FeatureSchema } from '../../storage/manifest.ts';
import type { NewFeatureObject } from '../../storage/new-objects.ts';

export const HOUR = 3_600_000;
export const HOUR_ZERO = Date.UTC(2024, 0, 1);
export const NOW = Date.UTC(2024, 5, 1);
export const hour = (n: number): number => HOUR_ZERO + n * HOUR;

export const schemaOf = (missing: 'zero' | 'unknown'): FeatureSchema => ({
  frequencyMinutes: 60,
  missing,
  unit: 'things per hour',
  timeZone: 'UTC',
});

export type Row = readonly [seriesId: string, hour: number, target: number];

const number = (value: number) => (Number.isFinite(value) ? String(value) : `'${value}'::FLOAT`);

export interface ObjectSpec {
  feed?: string;
  part?: string;
  fingerprint?: string;
  availableAt?: number;
  /** Hours [start, end). */
  span: readonly [number, number];
  rows: readonly Row[];
}

export async function temporaryFolder(): Promise<{ folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'headway-storage-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** The specs as objects to commit, their rows in Parquet files in `folder`. */
export async function makeObjects(
  folder: string,
  specs: readonly ObjectSpec[],
): Promise<NewFeatureObject[]> {
  return withSqlSession(async (session) => {
    const objects: NewFeatureObject[] = [];
    for (const [i, spec] of specs.entries()) {
      const {
        feed = 'main',
        part = `part-${i}`,
        fingerprint = `print-${i}`,
        availableAt = NOW,
        span,
        rows,
      } = spec;
      const file = path.join(folder, `${randomUUID()}.parquet`);
      const values = rows
        .map(([id, at, target]) => `(${sqlText(id)}, ${hour(at)}, ${number(target)})`)
        .join(', ');
      const source =
        rows.length > 0 ? `(VALUES ${values})` : `(SELECT '' AS a, 0 AS b, 0 AS c WHERE false)`;
      await session.run(`COPY (
        SELECT id::VARCHAR AS series_id, make_timestamp(ms::BIGINT * 1000) AS "timestamp", target::FLOAT AS target,
          make_timestamp(${availableAt}::BIGINT * 1000) AS available_at
        FROM ${source} AS t(id, ms, target) ORDER BY ALL) TO ${sqlFilename(file)} (FORMAT parquet)`);
      const account = { rowsIn: rows.length + 1, rowsUsed: rows.length, rejected: { odd: 1 } };
      const times = { span: { start: hour(span[0]), end: hour(span[1]) }, availableAt };
      objects.push({
        path: file,
        rows: rows.length,
        feed,
        part,
        fingerprint,
        ...times,
        ...account,
      });
    }
    return objects;
  });
}
