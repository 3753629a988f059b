import { copyFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { taxi } from '../../../../domains/taxi/definition.ts';
import {
  type FeatureFixture,
  featureFixture,
  utc,
  writeParquet,
} from '../../../fixtures/feature-fixture.ts';

let bench: FeatureFixture;
beforeEach(async () => {
  bench = await featureFixture(taxi);
});
afterEach(() => bench.remove());

/** One row a trip: vendor, pick-up, drop-off, place, target place. */
type Trip = [number | null, string | null, string | null, number | string | null, number | null];

const table = (trips: readonly Trip[]): string =>
  trips
    .map(([vendor, pickup, dropoff, place, target]) => {
      const text = (value: string | null) => (value === null ? 'NULL' : `'${value}'`);
      const values = [
        vendor ?? 'NULL',
        text(pickup),
        text(dropoff),
        place ?? 'NULL',
        target ?? 'NULL',
      ];
      return `(${values.join(', ')})`;
    })
    .join(', ');

/** Good, refund of it, missing time, other month, unknown place three times, good. */
const DIRTY: Trip[] = [
  [2, '2025-01-10 10:05:00', '2025-01-10 10:20:00', 74, 41],
  [2, '2025-01-10 10:05:00', '2025-01-10 10:20:00', 74, 41],
  [2, null, '2025-01-10 10:20:00', 74, 41],
  [1, '2009-01-10 10:05:00', '2009-01-10 10:20:00', 74, 41],
  [1, '2025-02-01 00:00:00', '2025-02-01 00:20:00', 74, 41],
  [1, '2025-01-10 10:05:00', '2025-01-10 10:20:00', null, 41],
  [1, '2025-01-10 10:05:00', '2025-01-10 10:20:00', 264, 41],
  [1, '2025-01-10 10:05:00', '2025-01-10 10:20:00', 0, 41],
  [1, '2025-01-10 10:59:59', '2025-01-10 11:20:00', 74, 41],
];
const ACCOUNT = { missing_time: 1, outside_month: 2, unknown_place: 3, duplicate: 1 };

const schemas: Record<string, { file: string; select: string }> = {
  'green as of 2014, identifiers as INTEGER': {
    file: 'green_tripdata_2025-01.parquet',
    select:
      'v::INTEGER AS VendorID, p::TIMESTAMP AS lpep_pickup_datetime, d::TIMESTAMP AS Lpep_dropoff_datetime, s::INTEGER AS PULocationID, t::INTEGER AS DOLocationID, 1.0 AS Trip_type',
  },
  'yellow as of 2025, other case, a new fee': {
    file: 'yellow_tripdata_2025-01.parquet',
    select:
      'v::INTEGER AS VendorID, p::TIMESTAMP AS tpep_pickup_datetime, d::TIMESTAMP AS tpep_dropoff_datetime, s::INTEGER AS pulocationid, t::INTEGER AS dolocationid, 0.75 AS cbd_congestion_fee, 1.75 AS Airport_fee',
  },
  'nanoseconds and floating-point places': {
    file: 'yellow_tripdata_2025-01.parquet',
    select:
      'v::DOUBLE AS vendor_id, p::TIMESTAMP_NS AS tpep_pickup_datetime, d::TIMESTAMP_NS AS tpep_dropoff_datetime, s::DOUBLE AS PULocationID, t::DOUBLE AS DOLocationID',
  },
  'everything as text': {
    file: 'green_tripdata_2025-01.parquet',
    select:
      'v::VARCHAR AS VENDOR_ID, p AS pickup_datetime, d AS dropoff_datetime, s::VARCHAR AS PU_Location_ID, t::VARCHAR AS DO_Location_ID',
  },
};

describe('trip files', () => {
  test.each(Object.keys(schemas))(
    '%s: uses or rejects every row for a counted reason',
    async (name) => {
      const { file, select } = schemas[name];
      await writeParquet(
        join(bench.input, file),
        `SELECT ${select} FROM (VALUES ${table(DIRTY)}) AS x(v, p, d, s, t)`,
      );
      const { parts, values } = await bench.read();
      expect(parts).toHaveLength(1);
      expect(parts[0]).toMatchObject({
        rowsIn: 9,
        rowsUsed: 2,
        rejected: ACCOUNT,
        feed: file.split('_')[0],
      });
      // 10:05 and 10:59 in New York's winter are in the hour from 15:00 UTC.
      expect([...values]).toEqual([[`74@${utc('2025-01-10T15')}`, 2]]);
    },
  );

  test('a fractional place number is unknown', async () => {
    const file = join(bench.input, 'green_tripdata_2025-01.parquet');
    await writeParquet(
      file,
      `SELECT ${schemas['nanoseconds and floating-point places'].select} FROM (VALUES ${table([DIRTY[0], [1, '2025-01-10 10:05:00', '2025-01-10 10:20:00', 74.5, 41]])}) AS x(v, p, d, s, t)`,
    );
    const { parts } = await bench.read();
    expect(parts[0].rejected).toEqual({ unknown_place: 1 });
  });

  test('finds no duplicates without all five columns', async () => {
    const file = join(bench.input, 'green_tripdata_2025-01.parquet');
    await writeParquet(
      file,
      `SELECT p::TIMESTAMP AS pickup_datetime, s AS locationID FROM (VALUES ${table([DIRTY[0], DIRTY[0]])}) AS x(v, p, d, s, t)`,
    );
    const { parts } = await bench.read();
    expect(parts[0]).toMatchObject({ rowsUsed: 2, rejected: {} });
  });

  test('sums green and yellow, and starts a month at local midnight', async () => {
    const values = table([
      [1, '2025-01-01 00:00:00', '2025-01-01 00:10:00', 10, 1],
      [1, '2025-01-31 23:59:59', '2025-02-01 00:10:00', 10, 1],
    ]);
    for (const key of [
      'green as of 2014, identifiers as INTEGER',
      'yellow as of 2025, other case, a new fee',
    ]) {
      const { file, select } = schemas[key];
      await writeParquet(
        join(bench.input, file),
        `SELECT ${select} FROM (VALUES ${values}) AS x(v, p, d, s, t)`,
      );
    }
    const { parts, values: counts } = await bench.read();
    expect(parts.map(({ feed, span }) => [feed, span.start, span.end])).toEqual([
      ['green', utc('2025-01-01T05'), utc('2025-02-01T05')],
      ['yellow', utc('2025-01-01T05'), utc('2025-02-01T05')],
    ]);
    expect(counts).toEqual(
      new Map([
        [`10@${utc('2025-01-01T05')}`, 2],
        [`10@${utc('2025-02-01T04')}`, 2],
      ]),
    );
  });

  test('refuses unusable files together, each by name', async () => {
    const good = schemas['green as of 2014, identifiers as INTEGER'];
    const path = (month: string) => join(bench.input, `green_tripdata_2025-${month}.parquet`);
    const make = (month: string, select: string, rows = DIRTY) =>
      writeParquet(
        path(month),
        `SELECT ${select} FROM (VALUES ${table(rows)}) AS x(v, p, d, s, t)`,
      );
    await make('01', good.select);
    await copyFile(path('01'), path('02'));
    await truncate(path('02'), 700);
    await writeFile(path('03'), '');
    await writeFile(path('04'), 'VendorID,lpep_pickup_datetime\n1,2025-04-01\n');
    await make(
      '05',
      'v AS VendorID, p::TIMESTAMP AS trip_pickup_datetime, 40.7 AS Start_Lat, -73.9 AS Start_Lon',
    );
    await make('06', 'v AS VendorID, true AS lpep_pickup_datetime, s AS PULocationID');
    await make('07', 'p::TIMESTAMP AS lpep_pickup_datetime, p::TIMESTAMP AS PULocationID');
    await make('08', '1 AS temperature');
    await make('09', good.select); // all rows lie in January
    await writeParquet(
      path('10'),
      `SELECT ${good.select} FROM (VALUES ${table(DIRTY)}) AS x(v, p, d, s, t) WHERE false`,
    );
    const error = await bench.read().catch((caught) => caught);
    expect(error.code).toBe('RAW_FILE_INVALID');
    const expected = ['02', '03', '04', '05', '06', '07', '08', '09', '10'];
    for (const month of expected)
      expect(error.message).toContain(`green_tripdata_2025-${month}.parquet`);
    expect(error.message).not.toContain('green_tripdata_2025-01.parquet');
    expect(error.message).toContain('coordinates');
    expect(error.message).toContain('every row was rejected');
    expect(error.fix).toBeTruthy();
  });

  test('refuses a file with damaged pages and an intact footer', async () => {
    const path = join(bench.input, 'green_tripdata_2025-01.parquet');
    const { select } = schemas['green as of 2014, identifiers as INTEGER'];
    await writeParquet(
      path,
      `SELECT ${select} FROM (SELECT 1 v, '2025-01-10 10:05:00' p, '2025-01-10 10:20:00' d, 1 + i % 200 s, i t FROM range(20000) r(i))`,
    );
    const bytes = await readFile(path);
    bytes.fill(0xff, 100, 4000);
    await writeFile(path, bytes);
    await expect(bench.read()).rejects.toMatchObject({ code: 'RAW_FILE_INVALID' });
  });
});

describe('folder of trip files', () => {
  test('reports what is expected if it is missing, empty or foreign', async () => {
    await expect(bench.read(join(bench.folder, 'nowhere'))).rejects.toMatchObject({
      code: 'SOURCE_NOT_FOUND',
    });
    await expect(bench.read()).rejects.toMatchObject({
      code: 'SOURCE_INVALID',
      fix: expect.stringContaining('green_tripdata_'),
    });
    await writeFile(join(bench.input, 'green_tripdata_2025-13.parquet'), '');
    await writeFile(join(bench.input, 'notes.txt'), '');
    await expect(bench.read()).rejects.toMatchObject({ code: 'SOURCE_INVALID' });
  });

  test('may be one file, and other files are ignored', async () => {
    const { file, select } = schemas['green as of 2014, identifiers as INTEGER'];
    const path = join(bench.input, file);
    await writeParquet(path, `SELECT ${select} FROM (VALUES ${table(DIRTY)}) AS x(v, p, d, s, t)`);
    await writeFile(join(bench.input, 'taxi_zone_lookup.csv'), 'a,b');
    const whole = await bench.read();
    expect(whole.parts.map(({ name }) => name)).toEqual([file]);
    expect(await bench.read(path)).toEqual(whole);
  });
});
