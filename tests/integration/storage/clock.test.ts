/** Purpose: the order of commits is that of the log, whatever clocks say. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { fixedClock } from '../../../platform/clock.ts';
import { openFeatureStore } from '../../../storage/features/feature-store.ts';
import { openGarbageLog } from '../../../storage/features/garbage/collection-log.ts';
import type { Manifest } from '../../../storage/features/manifest.ts';
import {
  formatOf,
  serialiseManifest,
  snapshotVersionOf,
} from '../../../storage/features/manifest-format.ts';
import { hashPanel } from '../../../storage/features/panel-hash.ts';
import { objectKeys } from '../../../storage/objects/object-keys.ts';
import { type MemoryObjectStore, memoryObjectStore } from '../../fakes/memory-object-store.ts';
import {
  commitObjects,
  HOUR,
  makeObjects,
  NOW,
  type ObjectSpec,
  schemaOf,
  temporaryFolder,
} from '../../fixtures/storage/features.ts';

const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

let store: MemoryObjectStore;
let folder: string;
let remove: () => Promise<void>;
beforeEach(async () => {
  store = memoryObjectStore();
  ({ folder, remove } = await temporaryFolder());
});
afterEach(async () => {
  await store.close();
  await remove();
});

/** The store as a machine sees it whose clock shows `now`. */
const at = (now: number, on = store) =>
  openFeatureStore({ store: on, domain: 'toy', clock: fixedClock(now) });

const request = async (specs: readonly ObjectSpec[]) => ({
  reason: 'test',
  schema: schemaOf('zero'),
  newObjects: await makeObjects(folder, specs),
});

/** A run of the feature service with such a clock: part `part` says `value` all over `span`. */
const spec = (now: number, part: string, span: [number, number], value: number): ObjectSpec => ({
  ...{ part, span, fingerprint: `${part} ${value}`, availableAt: now },
  rows: Array.from({ length: span[1] - span[0] }, (_, i) => ['x', span[0] + i, value] as const),
});
const commit = async (now: number, ...about: [string, [number, number], number]) =>
  commitObjects(at(now), await request([spec(now, ...about)]));

/** As versions did that looked at no clock: whatever there is, the object is added. */
async function commitUnchecked(now: number, ...about: [string, [number, number], number]) {
  const aside = memoryObjectStore();
  const made = await commitObjects(at(now, aside), await request([spec(now, ...about)]));
  for (const object of made.objects) await store.put(object.key, await aside.get(object.key));
  await aside.close();
  const head = (await at(now).head()) as Manifest;
  const draft = {
    ...head,
    number: head.number + 1,
    parent: head.snapshotVersion,
    committedAt: now,
    objects: [...head.objects, ...made.objects],
    online: null,
  };
  const manifest = { ...draft, snapshotVersion: snapshotVersionOf(draft) };
  expect(manifest.format).toBe(formatOf(manifest));
  await store.createIfAbsent(objectKeys.manifest('toy', draft.number), serialiseManifest(manifest));
}

const values = async (now = NOW) => [...(await at(now).readAsOf()).columns.target];

describe('a commit with a clock a year ahead', () => {
  beforeEach(async () => {
    await commit(NOW - DAY, 'a', [0, 4], 1);
    await commit(NOW + YEAR, 'a', [0, 4], 2);
  });

  test('refuses a commit with the right clock, with both times, place and fix', async () => {
    const before = [...store.objects.keys()];
    const refusal = {
      code: 'CLOCK_BEHIND',
      message: expect.stringMatching(/2-[0-9a-f]{12}.* 2025-06-01 00:00 UTC.*2024-06-01 00:00 UTC/),
      where: 'features/toy/log/00000000000000000002.json',
      fix: expect.stringContaining('headway store repair-clock'),
    };
    await expect(commit(NOW, 'a', [0, 4], 3)).rejects.toMatchObject(refusal);
    await expect(commitObjects(at(NOW), await request([]))).rejects.toMatchObject(refusal);
    const gc = { graceMs: 7 * DAY, namedByModels: [], remove: true };
    await expect(at(NOW).gc(gc)).rejects.toMatchObject(refusal);
    expect([...store.objects.keys()]).toEqual(before);
  });

  test('is reported by verify and not as damage', async () => {
    expect(await at(NOW).verify()).toMatchObject({
      problems: [],
      clock: { key: objectKeys.manifest('toy', 2), problem: expect.stringContaining('2025-06-01') },
    });
    expect(await at(NOW + YEAR).verify()).toMatchObject({ clock: null });
  });

  test('is repaired: new data is read, and a second run commits nothing', async () => {
    const { manifest, changed, restated } = await at(NOW).repairClock();
    expect([changed, restated, manifest?.number]).toEqual([true, ['a'], 3]);
    expect(manifest?.objects.map(({ availableAt }) => availableAt)).toEqual([NOW - DAY, NOW]);
    expect(await values()).toEqual([2, 2, 2, 2]);
    expect(await at(NOW).verify()).toMatchObject({ problems: [], clock: null });
    expect(await at(NOW).repairClock()).toEqual({ manifest, changed: false, restated: [] });

    const later = await commit(NOW + 1000, 'a', [0, 4], 3);
    expect(await values()).toEqual([3, 3, 3, 3]);
    expect([...(await at(NOW).readOnline()).panel.columns.target]).toEqual([3, 3, 3, 3]);
    expect(await commit(NOW + HOUR, 'a', [0, 4], 3)).toEqual(later);
  });

  test('reads before the repair do not change', async () => {
    const asked = [{ knownAt: NOW - 1 }, { snapshotVersion: '1' }, { snapshotVersion: '2' }];
    const hashes = async () =>
      Promise.all(asked.map(async (query) => hashPanel(await at(NOW).readAsOf(query))));
    const before = await hashes();
    await at(NOW).repairClock();
    expect(await hashes()).toEqual(before);
  });
});

test.each(['objects', 'packs', 'packs and objects'])(
  'values hidden in %s are read after the repair in the order of the log',
  async (kind) => {
    await commit(NOW - DAY, 'a', [0, 6], 1);
    await commit(NOW + YEAR, 'b', [0, 3], 2);
    await commitUnchecked(NOW - 5000, 'a', [2, 6], 3); // hides some of b, and the first a
    if (kind === 'packs and objects') await at(NOW + YEAR).compact();
    await commitUnchecked(NOW + YEAR + 1, 'c', [5, 7], 4);
    await commitUnchecked(NOW - 4000, 'd', [6, 8], 5);
    if (kind === 'packs') expect((await at(NOW + 2 * YEAR).compact())?.packs).toHaveLength(1);
    const times = [NOW - DAY, NOW - 5000, NOW - 4000, NOW - 1];
    const known = async () =>
      Promise.all(times.map(async (knownAt) => hashPanel(await at(NOW).readAsOf({ knownAt }))));
    const before = await known();
    expect(await values()).toEqual([2, 2, 2, 3, 3, 4, 4, 5]);

    const { restated, manifest } = await at(NOW).repairClock({ onlineIntervals: 4 });
    expect(restated).toEqual(['b', 'a', 'c', 'd']);
    expect(await values()).toEqual([2, 2, 3, 3, 3, 4, 5, 5]);
    expect([...(await at(NOW).readOnline()).panel.columns.target]).toEqual([3, 4, 5, 5]);
    expect(await known()).toEqual(before);
    expect(await at(NOW).verify()).toMatchObject({ problems: [], clock: null });
    expect(manifest?.packs.length).toBe(kind === 'objects' ? 0 : 1);

    const panel = hashPanel(await at(NOW).readAsOf());
    await at(NOW + 1000).compact();
    expect(hashPanel(await at(NOW).readAsOf())).toBe(panel);
    expect(await known()).toEqual(before);
  },
);

test('reads the last of repeated commits of a part, and repeats none', async () => {
  await commit(NOW + YEAR, 'a', [0, 2], 1);
  for (let n = 0; n < 3; n++) await commitUnchecked(NOW - 1000 + n, 'a', [0, 2], 2);
  const { manifest, restated } = await at(NOW).repairClock();
  expect([restated, manifest?.objects.length]).toEqual([[], 3]);
  expect(await values()).toEqual([2, 2]);
  expect(await commit(NOW + 1000, 'a', [0, 2], 2)).toEqual(manifest);
});

test('repairs a snapshot if only its own stamp is wrong', async () => {
  await commitObjects(at(NOW + YEAR), await request([spec(NOW, 'a', [0, 2], 1)]));
  expect(await at(NOW).repairClock()).toMatchObject({ changed: true, restated: [] });
  expect((await at(NOW).head())?.committedAt).toBe(NOW);
});

test('repairs nothing in an empty store', async () => {
  const nothing = { manifest: null, changed: false, restated: [] };
  expect(await at(NOW).repairClock()).toEqual(nothing);
});

test('stamps increase if clocks stand still or go back by seconds', async () => {
  await commit(NOW, 'a', [0, 2], 1);
  await commit(NOW, 'a', [0, 2], 2);
  const last = await commit(NOW - 4000, 'a', [0, 2], 3);
  expect(last.objects.map(({ availableAt }) => availableAt)).toEqual([NOW, NOW + 1, NOW + 2]);
  const stamps = (await at(NOW).log()).map(({ committedAt }) => committedAt);
  expect(stamps).toEqual([NOW, NOW + 1, NOW + 2]);
  expect(await values()).toEqual([3, 3]);
  expect([...(await at(NOW).readOnline()).panel.columns.target]).toEqual([3, 3]);
  expect(await commit(NOW - 3000, 'a', [0, 2], 3)).toEqual(last);
  expect(await at(NOW).verify()).toMatchObject({ problems: [], clock: null });
});

test('refuses a part stamped in the future', async () => {
  const newObjects = await request([spec(NOW + HOUR, 'a', [0, 2], 1)]);
  await expect(commitObjects(at(NOW), newObjects)).rejects.toMatchObject({
    code: 'CLOCK_AHEAD',
    message: expect.stringContaining('2024-06-01 01:00 UTC, but it is 2024-06-01 00:00 UTC'),
  });
  expect(await at(NOW).head()).toBeNull();
});

test('a mark of a clock that was ahead waits an hour from now', async () => {
  await commit(NOW, 'a', [0, 2], 1);
  const orphan = objectKeys.report('toy', 'a'.repeat(64));
  await store.put(orphan, Buffer.from('{}'));
  const collect = (now: number) => at(now).gc({ graceMs: HOUR, namedByModels: [], remove: true });
  await collect(NOW + YEAR);
  await collect(NOW + 2 * HOUR);
  expect(await openGarbageLog(store, 'toy').head()).toMatchObject({
    condemned: [{ since: NOW + 2 * HOUR, keys: [orphan] }],
  });
  await collect(NOW + 3 * HOUR);
  expect(store.objects.has(orphan)).toBe(false);
});
