/** Purpose: a query over a database as a source; tests/sql has PostgreSQL and SQLite. */

import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openQuery } from '../../../../domains/sources/query.ts';
import { tableDomain } from '../../../../domains/sources/table.ts';
import type { Table } from '../../../../domains/sources/table-declaration.ts';
import { type FeatureFixture, featureFixture } from '../../../fixtures/feature-fixture.ts';

const table: Table = { time: 'sold_at', series: 'shop', value: 'amount' };
let sql: string;
let fixture: FeatureFixture;
let database: string;

beforeEach(async () => {
  sql = 'SELECT shop, sold_at, amount FROM sales';
  fixture = await featureFixture(
    tableDomain({
      name: 'shops',
      title: 'Shops',
      unit: 'EUR per hour',
      seriesNoun: 'shop',
      frequencyMinutes: 60,
      timeZone: 'Europe/Berlin',
      seasonLengths: [24, 168],
      horizon: 24,
      missing: 'unknown',
      nonNegative: true,
      table,
      openSource: (spec, context) => openQuery({ database: spec, sql }, table, context),
    }),
  );
  database = join(fixture.input, 'shops.duckdb');
  await change(`CREATE TABLE sales AS
    SELECT 'north' AS shop, TIMESTAMPTZ '2026-03-29 00:30:00+00' + INTERVAL 1 HOUR * i AS sold_at,
      i + 0.5 AS amount
    FROM range(3) AS hours(i)`);
});
afterEach(() => fixture.remove());

async function change(statement: string): Promise<void> {
  const instance = await DuckDBInstance.create(database);
  const connection = await instance.connect();
  await connection.run(statement);
  connection.closeSync();
  instance.closeSync();
}

test('reads rows of a query as instants, across a skipped hour', async () => {
  const { values } = await fixture.read(database);
  expect(values).toEqual(
    new Map([0, 1, 2].map((i) => [`north@${Date.UTC(2026, 2, 29, i)}`, i + 0.5])),
  );
});

test('the same rows are the same part; another row is another version', async () => {
  const source = await openQuery({ database, sql }, table, fixture.context);
  const [first] = await source.parts();
  const [again] = await source.parts();
  await change("INSERT INTO sales VALUES ('south', TIMESTAMPTZ '2026-03-29 05:00:00+00', 7)");
  const [later] = await source.parts();
  expect(again?.fingerprint).toBe(first?.fingerprint);
  expect(later?.fingerprint).not.toBe(first?.fingerprint);
  expect((await fixture.read(database)).values.size).toBe(4);
});

test('reports SQL that the database refuses with its reason', async () => {
  sql = 'SELECT shop FROM sale';
  await expect(fixture.read(database)).rejects.toMatchObject({
    code: 'SOURCE_INVALID',
    message: expect.stringContaining('sale does not exist'),
  });
});

test('hides the password in an error of the query', async () => {
  const secret = join(fixture.input, 'shops?hunter2.duckdb');
  sql = `SELECT error('cannot reach ${secret}') AS shop, now() AS sold_at, 1 AS amount FROM sales`;
  await rename(database, secret);
  const failure = await fixture.read(secret).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    code: 'SOURCE_INVALID',
    message: expect.stringContaining(`cannot reach ${join(fixture.input, 'shops')}`),
  });
  expect(inspect(failure)).not.toContain('hunter2');
});

test('does not write to the database', async () => {
  sql = 'DELETE FROM sales RETURNING *';
  await expect(fixture.read(database)).rejects.toMatchObject({ code: 'SOURCE_INVALID' });
  sql = 'SELECT * FROM sales';
  expect((await fixture.read(database)).values.size).toBe(3);
});

test('reports a missing database as unavailable', async () => {
  await expect(fixture.read(`${database}.duckdb`)).rejects.toMatchObject({
    code: 'SOURCE_UNAVAILABLE',
    where: `${database}.duckdb`,
  });
});
