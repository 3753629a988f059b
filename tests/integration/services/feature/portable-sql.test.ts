/**
 * Purpose: the portable SQL text against the embedded engine at length, against the grammar of
 * Trino, and in a run.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Domain, RawRows } from '../../../../domains/domain.ts';
import { taxi } from '../../../../domains/taxi/definition.ts';
import { openFolder } from '../../../../domains/taxi/folder-source.ts';
import { parquetFiles } from '../../../../platform/duckdb/sql.ts';
import { silentLogger } from '../../../../platform/telemetry/logger.ts';
import {
  countStatement,
  outsideStatement,
  type PortablePart,
  probeStatement,
  trinoDialect,
} from '../../../../services/feature/aggregation/engines/portable-sql.ts';
import {
  clockSegments,
  clockStretches,
} from '../../../../services/feature/aggregation/local-time.ts';
import { utc } from '../../../fixtures/feature-fixture.ts';
import { both, domain, hours, rowsOf } from '../../../fixtures/portable-fixture.ts';
import { runs } from '../../../fixtures/property-runs.ts';
import { sharedData } from '../../../fixtures/shared-data.ts';
import { ROOT } from '../../../tidy/source-tree.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('portable SQL counts as the embedded engine does', () => {
  test('for any rows and zone, with and without duplicates and spans', async () => {
    const zones = [
      'America/New_York',
      'Europe/Berlin',
      'UTC',
      'Asia/Kolkata',
      'Australia/Lord_Howe',
      'Africa/Monrovia',
    ];
    const time = fc.constantFrom(
      ...hours('2023-11-04T22:00', 18),
      ...hours('2023-03-11T22:00', 18),
      ...hours('2023-10-29T00:00', 12),
      ...[
        '1905-03-04 10:00:00',
        '1969-12-31 23:59:59.5',
        '1971-05-01 00:10:00',
        '2199-12-31 23:59:59',
        '2200-01-01 00:00:00',
      ],
      ...['infinity', 'no time', '1850-01-01 00:00:00'],
    );
    const row = fc.record({
      series: fc.constantFrom<string | null>('a', 'b', 'Ä', 'odd', null),
      local: fc.option(time, { freq: 12 }),
      key: fc.option(fc.integer({ min: 0, max: 9 }), { freq: 8 }),
    });
    const span = fc.constantFrom(
      null,
      { start: utc('2023-11-05T05'), end: utc('2023-11-05T09') },
      { start: utc('2023-11-05T06'), end: utc('2024-01-01T00') },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 40 }),
        fc.constantFrom(...zones),
        fc.constantFrom(15, 30, 60, 180, 1440),
        span,
        fc.constantFrom([], ['event'], ['event', 'stamp']),
        async (raw, timeZone, frequencyMinutes, within, duplicateKey) => {
          const of = { ...domain, timeZone, frequencyMinutes } as Domain;
          const { embedded, portable } = await both(folder, {
            rows: rowsOf(raw, { duplicateKey }),
            domain: of,
            span: within,
          });
          expect(portable).toEqual(embedded);
        },
      ),
      { numRuns: runs(20), seed: 27 },
    );
  });

  const trips = sharedData('tlc-green-2023');
  (trips === null ? test.skip : test)(
    "twelve months of real events: Trino's text as it stands, every value, every account, every byte",
    async () => {
      const source = await openFolder(trips!, { logger: silentLogger });
      const parts = await source.parts();
      expect(parts).toHaveLength(12);
      for (const [index, part] of parts.entries()) {
        // The table that a cluster would have over its folder of files: this part's and another
        // one's.
        const files = [part, parts[(index + 1) % parts.length]!].map(({ name }) =>
          join(trips!, name),
        );
        const relation = parquetFiles(files, 'filename = true', 'union_by_name = true');
        const table = `CREATE VIEW green AS SELECT *, filename AS "$path" FROM ${relation}`;
        const { embedded, portable } = await both(folder, {
          rows: await part.open(),
          domain: taxi,
          part,
          table,
        });
        expect(portable.account).toEqual(embedded.account);
        expect(portable.values!.length).toBeGreaterThan(10_000);
        expect(portable.bytes!.equals(embedded.bytes!)).toBe(true);
      }
    },
  );
});

describe('grammar of Trino', () => {
  const grammar = fileURLToPath(new URL('../../../fixtures/trino-grammar.ts', import.meta.url));
  const problems = (statements: readonly string[]): Promise<string[][]> =>
    new Promise((resolve, reject) => {
      const child = execFile(
        process.execPath,
        ['--import', 'tsx', grammar],
        { cwd: ROOT },
        (error, stdout) => (error ? reject(error) : resolve(JSON.parse(stdout))),
      );
      child.stdin!.end(JSON.stringify(statements));
    });

  test('parses the statements, and refuses text that only DuckDB reads', async () => {
    const stretches = clockStretches(
      'America/New_York',
      utc('2023-11-01T00'),
      utc('2023-12-01T00'),
    );
    const segments = clockSegments({
      stretches,
      frequencyMs: 3_600_000,
      span: null,
      until: Number.POSITIVE_INFINITY,
      first: utc('2023-11-01T00'),
      last: utc('2023-12-01T00'),
    });
    const rows = rowsOf([]);
    const query = (rows: RawRows): PortablePart => ({
      dialect: trinoDialect,
      domain,
      part: { name: "o'clock.parquet", feed: 'green' },
      rows,
    });
    const twice = query({ ...rows, duplicateKey: ['"event"', 'stamp'] });
    const found = await problems([
      probeStatement(twice),
      countStatement(twice, segments),
      countStatement(query(rows), segments),
      countStatement(query(rows), []),
      outsideStatement(query(rows), ["coalesce((date_diff('second', a, b) / 3600.0) < 0, false)"]),
      countStatement(
        { ...twice, dialect: { ...trinoDialect, relation: () => parquetFiles('a.parquet') } },
        segments,
      ),
      countStatement(twice, segments).replace('CAST(series AS VARCHAR)', 'series::VARCHAR'),
      countStatement(twice, segments).replace('GROUP BY reason, series, utc_ms', 'GROUP BY ALL'),
    ]);
    expect(found.slice(0, 5)).toEqual([[], [], [], [], []]);
    for (const wrong of found.slice(5)) expect(wrong).not.toEqual([]);
  });
});
