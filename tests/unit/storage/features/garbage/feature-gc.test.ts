/** Purpose: what garbage collection takes and what it must leave, by small histories. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { fixedClock } from '../../../../../platform/clock.ts';
import {
  type FeatureStore,
  openFeatureStore,
} from '../../../../../storage/features/feature-store.ts';
import type { GcRequest } from '../../../../../storage/features/garbage/feature-gc.ts';
import { hashPanel } from '../../../../../storage/features/panel-hash.ts';
import {
  type MemoryObjectStore,
  memoryObjectStore,
} from '../../../../fakes/memory-object-store.ts';
import {
  commitObjects,
  makeObjects,
  NOW,
  type ObjectSpec,
  schemaOf,
  temporaryFolder,
} from '../../../../fixtures/storage/features.ts';

const DAY = 24 * 3_600_000;
const WEEK = 7 * DAY;

let folder: string;
let removeFolder: () => Promise<void>;
let clock: ReturnType<typeof fixedClock>;
let store: MemoryObjectStore;
let features: FeatureStore;
let runs = 0;
beforeEach(async () => {
  ({ folder, remove: removeFolder } = await temporaryFolder());
  clock = fixedClock(NOW);
  store = memoryObjectStore(new Map(), clock);
  features = openFeatureStore({ store, domain: 'toy', clock });
});
afterEach(async () => {
  await store.close();
  await removeFolder();
});

const commit = async (...specs: ObjectSpec[]) => {
  const newObjects = await makeObjects(folder, specs);
  return commitObjects(features, {
    reason: 'test',
    schema: schemaOf('zero'),
    newObjects,
    report: Buffer.from(`{"run": ${++runs}}`),
  });
};
const hourly = (at: number): ObjectSpec => ({
  part: `hour ${at}`,
  span: [at, at + 1],
  rows: [['a', at, at]],
});
const gc = (more: Partial<GcRequest> = {}) =>
  features.gc({ graceMs: WEEK, namedByModels: [], remove: true, ...more });
/** The first marks, the second, more than an hour later, removes. */
const gcTwice = async (more: Partial<GcRequest> = {}) => {
  await gc(more);
  clock.advance(2 * 3_600_000);
  return gc(more);
};
const hashOf = async (snapshotVersion: string) =>
  hashPanel(await features.readAsOf({ snapshotVersion }));

describe('garbage collection', () => {
  test('removes only objects that older snapshots need', async () => {
    const first = await commit(hourly(0));
    const second = await commit(hourly(1));
    const packed = await features.compact();
    if (!packed) throw new Error('there is a snapshot');
    const hash = await hashOf(packed.snapshotVersion);
    clock.advance(2 * WEEK);

    const before = new Map(store.objects);
    const said = await gc({ remove: false });
    expect(store.objects).toEqual(before);
    expect(said.garbage.map(({ reason }) => reason).sort()).toEqual([
      ...Array(3).fill('in no snapshot that is kept'), // two data objects and the first report
      ...Array(2).fill('old online view'),
    ]);
    expect((await gc()).garbage).toEqual(said.garbage);
    expect(store.objects.has(first.objects[0]?.key as string)).toBe(true); // marked, not gone
    clock.advance(2 * 3_600_000);
    const last = await gc();
    expect(last.garbage.every(({ action }) => action === 'remove')).toBe(true);
    expect(store.objects.has(first.objects[0]?.key as string)).toBe(false);

    expect(await hashOf(packed.snapshotVersion)).toBe(hash);
    expect((await features.readOnline()).panel.length).toBe(2);
    await expect(
      features.readAsOf({ snapshotVersion: second.snapshotVersion }),
    ).rejects.toMatchObject({
      code: 'SNAPSHOT_COLLECTED',
    });
    await expect(features.readReport(first)).rejects.toMatchObject({ code: 'SNAPSHOT_COLLECTED' });
    expect(await features.verify()).toMatchObject({ problems: [], manifests: 3, collected: 2 });
    expect((await gc()).garbage).toEqual([]);
  });

  test('keeps objects superseded within the grace period or set to be kept', async () => {
    await commit(hourly(0));
    await commit(hourly(1));
    await features.compact();
    clock.advance(WEEK - 1);
    expect((await gc()).garbage).toEqual([]);
    clock.advance(WEEK);
    expect((await gc({ keepSnapshots: 3 })).garbage).toEqual([]);
    expect((await gc({ keepMs: 3 * WEEK })).garbage).toEqual([]);
    expect((await gc({ keepSnapshots: 2 })).garbage).toHaveLength(2); // the first view and report
    await expect(gc({ graceMs: 1000 })).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('keeps objects that a model card names, and reports those already removed', async () => {
    const first = await commit(hourly(0));
    const second = await commit(hourly(1));
    await features.compact();
    const hash = await hashOf(first.snapshotVersion);
    clock.advance(2 * WEEK);
    const namedByModels = [first.snapshotVersion];
    expect((await gcTwice({ namedByModels })).neededByModels).toEqual(namedByModels);
    expect(await hashOf(first.snapshotVersion)).toBe(hash);
    const later = await gcTwice({ namedByModels: [second.snapshotVersion] });
    expect(later).toMatchObject({ neededByModels: [], lostToModels: [second.snapshotVersion] });
    expect((await features.verify()).problems).toEqual([]);
  });

  test('reports a missing object of a kept snapshot as corruption', async () => {
    const first = await commit(hourly(0));
    clock.advance(2 * WEEK);
    await commit(hourly(1));
    await gcTwice();
    store.objects.delete(first.objects[0]?.key as string);
    await expect(
      features.readAsOf({ snapshotVersion: first.snapshotVersion }),
    ).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    expect((await features.verify()).problems).toHaveLength(1);
  });

  test('removes an orphan after the grace period, and never a foreign file', async () => {
    await commit(hourly(0));
    const orphan = `features/toy/data/${'0'.repeat(64)}.parquet`;
    const foreign = [
      'features/toy/data/README',
      'features/toy/notes/x.json',
      'features/toy/log/notes.json',
    ];
    for (const key of [orphan, ...foreign]) await store.put(key, Buffer.from('x'));
    clock.advance(WEEK - 1);
    expect((await gc()).garbage).toEqual([]);
    clock.advance(1);
    expect((await gcTwice()).garbage.map(({ key }) => key)).toEqual([orphan]);
    expect([orphan, ...foreign].map((key) => store.objects.has(key))).toEqual([
      false,
      true,
      true,
      true,
    ]);
  });
});

describe('a commit that reuses an orphan during garbage collection', () => {
  /** The same file twice, as for an hour in which nothing happened. */
  async function orphaned() {
    const [object] = await makeObjects(folder, [{ ...hourly(1), availableAt: NOW }]);
    if (!object) throw new Error('one was made');
    await commit(hourly(0));
    store.fault = (operation, key) =>
      operation === 'createIfAbsent' && key.includes('/log/') ? 'before' : undefined;
    const request = { reason: 'again', schema: schemaOf('zero'), newObjects: [object] };
    await expect(commitObjects(features, request)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    store.fault = () => undefined;
    const orphan = [...store.objects.keys()]
      .filter((key) => key.includes('/data/'))
      .at(-1) as string;
    clock.advance(2 * WEEK);
    return { request, orphan };
  }

  test('uses another name if the orphan was marked before', async () => {
    const { request, orphan } = await orphaned();
    await gc();
    const manifest = await commitObjects(features, request);
    const hash = await hashOf(manifest.snapshotVersion);
    expect(manifest.objects.map(({ key }) => key)).not.toContain(orphan);
    clock.advance(2 * 3_600_000);
    await gc();
    expect(store.objects.has(orphan)).toBe(false);
    expect(await hashOf(manifest.snapshotVersion)).toBe(hash);
  });

  test('cancels the removal if the orphan was marked after', async () => {
    const { request, orphan } = await orphaned();
    const put = store.put;
    store.put = async (key, bytes) => {
      // By now the commit has looked which names are pending deletion, and there were none.
      if (key.includes('/online/'))
        expect((await gc()).garbage).toMatchObject([{ key: orphan, action: 'tombstone' }]);
      await put(key, bytes);
    };
    const manifest = await commitObjects(features, request);
    store.put = put;
    expect(manifest.objects.map(({ key }) => key)).toContain(orphan);
    clock.advance(2 * 3_600_000);
    await gc();
    expect(store.objects.has(orphan)).toBe(true);
  });

  test('of two concurrent collections one stops and removes nothing', async () => {
    const { orphan } = await orphaned();
    const list = store.listDetails;
    let first = true;
    store.listDetails = async (prefix) => {
      const found = await list(prefix);
      if (first) {
        first = false;
        await gc();
      }
      return found;
    };
    await expect(gc()).rejects.toMatchObject({ code: 'RUN_IN_PROGRESS' });
    expect(store.objects.has(orphan)).toBe(true);
  });
});

test('a corrupt manifest of a kept snapshot stops the collection before any removal', async () => {
  await commit(hourly(0));
  await commit(hourly(1));
  clock.advance(2 * WEEK);
  const head = [...store.objects.keys()].filter((key) => key.includes('/log/')).at(-1) as string;
  store.objects.set(head, Buffer.from('{}'));
  const before = store.objects.size;
  await expect(gc()).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  expect(store.objects.size).toBe(before);
});
