/**
 * Purpose: a view of many series is several objects, and reads as one: on every store, through
 * every kind of commit, and with whatever is wrong with one of them.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Panel } from '../../../../../forecasting/panel/panel.ts';
import { fixedClock } from '../../../../../platform/clock.ts';
import { openFeatureStore } from '../../../../../storage/features/feature-store.ts';
import { isRanged, type Manifest, viewObjects } from '../../../../../storage/features/manifest.ts';
import {
  heldSnapshot,
  joinPanels,
  wholePanel,
} from '../../../../../storage/features/online/online-snapshot.ts';
import { rangesOf } from '../../../../../storage/features/online/view-ranges.ts';
import type { ObjectStore } from '../../../../../storage/objects/object-store.ts';
import { memoryObjectStore } from '../../../../fakes/memory-object-store.ts';
import { FAR_STORES, NEAR_STORES } from '../../../../fixtures/storage/every-store.ts';
import {
  commitObjects,
  HOUR,
  hour,
  makeObjects,
  NOW,
  type ObjectSpec,
  type Row,
  schemaOf,
  temporaryFolder,
} from '../../../../fixtures/storage/features.ts';

const IDS = ['a', 'c', 'e', 'g', 'i', 'k', 'm'];
const DAY = 24 * HOUR;

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterAll(() => remove());

const hourOf = (at: number, ids: readonly string[]): ObjectSpec => ({
  part: `hour ${at}`,
  span: [at, at + 1],
  rows: ids.map((id, i): Row => [id, at, at * 10 + i]),
});

async function openWith(store: ObjectStore, rangeSeries = 1) {
  const clock = fixedClock(NOW);
  const features = openFeatureStore({ store, domain: 'toy', clock });
  const commit = async (specs: readonly ObjectSpec[], size = rangeSeries) =>
    commitObjects(features, {
      reason: 'test',
      schema: schemaOf('zero'),
      newObjects: await makeObjects(folder, specs),
      onlineIntervals: 4,
      rangeSeries: size,
    });
  return { features, commit, clock };
}

const rangesIn = ({ online }: Manifest) => {
  if (online === null || !isRanged(online)) throw new Error('the view is one object');
  return online.ranges;
};

describe.each([...NEAR_STORES, ...FAR_STORES.slice(0, 1)])('range views on %s', (_name, open) => {
  test('each range is read alone, and all together equal the snapshot', async () => {
    const { store, close } = await open();
    try {
      const { features, commit } = await openWith(store);
      await commit([hourOf(0, IDS), hourOf(1, IDS)]);
      const manifest = await commit([hourOf(2, IDS.slice(1))]);
      expect(manifest.format).toBe(3);
      expect(rangesIn(manifest).map(({ first, series }) => [first, series])).toEqual(
        IDS.map((id) => [id, 1]),
      );
      const whole = await features.readAsOf({ from: hour(0) });
      expect((await features.readOnline()).panel).toEqual(whole);

      const reads: string[] = [];
      const counted = {
        ...store,
        get(key: string, hash?: string) {
          if (key.includes('/online/')) reads.push(key);
          return store.get(key, hash);
        },
      };
      for (const name of ['has', 'list', 'listDetails'] as const)
        Object.assign(counted, { [name]: store[name].bind(store) });
      const reader = openFeatureStore({ store: counted, domain: 'toy', clock: fixedClock(NOW) });
      const online = await reader.openOnline(manifest);
      expect([online.series, online.length, await online.lastObserved()]).toEqual([7, 3, 2]);
      expect(online.rangeOf('g')).toBe(3);
      expect((await online.range(3)).seriesIds).toEqual(['g']);
      expect(reads).toEqual([rangesIn(manifest)[3]?.key]);
      // One before all of them, between two, and after all.
      expect(['B', 'd', 'z'].map((id) => online.rangeOf(id))).toEqual([0, 1, 6]);
      expect((await features.verify()).problems).toEqual([]);
    } finally {
      await close();
    }
  });
});

async function inMemory<T>(
  work: (store: ReturnType<typeof memoryObjectStore>) => Promise<T>,
): Promise<T> {
  const store = memoryObjectStore();
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

test('a new series joins its range, which is divided when it is too large', () =>
  inMemory(async (store) => {
    const { features, commit } = await openWith(store, 2);
    await commit([hourOf(0, IDS)]);
    const manifest = await commit([hourOf(1, ['A', 'd', 'd1', 'd2', 'z'])]);
    expect(rangesIn(manifest).map(({ first, series }) => [first, series])).toEqual([
      ['A', 2],
      ['c', 2],
      ['d1', 2],
      ['e', 2],
      ['i', 2],
      ['m', 2],
    ]);
    expect((await features.readOnline()).panel).toEqual(await features.readAsOf());
  }));

test('a view that becomes too large for one object is divided into ranges', () =>
  inMemory(async (store) => {
    const { features, commit } = await openWith(store);
    const first = await commit([hourOf(0, IDS)], 100);
    expect([first.format, viewObjects(first.online).length]).toEqual([1, 1]);
    const second = await commit([hourOf(1, IDS)]);
    expect([second.format, viewObjects(second.online).length]).toEqual([3, 7]);
    expect((await features.readOnline()).panel).toEqual(await features.readAsOf());
    expect((await features.readOnline(first)).panel.length).toBe(1);
  }));

test('a column of one series is only in the range of that series', () =>
  inMemory(async (store) => {
    const { features, commit } = await openWith(store);
    const columns: Row[] = [
      ['heat', 0, 5],
      ['price@c', 0, 1],
      ['price@m', 1, 2],
      ['price@nobody', 1, 3],
    ];
    const plans = { feed: '@plans', part: 'plans', span: [0, 4] as const, rows: columns };
    await commit([hourOf(0, IDS), plans]);
    await commit([hourOf(1, IDS)]);
    const online = await features.openOnline();
    const names = async (id: string) =>
      Object.keys((await online.range(online.rangeOf(id))).exogenous ?? {});
    expect(await names('a')).toEqual(['heat']);
    expect(await names('c')).toEqual(['heat', 'price@c']);
    expect(await names('m')).toEqual(['heat', 'price@m', 'price@nobody']);
    const { panel: whole } = await features.readOnline();
    expect(whole).toEqual(await features.readAsOf());
    // None keeps the bytes of its range in memory.
    for (const { buffer, byteLength } of Object.values(whole.exogenous ?? {}))
      expect(buffer.byteLength).toBe(byteLength);
  }));

test('a compaction keeps existing ranges, and so does garbage collection', () =>
  inMemory(async (memory) => {
    const clock = fixedClock(NOW);
    const store = memoryObjectStore(new Map(), clock);
    const features = openFeatureStore({ store, domain: 'toy', clock });
    const commit = async (spec: ObjectSpec) =>
      commitObjects(features, {
        ...{ reason: 'test', schema: schemaOf('zero'), rangeSeries: 1 },
        newObjects: await makeObjects(folder, [spec]),
      });
    await commit(hourOf(0, IDS));
    const second = await commit(hourOf(1, IDS));
    const views = () => [...store.objects.keys()].filter((key) => key.includes('/online/'));
    expect(views()).toHaveLength(14);
    const packed = (await features.compact()) as Manifest;
    expect(packed.packs).toHaveLength(1);
    expect(packed.online).toEqual(second.online);
    expect(views()).toHaveLength(14);
    clock.advance(2 * DAY);
    await features.gc({ graceMs: DAY, namedByModels: [], remove: true });
    expect(views().sort()).toEqual(
      rangesIn(packed)
        .map(({ key }) => key)
        .sort(),
    );
    expect((await features.verify()).problems).toEqual([]);
    expect((await features.readOnline()).panel).toEqual(await features.readAsOf());
    await store.close();
    expect(memory.objects.size).toBe(0);
  }));

test('ranges of a failed commit are reused by the next commit, or collected', () =>
  inMemory(async (store) => {
    const { features, commit } = await openWith(store);
    await commit([hourOf(0, IDS)]);
    let puts = 0;
    store.fault = (operation, key) =>
      operation === 'put' && key.includes('/online/') && ++puts === 4 ? 'before' : undefined;
    await expect(commit([hourOf(1, IDS)])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    store.fault = () => undefined;
    expect((await features.log()).length).toBe(1);
    const { orphans } = await features.verify();
    expect(orphans.filter((key) => key.includes('/online/'))).toHaveLength(3);
    await commit([hourOf(1, IDS)]);
    const report = await features.verify();
    expect(report.orphans.filter((key) => key.includes('/online/'))).toEqual([]);
    expect(report.problems).toEqual([]);
  }));

describe('a faulty range', () => {
  test.each(['changed', 'missing', 'another one'])(
    '%s: is named by its reader and by verify',
    (what) =>
      inMemory(async (store) => {
        const { features, commit } = await openWith(store);
        await commit([hourOf(0, IDS)]);
        const manifest = await commit([hourOf(1, IDS)]);
        const { key } = rangesIn(manifest)[2] as { key: string };
        const whole = store.objects.get(key) as Uint8Array;
        const changed = Uint8Array.from(whole, (byte, i) =>
          i === whole.length - 1 ? byte ^ 1 : byte,
        );
        const other = store.objects.get(rangesIn(manifest)[3]?.key ?? '') as Uint8Array;
        if (what === 'missing') store.objects.delete(key);
        else store.objects.set(key, what === 'changed' ? changed : other);
        const corrupt = { code: 'STORE_CORRUPT', where: key };
        const online = await features.openOnline();
        await expect(online.range(2)).rejects.toMatchObject(corrupt);
        await expect(features.readOnline()).rejects.toMatchObject(corrupt);
        expect((await online.range(3)).seriesIds).toEqual(['g']);
        expect((await features.verify()).problems.map((problem) => problem.key)).toEqual([key]);
        // The next commit reads everything, and its view is whole again.
        await commit([hourOf(2, IDS)]);
        expect((await features.readOnline()).panel).toEqual(await features.readAsOf());
      }),
  );
});

const panel: Panel = {
  ...{ seriesIds: ['a'], start: 0, frequencyMinutes: 60, length: 1 },
  columns: { target: Float32Array.of(1) },
};

test('refuses to join more than one array holds, before anything is read', async () => {
  const half = 125_000;
  const snapshot = {
    ...heldSnapshot({ ...panel, length: 4704 }, {} as never),
    ...{ series: 2 * half, range: () => Promise.reject(new Error('it was read')) },
    ranges: [
      { from: 0, to: half, first: null },
      { from: half, to: 2 * half, first: 'm' },
    ],
  };
  await expect(wholePanel(snapshot)).rejects.toMatchObject({
    code: 'USAGE',
    fix: expect.stringMatching(/serve --shard 1\/4/),
  });
});

test('rangesOf divides evenly, and joinPanels returns a single panel unchanged', async () => {
  expect(rangesOf(0)).toEqual([{ from: 0, to: 0 }]);
  expect(rangesOf(4096)).toHaveLength(1);
  expect(rangesOf(4097).map(({ from, to }) => to - from)).toEqual([2048, 2048, 1]);
  expect(await joinPanels([panel])).toBe(panel);
});
