import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Domain, RawPart, Source } from '../../../../domains/domain.ts';
import { parquetFiles } from '../../../../platform/duckdb/sql.ts';
import { HeadwayError } from '../../../../platform/errors.ts';
import { silentProgress } from '../../../../platform/progress.ts';
import { silentLogger } from '../../../../platform/telemetry/logger.ts';
import { runFeatures } from '../../../../services/feature/run.ts';
import { type FeatureFixture, featureFixture, utc } from '../../../fixtures/feature-fixture.ts';

// The first run in a file loads danfo, which takes seconds on a busy machine.
jest.setTimeout(60_000);

const domain: Domain = {
  ...{
    name: 'test',
    title: 'Test',
    unit: 'events',
    seriesNoun: 'series',
    frequencyMinutes: 60,
    timeZone: 'UTC',
  },
  ...{
    seasonLengths: [24],
    horizon: 24,
    quantiles: [0.5],
    missing: 'zero',
    nonNegative: true,
    integerValued: false,
    holidays: null,
  },
  ...{ pastExogenous: [], futureExogenous: [], defaultSource: null, quickSource: null },
  seriesTitle: (seriesId) => seriesId,
  openSource: async () => sourceOf([]),
};

const sourceOf = (parts: RawPart[]): Source => ({
  description: 'a test',
  parts: async () => parts,
});

/** A day with `count` events of series a at noon. */
function day(name: string, count: number, options: Partial<RawPart> = {}): RawPart {
  const start = Date.parse(`${name}T00:00:00Z`);
  return {
    ...{
      name,
      feed: 'one',
      fingerprint: `${name} ${count}`,
      span: { start, end: start + 86_400_000 },
    },
    open: async () => ({
      ...{
        relation: `(SELECT TIMESTAMP '${name} 12:30:00' AS t FROM range(${count}))`,
        seriesId: `'a'`,
        localTime: 't',
      },
      ...{ value: null, duplicateKey: [], rejections: [] },
    }),
    ...options,
  };
}

let bench: FeatureFixture;
beforeEach(async () => {
  bench = await featureFixture(domain);
});
afterEach(() => bench.remove());

const run = (...parts: RawPart[]) =>
  runFeatures({
    ...{
      domain,
      source: sourceOf(parts),
      features: bench.features,
      workFolder: bench.workFolder,
      clock: bench.clock,
    },
    ...{ logger: silentLogger, progress: silentProgress },
  });
const noon = (name: string) => bench.features.values().get(`a@${utc(`${name}T12`)}`);

describe('features run', () => {
  test('commits what is new, with its counts and the time it became known', async () => {
    const { manifest, changed, report } = await run(day('2026-01-01', 5));
    expect(changed).toBe(true);
    expect(manifest.objects[0]).toMatchObject({
      part: '2026-01-01',
      feed: 'one',
      rows: 1,
      rowsIn: 5,
      rowsUsed: 5,
      rejected: {},
    });
    expect(manifest.objects[0].availableAt).toBe(bench.clock.now());
    expect(manifest.schema).toEqual({
      frequencyMinutes: 60,
      missing: 'zero',
      unit: 'events',
      timeZone: 'UTC',
    });
    expect(bench.features.report()).toEqual(JSON.parse(JSON.stringify(report)));
    expect(await readdir(bench.workFolder)).toEqual([]);
  });

  test('is refused if its clock is behind the store, even if nothing is new', async () => {
    await run(day('2026-01-01', 5));
    bench.clock.advance(-365 * 86_400_000);
    await expect(run(day('2026-01-01', 5))).rejects.toMatchObject({ code: 'CLOCK_BEHIND' });
  });

  test('changes and opens nothing if it is repeated', async () => {
    await run(day('2026-01-01', 5));
    const closed = { open: () => Promise.reject(new Error('must not be opened')) };
    const again = await run(day('2026-01-01', 5, closed));
    expect(again).toMatchObject({
      changed: false,
      report: null,
      parts: [{ skipped: true, rowsIn: 5 }],
    });
    expect(bench.features.commits).toBe(1);
  });

  test('publishes a changed part again, also if it is changed back', async () => {
    for (const count of [5, 6, 5]) {
      bench.clock.advance(1000);
      const { changed } = await run(day('2026-01-01', count));
      expect(changed).toBe(true);
      expect(noon('2026-01-01')).toBe(count);
    }
    const { objects } = (await bench.features.head())!;
    expect(objects.map(({ rowsIn }) => rowsIn)).toEqual([5, 6, 5]);
    expect(objects[2].availableAt).toBeGreaterThan(objects[1].availableAt);
  });

  test('sums feeds and keeps parts that the source no longer has', async () => {
    await run(day('2026-01-01', 5));
    await run(day('2026-01-01', 2, { feed: 'two' }), day('2026-01-02', 3));
    expect([noon('2026-01-01'), noon('2026-01-02')]).toEqual([7, 3]);
  });

  test('commits nothing and leaves no files if one part of many is bad', async () => {
    const bad = {
      open: () => Promise.reject(new HeadwayError('RAW_FILE_INVALID', 'x is torn', { where: 'x' })),
    };
    await expect(run(day('2026-01-01', 5), day('2026-01-02', 5, bad))).rejects.toMatchObject({
      code: 'RAW_FILE_INVALID',
      message: 'x is torn',
    });
    const torn = join(bench.folder, 'torn.parquet');
    await writeFile(torn, 'PAR1 nothing');
    const relation = {
      relation: parquetFiles(torn),
      seriesId: 'a',
      localTime: 'b',
      value: null,
      duplicateKey: [],
      rejections: [],
    };
    const both = run(
      day('2026-01-01', 5, { open: async () => relation }),
      day('2026-01-02', 5, bad),
    );
    await expect(both).rejects.toMatchObject({
      code: 'RAW_FILE_INVALID',
      message: expect.stringContaining('2 files are bad'),
    });
    expect(await bench.features.head()).toBeNull();
    expect(await readdir(bench.workFolder)).toEqual([]);
  });

  test('reports a full disk and a source without data', async () => {
    const full = {
      open: () => Promise.reject(Object.assign(new Error('write failed'), { code: 'ENOSPC' })),
    };
    await expect(run(day('2026-01-01', 5, full))).rejects.toMatchObject({ code: 'STORE_FULL' });
    await expect(run()).rejects.toMatchObject({ code: 'SOURCE_INVALID' });
  });

  test('two concurrent runs leave one history with all parts', async () => {
    await Promise.all([run(day('2026-01-01', 5)), run(day('2026-01-02', 6))]);
    const log = await bench.features.log();
    expect(log.map(({ number }) => number)).toEqual([1, 2]);
    expect([noon('2026-01-01'), noon('2026-01-02')]).toEqual([5, 6]);
    const [first, second] = await Promise.all([
      run(day('2026-01-03', 1)),
      run(day('2026-01-03', 1)),
    ]);
    expect(first.changed || second.changed).toBe(true);
    expect(noon('2026-01-03')).toBe(1);
  });

  test('removes files of a killed run, and none of a live run', async () => {
    const host = hostname().replace(/[^A-Za-z0-9.]/g, '_');
    await mkdir(join(bench.workFolder, `run-${host}-999999999-abcdef`, 'spill'), {
      recursive: true,
    });
    await mkdir(join(bench.workFolder, `run-${host}-${process.ppid}-abcdef`));
    await mkdir(join(bench.workFolder, 'run-elsewhere-1-abcdef'));
    await mkdir(join(bench.workFolder, 'mine'));
    await run(day('2026-01-01', 5));
    expect((await readdir(bench.workFolder)).sort()).toEqual(
      ['mine', 'run-elsewhere-1-abcdef', `run-${host}-${process.ppid}-abcdef`].sort(),
    );
  });
});
