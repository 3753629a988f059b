/**
 * Purpose: many feature writers at once leave a linear history with nothing lost. `npm run
 * test:crash` takes more commits (tests/crash).
 */

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { fixedClock } from '../../../platform/clock.ts';
import { openFeatureStore } from '../../../storage/features/feature-store.ts';
import { memoryObjectStore } from '../../fakes/memory-object-store.ts';
import { concurrentWriters } from '../../fixtures/storage/concurrent-trial.ts';
import { makeObjects, NOW, schemaOf, temporaryFolder } from '../../fixtures/storage/features.ts';

const WRITERS = 4;
const COMMITS = 15;

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterAll(() => remove());

test(`${WRITERS} processes with ${COMMITS} commits each, and a reader all along`, async () => {
  expect((await concurrentWriters(folder, WRITERS, COMMITS)).looks).toBeGreaterThan(0);
}, 240_000);

test('two runs that fetched the same parts at once commit them once', async () => {
  const store = memoryObjectStore();
  try {
    const features = openFeatureStore({ store, domain: 'toy', clock: fixedClock(NOW) });
    const specs = [
      { part: 'a', span: [0, 1] as const, rows: [['x', 0, 1] as const] },
      { part: 'b', span: [1, 2] as const, rows: [['x', 1, 1] as const] },
    ];
    const request = async (n: number) => ({
      reason: `run ${n}`,
      schema: schemaOf('zero'),
      newObjects: await makeObjects(folder, specs),
    });
    const requests = [await request(1), await request(2)];
    const [one, two] = await Promise.all(requests.map((each) => features.commit(each)));
    expect(one).toEqual(two);
    expect((await features.head())?.objects.map(({ part }) => part)).toEqual(['a', 'b']);
    expect(await features.log()).toHaveLength(1);
  } finally {
    await store.close();
  }
});
