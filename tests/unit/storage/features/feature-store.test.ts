/** Purpose: what the feature store promises, by small examples. */

import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { targetOf } from '../../../../forecasting/panel/panel.ts';
import { fixedClock } from '../../../../platform/clock.ts';
import { type FeatureStore, openFeatureStore } from '../../../../storage/features/feature-store.ts';
import { hashPanel } from '../../../../storage/features/panel-hash.ts';
import { collectWitnesses, newestWitness } from '../../../../storage/log/witness.ts';
import { type MemoryObjectStore, memoryObjectStore } from '../../../fakes/memory-object-store.ts';
import {
  commitObjects,
  HOUR,
  hour,
  makeObjects,
  NOW,
  type ObjectSpec,
  schemaOf,
  temporaryFolder,
} from '../../../fixtures/storage/features.ts';

let store: MemoryObjectStore;
let features: FeatureStore;
let folder: string;
let remove: () => Promise<void>;

beforeEach(async () => {
  store = memoryObjectStore();
  features = openFeatureStore({ store, domain: 'toy', clock: fixedClock(NOW) });
  ({ folder, remove } = await temporaryFolder());
});
afterEach(async () => {
  await store.close();
  await remove();
});

async function commit(
  specs: readonly ObjectSpec[],
  missing: 'zero' | 'unknown' = 'zero',
  onlineIntervals?: number,
) {
  const request = {
    reason: 'test',
    schema: schemaOf(missing),
    newObjects: await makeObjects(folder, specs),
  };
  return commitObjects(
    features,
    onlineIntervals === undefined ? request : { ...request, onlineIntervals },
  );
}

const numbers = (values: Float32Array) => [...values];

describe('commit', () => {
  test('an empty store has no head, and SNAPSHOT_EMPTY names the next command', async () => {
    expect(await features.head()).toBeNull();
    expect(await features.log()).toEqual([]);
    await expect(features.readOnline()).rejects.toMatchObject({
      code: 'SNAPSHOT_EMPTY',
      fix: expect.stringContaining('features run'),
    });
    await expect(features.readAsOf()).rejects.toMatchObject({ code: 'SNAPSHOT_EMPTY' });
    await expect(commit([])).rejects.toMatchObject({ code: 'SNAPSHOT_EMPTY' });
  });

  test('numbers commits consecutively and never changes an earlier one', async () => {
    const first = await commit([{ part: 'a', span: [0, 2], rows: [['x', 0, 1]] }]);
    const second = await commit([{ part: 'b', span: [2, 4], rows: [['x', 3, 2]] }]);
    expect([first.number, second.number]).toEqual([1, 2]);
    expect(second.parent).toBe(first.snapshotVersion);
    expect(second.objects.map(({ part }) => part)).toEqual(['a', 'b']);
    expect(await features.log()).toEqual([first, second]);
    expect(await features.head()).toEqual(second);
    expect(await features.manifest(first.snapshotVersion)).toEqual(first);
    for (const unknown of ['1-000000000000', '7-000000000000', 'x', '../1']) {
      await expect(features.manifest(unknown)).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
    }
  });

  test('writes nothing where nothing is new', async () => {
    const spec: ObjectSpec = { part: 'a', fingerprint: 'f', span: [0, 2], rows: [['x', 0, 1]] };
    const first = await commit([spec]);
    const before = new Map(store.objects);
    expect(await commit([{ ...spec, availableAt: NOW + 5 }])).toEqual(first);
    expect(await commit([])).toEqual(first);
    expect([...store.objects.keys()]).toEqual([...before.keys()]);
  });

  test('commits a part again that was changed and changed back', async () => {
    const spec = (fingerprint: string, value: number, availableAt: number): ObjectSpec => ({
      ...{ part: 'a', fingerprint, availableAt, span: [0, 1], rows: [['x', 0, value]] },
    });
    await commit([spec('one', 1, NOW)]);
    await commit([spec('two', 2, NOW + 1)]);
    await commit([spec('one', 1, NOW + 2)]);
    expect(numbers((await features.readAsOf()).columns.target)).toEqual([1]);
    expect(await features.log()).toHaveLength(3);
  });

  test('stores a report next to its manifest', async () => {
    const newObjects = await makeObjects(folder, [{ span: [0, 1], rows: [['x', 0, 1]] }]);
    const report = Buffer.from('{"rows": 1}');
    const manifest = await commitObjects(features, {
      reason: 'test',
      schema: schemaOf('zero'),
      newObjects,
      report,
    });
    expect(await features.readReport(manifest)).toEqual({ rows: 1 });
    const later = await commit([{ part: 'later', span: [1, 2], rows: [] }]);
    expect(await features.readReport(later)).toBeNull();
  });

  test.each<[string, (object: Awaited<ReturnType<typeof makeObjects>>[0]) => object]>([
    ['a wrong count of rows', (o) => ({ ...o, rows: 5 })],
    ['a span that misses rows', (o) => ({ ...o, span: { start: hour(1), end: hour(2) } })],
    ['an empty span', (o) => ({ ...o, span: { start: hour(2), end: hour(2) } })],
    ['a span off the grid', (o) => ({ ...o, span: { start: hour(0), end: hour(2) + 1 } })],
    ['rows that do not add up', (o) => ({ ...o, rowsIn: 9 })],
    ['values known before they were', (o) => ({ ...o, availableAt: NOW - 1 })],
    ['an empty name', (o) => ({ ...o, part: '' })],
  ])('refuses %s and writes no manifest', async (_name, spoil) => {
    const [object] = await makeObjects(folder, [{ span: [0, 2], rows: [['x', 0, 1]] }]);
    const newObjects = [spoil(object) as typeof object];
    await expect(
      commitObjects(features, { reason: 'test', schema: schemaOf('zero'), newObjects }),
    ).rejects.toMatchObject({
      code: 'PANEL_INVALID',
    });
    expect(await features.head()).toBeNull();
  });

  test.each<[string, ObjectSpec['rows']]>([
    [
      'two rows for one interval',
      [
        ['x', 0, 1],
        ['x', 0, 2],
      ],
    ],
    ['an infinite target', [['x', 0, Number.POSITIVE_INFINITY]]],
    ['a target that is no number', [['x', 0, Number.NaN]]],
    ['a row without a series', [['', 0, 1]]],
    ['a row off the grid', [['x', 0.5, 1]]],
  ])('refuses rows with %s', async (_name, rows) => {
    await expect(commit([{ span: [0, 2], rows }])).rejects.toMatchObject({ code: 'PANEL_INVALID' });
    expect(await features.head()).toBeNull();
  });

  test('refuses a file that is not Parquet, or has other columns', async () => {
    const [object] = await makeObjects(folder, [{ span: [0, 2], rows: [['x', 0, 1]] }]);
    for (const content of ['', 'PAR1', 'series_id,timestamp,target\n']) {
      const foreign = path.join(folder, 'foreign');
      await writeFile(foreign, content);
      const newObjects = [{ ...object, path: foreign }];
      await expect(
        commitObjects(features, { reason: 'test', schema: schemaOf('zero'), newObjects }),
      ).rejects.toMatchObject({
        code: 'PANEL_INVALID',
        where: foreign,
      });
    }
  });

  test('refuses a schema change that would reinterpret older values', async () => {
    await commit([{ span: [0, 2], rows: [['x', 0, 1]] }]);
    await expect(commit([{ part: 'b', span: [2, 3], rows: [] }], 'unknown')).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
    });
  });
});

describe('readAsOf and readOnline', () => {
  test('reads an absent interval as zero only where an object covers it', async () => {
    await commit([
      {
        part: 'a',
        span: [0, 3],
        rows: [
          ['b', 1, 2],
          ['a', 0, 1],
        ],
      },
      { part: 'b', span: [4, 6], rows: [['a', 5, 3]] },
    ]);
    const panel = await features.readAsOf();
    expect(panel).toMatchObject({
      seriesIds: ['a', 'b'],
      start: hour(0),
      length: 6,
      frequencyMinutes: 60,
    });
    expect(numbers(targetOf(panel, 0))).toEqual([1, 0, 0, Number.NaN, 0, 3]);
    expect(numbers(targetOf(panel, 1))).toEqual([0, 2, 0, Number.NaN, 0, 0]);
  });

  test('reads an absent interval as unknown where the domain says so', async () => {
    await commit(
      [
        {
          span: [0, 3],
          rows: [
            ['b', 1, 2],
            ['a', 0, 1],
          ],
        },
      ],
      'unknown',
    );
    const panel = await features.readAsOf();
    expect(numbers(panel.columns.target)).toEqual([
      1,
      Number.NaN,
      Number.NaN,
      Number.NaN,
      2,
      Number.NaN,
    ]);
  });

  test('sums feeds, and only where all of them have coverage', async () => {
    await commit([
      {
        feed: 'green',
        span: [0, 3],
        rows: [
          ['x', 0, 1],
          ['x', 2, 1],
        ],
      },
      {
        feed: 'yellow',
        span: [1, 4],
        rows: [
          ['x', 2, 10],
          ['y', 3, 10],
        ],
      },
    ]);
    const panel = await features.readAsOf();
    expect(numbers(targetOf(panel, 0))).toEqual([Number.NaN, 0, 11, Number.NaN]);
    expect(numbers(targetOf(panel, 1))).toEqual([Number.NaN, 0, 0, Number.NaN]);
  });

  test('sums a feed only for series it contains where missing means unknown', async () => {
    await commit(
      [
        {
          feed: 'north',
          span: [0, 2],
          rows: [
            ['n', 0, 1],
            ['n', 1, 2],
            ['both', 0, 1],
          ],
        },
        {
          feed: 'south',
          span: [1, 3],
          rows: [
            ['s', 1, 3],
            ['both', 1, 1],
          ],
        },
      ],
      'unknown',
    );
    const panel = await features.readAsOf();
    expect(panel.seriesIds).toEqual(['both', 'n', 's']);
    expect(numbers(targetOf(panel, 0))).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect(numbers(targetOf(panel, 1))).toEqual([1, 2, Number.NaN]);
    expect(numbers(targetOf(panel, 2))).toEqual([Number.NaN, 3, Number.NaN]);
  });

  test('replaces a republished part entirely, also where it has fewer rows', async () => {
    await commit([
      {
        part: 'jan',
        fingerprint: '1',
        availableAt: NOW,
        span: [0, 3],
        rows: [
          ['x', 0, 1],
          ['x', 1, 1],
          ['y', 2, 1],
        ],
      },
    ]);
    await commit([
      { part: 'jan', fingerprint: '2', availableAt: NOW + 1, span: [0, 2], rows: [['x', 1, 7]] },
    ]);
    const panel = await features.readAsOf();
    expect(numbers(targetOf(panel, 0))).toEqual([0, 7, 0]);
    expect(numbers(targetOf(panel, 1))).toEqual([0, 0, 1]);
  });

  test('a late backfill changes no earlier read', async () => {
    await commit([
      {
        part: 'a',
        availableAt: NOW,
        span: [0, 4],
        rows: [
          ['x', 0, 1],
          ['x', 3, 5],
        ],
      },
    ]);
    const question = { cutoff: hour(3), knownAt: NOW };
    const before = hashPanel(await features.readAsOf(question));
    const { snapshotVersion } = (await features.head())!;
    features = openFeatureStore({ store, domain: 'toy', clock: fixedClock(NOW + HOUR) });
    await commit([
      {
        part: 'a',
        fingerprint: 'new',
        availableAt: NOW + HOUR,
        span: [0, 4],
        rows: [
          ['x', 0, 100],
          ['z', 1, 1],
        ],
      },
      { feed: 'other', availableAt: NOW + HOUR, span: [-2, 4], rows: [['x', 1, 1]] },
    ]);
    expect(hashPanel(await features.readAsOf(question))).toBe(before);
    expect(hashPanel(await features.readAsOf({ snapshotVersion, cutoff: hour(3) }))).toBe(before);
    expect(hashPanel(await features.readAsOf({ cutoff: hour(3) }))).not.toBe(before);
  });

  test('narrows the result by cutoff, from and series', async () => {
    await commit([
      {
        span: [0, 6],
        rows: [
          ['x', 0, 1],
          ['x', 4, 5],
          ['y', 5, 2],
          ['𝒛', 1, 1],
          ['\ufffd', 1, 1],
        ],
      },
    ]);
    const panel = await features.readAsOf({ cutoff: hour(4), from: hour(2) });
    expect(panel).toMatchObject({ seriesIds: ['x', '\ufffd', '𝒛'], start: hour(2), length: 3 });
    expect(numbers(targetOf(panel, 0))).toEqual([0, 0, 5]);
    expect(await features.readAsOf({ seriesIds: ['𝒛', 'x', 'x'] })).toMatchObject({
      seriesIds: ['x', '𝒛'],
      length: 6,
    });
    expect(await features.readAsOf({ cutoff: hour(99), from: hour(-9) })).toMatchObject({
      start: hour(0),
      length: 6,
    });
  });

  test('refuses queries without a result', async () => {
    await commit([
      {
        span: [0, 6],
        rows: [
          ['x', 0, 1],
          ['y', 5, 1],
        ],
      },
    ]);
    const refused = (query: object, code: string) =>
      expect(features.readAsOf(query)).rejects.toMatchObject({ code });
    await refused({ seriesIds: ['nobody'] }, 'SERIES_UNKNOWN');
    await refused({ seriesIds: ['y'], cutoff: hour(4) }, 'SERIES_UNKNOWN');
    await refused({ cutoff: hour(1) + 1 }, 'USAGE');
    await refused({ cutoff: Number.NaN }, 'USAGE');
    await refused({ from: hour(1) + 1 }, 'USAGE');
    await refused({ cutoff: hour(-1) }, 'SNAPSHOT_EMPTY');
    await refused({ from: hour(6) }, 'SNAPSHOT_EMPTY');
    await refused({ knownAt: NOW - 1 }, 'SNAPSHOT_EMPTY');
    await refused({ snapshotVersion: '1-abcdefabcdef' }, 'OBJECT_NOT_FOUND');
  });

  test('the online view equals the end of the snapshot bit for bit', async () => {
    const manifest = await commit(
      [
        {
          span: [0, 9],
          rows: [
            ['x', 0, 1],
            ['y', 8, 2.5],
          ],
        },
      ],
      'unknown',
      4,
    );
    const online = await features.readOnline();
    expect(online.manifest).toEqual(manifest);
    expect(manifest.online?.span).toEqual({ start: hour(5), end: hour(9) });
    expect(hashPanel(online.panel)).toBe(hashPanel(await features.readAsOf({ from: hour(5) })));
  });

  test('reads a covered span without rows as a panel without series', async () => {
    await commit([{ span: [0, 3], rows: [] }]);
    expect(await features.readAsOf()).toMatchObject({ seriesIds: [], length: 3 });
    expect((await features.readOnline()).panel).toMatchObject({ seriesIds: [], length: 3 });
  });
});

describe('verify', () => {
  test('finds no problem in an intact store and counts its objects', async () => {
    await commit([{ span: [0, 3], rows: [['x', 0, 1]] }]);
    await commit([{ part: 'b', span: [3, 5], rows: [['x', 4, 1]] }]);
    const bytes = [...store.objects]
      .filter(([key]) => key.startsWith('features/'))
      .reduce((sum, [, object]) => sum + object.length, 0);
    expect(await features.verify()).toEqual({
      objects: 6,
      bytes,
      clock: null,
      manifests: 2,
      collected: 0,
      problems: [],
      orphans: [],
    });
  });

  test('finds a newest manifest that was deleted or replaced', async () => {
    await commit([{ span: [0, 3], rows: [['x', 0, 1]] }]);
    const second = await commit([{ part: 'b', span: [3, 5], rows: [['x', 4, 1]] }]);
    const key = `features/toy/log/${String(second.number).padStart(20, '0')}.json`;
    store.objects.delete(key);
    expect((await features.verify()).problems).toEqual([
      { key, problem: expect.stringContaining('committed and is missing') },
    ]);
    const before = [...store.objects.keys()].filter((name) => name.startsWith('witness/'));
    await commit([{ part: 'c', span: [3, 5], rows: [['x', 4, 2]] }]);
    for (const name of store.objects.keys())
      if (name.startsWith('witness/') && !before.includes(name)) store.objects.delete(name);
    expect((await features.verify()).problems).toEqual([
      { key, problem: expect.stringContaining('another entry is') },
    ]);
  });

  test('garbage collection leaves the witness of the newest entry', async () => {
    for (const at of [0, 1, 2])
      await commit([{ part: `${at}`, span: [at, at + 1], rows: [['x', at, 1]] }]);
    expect(await collectWitnesses(store, 'witness/toy/', { remove: true })).toHaveLength(2);
    expect(await newestWitness(store, 'witness/toy/')).toMatchObject({ number: 3 });
    expect((await features.verify()).problems).toEqual([]);
  });

  test('reports an unreferenced object as an orphan, and readers ignore it', async () => {
    await commit([{ span: [0, 3], rows: [['x', 0, 1]] }]);
    await store.put('features/toy/log/notes.json', Buffer.from('{}'));
    await store.put('features/toy/data/left-behind.parquet', Buffer.from('x'));
    expect((await features.log()).length).toBe(1);
    expect((await features.verify()).orphans).toEqual([
      'features/toy/data/left-behind.parquet',
      'features/toy/log/notes.json',
    ]);
  });
});

test('DuckDB is loaded only when it is needed', async () => {
  const { spawnSync } = await import('node:child_process');
  const script = `
    import { createRequire } from 'node:module';
    await import('./storage/features/feature-store.ts'); await import('./storage/models/model-registry.ts'); await import('./storage/features/online/online-view.ts');
    const loaded = Object.keys(createRequire(import.meta.url).cache).filter((name) => name.includes('duckdb'));
    console.log(loaded.length);`;
  const root = path.dirname(createRequire(import.meta.url).resolve('../../../../package.json'));
  const child = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', script],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  expect(child.stdout.trim()).toBe('0');
}, 20_000);
