import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { RawPart, RawRows } from '../../../../../../domains/domain.ts';
import { withDuckDB } from '../../../../../../platform/duckdb/duckdb.ts';
import {
  type PortablePart,
  probeStatement,
  trinoDialect,
} from '../../../../../../services/feature/aggregation/engines/portable-sql.ts';
import {
  aggregateByQuery,
  type QueryEngine,
} from '../../../../../../services/feature/aggregation/engines/query-engine.ts';
import {
  clockSegments,
  clockStretches,
} from '../../../../../../services/feature/aggregation/local-time.ts';
import { utc } from '../../../../../fixtures/feature-fixture.ts';
import {
  both,
  compatible,
  domain,
  hours,
  rowsOf,
} from '../../../../../fixtures/portable-fixture.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('portable SQL counts as the embedded engine does', () => {
  test('for a repeated hour, a skipped hour and rejections for every reason', async () => {
    const local = [
      ...hours('2023-11-05T00:30', 12),
      ...hours('2023-03-12T01:30', 8),
      '2023-11-05 01:59:59.999',
      '2023-11-05 01:00:00',
      null,
    ];
    const raw = local.flatMap((time) => [
      { series: 'a', local: time },
      { series: "b'c", local: time },
    ]);
    const rows = rowsOf([
      ...raw,
      { series: 'odd', local: '2023-06-01 10:00:00' },
      { series: null, local: '2023-06-01 10:00:00' },
    ]);
    const { embedded, portable } = await both(folder, { rows });
    expect(portable).toEqual(embedded);
    expect(embedded.account!.rejected).toMatchObject({
      odd: 1,
      missing_series: 1,
      missing_time: 2,
      nonexistent_local_time: 6,
    });
    expect(embedded.values).toContainEqual(['a', utc('2023-11-05T05'), 3, utc('2100-01-01T00')]);
  });

  test.each([
    ['2023-11-05T04:59', '2023-11-05T04'],
    ['2023-11-05T06:30', '2023-11-05T05'],
    ['2023-11-05T07:00', '2023-11-05T07'],
    ['2023-11-05T02:00', '2023-11-05T04'],
  ])('for intervals that are not over at %s', async (now, first) => {
    const rows = rowsOf(hours('2023-11-05T00:30', 24).map((local) => ({ series: 'a', local })));
    const availableAt = Date.parse(`${now}Z`);
    const { embedded, portable } = await both(folder, { rows, availableAt });
    expect(portable).toEqual(embedded);
    const [start, end] = [utc(first), utc('2023-11-05T14')];
    expect(embedded.account!.unfinished).toMatchObject({ start, end });
    expect(embedded.account!.span.end).toBe(start);
    const span = { start: utc('2023-11-05T00'), end: utc('2023-11-07T00') };
    const stated = await both(folder, { rows, availableAt, span });
    expect(stated.portable).toEqual(stated.embedded);
  });

  test('for one pass of a repeated hour that is over while the other runs', async () => {
    const rows = rowsOf([{ series: 'a', local: '2023-11-05 01:30:00' }]);
    const span = { start: utc('2023-11-05T05'), end: utc('2023-11-05T06') };
    const { embedded, portable } = await both(folder, { rows, span, availableAt: span.end });
    expect(portable).toEqual(embedded);
    expect(embedded.account).toMatchObject({ span, rowsUsed: 1, unfinished: null });
  });

  test('for integer series in numeric order, with identical bytes', async () => {
    const raw = [100, 20, 3].map((series) => ({
      series: String(series),
      local: '2023-06-01 10:00:00',
    }));
    const { embedded, portable } = await both(folder, {
      rows: rowsOf(raw, { seriesId: 'CAST(series AS BIGINT)', rejections: [] }),
    });
    expect(embedded.values!.map(([series]) => series)).toEqual(['3', '20', '100']);
    expect(portable.bytes!.equals(embedded.bytes!)).toBe(true);
  });
});

describe('a table that changes', () => {
  test('is refused if rows arrive between the two statements', async () => {
    const rows = rowsOf([{ series: 'a', local: '2023-06-01 10:00:00' }]);
    const part: RawPart = {
      name: 'part',
      feed: 'feed',
      fingerprint: 'x',
      span: null,
      open: async () => rows,
    };
    await withDuckDB({ threads: 1 }, async (connection) => {
      const engine = compatible(connection);
      const late: QueryEngine = {
        ...engine,
        async *query(statement) {
          for await (const row of engine.query(statement))
            yield row.length === 4 ? [row[0], Number(row[1]) - 1, ...row.slice(2)] : row;
        },
      };
      const options = {
        domain,
        part,
        rows,
        path: join(folder, 'a.parquet'),
        availableAt: Date.UTC(2100, 0, 1),
        tempFolder: folder,
        memoryLimitMb: 256,
      };
      await expect(aggregateByQuery(late, options)).rejects.toMatchObject({
        code: 'SOURCE_UNAVAILABLE',
        message: 'part had 0 rows when they were first counted and 1 when they were read',
      });
    });
  });
});

describe('clock segments', () => {
  test('cover autumn, spring and the edges of a span in New York', () => {
    const stretches = clockStretches(
      'America/New_York',
      utc('2023-11-04T00'),
      utc('2023-11-06T00'),
    );
    const span = { start: utc('2023-11-04T04'), end: utc('2023-11-06T05') };
    const segments = clockSegments({
      stretches,
      frequencyMs: 3_600_000,
      span,
      until: Number.POSITIVE_INFINITY,
      first: utc('2023-11-03T23'),
      last: utc('2023-11-06T00'),
    });
    const hour = 3_600_000;
    expect(segments).toEqual([
      {
        first: utc('2023-11-03T23'),
        past: utc('2023-11-04T00'),
        shift: 0,
        turn: 1,
        turns: 1,
        lost: 'outside_span',
      },
      {
        first: utc('2023-11-04T00'),
        past: utc('2023-11-05T00') + hour / 2,
        shift: -4 * hour,
        turn: 1,
        turns: 1,
        lost: null,
      },
      {
        first: utc('2023-11-05T00') + hour / 2,
        past: utc('2023-11-05T01') + hour / 2,
        shift: -4 * hour,
        turn: 1,
        turns: 2,
        lost: null,
      },
      {
        first: utc('2023-11-05T00') + hour / 2,
        past: utc('2023-11-05T01') + hour / 2,
        shift: -5 * hour,
        turn: 2,
        turns: 2,
        lost: null,
      },
      {
        first: utc('2023-11-05T01') + hour / 2,
        past: utc('2023-11-06T00'),
        shift: -5 * hour,
        turn: 1,
        turns: 1,
        lost: null,
      },
      {
        first: utc('2023-11-06T00'),
        past: utc('2023-11-06T00') + 1,
        shift: 0,
        turn: 1,
        turns: 1,
        lost: 'outside_span',
      },
    ]);
  });
});

test('refuses portable SQL for a domain that only DuckDB reads, with a fix', () => {
  const query = (extra: Partial<RawRows>): PortablePart => ({
    dialect: trinoDialect,
    domain,
    part: { name: 'p', feed: 'f' },
    rows: rowsOf([], extra),
  });
  for (const seriesId of [
    'series::VARCHAR',
    'a // 2',
    "regexp_matches(a, 'b')",
    'INTERVAL 1 HOUR',
  ]) {
    expect(() => probeStatement(query({ seriesId }))).toThrow(/only DuckDB reads/);
  }
  expect(() => probeStatement(query({ seriesId: "'a::b // c'" }))).not.toThrow();
  expect(() => probeStatement(query({ value: 'amount' }))).toThrow(/order in the file/);
});
