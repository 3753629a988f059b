/**
 * Purpose: the ledger in memory, in short; tests/integration/storage/ledger.test.ts has its
 * contract on files and S3.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fixedClock } from '../../../../platform/clock.ts';
import { withSqlSession } from '../../../../platform/duckdb/session.ts';
import { parquetFiles, sqlText } from '../../../../platform/duckdb/sql.ts';
import { compareText } from '../../../../platform/text/compare-text.ts';
import { openLedger } from '../../../../storage/ledger/ledger.ts';
import { canonicalIssues } from '../../../../storage/ledger/ledger-issue.ts';
import { columnQuantile, PART_ORDER, quantileColumn } from '../../../../storage/ledger/part-sql.ts';
import { memoryObjectStore } from '../../../fakes/memory-object-store.ts';
import { hour, NOW } from '../../../fixtures/storage/features.ts';
import { anyIssue, issueAt } from '../../../fixtures/storage/ledger.ts';

const open = (store = memoryObjectStore()) =>
  openLedger({ store, domain: 'toy', clock: fixedClock(NOW) });

test('each quantile has its own column', () => {
  expect([0, 0.005, 0.025, 0.1, 0.5, 0.123, 1].map(quantileColumn)).toEqual([
    ...['q00', 'q00_5', 'q02_5', 'q10', 'q50', 'q12_3', 'q100'],
  ]);
  const quantile = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(quantile, (q) => {
      const name = quantileColumn(q);
      expect(name === null ? q < 1e-6 : columnQuantile(name) === q).toBe(true);
    }),
  );
});

test('compareText orders strings as SQL does', () => {
  const text = fc.string({ unit: 'grapheme' }).filter((one) => !/\p{Cs}/u.test(one));
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(Math.sign(compareText(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
  );
});

test('SQL reads the appended rows, with a column for each quantile of any forecaster', async () => {
  const ledger = open();
  const naive = { forecaster: 'last_value', modelVersion: null, role: 'shadow' } as const;
  await ledger.append([
    issueAt(1),
    issueAt(1, { ...naive, quantiles: [0.5], values: [1, 2, 3, Number.NaN] }),
  ]);
  await ledger.append([issueAt(2, { quantiles: [0.025, 0.5], mean: [1, 2, 3, 4] })]);
  const sql = `SELECT forecaster, count(*)::INTEGER, count(q02_5)::INTEGER, count(q10)::INTEGER,
    sum(q50)::DOUBLE, sum(mean)::DOUBLE, max(target_at)::VARCHAR FROM ledger GROUP BY 1 ORDER BY 1`;
  const { rows, columns } = await ledger.query({ sql, maxRows: 10 });
  expect(columns[0]).toBe('forecaster');
  expect(rows).toEqual([
    ['last_value', 4, 0, 0, 6, null, '2024-01-01 02:00:00'],
    ['network', 8, 4, 4, 13 + 14 + 17 + 23 + 24 + 27, 10, '2024-01-01 03:00:00'],
  ]);
  // The oracle reads the files by itself.
  const oracle = await withSqlSession(async (session) => {
    const files = parquetFiles(await ledger.files(await ledger.parts()), 'union_by_name = true');
    return session.rows(sql.replace('ledger', files));
  });
  expect(oracle).toEqual(rows);
  const cut = await ledger.query({ sql: 'FROM ledger', maxRows: 5, range: { until: hour(2) } });
  expect([cut.rows.length, cut.isCut]).toEqual([5, true]);
  const typed = await ledger.query({ sql: 'SELECT issued_at, step, q50 FROM ledger', maxRows: 1 });
  expect(typed.types).toEqual(['TIMESTAMP', 'INTEGER', 'FLOAT']);
  expect((await open().query({ sql: 'FROM ledger', maxRows: 1 })).rows).toEqual([]);
});

test('refuses a query that is not one SELECT over the ledger', async () => {
  const ledger = open();
  await ledger.append([issueAt(1)]);
  const outside = sqlText('/etc/hosts.csv');
  for (const sql of [
    '',
    'SELECT 1; SELECT 2',
    `COPY ledger TO ${outside}`,
    'CREATE TABLE t AS FROM ledger',
    `SELECT * FROM ${outside}`,
    "SELECT * FROM glob('/*')",
    'SELECT missing FROM ledger',
  ])
    await expect(ledger.query({ sql, maxRows: 1 })).rejects.toMatchObject({ code: 'USAGE' });
});

test('reads appended issues by range, and a refused issue writes nothing', async () => {
  const store = memoryObjectStore();
  const ledger = open(store);
  await ledger.append([issueAt(1), issueAt(3)]);
  await expect(ledger.append([issueAt(5, { horizon: 0 })])).rejects.toMatchObject({
    code: 'PANEL_INVALID',
  });
  expect(await open(store).read({ from: hour(2) })).toEqual(canonicalIssues([issueAt(3)]));
  expect(await open(store).latest(0, hour(9))).toEqual(canonicalIssues([issueAt(3)]));
  expect([...store.objects.keys()]).toHaveLength(2);
});

test('appends in memory read as from the store, in the order of rows', async () => {
  const range = fc.record({
    from: fc.integer({ min: 0, max: 4000 }).map(hour),
    targetFrom: fc.integer({ min: 0, max: 4000 }).map(hour),
    forecasters: fc.constantFrom(undefined, ['network']),
  });
  const batch = fc.array(anyIssue, { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(batch, batch, batch, range, async (first, second, third, some) => {
      const store = memoryObjectStore();
      const ledger = openLedger({
        ...{ store, domain: 'toy', clock: fixedClock(NOW), keepsAppends: 2 },
      });
      for (const issues of [first, second, third]) await ledger.append(issues);
      for (const asked of [{}, some])
        expect(await ledger.read(asked)).toEqual(await open(store).read(asked));
      await withSqlSession(async (session) => {
        for (const file of await ledger.files(await ledger.parts())) {
          const select = `SELECT * FROM ${parquetFiles(file)}`;
          expect(await session.rows(select)).toEqual(
            await session.rows(`${select} ORDER BY ${PART_ORDER}`),
          );
        }
      });
    }),
    { numRuns: 10, seed: 5 },
  );
});

test('appends in memory are read without their parts', async () => {
  const store = memoryObjectStore();
  const ledger = openLedger({
    ...{ store, domain: 'toy', clock: fixedClock(NOW), keepsAppends: 1 },
  });
  await ledger.append([issueAt(1)]);
  store.fault = (_operation, key) => (key.endsWith('.parquet') ? 'before' : undefined);
  expect(await ledger.read()).toEqual(canonicalIssues([issueAt(1)]));
  await expect(ledger.files(await ledger.parts())).rejects.toThrow();
});

test('of two versions of a forecast every reader takes the first that was written', async () => {
  const store = memoryObjectStore();
  const replayed = { origin: 'replayed' } as const;
  const values = Array.from({ length: 8 }, (_, i) => 100 + i);
  await open(store).append([issueAt(1, replayed)]);
  await open(store).append([issueAt(1, { ...replayed, values })]);
  await open(store).append([issueAt(2)]);
  const expected = canonicalIssues([issueAt(1, replayed), issueAt(2)]);
  expect(await open(store).read()).toEqual(expected);
  await open(store).compact({ now: hour(200) });
  expect(await open(store).read()).toEqual(expected);
  expect(await open(store).latest(0, hour(9))).toEqual(canonicalIssues([issueAt(2)]));
});
