/**
 * Purpose: compaction and commits at once, and how packs grow. That compaction changes no result:
 * tests/integration/storage/feature-compact.property.test.ts.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { fixedClock } from '../../../../../platform/clock.ts';
import {
  type FeatureStore,
  openFeatureStore,
} from '../../../../../storage/features/feature-store.ts';
import type { FeatureObject, Manifest } from '../../../../../storage/features/manifest.ts';
import { planRuns } from '../../../../../storage/features/segments/feature-compact.ts';
import { memoryObjectStore } from '../../../../fakes/memory-object-store.ts';
import {
  commitObjects,
  makeObjects,
  NOW,
  type ObjectSpec,
  schemaOf,
  temporaryFolder,
} from '../../../../fixtures/storage/features.ts';

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterAll(() => remove());

async function withStore<T>(
  work: (features: FeatureStore, store: ReturnType<typeof memoryObjectStore>) => Promise<T>,
) {
  const store = memoryObjectStore();
  try {
    return await work(openFeatureStore({ store, domain: 'toy', clock: fixedClock(NOW) }), store);
  } finally {
    await store.close();
  }
}

test('keeps a concurrent commit, whichever of commit and compaction comes first', async () => {
  await withStore(async (features, store) => {
    const hourly = (at: number): ObjectSpec => ({
      part: `${at}`,
      span: [at, at + 1],
      rows: [['a', at, at + 1]],
    });
    const commit = async (at: number) =>
      commitObjects(features, {
        reason: 'test',
        schema: schemaOf('zero'),
        newObjects: await makeObjects(folder, [hourly(at)]),
      });
    await commit(0);
    await commit(1);
    const { put } = store;
    let between = 0;
    store.put = async (key, bytes) => {
      // The compaction has made its pack and is about to look for its place; then the commit is,
      // and is overtaken by another compaction.
      if (key.includes('/pieces/') && between++ === 0) await commit(2);
      await put(key, bytes);
    };
    await features.compact();
    const head = await features.head();
    expect([head?.packs.length, head?.objects.length]).toEqual([1, 1]);
    store.put = async (key, bytes) => {
      if (key.includes('/online/') && between++ === 1)
        await Promise.all([commit(3), features.compact()]);
      await put(key, bytes);
    };
    await commit(4);
    expect([...(await features.readAsOf()).columns.target]).toEqual([1, 2, 3, 4, 5]);
    expect((await features.verify()).problems).toEqual([]);
  });
});

const objectOf = (feed: string, rows: number, key: string) =>
  ({ feed, rows, key }) as FeatureObject;
test('limits the number of packs and of rewrites as objects accumulate', () => {
  let packs: Manifest['packs'] = [];
  let written = 0;
  for (let i = 0; i < 1000; i++) {
    const objects = [
      objectOf('main', 10, `o${i}`),
      objectOf('main', 10, `p${i}`),
      objectOf('other', 1, 'single'),
    ];
    const runs = planRuns({ packs, objects }, {});
    const gone = new Set(runs.flat());
    const made = runs.map((run) => {
      const rows = run.reduce((sum, file) => sum + file.rows, 0);
      written += rows;
      return { feed: 'main', rows, segments: { count: run.length } } as Manifest['packs'][number];
    });
    packs = [...packs.filter((pack) => !gone.has(pack)), ...made];
  }
  expect(packs.reduce((sum, { rows }) => sum + rows, 0)).toBe(20_000);
  expect(packs.length).toBeLessThan(12);
  expect(written).toBeLessThan(20_000 * 12);
});
