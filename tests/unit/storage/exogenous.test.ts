/**
 * Purpose: exogenous feeds in the store: columns next to the series, kept by the same protocol, and
 * never demand.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { fixedClock } from '../../../platform/clock.ts';
import { type FeatureStore, openFeatureStore } from '../../../storage/features/feature-store.ts';
import {
  decodeOnlineView,
  encodeOnlineView,
} from '../../../storage/features/online/online-view.ts';
import { hashPanel } from '../../../storage/features/panel-hash.ts';
import { memoryObjectStore } from '../../fakes/memory-object-store.ts';
import {
  commitObjects,
  HOUR,
  makeObjects,
  NOW,
  type ObjectSpec,
  schemaOf,
  temporaryFolder,
} from '../../fixtures/storage/features.ts';

const NAN = Number.NaN;
const demand: ObjectSpec = {
  feed: 'main',
  part: 'demand',
  span: [2, 6],
  rows: [
    ['a', 2, 1],
    ['a', 5, 4],
    ['b', 3, 2],
  ],
};
/** Begins before the demand and goes on after it; hour 4 is missing. */
const heat: ObjectSpec = {
  ...{ feed: '@weather', part: 'heat', span: [0, 9] as const, availableAt: NOW + 1 },
  rows: [0, 1, 2, 3, 5, 6, 7, 8].map((at) => ['heat', at, at * 10] as const),
};

let folder: string;
let remove: () => Promise<void>;
let store: ReturnType<typeof memoryObjectStore>;
let features: FeatureStore;
beforeEach(async () => {
  ({ folder, remove } = await temporaryFolder());
  store = memoryObjectStore();
  features = openFeatureStore({ store, domain: 'toy', clock: fixedClock(NOW) });
});
afterEach(async () => {
  await store.close();
  await remove();
});

const commit = async (specs: ObjectSpec[], missing: 'zero' | 'unknown' = 'unknown', more = {}) =>
  commitObjects(features, {
    reason: 'test',
    schema: schemaOf(missing),
    newObjects: await makeObjects(folder, specs),
    ...more,
  });

test.each(['zero', 'unknown'] as const)(
  'exogenous objects change no series, span or value where missing is %s',
  async (missing) => {
    await commit([demand], missing);
    const before = await features.readAsOf();
    await commit([heat], missing);
    const { exogenous, ...after } = await features.readAsOf();
    expect(after).toEqual(before);
    expect(Object.entries(exogenous ?? {}).map(([name, values]) => [name, [...values]])).toEqual([
      ['heat', [20, 30, NAN, 50]],
    ]);
    expect(await features.readAsOf({ knownAt: NOW })).toEqual(before);
    expect(hashPanel({ ...after, exogenous: exogenous ?? {} })).not.toBe(hashPanel(before));
    await expect(features.readAsOf({ seriesIds: ['heat'] })).rejects.toMatchObject({
      code: 'SERIES_UNKNOWN',
    });
    expect((await features.readAsOf({ seriesIds: ['a'] })).exogenous?.heat).toHaveLength(4);
    expect((await features.verify()).problems).toEqual([]);
  },
);

test('a commit of exogenous objects alone is SNAPSHOT_EMPTY for readers', async () => {
  await expect(commit([heat])).rejects.toMatchObject({ code: 'SNAPSHOT_EMPTY' });
});

test('extends a column known in advance past the end; the others end with the demand', async () => {
  const plan: ObjectSpec = {
    feed: '@plans',
    part: 'plan',
    span: [4, 9],
    rows: [
      ['plan', 5, 1],
      ['plan', 7, 2],
      ['plan', 8, 3],
    ],
  };
  await commit([demand, heat, plan], 'zero', {
    ahead: { columns: ['plan'], intervals: 2 },
    onlineIntervals: 3,
  });
  const { panel, manifest } = await features.readOnline();
  expect(panel.length).toBe(3);
  expect([...(panel.exogenous?.plan ?? [])]).toEqual([NAN, NAN, 1, NAN, 2]);
  expect([...(panel.exogenous?.heat ?? [])]).toEqual([30, NAN, 50]);
  expect(decodeOnlineView('view', encodeOnlineView(panel))).toEqual(panel);
  const whole = await features.readAsOf({
    snapshotVersion: manifest.snapshotVersion,
    cutoff: panel.start + HOUR,
  });
  expect(Object.keys(whole.exogenous ?? {})).toEqual(['heat']);
  expect([...(whole.exogenous?.heat ?? [])]).toEqual([20, 30, NAN]);
});

test('a correction replaces its span and leaves the earlier snapshot unchanged', async () => {
  const first = await commit([demand, heat]);
  const hash = hashPanel(await features.readAsOf());
  await commit([
    { ...heat, part: 'again', span: [3, 5], availableAt: NOW + 2, rows: [['heat', 4, -1]] },
  ]);
  expect([...((await features.readAsOf()).exogenous?.heat ?? [])]).toEqual([20, NAN, -1, 50]);
  expect(hashPanel(await features.readAsOf({ snapshotVersion: first.snapshotVersion }))).toBe(hash);
  expect(hashPanel(await features.readAsOf({ knownAt: NOW + 1 }))).toBe(hash);
});

test('refuses an online view whose exogenous columns are truncated or too long', async () => {
  await commit([demand, heat]);
  const bytes = encodeOnlineView((await features.readOnline()).panel);
  for (const wrong of [
    bytes.subarray(0, bytes.length - 4),
    Buffer.concat([bytes, new Uint8Array(4)]),
  ])
    expect(() => decodeOnlineView('view', wrong)).toThrow(
      expect.objectContaining({ code: 'STORE_CORRUPT' }),
    );
});
