import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Domain, RawPart, RawRows } from '../../../../../domains/domain.ts';
import { csvFiles, parquetFiles, sqlText } from '../../../../../platform/duckdb/sql.ts';
import { aggregatePart } from '../../../../../services/feature/aggregation/aggregate.ts';
import { sql, utc } from '../../../../fixtures/feature-fixture.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const domain = {
  name: 'test',
  frequencyMinutes: 60,
  timeZone: 'America/New_York',
  missing: 'zero',
  nonNegative: true,
} as Domain;
/** After all rows. */
const LATER = Date.UTC(2100, 0, 1);
const NO_ROWS = `(SELECT * FROM (VALUES ('a', 'b', 0, 0, 0)) WHERE false)`;

interface Raw {
  series: string | null;
  local: string | null;
  value?: number | null;
  key?: number;
}

const text = (value: string | number | null | undefined) =>
  typeof value === 'string' ? sqlText(value) : String(value ?? 'NULL');

function rowsOf(raw: readonly Raw[], extra: Partial<RawRows> = {}): RawRows {
  const values = raw.map(
    ({ series, local, value, key }, index) =>
      `(${text(series)}, ${text(local)}, ${text(value)}, ${text(key)}, ${index})`,
  );
  const source = values.length > 0 ? `(VALUES ${values.join(', ')})` : NO_ROWS;
  return {
    relation: `(SELECT * FROM ${source} AS raw(series, stamp, amount, event, line))`,
    seriesId: 'series::VARCHAR',
    localTime: 'try_cast(stamp AS TIMESTAMP)',
    value: null,
    duplicateKey: [],
    rejections: [],
    ...extra,
  };
}

async function aggregate(rows: RawRows, options: { span?: RawPart['span']; domain?: Domain } = {}) {
  const path = join(folder, 'out.parquet');
  const part: RawPart = {
    name: 'part',
    feed: 'feed',
    fingerprint: 'x',
    span: options.span ?? null,
    open: async () => rows,
  };
  const result = await aggregatePart({
    domain: options.domain ?? domain,
    part,
    rows,
    path,
    availableAt: LATER,
    tempFolder: folder,
    memoryLimitMb: 256,
  });
  const found = await sql(
    `SELECT series_id, epoch_ms(timestamp)::DOUBLE, target, epoch_ms(available_at)::DOUBLE FROM ${parquetFiles(path)} ORDER BY ALL`,
  );
  return {
    ...result,
    found: found.map((row) => row.slice(0, 3)),
    availableAt: new Set(found.map((row) => row[3])),
  };
}

const twice = { duplicateKey: ['event'] };

describe('event counts', () => {
  test('are per series and interval, and a zero interval has no row', async () => {
    const result = await aggregate(
      rowsOf([
        { series: 'a', local: '2023-06-01 10:00:00' },
        { series: 'a', local: '2023-06-01 10:59:59.999' },
        { series: 'a', local: '2023-06-01 11:00:00' },
        { series: "b'c", local: '2023-06-01 10:30:00' },
      ]),
    );
    expect(result.found).toEqual([
      ['a', utc('2023-06-01T14'), 2],
      ['a', utc('2023-06-01T15'), 1],
      ["b'c", utc('2023-06-01T14'), 1],
    ]);
    expect(result).toMatchObject({
      rowsIn: 4,
      rowsUsed: 4,
      rejected: {},
      rows: 3,
      span: { start: utc('2023-06-01T14'), end: utc('2023-06-01T16') },
    });
    expect([...result.availableAt]).toEqual([LATER]);
  });

  test('split a repeated hour, larger half first, and reject a skipped hour', async () => {
    const autumn = Array.from({ length: 5 }, () => ({ series: 'a', local: '2023-11-05 01:30:00' }));
    const result = await aggregate(
      rowsOf([
        ...autumn,
        { series: 'b', local: '2023-11-05 01:10:00' },
        { series: 'a', local: '2023-03-12 02:30:00' },
      ]),
    );
    expect(result.found).toEqual([
      ['a', utc('2023-11-05T05'), 3],
      ['a', utc('2023-11-05T06'), 2],
      ['b', utc('2023-11-05T05'), 1],
    ]);
    expect(result).toMatchObject({ rowsUsed: 6, rejected: { nonexistent_local_time: 1 } });
  });

  test('assign a repeated hour by the span of the part, and count rows outside the span', async () => {
    const raw = rowsOf([
      { series: 'a', local: '2023-11-05 01:30:00' },
      { series: 'a', local: '2023-11-05 01:31:00' },
      { series: 'a', local: '2023-11-05 07:00:00' },
    ]);
    const result = await aggregate(raw, {
      span: { start: utc('2023-11-05T06'), end: utc('2023-11-05T07') },
    });
    expect(result.found).toEqual([['a', utc('2023-11-05T06'), 2]]);
    expect(result).toMatchObject({ rowsUsed: 2, rejected: { outside_span: 1 } });
  });

  test('reject a repeated fact as a duplicate after all other reasons', async () => {
    const raw = rowsOf(
      [
        { series: 'a', local: '2023-06-01 10:00:00', key: 1 },
        { series: 'a', local: '2023-06-01 10:00:00', key: 1 },
        { series: 'a', local: '2023-06-01 10:00:00', key: 1, value: 5 },
        { series: 'b', local: '2023-06-01 12:00:00', key: 1 },
        { series: 'a', local: '2023-06-01 10:00:00', key: 2 },
        { series: 'a', local: null, key: 2 },
        { series: null, local: '2023-06-01 10:00:00', key: 3 },
        { series: 'a', local: 'infinity', key: 4 },
      ],
      {
        ...twice,
        rejections: [
          { reason: 'odd', when: 'amount = 5' },
          { reason: 'never', when: 'NULL' },
        ],
      },
    );
    const result = await aggregate(raw);
    expect(result.found).toEqual([['a', utc('2023-06-01T14'), 2]]);
    expect(result.rejected).toEqual({
      odd: 1,
      duplicate: 2,
      missing_time: 1,
      missing_series: 1,
      absurd_time: 1,
    });
  });

  test('take a row without a column of its key for no duplicate', async () => {
    const row = { series: 'a', local: '2023-06-01 10:00:00' };
    const relation = rowsOf([row, row, { ...row, key: 1 }, { ...row, key: 1 }]).relation;
    const counted = await aggregate(rowsOf([], { relation, ...twice }));
    expect(counted).toMatchObject({ rowsUsed: 3, rejected: { duplicate: 1 } });
    const blank = await aggregate(rowsOf([], { relation, duplicateKey: ["''", "'x'"] }));
    expect(blank).toMatchObject({ rowsUsed: 4, rejected: {} });
  });

  test('reject and count rows that the store does not accept', async () => {
    const local = '2023-06-01 10:00:00';
    const ids = ['a', '', 'tab\there', 'x'.repeat(1024), 'ü'.repeat(513)];
    const result = await aggregate(rowsOf(ids.map((series) => ({ series, local }))));
    expect(result).toMatchObject({ rowsUsed: 2, rejected: { missing_series: 1, bad_series: 2 } });
  });

  test('use the stated instant of a row, also next to rows with local times', async () => {
    const raw = rowsOf(
      [
        ...Array.from({ length: 3 }, () => ({ series: 'a', local: null, value: 5 })),
        { series: 'a', local: null, value: 6 },
        { series: 'a', local: '2023-11-05 00:30:00' },
        { series: 'a', local: null, value: 4 },
      ],
      // 5 and 6 o'clock UTC are both 1 o'clock in New York.
      { instant: "TIMESTAMP '2023-11-05 00:10:00' + to_hours(amount::INTEGER)" },
    );
    const result = await aggregate(raw);
    expect(result.found).toEqual([
      ['a', utc('2023-11-05T04'), 2],
      ['a', utc('2023-11-05T05'), 3],
      ['a', utc('2023-11-05T06'), 1],
    ]);
    expect(result).toMatchObject({ rowsIn: 6, rowsUsed: 6, rejected: {} });
    const inside = { start: utc('2023-11-05T05'), end: utc('2023-11-05T06') };
    expect(await aggregate(raw, { span: inside })).toMatchObject({
      rowsUsed: 3,
      rejected: { outside_span: 3 },
    });
    const zoned = { ...raw, localTime: "TIMESTAMPTZ '2023-11-05 00:10:00+00'" };
    await expect(aggregate(zoned)).rejects.toMatchObject({
      code: 'SOURCE_INVALID',
      fix: expect.stringContaining('instant'),
    });
  });

  test('reject a date far from the others, and take the span of the others', async () => {
    const days = Array.from({ length: 40 }, (_, day) => ({
      series: 'a',
      local: new Date(Date.UTC(2023, 5, 1 + day, 10)).toISOString().slice(0, 19),
    }));
    const far = ['1970-01-01 00:00:00', '2016-06-10 10:00:00', '2062-06-01 10:00:00'];
    const raw = [...days, ...far.map((local) => ({ series: 'a', local }))];
    const result = await aggregate(rowsOf(raw));
    expect(result).toMatchObject({
      rowsUsed: 40,
      rejected: { isolated_time: 3 },
      span: { start: utc('2023-06-01T14'), end: utc('2023-07-10T15') },
      isolated: { rows: 3, isRejected: true },
    });
    const measured = await aggregate(rowsOf(raw, { value: '1.5' }));
    expect(measured.rejected).toEqual({ isolated_time: 3 });
    // Of few rows nobody knows which are wrong: they are used, and the gap is reported.
    expect(await aggregate(rowsOf(raw.slice(-5, -1)))).toMatchObject({
      rowsUsed: 4,
      isolated: { isRejected: false },
    });
  });

  test('find every duplicate of a large part, also one that occurs very often', async () => {
    const relation = `(SELECT 'a' AS series, TIMESTAMP '2023-06-01 10:00:00' AS stamp,
      CASE WHEN n < 20000 THEN 7 ELSE 10 + n % 99990 END AS event FROM range(120000) AS r(n))`;
    const result = await aggregate(rowsOf([], { relation, ...twice, localTime: 'stamp' }));
    // The 100,000 keys from n = 20,000 on repeat 10 times; the others are one event.
    expect(result).toMatchObject({ rowsUsed: 99_991, rejected: { duplicate: 20_009 } });
  });

  test('agree with a count in JavaScript for any rows, and rows in equal rows out', async () => {
    const row = fc.record({
      series: fc.constantFrom('a', 'b', null),
      local: fc.constantFrom(
        '2023-11-05 00:10:00',
        '2023-11-05 01:10:00',
        '2023-11-05 02:00:00',
        '2023-03-12 02:59:00',
        null,
      ),
      key: fc.integer({ min: 0, max: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 40 }), async (raw) => {
        const good = raw.filter(({ series, local }) => series !== null && local !== null);
        // Of the same fact several times, the earliest interval (then series) counts.
        const order = [...good].sort((x, y) =>
          x.local! + x.series! < y.local! + y.series! ? -1 : 1,
        );
        const first = order.filter(
          ({ key }, index) => order.findIndex((other) => other.key === key) === index,
        );
        const placed = first.filter(({ local }) => !local!.startsWith('2023-03-12'));
        if (placed.length === 0) {
          await expect(aggregate(rowsOf(raw, twice))).rejects.toMatchObject({
            code: 'RAW_FILE_INVALID',
          });
          return;
        }
        const result = await aggregate(rowsOf(raw, twice));
        expect(result.rowsUsed).toBe(placed.length);
        expect(result.rejected.duplicate ?? 0).toBe(good.length - first.length);
        expect(result.rejected.nonexistent_local_time ?? 0).toBe(first.length - placed.length);
        expect(result.found.reduce((sum, [, , value]) => sum + (value as number), 0)).toBe(
          placed.length,
        );
        const doubled = placed.filter(
          ({ series, local }) => series === 'a' && local === '2023-11-05 01:10:00',
        ).length;
        const at = (timestamp: number) =>
          (result.found.find(([id, t]) => id === 'a' && t === timestamp)?.[2] ?? 0) as number;
        expect([at(utc('2023-11-05T05')), at(utc('2023-11-05T06'))]).toEqual([
          Math.ceil(doubled / 2),
          Math.floor(doubled / 2),
        ]);
      }),
      { seed: 11, numRuns: 10 },
    );
  });

  test('work on a quarter-hour grid; a grid that does not divide a day is refused', async () => {
    const raw = rowsOf([
      { series: 'a', local: '2023-06-01 10:20:00' },
      { series: 'a', local: '2023-06-01 10:29:59' },
    ]);
    const quarter = { ...domain, frequencyMinutes: 15, timeZone: 'Asia/Kathmandu' };
    const result = await aggregate(raw, { domain: quarter });
    expect(result.found).toEqual([['a', Date.parse('2023-06-01T04:30:00Z'), 2]]);
    for (const frequencyMinutes of [7, 50, 2880]) {
      await expect(
        aggregate(raw, { domain: { ...domain, frequencyMinutes } }),
      ).rejects.toMatchObject({
        code: 'SETTINGS_INVALID',
      });
    }
  });

  test('fail where no row is usable, but not for an empty span known to be complete', async () => {
    await expect(
      aggregate(rowsOf([{ series: null, local: '2023-06-01 10:00:00' }])),
    ).rejects.toMatchObject({
      code: 'RAW_FILE_INVALID',
    });
    await expect(aggregate(rowsOf([]))).rejects.toMatchObject({ code: 'RAW_FILE_INVALID' });
    const span = { start: utc('2023-06-01T10'), end: utc('2023-06-01T11') };
    await expect(aggregate(rowsOf([]), { span })).resolves.toMatchObject({
      rowsIn: 0,
      rows: 0,
      span,
    });
  });
});

test.each([
  ['fields', 'a,2023-06-01 10:00:00,web', 'Expected Number of Columns: 2 Found: 3'],
  ['bytes', Buffer.from('caf\xe9,2023-06-01 10:00:00', 'latin1'), 'not utf-8'],
  ['quotes', '"a"b,2023-06-01 10:00:00', 'unterminated quote'],
])('names the file and line of odd %s in a CSV file', async (_what, line, detail) => {
  const path = join(folder, 'orders-2.csv');
  const head = Buffer.from('series,stamp\na,2023-06-01 09:00:00\n');
  await writeFile(path, Buffer.concat([head, Buffer.from(line), Buffer.from('\n')]));
  const columns = "columns = {'series': 'VARCHAR', 'stamp': 'VARCHAR'}";
  const relation = csvFiles(path, 'header = true', 'auto_detect = false', columns);
  const error = await aggregate(rowsOf([], { relation })).catch((caught) => caught);
  expect(error).toMatchObject({ code: 'RAW_FILE_INVALID', where: `${path}:3` });
  expect(error.message).toContain('orders-2.csv line 3 cannot be read');
  expect(error.message).toContain(detail);
});

describe('measured values', () => {
  const measured = { value: 'amount::DOUBLE' };

  test('take file order for a repeated hour, and the first of two that differ', async () => {
    const raw = rowsOf(
      [
        { series: 'a', local: '2023-11-05 01:00:00', value: 10 },
        { series: 'a', local: '2023-11-05 01:00:00', value: 20 },
        { series: 'a', local: '2023-11-05 01:00:00', value: 20 },
        { series: 'a', local: '2023-11-05 01:00:00', value: 30 },
        { series: 'b', local: '2023-11-05 01:00:00', value: 7 },
        { series: 'b', local: '2023-11-05 03:00:00', value: 1.5 },
        { series: 'b', local: '2023-11-05 03:00:00', value: 1.5 },
        { series: 'b', local: '2023-11-05 03:00:00', value: 2.5 },
        { series: 'b', local: '2023-11-05 04:00:00', value: null },
        { series: 'b', local: '2023-11-05 05:00:00', value: -1 },
        { series: 'b', local: '2023-03-12 02:00:00', value: 3 },
      ],
      measured,
    );
    const result = await aggregate(raw);
    expect(result.found).toEqual([
      ['a', utc('2023-11-05T05'), 10],
      ['a', utc('2023-11-05T06'), 20],
      ['b', utc('2023-11-05T05'), 7],
      ['b', utc('2023-11-05T08'), 1.5],
    ]);
    expect(result).toMatchObject({
      rowsIn: 11,
      rowsUsed: 4,
      rejected: {
        duplicate: 2,
        conflicting_value: 2,
        missing_value: 1,
        negative_value: 1,
        nonexistent_local_time: 1,
      },
    });
  });

  test('reject a value that FLOAT cannot hold', async () => {
    const values = [1, 3.4e38, 3.5e38, -1.7976931348623157e308];
    const raw = values.map((value, hour) => ({
      series: 'a',
      local: `2023-06-01 1${hour}:00:00`,
      value,
    }));
    expect(await aggregate(rowsOf(raw, measured))).toMatchObject({
      rowsUsed: 2,
      rejected: { value_out_of_range: 2 },
    });
  });

  test('use instants for a repeated hour, in any order', async () => {
    const raw = rowsOf(
      [
        { series: 'a', local: null, value: 6 },
        { series: 'a', local: null, value: 5 },
        { series: 'a', local: '2023-11-05 00:00:00', value: 4 },
        { series: 'a', local: null, value: 4 },
      ],
      { ...measured, instant: "TIMESTAMP '2023-11-05 00:00:00' + to_hours(amount::INTEGER)" },
    );
    const result = await aggregate({
      ...raw,
      instant: `CASE WHEN stamp IS NULL THEN ${raw.instant} END`,
    });
    expect(result.found).toEqual([
      ['a', utc('2023-11-05T04'), 4],
      ['a', utc('2023-11-05T05'), 5],
      ['a', utc('2023-11-05T06'), 6],
    ]);
    expect(result.rejected).toEqual({ duplicate: 1 });
  });

  test('distinguish facts by their key', async () => {
    const row = { series: 'a', local: '2023-11-05 01:00:00', value: 10, key: 1 };
    const result = await aggregate(
      rowsOf([row, row, { ...row, key: 2 }], { ...measured, ...twice }),
    );
    expect(result).toMatchObject({ rowsUsed: 2, rejected: { duplicate: 1 } });
  });
});

describe('values that make an interval together', () => {
  const amounts = { value: 'amount::DOUBLE' };
  const raw = [
    { series: 'a', local: '2023-06-01 10:00:00', value: 10, key: 1 },
    { series: 'a', local: '2023-06-01 10:59:59', value: 0.5, key: 2 },
    { series: 'a', local: '2023-06-01 10:30:00', value: 0.5, key: 2 },
    { series: 'a', local: '2023-06-01 11:00:00', value: 0, key: 3 },
    { series: 'b', local: '2023-06-01 10:30:00', value: null, key: 4 },
    { series: 'b', local: '2023-06-01 10:30:00', value: -2, key: 5 },
    { series: 'b', local: '2023-11-05 01:15:00', value: 3, key: 6 },
    { series: 'b', local: '2023-11-05 01:45:00', value: 4, key: 7 },
    { series: 'b', local: '2023-03-12 02:30:00', value: 9, key: 8 },
  ];
  const rejected = { missing_value: 1, negative_value: 1, nonexistent_local_time: 1 };

  test.each([
    ['sum', [11, 0, 3.5, 3.5]],
    ['mean', [11 / 3, 0, 3.5, 3.5]],
  ] as const)('are their %s, of a repeated hour its share', async (how, [first, ...rest]) => {
    const result = await aggregate(rowsOf(raw, { ...amounts, aggregate: how }));
    expect(result.found).toEqual([
      ['a', utc('2023-06-01T14'), expect.closeTo(first, 9)],
      ['a', utc('2023-06-01T15'), rest[0]],
      ['b', utc('2023-11-05T05'), rest[1]],
      ['b', utc('2023-11-05T06'), rest[2]],
    ]);
    expect(result).toMatchObject({ rowsIn: 9, rowsUsed: 6, rejected });
  });

  test('count each fact once', async () => {
    const rows = rowsOf(raw.slice(0, 4), { ...amounts, ...twice, aggregate: 'sum' });
    expect(await aggregate(rows)).toMatchObject({
      ...{ rowsUsed: 3, rejected: { duplicate: 1 } },
      found: [
        ['a', utc('2023-06-01T14'), 10.5],
        ['a', utc('2023-06-01T15'), 0],
      ],
    });
  });

  test('need a value', async () => {
    await expect(aggregate(rowsOf(raw, { aggregate: 'sum' }))).rejects.toMatchObject({
      ...{ code: 'SETTINGS_INVALID', message: 'rows are aggregated, but no value is named' },
    });
  });

  test('join a local time and an instant that mean one interval', async () => {
    const rows = rowsOf(
      [
        { series: 'a', local: '2023-06-01 10:00:00', value: 1 },
        { series: 'a', local: null, value: 2 },
        { series: 'a', local: null, value: 6 },
      ],
      { ...amounts, instant: "CASE WHEN stamp IS NULL THEN TIMESTAMP '2023-06-01 14:20:00' END" },
    );
    const made = async (how: 'sum' | 'mean') =>
      (await aggregate({ ...rows, aggregate: how })).found[0]?.[2];
    expect([await made('sum'), await made('mean')]).toEqual([9, 3]);
  });

  test('add up to the number of events where each is 1', async () => {
    const utcDomain = { ...domain, timeZone: 'UTC' } as Domain;
    const event = fc.record({
      series: fc.constantFrom('a', 'b'),
      minute: fc.integer({ min: 0, max: 400 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 60 }), async (events) => {
        const rows = rowsOf(
          events.map(({ series, minute }) => ({
            ...{ series, value: 1 },
            local: new Date(Date.UTC(2023, 5, 1, 0, minute)).toISOString().slice(0, 19),
          })),
        );
        const summed = { ...rows, ...amounts, aggregate: 'sum' as const };
        const [counts, sums] = [
          await aggregate(rows, { domain: utcDomain }),
          await aggregate(summed, { domain: utcDomain }),
        ];
        expect(sums.found).toEqual(counts.found);
        expect(sums).toMatchObject({ rowsUsed: events.length, span: counts.span });
      }),
      { numRuns: 15 },
    );
  });
});
