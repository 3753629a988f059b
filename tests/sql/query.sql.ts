/**
 * Purpose: a query over a real PostgreSQL server and a real SQLite file: `npm run test:sql`. It
 * needs Debian's package postgresql, and python3 with pip and sqlite3; what is absent is skipped
 * with the reason.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from '@jest/globals';
import { openQuery, type Query } from '../../domains/sources/query.ts';
import { tableDomain } from '../../domains/sources/table.ts';
import type { Table } from '../../domains/sources/table-declaration.ts';
import { withDuckDB } from '../../platform/duckdb/duckdb.ts';
import { sqlText } from '../../platform/duckdb/sql.ts';
import { featureFixture } from '../fixtures/feature-fixture.ts';
import { fetchExtension, startPostgres } from './servers.ts';

const table: Table = { time: 'placed_at', series: 'shop', once: ['id'] };
const sql = 'SELECT id, shop, placed_at FROM orders WHERE id < 5';
/** Two in one hour, a key twice, and one that the query leaves out. */
const ROWS = [1, 1, 2, 3, 5].map((id) => [
  id,
  id % 2 ? 'north' : 'south',
  `2026-10-25 0${id >> 1}:30`,
]);
const HOUR = 3_600_000;
const MIDNIGHT = Date.UTC(2026, 9, 25);

const folder = await mkdtemp(join(tmpdir(), 'headway-test-'));
const stops: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })];
afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
});

/** What stands ready, or why not. */
async function ready<T>(prepare: () => Promise<T>): Promise<T | string> {
  return prepare().catch((error: Error) => error.message.split('\n')[0] as string);
}

async function ordersOf(query: Query) {
  const fixture = await featureFixture(
    tableDomain({
      name: 'orders',
      title: 'Orders',
      unit: 'orders per hour',
      seriesNoun: 'shop',
      frequencyMinutes: 60,
      timeZone: 'UTC',
      seasonLengths: [24, 168],
      horizon: 24,
      missing: 'zero',
      nonNegative: true,
      table,
      openSource: (_, context) => openQuery(query, table, { ...context, rawFolder: folder }),
    }),
  );
  try {
    return await fixture.read('');
  } finally {
    await fixture.remove();
  }
}

const postgres = await ready(async () => {
  await fetchExtension('postgres_scanner', folder);
  const server = await startPostgres();
  stops.push(() => server.stop());
  await withDuckDB({ threads: 1 }, async (engine) => {
    await engine.run(`SET extension_directory = ${sqlText(join(folder, 'extensions'))}`);
    await engine.run('LOAD postgres');
    await engine.run(`ATTACH ${sqlText(server.address)} AS db (TYPE postgres)`);
    await engine.run('CREATE TABLE db.orders (id INTEGER, shop VARCHAR, placed_at TIMESTAMPTZ)');
    for (const [id, shop, at] of ROWS)
      await engine.run(`INSERT INTO db.orders VALUES (${id}, '${shop}', '${at}:00+00')`);
  });
  return server;
});
const sqlite = await ready(async () => {
  await fetchExtension('sqlite_scanner', folder);
  const database = join(folder, 'orders.db');
  const script =
    `import sqlite3\nc = sqlite3.connect(${JSON.stringify(database)})\n` +
    'c.execute("create table orders (id integer, shop text, placed_at text)")\n' +
    `c.executemany("insert into orders values (?, ?, ?)", ${JSON.stringify(ROWS)})\nc.commit()\n`;
  await promisify(execFile)('python3', ['-c', script]);
  return { database };
});

function expectOrders({ values, parts }: Awaited<ReturnType<typeof ordersOf>>): void {
  expect(parts[0]?.rejected).toEqual({ duplicate: 1 });
  expect(Object.fromEntries(values)).toMatchObject({
    [`north@${MIDNIGHT}`]: 1,
    [`south@${MIDNIGHT + HOUR}`]: 1,
    [`north@${MIDNIGHT + HOUR}`]: 1,
  });
  expect([...values.values()].reduce((sum, value) => sum + value, 0)).toBe(3);
}

if (typeof postgres === 'string') test.skip(`PostgreSQL: ${postgres}`, () => undefined);
else {
  test('reads rows of a PostgreSQL server', async () => {
    expectOrders(await ordersOf({ database: postgres.address, sql }));
  });

  test('names a server that refuses the connection without the password', async () => {
    const database = postgres.address.replace('reader@', 'nobody:test-password@');
    const failure = await ordersOf({ database, sql }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    expect(JSON.stringify([failure, String(failure)])).not.toContain('test-password');
  });

  test('does not write to the server', async () => {
    await expect(
      ordersOf({ database: postgres.address, sql: 'DELETE FROM orders RETURNING *' }),
    ).rejects.toMatchObject({ code: 'SOURCE_INVALID' });
  });
}

if (typeof sqlite === 'string') test.skip(`SQLite: ${sqlite}`, () => undefined);
else {
  test('reads rows of a SQLite file', async () => {
    expectOrders(await ordersOf({ database: sqlite.database, sql }));
  });
}
