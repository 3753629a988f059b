/**
 * Purpose: a real Trino server as the engine that counts raw events: `npm run test:trino`. It
 * fetches and starts one (server.ts), and skips with the reason where it cannot.
 */
import { copyFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { RawPart } from '../../domains/domain.ts';
import { taxi } from '../../domains/taxi/definition.ts';
import { openFolder } from '../../domains/taxi/folder-source.ts';
import { withSqlSession } from '../../platform/duckdb/session.ts';
import { sqlFilename } from '../../platform/duckdb/sql.ts';
import { fileHash } from '../../platform/files/file-hash.ts';
import { createHttpClient } from '../../platform/http/client.ts';
import { silentLogger } from '../../platform/telemetry/logger.ts';
import { embeddedEngine, type PartEngine } from '../../services/feature/aggregation/aggregate.ts';
import { queryingEngine } from '../../services/feature/aggregation/engines/query-engine.ts';
import {
  parseTrinoAddress,
  trinoEngine,
} from '../../services/feature/aggregation/engines/trino-client.ts';
import { sharedData } from '../fixtures/shared-data.ts';
import { skipped } from '../fixtures/skipped.ts';
import { found } from '../fixtures/waiting.ts';
import { startTrino } from './server.ts';

const months = sharedData('tlc-green-2023');
const server = months === null ? { unavailable: 'no trips' } : await startTrino();

if (months === null || 'unavailable' in server) {
  skipped('unavailable' in server ? server.unavailable : '');
} else {
  const clusterOf = (schema: string) =>
    trinoEngine(
      parseTrinoAddress(`${server.address}/${schema}`),
      createHttpClient({ logger: silentLogger }),
    );
  const engine = clusterOf('tlc');
  const rows = async (sql: string) => {
    const all: (readonly unknown[])[] = [];
    for await (const row of engine.query(sql)) all.push(row);
    return all;
  };
  let folder: string;

  /** A schema whose table of trips is the Parquet files of a folder of the server. */
  const addTable = async (schema: string) => {
    await rows(`CREATE SCHEMA hive.${schema}`);
    await rows(
      `CREATE TABLE hive.${schema}.green (vendorid bigint, lpep_pickup_datetime timestamp(6), ` +
        'lpep_dropoff_datetime timestamp(6), pulocationid bigint, dolocationid bigint) ' +
        `WITH (external_location = 'local:///${schema}', format = 'PARQUET')`,
    );
  };
  /** What an engine makes of a part: the hash of the counts, and its account of the raw rows. */
  const countedBy = async (counting: PartEngine, part: RawPart, name: string) => {
    const path = join(folder, `${name}-${part.name}`);
    const limits = { tempFolder: folder, memoryLimitMb: 512, availableAt: Date.UTC(2100, 0, 1) };
    const opened = { domain: taxi, part, rows: await part.open(), ...limits };
    const made = await counting.aggregate({ ...opened, path, gridTimeZone: taxi.timeZone });
    const { rowsIn, rowsUsed, rejected, span } = made;
    const outside = await counting.countOutside(opened);
    return { hash: await fileHash(path), rowsIn, rowsUsed, rejected, span, outside };
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'headway-test-'));
    await mkdir(join(server.folder, 'tlc'));
    for (const name of await readdir(months))
      if (name.endsWith('.parquet'))
        await copyFile(join(months, name), join(server.folder, 'tlc', name));
    await addTable('tlc');
    // A server says that it has started before it knows of itself as a worker.
    const count = () => rows('SELECT count(*) FROM green').catch(() => null);
    await found('a worker of Trino', count, 60_000);
  });
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('all months of trips give the same bytes as the embedded engine', async () => {
    const parts = await (await openFolder(months, { logger: silentLogger })).parts();
    const cluster = queryingEngine(engine);
    let total = 0;
    for (const part of parts) {
      const ofCluster = await countedBy(cluster, part, 'trino');
      expect(ofCluster).toEqual(await countedBy(embeddedEngine, part, 'duckdb'));
      total += ofCluster.rowsIn;
    }
    expect(parts).toHaveLength(12);
    expect(total).toBe(787_060);
    process.stderr.write(`Trino counted ${total} trips of ${parts.length} months as DuckDB did\n`);
  });

  test('so do 20 million trips of two months, some of them twice there or unusable', async () => {
    const many = join(server.folder, 'many');
    await mkdir(many);
    // November has the hour that the clock repeats. Every 500th trip is the one before it again.
    for (const month of ['2023-10', '2023-11'])
      await withSqlSession((session) =>
        session.run(`COPY (
          SELECT (1 + hash(n, 1) % 2)::BIGINT AS "VendorID", pickup AS lpep_pickup_datetime,
            pickup + to_seconds((hash(n, 2) % 90000)::BIGINT) AS lpep_dropoff_datetime,
            CASE WHEN n % 10007 = 0 THEN NULL ELSE (hash(n, 3) % 264)::BIGINT END AS "PULocationID",
            (1 + hash(n, 4) % 263)::BIGINT AS "DOLocationID"
          FROM (SELECT n, CASE WHEN n % 20011 = 0 THEN NULL ELSE TIMESTAMP '${month}-01 00:00:00'
              + to_seconds((hash(n, 5) % ${32 * 86_400})::BIGINT - 43200) END AS pickup
            FROM (SELECT i - (i % 500 = 499)::BIGINT AS n FROM range(10000000) AS trips(i))))
          TO ${sqlFilename(join(many, `green_tripdata_${month}.parquet`))} (FORMAT parquet)`),
      );
    await addTable('many');
    const cluster = queryingEngine(clusterOf('many'));
    let total = 0;
    for (const part of await (await openFolder(many, { logger: silentLogger })).parts()) {
      const ofCluster = await countedBy(cluster, part, 'trino');
      expect(ofCluster).toEqual(await countedBy(embeddedEngine, part, 'duckdb'));
      for (const reason of ['missing_time', 'outside_month', 'unknown_place', 'duplicate'])
        expect(ofCluster.rejected[reason]).toBeGreaterThan(0);
      total += ofCluster.rowsIn;
    }
    expect(total).toBe(20_000_000);
  });

  test('a result of many pages is complete and in order', async () => {
    const sql =
      'SELECT a.x * 1000 + b.y FROM UNNEST(sequence(0, 199)) AS a(x) ' +
      'CROSS JOIN UNNEST(sequence(0, 999)) AS b(y) ORDER BY 1';
    const all = await rows(sql);
    expect(all).toHaveLength(200_000);
    expect(all.every(([value], index) => value === index)).toBe(true);
  });

  test('a reader that stops cancels the query', async () => {
    const marker = 'left_by_its_reader';
    for await (const _ of engine.query(
      `SELECT a.x AS ${marker} FROM UNNEST(sequence(1, 10000)) AS a(x) ` +
        'CROSS JOIN UNNEST(sequence(1, 10000)) AS b(y)',
    ))
      break;
    const state = async () =>
      (
        await rows(
          `SELECT state, error_code FROM system.runtime.queries WHERE query LIKE '%${marker}%' ` +
            "AND query NOT LIKE '%system.runtime%'",
        )
      )[0];
    await expect(state()).resolves.toEqual(['FAILED', 'USER_CANCELED']);
  });

  test('reports a refusal in the words of the cluster', async () => {
    await expect(rows('SELECT * FROM nowhere')).rejects.toMatchObject({
      code: 'SOURCE_INVALID',
      message: expect.stringContaining('TABLE_NOT_FOUND') as unknown as string,
    });
  });

  test('refuses a query beyond the memory limit, and the server survives', async () => {
    const hungry =
      'SELECT cardinality(array_agg(a.x + b.y + c.z)) FROM UNNEST(sequence(1, 10000)) AS a(x) ' +
      'CROSS JOIN UNNEST(sequence(1, 10000)) AS b(y) CROSS JOIN UNNEST(sequence(1, 10)) AS c(z)';
    await expect(rows(hungry)).rejects.toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
      message: expect.stringMatching(/MEMORY/) as unknown as string,
    });
    await expect(rows('SELECT 1')).resolves.toEqual([[1]]);
  });
}
