/**
 * Purpose: one small case of each guarantee that tests/integration/storage checks at length:
 * commits that stop half way, concurrent writers, late corrections, compaction and clocks.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { fixedClock } from '../../../platform/clock.ts';
import { type FeatureStore, openFeatureStore } from '../../../storage/features/feature-store.ts';
import { openModelRegistry } from '../../../storage/models/model-registry.ts';
import { type MemoryObjectStore, memoryObjectStore } from '../../fakes/memory-object-store.ts';
import {
  commitObjects,
  makeObjects,
  NOW,
  type ObjectSpec,
  schemaOf,
  temporaryFolder,
} from '../../fixtures/storage/features.ts';
import { modelOf } from '../../fixtures/storage/models.ts';

let folder: string;
let remove: () => Promise<void>;
let store: MemoryObjectStore;
let features: FeatureStore;
beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterAll(() => remove());
beforeEach(() => {
  store = memoryObjectStore();
  features = openFeatureStore({ store, domain: 'toy', clock: fixedClock(NOW) });
});
afterEach(() => store.close());

const hourly = (at: number, value = at): ObjectSpec => ({
  part: `hour ${at}`,
  fingerprint: `${at} is ${value}`,
  span: [at, at + 1],
  rows: [['a', at, value]],
});
const request = async (...specs: ObjectSpec[]) => ({
  reason: 'test',
  schema: schemaOf('zero'),
  newObjects: await makeObjects(folder, specs),
  onlineIntervals: 3,
});
const commit = async (...specs: ObjectSpec[]) => commitObjects(features, await request(...specs));
const values = async (query = {}) => [...(await features.readAsOf(query)).columns.target];

/**
 * Does `work` again and again on one store, which fails from the n-th call on, until it succeeds:
 * so it stops once at every call, as a process that is killed there.
 */
async function stopAtEveryCall<T>(
  work: (run: number) => Promise<T>,
  check: (acknowledged: readonly T[]) => Promise<void>,
): Promise<void> {
  const acknowledged: T[] = [];
  let last = 0;
  for (; acknowledged.length === 0; last++) {
    let calls = 0;
    store.fault = () => {
      calls++;
      if (calls === last) return 'after';
      return calls > last ? 'before' : undefined;
    };
    await work(last).then(
      (result) => acknowledged.push(result),
      (error) => expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' }),
    );
    store.fault = () => undefined;
    await check(acknowledged);
  }
  expect(last).toBeGreaterThan(4);
}

test('a feature commit that stops at any call is visible completely or not at all', async () => {
  await commit(hourly(0));
  const requests = await Promise.all([1, 2].map((value) => request(hourly(1, value))));
  await stopAtEveryCall(
    (run) => commitObjects(features, requests[run % 2]),
    async (acknowledged) => {
      expect((await features.verify()).problems).toEqual([]);
      const log = await features.log();
      expect(log.map(({ snapshotVersion }) => snapshotVersion)).toEqual(
        expect.arrayContaining(acknowledged.map(({ snapshotVersion }) => snapshotVersion)),
      );
      expect([[0], [0, 1], [0, 2]]).toContainEqual(await values());
    },
  );
  await commit(hourly(2));
  expect((await values()).at(-1)).toBe(2);
});

test('a promotion that stops at any call leaves a champion that loads', async () => {
  const models = openModelRegistry({ store, domain: 'toy', clock: fixedClock(NOW) });
  await stopAtEveryCall(
    async (run) => {
      const { modelVersion } = await models.register(modelOf(run));
      await models.promote({ modelVersion, reason: 'test', evidence: null });
      return modelVersion;
    },
    async (acknowledged) => {
      expect((await models.verify()).problems).toEqual([]);
      const champion = await models.champion();
      if (champion) await models.load(champion.modelVersion);
      if (acknowledged.length > 0) expect(champion?.modelVersion).toBe(acknowledged[0]);
    },
  );
});

test('concurrent writers produce one history and lose nothing', async () => {
  const requests = await Promise.all([0, 1, 2].map((at) => request(hourly(at))));
  const made = await Promise.all(requests.map((each) => commitObjects(features, each)));
  const log = await features.log(); // refuses a history that is not linear
  const versions = (all: typeof log) => all.map(({ snapshotVersion }) => snapshotVersion);
  expect(versions(log)).toEqual(expect.arrayContaining(versions(made)));
  expect(log.map(({ objects }) => objects.length)).toEqual([1, 2, 3]);
  expect(await values()).toEqual([0, 1, 2]);
});

test('two runs that fetched the same parts commit them once', async () => {
  const requests = [await request(hourly(0), hourly(1)), await request(hourly(0), hourly(1))];
  const [one, two] = await Promise.all(requests.map((each) => commitObjects(features, each)));
  expect(one).toEqual(two);
  expect((await features.head())?.objects.map(({ part }) => part)).toEqual(['hour 0', 'hour 1']);
  expect(await features.log()).toHaveLength(1);
});

test('a late correction and a compaction change no earlier result', async () => {
  const { snapshotVersion } = await commit(hourly(0, 5), hourly(1, 6));
  await commit({ ...hourly(0, 7), availableAt: NOW + 10 });
  const results = async () => [
    await values({ snapshotVersion }),
    await values({ knownAt: NOW + 9 }),
    await values(),
  ];
  expect(await results()).toEqual([
    [5, 6],
    [5, 6],
    [7, 6],
  ]);
  expect([...(await features.readOnline()).panel.columns.target]).toEqual([7, 6]);
  expect((await features.compact())?.packs).toHaveLength(1);
  expect(await results()).toEqual([
    [5, 6],
    [5, 6],
    [7, 6],
  ]);
  expect([...(await features.readOnline()).panel.columns.target]).toEqual([7, 6]);
});

test('refuses a commit whose clock is far behind until repair-clock has run', async () => {
  const ahead = fixedClock(NOW + 24 * 3_600_000);
  await commitObjects(
    openFeatureStore({ store, domain: 'toy', clock: ahead }),
    await request(hourly(0)),
  );
  const late = await request(hourly(1));
  await expect(commitObjects(features, late)).rejects.toMatchObject({ code: 'CLOCK_BEHIND' });
  await features.repairClock();
  await commitObjects(features, late);
  expect(await values()).toEqual([0, 1]);
});
