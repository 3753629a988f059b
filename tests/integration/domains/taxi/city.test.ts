import { mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type CitySource, openCity } from '../../../../domains/taxi/city.ts';
import { writeTrips } from '../../../../domains/taxi/city-trips.ts';
import { taxi } from '../../../../domains/taxi/definition.ts';
import { feedOf } from '../../../../domains/taxi/incidents.ts';
import { parquetFiles } from '../../../../platform/duckdb/sql.ts';
import {
  type FeatureFixture,
  featureFixture,
  sql,
  utc,
} from '../../../fixtures/feature-fixture.ts';

const HOUR = 3_600_000;
const SPEC = 'city:seed=7,months=1,places=5';
let bench: FeatureFixture;
beforeEach(async () => {
  bench = await featureFixture(taxi, '2026-03-20T10:30:00Z');
});
afterEach(() => bench.remove());
const open = (spec = SPEC): Promise<CitySource> => openCity(spec, bench.context);
const folderOf = (places = 5) => join(bench.context.rawFolder, `city-seed7-places${places}`);

describe('simulated city', () => {
  test('raw trips have the green schema and some bad rows; clean trips match the counts', async () => {
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

  test('an hour has the same trips, however time is split into files', async () => {
    const city = await open();
    const [start, end] = [utc('2026-03-07T00'), utc('2026-03-10T00')];
    const folder = join(bench.folder, 'cuts');
    await mkdir(folder);
    const rows = (files: string[]) =>
      `SELECT * FROM ${parquetFiles(files.map((file) => join(folder, file)))}`;
    await writeTrips(feedOf(city.demand, null), 7, { start, end }, folder, 'whole.parquet');
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
          await writeTrips(
            feedOf(city.demand, null),
            7,
            { start: edges[i], end: edges[i + 1] },
            folder,
            file,
          );
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

  test('the store holds the drawn counts of every hour', async () => {
    const city = await open();
    await bench.run(SPEC);
    const values = bench.features.values();
    for (const place of city.demand.places) {
      for (let t = utc('2026-03-01T05'); t < utc('2026-03-20T10'); t += HOUR) {
        expect(values.get(`${place.seriesId}@${t}`) ?? 0).toBe(city.demand.count(place, t));
      }
    }
  });

  test('a repeated hour of autumn is exact if it has a file of its own', async () => {
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

  test('an incremental hour reads one part', async () => {
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

  test('two concurrent runs write distinct files, and files of a killed run are removed', async () => {
    const city = await open();
    await city.parts();
    await writeTrips(
      feedOf(city.demand, null),
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
});
