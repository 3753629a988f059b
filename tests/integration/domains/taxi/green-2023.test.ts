import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { taxi } from '../../../../domains/taxi/definition.ts';
import { parquetFiles } from '../../../../platform/duckdb/sql.ts';
import type { FeatureRunResult } from '../../../../services/feature/run.ts';
import {
  type FeatureFixture,
  featureFixture,
  sql,
  utc,
} from '../../../fixtures/feature-fixture.ts';
import { sharedData } from '../../../fixtures/shared-data.ts';

const data = sharedData('tlc-green-2023');

(data ? describe : describe.skip)('green taxis of 2023, as published', () => {
  let bench: FeatureFixture;
  let result: FeatureRunResult;
  beforeAll(async () => {
    bench = await featureFixture(taxi);
    result = await bench.run(data!);
  });
  afterAll(() => bench.remove());

  test('each of the 787,060 rows is used or rejected for a reason', () => {
    expect(result.report!.run).toEqual({
      rowsIn: 787_060,
      rowsUsed: 782_494,
      rejected: { outside_month: 141, unknown_place: 2257, duplicate: 2168 },
    });
    expect(result.parts).toHaveLength(12);
    let total = 0;
    for (const value of bench.features.values().values()) total += value;
    expect(total).toBe(782_494);
  });

  test('hours counted in plain SQL agree', async () => {
    const twoMonths = ['06', '07'].map((month) =>
      join(data!, `green_tripdata_2023-${month}.parquet`),
    );
    const counted = await sql(`
      SELECT place, hour, count(*)::INTEGER FROM (
        SELECT DISTINCT VendorID, lpep_pickup_datetime, lpep_dropoff_datetime, PULocationID AS place,
          DOLocationID,
          date_trunc('hour', lpep_pickup_datetime)::VARCHAR AS hour
        FROM ${parquetFiles(twoMonths, 'filename = true')}
        WHERE contains(filename, strftime(lpep_pickup_datetime, '_%Y-%m.')) AND PULocationID <= 263
      ) GROUP BY ALL`);
    // Daylight time all through: UTC is four hours ahead.
    const expected = new Map(
      counted.map(([place, hour, n]) => [
        `${place}@${Date.parse(`${String(hour).replace(' ', 'T')}Z`) + 4 * 3_600_000}`,
        n,
      ]),
    );
    const [start, end] = [utc('2023-06-01T04'), utc('2023-08-01T04')];
    const ours = [...bench.features.values()].filter(([key]) => {
      const timestamp = Number(key.split('@')[1]);
      return timestamp >= start && timestamp < end;
    });
    expect(ours.length).toBeGreaterThan(30_000);
    expect(new Map(ours)).toEqual(expected);
  });

  test('splits the 82 trips of the repeated hour over two UTC hours', () => {
    const at = (timestamp: number) =>
      [...bench.features.values()]
        .filter(([key]) => key.endsWith(`@${timestamp}`))
        .reduce((sum, [, value]) => sum + value, 0);
    const [first, second] = [at(utc('2023-11-05T05')), at(utc('2023-11-05T06'))];
    // Refunds and unknown places are among the 82; each odd count gives its larger half to the
    // first hour.
    expect(first + second).toBeGreaterThan(75);
    expect(first + second).toBeLessThanOrEqual(82);
    expect(first).toBeGreaterThan(second);
    expect(at(utc('2023-03-12T07'))).toBeGreaterThan(0);
  });

  test('a second run changes nothing and reads no trip', async () => {
    const again = await bench.run(data!);
    expect(again.changed).toBe(false);
    expect(again.report).toBeNull();
    expect(again.parts.every(({ skipped }) => skipped)).toBe(true);
    expect(bench.features.commits).toBe(1);
  });
});
