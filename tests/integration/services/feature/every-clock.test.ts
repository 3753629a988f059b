/**
 * Purpose: naive local rows of any place and frequency land where Temporal says they were: doubled
 * and missing hours, half hours, shifts by half an hour, negative daylight saving, changed rules,
 * year ends and leap days.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import type { Domain, RawPart, RawRows } from '../../../../domains/domain.ts';
import { parquetFiles, sqlText } from '../../../../platform/duckdb/sql.ts';
import { aggregatePart } from '../../../../services/feature/aggregation/aggregate.ts';
import { clockStretches, gridPhase } from '../../../../services/feature/aggregation/local-time.ts';
import { sql } from '../../../fixtures/feature-fixture.ts';
import { runs } from '../../../fixtures/property-runs.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-clock-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const domainOf = (timeZone: string, frequencyMinutes: number): Domain =>
  ({ name: 'clock', frequencyMinutes, timeZone, missing: 'zero', nonNegative: true }) as Domain;

type Raw = readonly [series: string, local: string, value: number | null];

async function aggregated(domain: Domain, raw: readonly Raw[], gridTimeZone?: string) {
  const values = raw.map(
    ([series, local, value], line) =>
      `(${sqlText(series)}, ${sqlText(local)}, ${value ?? 'NULL'}, ${line})`,
  );
  const rows: RawRows = {
    relation: `(SELECT * FROM (VALUES ${values.join(', ')})
      AS raw(series, stamp, amount, line) ORDER BY line)`,
    seriesId: 'series',
    localTime: 'try_cast(stamp AS TIMESTAMP)',
    value: raw.some(([, , value]) => value !== null) ? 'amount::DOUBLE' : null,
    duplicateKey: [],
    rejections: [],
  };
  const path = join(folder, `${randomUUID()}.parquet`);
  const part: RawPart = {
    name: 'part',
    feed: 'feed',
    fingerprint: 'x',
    span: null,
    open: async () => rows,
  };
  const options = {
    domain,
    part,
    rows,
    path,
    availableAt: Date.UTC(2200, 0, 1),
    tempFolder: folder,
    memoryLimitMb: 256,
  };
  const result = await aggregatePart({
    ...options,
    ...(gridTimeZone === undefined ? {} : { gridTimeZone }),
  });
  const found = await sql(
    `SELECT series_id, epoch_ms(timestamp)::DOUBLE, target FROM ${parquetFiles(path)} ORDER BY ALL`,
  );
  return { ...result, found: found as unknown as [string, number, number][] };
}

const localOf = (timeZone: string, instant: number): Temporal.PlainDateTime =>
  Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone).toPlainDateTime();

/**
 * Every instant that a wall clock shows as `local`, by asking Temporal for the earlier and the
 * later.
 */
function instantsOf(timeZone: string, local: Temporal.PlainDateTime): number[] {
  const back = (['earlier', 'later'] as const).map((disambiguation) =>
    local.toZonedDateTime(timeZone, { disambiguation }),
  );
  const same = back
    .filter((zoned) => zoned.toPlainDateTime().equals(local))
    .map((zoned) => zoned.epochMilliseconds);
  return [...new Set(same)].sort((a, b) => a - b);
}

/**
 * Around when something happened to the clocks of a place, and by which intervals it can be cut.
 */
const MOMENTS: readonly (readonly [
  timeZone: string,
  day: string,
  frequencies: readonly number[],
])[] = [
  ['America/New_York', '2023-03-12', [60, 30, 15]],
  ['America/New_York', '2023-11-05', [60, 30, 15]],
  ['Europe/Dublin', '2023-10-29', [60, 15]], // winter is the exception there
  ['Europe/Dublin', '2024-03-31', [60, 15]],
  ['Australia/Adelaide', '2023-10-01', [60, 30]],
  ['Australia/Adelaide', '2024-04-07', [60, 30]],
  ['Australia/Lord_Howe', '2023-10-01', [30, 15]],
  ['Australia/Lord_Howe', '2024-04-07', [30, 15]],
  ['Asia/Kolkata', '2024-02-29', [60, 30, 1440]],
  ['Asia/Kathmandu', '2024-12-31', [60, 15, 1440]],
  ['Pacific/Chatham', '2024-04-07', [15]], // at a quarter to
  ['Pacific/Apia', '2011-12-30', [60, 15]], // a day that was not
  ['America/Caracas', '2016-05-01', [30]], // half an hour forward, for good
  ['Asia/Pyongyang', '2018-05-05', [30]],
  ['Africa/Casablanca', '2023-04-23', [60]],
  ['America/Sao_Paulo', '2018-11-04', [60]], // at midnight
  ['UTC', '2023-12-31', [60, 1440]],
];

/** Minutes from the middle of the night: four days, and much more often within some hours. */
const around = fc.array(
  fc.tuple(
    fc.constantFrom('a', 'b'),
    fc.oneof(fc.integer({ min: -2880, max: 2880 }), fc.integer({ min: -180, max: 300 })),
  ),
  { minLength: 150, maxLength: 250 },
);

describe('rows in any time zone', () => {
  test('count events in their interval, split evenly over a repeated one', async () => {
    for (const [turn, [timeZone, day, frequencies]] of MOMENTS.entries()) {
      const frequencyMinutes = frequencies[turn % frequencies.length] as number;
      const step = frequencyMinutes * MINUTE;
      const middle = Temporal.PlainDate.from(day).toZonedDateTime(timeZone).epochMilliseconds;
      const [minutes = []] = fc.sample(around, { seed: turn, numRuns: 1 });
      const instants = minutes.map(([series, n]) => [series, middle + n * MINUTE] as const);
      const raw = instants.map(
        ([series, at]): Raw => [series, localOf(timeZone, at).toString(), null],
      );
      const { found, rowsUsed, rejected } = await aggregated(
        domainOf(timeZone, frequencyMinutes),
        raw,
      );
      expect([timeZone, rowsUsed, rejected]).toEqual([timeZone, instants.length, {}]);

      const phase = gridPhase(timeZone, step) as number;
      const startOf = (at: number) => Math.floor((at - phase) / step) * step + phase;
      // Rows of a local interval that occurs twice are of both, the larger half of the first.
      const pools = new Map<string, { series: string; starts: number[]; count: number }>();
      for (const [series, at] of instants) {
        const starts = instantsOf(timeZone, localOf(timeZone, startOf(at)));
        const key = `${series} ${starts.join(' ')}`;
        const pool = pools.get(key) ?? { series, starts, count: 0 };
        pool.count++;
        pools.set(key, pool);
      }
      const expected = [...pools.values()].flatMap(({ series, starts, count }) => {
        const shares =
          starts.length === 1 ? [count] : [Math.ceil(count / 2), Math.floor(count / 2)];
        return starts
          .map((start, i) => [series, start, shares[i] as number] as const)
          .filter(([, , value]) => value > 0);
      });
      const inOrder = (values: readonly (readonly [string, number, number])[]) =>
        values
          .map(([series, start, value]) => `${series} ${new Date(start).toISOString()} ${value}`)
          .sort();
      expect([timeZone, inOrder(found)]).toEqual([timeZone, inOrder(expected)]);
    }
  });

  test('return ordered values unchanged through every clock change', async () => {
    for (const [timeZone, day, frequencies] of MOMENTS) {
      const [frequencyMinutes = 60] = frequencies;
      const step = frequencyMinutes * MINUTE;
      const middle = Temporal.PlainDate.from(day).toZonedDateTime(timeZone).epochMilliseconds;
      const phase = gridPhase(timeZone, step) as number;
      const first = Math.floor((middle - 2 * DAY - phase) / step) * step + phase;
      const starts = Array.from(
        { length: Math.ceil((4 * DAY) / step) },
        (_, i) => first + i * step,
      );
      const raw = starts.map((start, i): Raw => ['a', localOf(timeZone, start).toString(), i]);
      const { found, rejected } = await aggregated(domainOf(timeZone, frequencyMinutes), raw);
      expect([timeZone, rejected, found]).toEqual([
        timeZone,
        {},
        starts.map((start, i) => ['a', start, i]),
      ]);
    }
  });

  test('reject and count local times that do not exist', async () => {
    const skipped: Record<string, string> = {
      'America/New_York': '2023-03-12 02:30:00',
      'Europe/Dublin': '2024-03-31 01:15:00',
      'Australia/Lord_Howe': '2023-10-01 02:15:00',
      'Pacific/Apia': '2011-12-30 12:00:00',
    };
    for (const [timeZone, local] of Object.entries(skipped)) {
      const raw: Raw[] = [
        ['a', local, null],
        ['a', `${local.slice(0, 11)}22:00:00`, null],
        ['a', '2024-06-01 12:00:00', null],
      ];
      const { rejected } = await aggregated(domainOf(timeZone, 15), raw);
      expect([timeZone, rejected]).toEqual([
        timeZone,
        { nonexistent_local_time: timeZone === 'Pacific/Apia' ? 2 : 1 },
      ]);
    }
  });

  test('use the middle of an interval if clocks change a minute after midnight', async () => {
    // St. John's until 2011: 00:01 became 01:01, and in autumn 23:01 of the day before.
    const raw: Raw[] = [
      ['a', '2010-03-14 00:00:30', null],
      ['a', '2010-03-14 01:30:00', null],
      ['a', '2010-11-07 00:30:00', null],
    ];
    const { found, rejected } = await aggregated(domainOf('America/St_Johns', 60), raw);
    expect(found).toEqual([
      ['a', Date.parse('2010-03-14T03:30:00Z'), 1],
      ['a', Date.parse('2010-11-07T03:30:00Z'), 1],
    ]);
    expect(rejected).toEqual({ nonexistent_local_time: 1 });
  });
});

describe('zones and frequencies without a regular grid', () => {
  test.each([
    ['Australia/Lord_Howe', 60, '15 or 30 minutes'],
    ['America/New_York', 1440, "timeZone to 'UTC'"],
    ['Australia/Adelaide', 120, "timeZone to 'UTC'"],
    ['America/Caracas', 60, '15 or 30 minutes'], // of the time when the half hour came
  ])('refuses %s by %i minutes with a fix', async (timeZone, frequencyMinutes, fix) => {
    const raw: Raw[] = [
      ['a', '2016-04-30 12:00:00', null],
      ['a', '2016-05-02 12:00:00', null],
    ];
    await expect(aggregated(domainOf(timeZone, frequencyMinutes), raw)).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
      fix: expect.stringContaining(fix),
    });
  });

  test('refuses them also for data of a season without a clock change', async () => {
    const raw: Raw[] = [['a', '2023-01-10 12:00:00', null]];
    await expect(aggregated(domainOf('America/New_York', 1440), raw)).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
    });
  });
});

test('days follow the calendar in UTC, or a local clock without changes', async () => {
  // 25 hours of New York's 5 November are one day of rows that are dated so.
  const dated = Array.from(
    { length: 24 },
    (_, h): Raw => ['a', `2023-11-05 ${String(h).padStart(2, '0')}:10:00`, null],
  );
  const calendar = await aggregated(domainOf('UTC', 1440), [
    ...dated,
    ['a', '2023-11-05 01:40:00', null],
    ['a', '2023-11-06 00:00:00', null],
  ]);
  expect(calendar.found).toEqual([
    ['a', Date.parse('2023-11-05'), 25],
    ['a', Date.parse('2023-11-06'), 1],
  ]);
  const kolkata = await aggregated(domainOf('Asia/Kolkata', 1440), [
    ['a', '2024-02-29 00:00:00', 3],
    ['a', '2024-03-01 23:59:00', 4],
  ]);
  expect(kolkata.found).toEqual([
    ['a', Date.parse('2024-02-28T18:30:00Z'), 3],
    ['a', Date.parse('2024-02-29T18:30:00Z'), 4],
  ]);
});

test('columns with times in UTC use the grid of the demand', async () => {
  const raw: Raw[] = [
    ['rain', '2024-01-01 05:10:00', 1],
    ['rain', '2024-01-01 05:40:00', 2],
  ];
  const { found } = await aggregated(domainOf('UTC', 60), raw, 'Asia/Kolkata');
  expect(found).toEqual([
    ['rain', Date.parse('2024-01-01T04:30:00Z'), 1],
    ['rain', Date.parse('2024-01-01T05:30:00Z'), 2],
  ]);
});

test('clock stretches of every zone agree with Temporal at any minute', () => {
  const zones = Intl.supportedValuesOf('timeZone');
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.integer({ min: Date.UTC(1980, 0, 1) / MINUTE, max: Date.UTC(2035, 0, 1) / MINUTE }),
      (timeZone, minutes) => {
        const instant = minutes * MINUTE;
        const local = Date.parse(
          `${localOf(timeZone, instant).toString({ smallestUnit: 'millisecond' })}Z`,
        );
        const found = clockStretches(timeZone, local, local)
          .filter(({ start, end, offset }) => local - offset >= start && local - offset < end)
          .map(({ offset }) => local - offset);
        expect(found).toEqual(instantsOf(timeZone, localOf(timeZone, instant)));
      },
    ),
    { seed: 2, numRuns: runs(250) },
  );
});
