/**
 * Purpose: a real Trino server as the engine that counts raw events: `npm run test:trino`. It
 * fetches and starts one (server.ts), and skips with the reason where it cannot.
 */
import { copyFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { taxi } from '../../domains/taxi/definition.ts';
import { openFolder } from '../../domains/taxi/folder-source.ts';
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
import { startTrino } from './server.ts';

const months = sharedData('tlc-green-2023');
const server = months === null ? { unavailable: 'no trips' } : await startTrino();

if (months === null || 'unavailable' in server) {
  skipped('unavailable' in server ? server.unavailable : '');
} else {
  const engine = trinoEngine(
    parseTrinoAddress(`${server.address}/tlc`),
    createHttpClient({ logger: silentLogger }),
  );
  const rows = async (sql: string) => {
    const found: (readonly unknown[])[] = [];
    for await (const row of engine.query(sql)) found.push(row);
    return found;
  };
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'headway-test-'));
    await mkdir(join(server.folder, 'green'));
    for (const name of await readdir(months))
      if (name.endsWith('.parquet'))
        await copyFile(join(months, name), join(server.folder, 'green', name));
    await rows('CREATE SCHEMA hive.tlc');
    await rows(
      'CREATE TABLE green (vendorid bigint, lpep_pickup_datetime timestamp(6), ' +
        'lpep_dropoff_datetime timestamp(6), pulocationid bigint, dolocationid bigint) ' +
        "WITH (external_location = 'local:///green', format = 'PARQUET')",
    );
  });
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('all months of trips give the same bytes as the embedded engine', async () => {
    const parts = await (await openFolder(months, { logger: silentLogger })).parts();
    const cluster = queryingEngine(engine);
    let total = 0;
    for (const [index, part] of parts.entries()) {
      const rowsOfPart = await part.open();
      const count = async (counting: PartEngine, name: string) => {
        const path = join(folder, `${name}-${index}.parquet`);
        const limits = { tempFolder: folder, memoryLimitMb: 512, availableAt: 1000 };
        const made = await counting.aggregate({
          ...{ domain: taxi, part, rows: rowsOfPart, path, gridTimeZone: taxi.timeZone },
          ...limits,
        });
        const { rowsIn, rowsUsed, rejected, span } = made;
        const outside = await counting.countOutside({
          ...{ domain: taxi, part, rows: rowsOfPart, ...limits },
        });
        return { hash: await fileHash(path), rowsIn, rowsUsed, rejected, span, outside };
      };
      const ofCluster = await count(cluster, 'trino');
      expect(ofCluster).toEqual(await count(embeddedEngine, 'duckdb'));
      total += ofCluster.rowsIn;
    }
    expect(parts).toHaveLength(12);
    expect(total).toBe(787_060);
    process.stderr.write(`Trino counted ${total} trips of ${parts.length} months as DuckDB did\n`);
  });

  test('a result of many pages is complete and in order', async () => {
    const sql =
      'SELECT a.x * 1000 + b.y FROM UNNEST(sequence(0, 199)) AS a(x) ' +
      'CROSS JOIN UNNEST(sequence(0, 999)) AS b(y) ORDER BY 1';
    const found = await rows(sql);
    expect(found).toHaveLength(200_000);
    expect(found.every(([value], index) => value === index)).toBe(true);
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
      'SELECT cardinality(array_agg(a.x + b.y)) FROM UNNEST(sequence(1, 10000)) AS a(x) ' +
      'CROSS JOIN UNNEST(sequence(1, 10000)) AS b(y)';
    await expect(rows(hungry)).rejects.toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
      message: expect.stringMatching(/MEMORY/) as unknown as string,
    });
    await expect(rows('SELECT 1')).resolves.toEqual([[1]]);
  });
}
