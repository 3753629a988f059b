/** Purpose: a run reads the files of its source and no others, and notices one that changes. */
import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Domain } from '../../../../domains/domain.ts';
import { electricity } from '../../../../domains/electricity/definition.ts';
import { taxi } from '../../../../domains/taxi/definition.ts';
import { openWeather } from '../../../../domains/taxi/weather.ts';
import { shops } from '../../../../tools/example-domain/definition.ts';
import {
  type FeatureFixture,
  featureFixture,
  utc,
  writeParquet,
} from '../../../fixtures/feature-fixture.ts';

let bench: FeatureFixture;
const openBench = async (domain: Domain) => {
  bench = await featureFixture(domain);
};
afterEach(() => bench.remove());

const trip = (stamp: string, place: number) =>
  `SELECT TIMESTAMP '${stamp}' AS lpep_pickup_datetime, ${place} AS PULocationID`;

describe('folders whose names look like globs or partitions', () => {
  test.each([
    ['a*b', 'axb'],
    ['a?b', 'axb'],
    ['[ab]', 'a'],
    ['shop=9', 'shop=8'],
  ])('reads events in CSV files from %s next to %s', async (name, sibling) => {
    await openBench(shops);
    for (const [folder, shop] of [
      [name, '1'],
      [sibling, '2'],
    ] as const) {
      await mkdir(join(bench.input, folder));
      const line = `${shop}-7,${shop},2026-06-01 10:30:00`;
      await writeFile(join(bench.input, folder, 'a.csv'), `order_id,shop,placed_at\n${line}\n`);
    }
    const { parts, values } = await bench.read(join(bench.input, name));
    expect(parts[0]).toMatchObject({ rowsIn: 1, rowsUsed: 1, rejected: {} });
    expect(values).toEqual(new Map([[`1@${utc('2026-06-01T08')}`, 1]]));
  });

  test('reads values in CSV files, also compressed ones', async () => {
    await openBench(electricity);
    for (const [folder, value] of [
      ['a*b', 1],
      ['axb', 2],
    ] as const) {
      await mkdir(join(bench.input, folder));
      const text = `Datetime,AEP_MW\n2018-07-01 01:00:00,${value}\n`;
      await writeFile(join(bench.input, folder, 'AEP_hourly.csv.gz'), gzipSync(text));
    }
    const { values } = await bench.read(join(bench.input, 'a*b'));
    expect(values).toEqual(new Map([[`AEP@${utc('2018-07-01T04')}`, 1]]));
  });

  test.each([
    ['[P]ULocationID=9', 'PULocationID=9'],
    ['PULocationID=9', 'PULocationID=8'],
  ])('reads events in Parquet files from %s next to %s', async (name, sibling) => {
    await openBench(taxi);
    for (const [folder, place] of [
      [name, 5],
      [sibling, 6],
    ] as const) {
      await mkdir(join(bench.input, folder));
      const path = join(bench.input, folder, 'green_tripdata_2023-06.parquet');
      await writeParquet(path, trip('2023-06-01 10:00:00', place));
    }
    const { values } = await bench.read(join(bench.input, name));
    expect([...values.keys()]).toEqual([`5@${utc('2023-06-01T14')}`]);
  });
});

describe('an input that is not a regular file is refused at once', () => {
  const weather: Domain = {
    ...taxi,
    openSource: async (spec) => ({ ...(await openWeather(spec)), parts: async () => [] }),
  };
  test.each<[string, Domain, string]>([
    ['events in CSV files', shops, 'x.csv'],
    ['events in Parquet files', taxi, 'green_tripdata_2023-06.parquet'],
    ['values', electricity, 'AEP_hourly.csv'],
    ['exogenous values', weather, 'x.csv'],
  ])('for %s', async (_what, domain, name) => {
    await openBench(domain);
    const make: [string, (path: string) => unknown][] = [
      ['fifo', (path) => execFileSync('mkfifo', [path])],
      ['folder', (path) => mkdir(path)],
      ['link', (path) => symlink('/dev/null', path)],
    ];
    for (const [folder, put] of make) {
      const path = join(bench.input, folder, name);
      await mkdir(join(bench.input, folder));
      await put(path);
      // Tables are looked for inside of folders: this one has none.
      const isSearched = domain === shops && folder === 'folder';
      await expect(bench.read(join(bench.input, folder))).rejects.toMatchObject({
        code: 'SOURCE_INVALID',
        where: isSearched ? join(bench.input, folder) : path,
      });
    }
  });
});

describe('a file that changes while it is read', () => {
  const day = 'order_id,shop,placed_at\n1,1,2026-06-01 10:30:00\n';
  let change: (() => Promise<void>) | null = null;
  const changing: Domain = {
    ...shops,
    async openSource(spec, context) {
      const source = await shops.openSource(spec, context);
      const parts = async () =>
        (await source.parts()).map((part) => ({
          ...part,
          async open() {
            const rows = await part.open();
            await change?.();
            return rows;
          },
        }));
      return { ...source, parts };
    },
  };
  beforeEach(() => openBench(changing));

  test.each([
    ['grows', '2,1,2026-06-01 10:40:00\n'],
    ['is torn', '"'],
  ])('and %s is refused, and the next run reads it', async (_what, added) => {
    const path = join(bench.input, 'a.csv');
    await writeFile(path, day);
    change = () => appendFile(path, added);
    await expect(bench.read()).rejects.toMatchObject({
      code: 'RAW_FILE_INVALID',
      message: 'a.csv changed while it was read',
      where: path,
    });
    change = null;
    await writeFile(path, day);
    expect((await bench.read()).parts[0]).toMatchObject({ rowsIn: 1 });
  });
});
