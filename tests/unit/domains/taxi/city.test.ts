import { mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { type CitySource, openCity } from '../../../../domains/taxi/city.ts';
import { writeTrips } from '../../../../domains/taxi/city-trips.ts';
import { taxi } from '../../../../domains/taxi/definition.ts';
import { parquetFiles } from '../../../../platform/duckdb/sql.ts';
import {
  type FeatureFixture,
  featureFixture,
  sql,
  utc,
} from '../../../fixtures/feature-fixture.ts';

// The first run in a file loads danfo, which takes seconds on a busy machine.
jest.setTimeout(60_000);
const HOUR = 3_600_000;
const SPEC = 'city:seed=7,months=1,places=5';
let bench: FeatureFixture;
beforeEach(async () => {
  bench = await featureFixture(taxi, '2026-03-20T10:30:00Z');
});
afterEach(() => bench.remove());
const open = (spec = SPEC): Promise<CitySource> => openCity(spec, bench.context);
const folderOf = (places = 5) => join(bench.context.rawFolder, `city-seed7-places${places}`);

describe('the simulated city', () => {
  test('writes a file a local month, then one for each further stretch, and never changes a file', async () => {
    const names = async () => (await (await open()).parts()).map(({ name }) => name);
    expect(await names()).toEqual([
      'city_tripdata_2026-02-01T05_2026-03-01T05.parquet',
      'city_tripdata_2026-03-01T05_2026-03-20T10.parquet',
    ]);
    const before = (await (await open()).parts()).map(({ fingerprint }) => fingerprint);
    bench.clock.advance(HOUR);
    expect((await names()).slice(2)).toEqual(['city_tripdata_2026-03-20T10_2026-03-20T11.parquet']);
    bench.clock.advance(13 * 24 * HOUR);
    const parts = await (await open()).parts();
    // The month ends at New York's midnight, by then in daylight time.
    expect(parts.slice(3).map(({ name }) => name)).toEqual([
      'city_tripdata_2026-03-20T11_2026-04-01T04.parquet',
      'city_tripdata_2026-04-01T04_2026-04-02T11.parquet',
    ]);
    expect(parts.slice(0, 2).map(({ fingerprint }) => fingerprint)).toEqual(before);
    for (let i = 1; i < parts.length; i++)
      expect(parts[i].span!.start).toBe(parts[i - 1].span!.end);
  });

  test('raw trips have the green schema and a little dirt; clean trips are exactly the counts', async () => {
    const city = await open();
    const [part] = await city.parts();
    const path = join(folderOf(), part.name);
    const columns = (await sql(`DESCRIBE SELECT * FROM ${parquetFiles(path)}`)).map(
      ([name, type]) => `${name} ${type}`,
    );
    expect(columns).toHaveLength(20);
    expect(columns).toContain('lpep_pickup_datetime TIMESTAMP');
    expect(columns).toContain('PULocationID BIGINT');
    const { parts } = await bench.run(SPEC);
    let expected = 0;
    for (const place of city.demand.places) {
      for (let t = part.span!.start; t < part.span!.end; t += HOUR)
        expected += city.demand.count(place, t);
    }
    expect(parts[0].rowsUsed).toBe(expected);
    expect(Object.keys(parts[0].rejected).sort()).toEqual([
      'duplicate',
      'outside_month',
      'unknown_place',
    ]);
  });

  test('an hour holds the same trips, into whatever files time is cut', async () => {
    const city = await open();
    const [start, end] = [utc('2026-03-07T00'), utc('2026-03-10T00')];
    const folder = join(bench.folder, 'cuts');
    await mkdir(folder);
    const rows = (files: string[]) =>
      `SELECT * FROM ${parquetFiles(files.map((file) => join(folder, file)))}`;
    await writeTrips(city.demand, 7, { start, end }, folder, 'whole.parquet');
    const [[trips]] = await sql(`SELECT count(*)::INTEGER FROM (${rows(['whole.parquet'])})`);
    expect(trips).toBeGreaterThan(500);
    let run = 0;
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 71 }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(cuts, async (cuts) => {
        const edges = [
          start,
          ...cuts.sort((a, b) => a - b).map((hour) => start + hour * HOUR),
          end,
        ];
        const files = edges.slice(1).map((_, i) => `${run}-${i}.parquet`);
        for (const [i, file] of files.entries())
          await writeTrips(city.demand, 7, { start: edges[i], end: edges[i + 1] }, folder, file);
        run++;
        const [whole, cut] = [rows(['whole.parquet']), rows(files)];
        const differences = await sql(
          `(${whole} EXCEPT ALL ${cut}) UNION ALL (${cut} EXCEPT ALL ${whole})`,
        );
        expect(differences).toEqual([]);
      }),
      { seed: 3, numRuns: 6 },
    );
  });

  test('the seed decides: the same again, another elsewhere', async () => {
    const [one, same, other] = await Promise.all([
      open(),
      open(),
      open('city:seed=8,months=1,places=5'),
    ]);
    const at = utc('2026-03-10T15');
    const [place] = one.demand.places;
    expect(same.mean(place.seriesId, at)).toBe(one.mean(place.seriesId, at));
    expect(other.demand.places.map(({ seriesId }) => seriesId)).not.toEqual(
      one.demand.places.map(({ seriesId }) => seriesId),
    );
    expect(() => one.mean('999', at)).toThrow(RangeError);
  });

  test('the oracle is calibrated: means agree, and its quantiles hold the share they say', async () => {
    const city = await open('city:seed=7,months=1,places=20');
    let [difference, variance] = [0, 0];
    for (const place of city.demand.places) {
      const below = [0, 0, 0];
      const [low, high] = [
        [0, 0, 0],
        [0, 0, 0],
      ];
      let hours = 0;
      for (let t = utc('2026-03-01T00'); t < utc('2026-05-01T00'); t += HOUR, hours++) {
        const count = city.demand.count(place, t);
        const mean = city.mean(place.seriesId, t);
        difference += count - mean;
        variance += mean + mean ** 2 / place.size;
        for (const [i, quantile] of [0.1, 0.5, 0.9].entries()) {
          const value = city.oracle(place.seriesId, t, quantile);
          if (count <= value) below[i]++;
          if (count < value) low[i]++;
          high[i]++;
        }
      }
      // Counts are steps: P(X < q) ≤ quantile ≤ P(X ≤ q), within four standard errors.
      for (const [i, quantile] of [0.1, 0.5, 0.9].entries()) {
        const slack = 4 * Math.sqrt((quantile * (1 - quantile)) / hours);
        expect(below[i] / hours).toBeGreaterThanOrEqual(quantile - slack);
        expect(low[i] / high[i]).toBeLessThanOrEqual(quantile + slack);
      }
    }
    expect(Math.abs(difference)).toBeLessThan(4 * Math.sqrt(variance));
  });

  test('what reaches the store is what was drawn, hour by hour', async () => {
    const city = await open();
    await bench.run(SPEC);
    const values = bench.features.values();
    for (const place of city.demand.places) {
      for (let t = utc('2026-03-01T05'); t < utc('2026-03-20T10'); t += HOUR) {
        expect(values.get(`${place.seriesId}@${t}`) ?? 0).toBe(city.demand.count(place, t));
      }
    }
  });

  test('an hour of autumn that the wall clock repeats is exact where it has a file of its own', async () => {
    bench.clock.advance(utc('2026-11-01T05') - bench.clock.now());
    const city = await open();
    await bench.run(SPEC);
    for (const hour of ['2026-11-01T06', '2026-11-01T07']) {
      bench.clock.advance(HOUR);
      const { parts } = await bench.run(SPEC);
      expect(parts.at(-1)!.name).toContain(`_${hour}.parquet`);
      expect(parts.at(-1)!.rejected).not.toHaveProperty('outside_span');
    }
    const values = bench.features.values();
    for (const place of city.demand.places) {
      for (const hour of ['2026-11-01T05', '2026-11-01T06']) {
        expect(values.get(`${place.seriesId}@${utc(hour)}`) ?? 0).toBe(
          city.demand.count(place, utc(hour)),
        );
      }
    }
  });

  test('an incremental hour costs one part', async () => {
    await bench.run(SPEC);
    bench.clock.advance(HOUR);
    const { parts, changed, report } = await bench.run(SPEC);
    expect(changed).toBe(true);
    expect(parts.map(({ skipped }) => skipped)).toEqual([true, true, false]);
    expect(report!.run.rowsIn).toBe(parts[2].rowsIn);
    expect(report!.total.rowsIn).toBe(parts.reduce((sum, part) => sum + part.rowsIn, 0));
    expect(report!.span.end).toBe(utc('2026-03-20T11'));
    expect((await bench.run(SPEC)).changed).toBe(false);
  });

  test('overlapping files of two runs at once are distinct; what a killed run left is not read and goes', async () => {
    const city = await open();
    await city.parts();
    await writeTrips(
      city.demand,
      7,
      { start: utc('2026-03-20T08'), end: utc('2026-03-20T10') },
      folderOf(),
      'city_tripdata_2026-03-20T08_2026-03-20T10.parquet',
    );
    const leftover = join(folderOf(), '.writing-abc');
    await mkdir(leftover);
    await writeFile(join(leftover, 'half.parquet'), 'half');
    await utimes(leftover, new Date(utc('2026-03-01T00')), new Date(utc('2026-03-01T00')));
    expect(await city.parts()).toHaveLength(2);
    expect((await readdir(folderOf())).filter((name) => name.startsWith('.'))).toEqual([]);
    await Promise.all(
      [
        openCity('city:seed=7,months=1,places=3', bench.context),
        openCity('city:seed=7,months=1,places=3', bench.context),
      ].map(async (source) => (await source).parts()),
    );
    expect((await stat(folderOf(3))).isDirectory()).toBe(true);
    expect(await readdir(folderOf(3))).toHaveLength(2);
  });

  test.each(['city:seed=x', 'city:months=0', 'city:places=264', 'city:size=3'])(
    '%s does not read',
    async (spec) => {
      await expect(taxi.openSource(spec, bench.context)).rejects.toMatchObject({
        code: 'SOURCE_INVALID',
      });
    },
  );

  test('the whole default city has one to two million trips, from busy to sparse', async () => {
    const { demand } = await open('city');
    const means = demand.places.map(({ base }) => base);
    expect(Math.max(...means)).toBeGreaterThan(35);
    expect(Math.min(...means)).toBeLessThan(0.06);
    const trips = means.reduce((sum, mean) => sum + mean, 0) * 24 * 285;
    expect(trips).toBeGreaterThan(1_000_000);
    expect(trips).toBeLessThan(2_000_000);
  });
});
