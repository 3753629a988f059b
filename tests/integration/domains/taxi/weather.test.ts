/**
 * Purpose: daily weather as exogenous columns: when it was known, what is rejected, what is
 * refused.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Temporal } from 'temporal-polyfill';
import { taxi } from '../../../../domains/taxi/definition.ts';
import { WEATHER_COLUMNS } from '../../../../domains/taxi/names.ts';
import { openWeather } from '../../../../domains/taxi/weather.ts';
import { silentProgress } from '../../../../platform/progress.ts';
import { silentLogger } from '../../../../platform/telemetry/logger.ts';
import { runFeatures } from '../../../../services/feature/run.ts';
import { type FeatureStore, openFeatureStore } from '../../../../storage/features/feature-store.ts';
import { fileObjectStore } from '../../../../storage/objects/file-object-store.ts';
import { type FeatureFixture, featureFixture, utc } from '../../../fixtures/feature-fixture.ts';
import { sharedData } from '../../../fixtures/shared-data.ts';

const HOUR = 3_600_000;
const ZONE = 'America/New_York';
const HEADER = '"STATION","NAME","DATE","AWND","PRCP","SNOW","SNWD","TMAX","TMIN"';
const line = (
  day: string,
  { prcp = '0.00', snow = '0.0', tmax = '50', tmin = '32', station = 'S1' } = {},
) => `"${station}","NY CITY, NY US","${day}",,"${prcp}","${snow}","0.0","${tmax}","${tmin}"`;

let bench: FeatureFixture;
let features: FeatureStore;
beforeEach(async () => {
  bench = await featureFixture(taxi, '2024-06-01T00:00:00Z');
  features = openFeatureStore({
    store: fileObjectStore(join(bench.folder, 'store')),
    domain: 'taxi',
    clock: bench.clock,
  });
});
afterEach(() => bench.remove());

/** One trip an hour in one place, in UTC [from, to): demand for the columns to stand next to. */
const demand = (from: number, to: number) => ({
  description: 'a test',
  parts: async () => [
    {
      ...{
        name: 'trips',
        feed: 'green',
        fingerprint: `${from} ${to}`,
        span: { start: from, end: to },
      },
      open: async () => ({
        relation: `(SELECT make_timestamp(t * 1000) AT TIME ZONE 'UTC' AT TIME ZONE '${ZONE}' AS t
          FROM range(${from}, ${to}, ${HOUR}) AS r(t))`,
        ...{ seriesId: "'74'", localTime: 't', value: null, duplicateKey: [], rejections: [] },
      }),
    },
  ],
});

async function run(from: number, to: number, weather: string = bench.input) {
  return runFeatures({
    // These trips are no trip file: only their times matter here.
    ...{
      domain: { ...taxi, expectations: {} },
      source: demand(from, to),
      exogenous: await openWeather(weather),
      features,
    },
    ...{
      workFolder: bench.workFolder,
      clock: bench.clock,
      logger: silentLogger,
      progress: silentProgress,
    },
  });
}
const put = (name: string, ...lines: string[]) =>
  writeFile(join(bench.input, name), `${[HEADER, ...lines].join('\n')}\n`);
const daysFrom = (first: string, count: number) =>
  Array.from({ length: count }, (_, i) =>
    Temporal.PlainDate.from(first).add({ days: i }).toString(),
  );

describe('a day is known six hours after its end in New York', () => {
  test.each([
    ['spring', '2023-03-08', '2023-03-08T05'],
    ['autumn', '2023-11-01', '2023-11-01T04'],
  ])('also across the clock change in %s', async (_season, first, start) => {
    // Each day's temperature says which day it is.
    const days = daysFrom(first, 9);
    await put('w.csv', ...days.map((day, i) => line(day, { tmax: String(2 * i), tmin: '0' })));
    const from = utc(start);
    await run(from, from + 12 * 24 * HOUR);
    const panel = await features.readAsOf();
    expect(panel.seriesIds).toEqual(['74']);
    const known = panel.exogenous?.temperature as Float32Array;
    const knownAt_ = new Map<string, number>();
    for (const [t, value] of known.entries()) {
      if (!Number.isNaN(value))
        knownAt_.set(days[Math.round(value * 1.8 + 32)] as string, panel.start + (t + 1) * HOUR);
    }
    const midnight = (day: string) =>
      Temporal.PlainDate.from(day).add({ days: 1 }).toZonedDateTime(ZONE).epochMilliseconds;
    expect([...knownAt_]).toEqual(days.map((day) => [day, midnight(day) + 6 * HOUR]));
  });
});

describe('weather rows', () => {
  const from = utc('2023-02-01T05');
  const to = from + 20 * 24 * HOUR;

  test('use or reject each value of a line for a reason, and keep gaps unknown', async () => {
    await put(
      'w.csv',
      line('2023-02-01', { prcp: '1.00', snow: '2.0', tmax: '50', tmin: '41' }),
      line('2023-02-02', { prcp: '', tmax: '' }),
      line('2023-02-03', { prcp: 'wet', snow: '-1', tmax: '30', tmin: '40' }),
      line('2023-02-30'),
      line('someday'),
      line('2023-02-05', { prcp: '31' }),
      line('2023-02-01', { prcp: '1.00', snow: '9.0', tmax: '50', tmin: '41' }),
      '"S1","too","few"',
      `${line('2023-02-06')},"too many"`,
    );
    const { manifest, report } = await run(from, to);
    const object = manifest.objects.find(({ feed }) => feed === '@weather');
    expect(object).toMatchObject({
      rowsIn: 27,
      rowsUsed: 6,
      // The second 1 February says two values again and one otherwise.
      rejected: {
        bad_line: 6,
        bad_date: 6,
        missing_value: 2,
        bad_value: 4,
        duplicate: 2,
        conflicting_value: 1,
      },
    });
    expect(report?.seriesCount).toBe(1);
    expect(report?.run.rowsIn).toBe(27 + 480);
    const { exogenous } = await features.readAsOf();
    const reported = (name: string) =>
      [...(exogenous?.[name] ?? [])]
        .filter((value) => !Number.isNaN(value))
        .map((v) => Number(v.toFixed(2)));
    expect(reported('temperature')).toEqual([7.5, 5]);
    expect(reported('precipitation')).toEqual([25.4]);
    expect(reported('snow')).toEqual([5.08, 0, 0]);
    expect((await features.verify()).problems).toEqual([]);
  });

  test('a changed file replaces its column, and the earlier snapshot stays', async () => {
    await put('w.csv', line('2023-02-01', { prcp: '1.00' }));
    const { manifest } = await run(from, to);
    expect((await run(from, to)).changed).toBe(false);
    bench.clock.advance(HOUR);
    await put('w.csv', line('2023-02-01', { prcp: '2.00' }), line('2023-02-02'));
    const second = await run(from, to);
    expect(second.changed).toBe(true);
    expect(second.report?.mean).toBe(1);
    const at = async (snapshotVersion: string) => {
      const { exogenous } = await features.readAsOf({ snapshotVersion });
      return [...(exogenous?.precipitation ?? [])]
        .filter((value) => !Number.isNaN(value))
        .map(Math.round);
    };
    expect(await at(manifest.snapshotVersion)).toEqual([25]);
    expect(await at(second.manifest.snapshotVersion)).toEqual([51, 0]);
  });
});

describe('weather files', () => {
  const opened = async (spec: string = bench.input) =>
    Promise.all((await (await openWeather(spec)).parts()).map((part) => part.open()));

  test('refuses a missing file and one without weather', async () => {
    await expect(opened(join(bench.folder, 'none'))).rejects.toMatchObject({
      code: 'SOURCE_NOT_FOUND',
    });
    await expect(opened()).rejects.toMatchObject({ code: 'SOURCE_INVALID' });
    await writeFile(join(bench.input, 'w.csv'), 'a,b\n1,2\n');
    await expect(opened()).rejects.toMatchObject({
      code: 'RAW_FILE_INVALID',
      message: expect.stringContaining('no column DATE'),
    });
  });

  test('refuses a truncated file, two stations and °C', async () => {
    const whole = gzipSync(
      `${[HEADER, ...daysFrom('2023-01-01', 300).map((day) => line(day))].join('\n')}\n`,
    );
    await writeFile(join(bench.input, 'w.csv.gz'), whole.subarray(0, whole.length - 20));
    await expect(opened()).rejects.toMatchObject({
      code: 'RAW_FILE_INVALID',
      message: expect.stringContaining('to its end'),
    });
    await writeFile(join(bench.input, 'w.csv.gz'), whole);
    await expect(opened()).rejects.toMatchObject({ message: expect.stringContaining('°C') });
    await writeFile(
      join(bench.input, 'w.csv.gz'),
      gzipSync([HEADER, line('2023-01-01'), line('2023-01-01', { station: 'S2' })].join('\n')),
    );
    await expect(opened()).rejects.toMatchObject({
      message: expect.stringContaining('2 stations'),
    });
  });
});

const data = sharedData('central-park-weather');
(data ? test : test.skip)(
  'Central Park as published: 5,538 days, one field missing in what is read',
  async () => {
    const from = utc('2023-01-01T05');
    const { manifest } = await run(from, from + 365 * 24 * HOUR, data ?? '');
    const object = manifest.objects.find(({ feed }) => feed === '@weather');
    expect(object).toMatchObject({
      rowsIn: 16_614,
      rowsUsed: 16_613,
      rejected: { missing_value: 1 },
    });
    const { exogenous } = await features.readAsOf();
    expect(Object.keys(exogenous ?? {}).sort()).toEqual([...WEATHER_COLUMNS].sort());
    for (const values of Object.values(exogenous ?? {}))
      expect(values.filter((value) => !Number.isNaN(value))).toHaveLength(365);
  },
);
