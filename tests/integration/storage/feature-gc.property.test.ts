/**
 * Purpose: over random histories of commits, orphans, compactions, models, waiting and collections:
 * what is promised to stay, stays, bit for bit, and what is gone says so.
 * Invariants: a model of the history says what each collection may take: nothing of the head, of
 * what was superseded less than the grace ago, of the newest that are to be kept, or of what a
 * model card names. A fixed seed.
 * Fails: with the shortest history that breaks a promise.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fixedClock } from '../../../platform/clock.ts';
import { openFeatureStore } from '../../../storage/features/feature-store.ts';
import type { NewFeatureObject } from '../../../storage/features/manifest.ts';
import { hashPanel } from '../../../storage/features/panel-hash.ts';
import { memoryObjectStore } from '../../fakes/memory-object-store.ts';
import { runs } from '../../fixtures/property-runs.ts';
import {
  commitObjects,
  HOUR,
  makeObjects,
  NOW,
  schemaOf,
  temporaryFolder,
} from '../../fixtures/storage/features.ts';

const GRACE_HOURS = 24;
/** Few, so that a history comes back to the same file, and to another version of the same hour. */
const CHOICES = 6;

let folder: string;
let removeFolder: () => Promise<void>;
let objects: NewFeatureObject[];
beforeAll(async () => {
  ({ folder, remove: removeFolder } = await temporaryFolder());
  objects = await makeObjects(
    folder,
    Array.from({ length: CHOICES }, (_, i) => {
      const at = i % 2;
      return {
        part: `hour ${at}`,
        fingerprint: `print ${i}`,
        span: [at, at + 1],
        rows: [['a', at, 10 * i + 1]],
      } as const;
    }),
  );
});
afterAll(() => removeFolder());

interface Step {
  readonly do: 'commit' | 'fail' | 'compact' | 'name' | 'collect';
  /** What passes before it. */
  readonly hours: number;
  readonly object: number;
}

/**
 * Weighted so that most histories restate, are collected twice in a short time, and lose something.
 */
const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom(
    'commit',
    'commit',
    'commit',
    'fail',
    'compact',
    'name',
    'collect',
    'collect',
    'collect',
    'collect',
  ),
  hours: fc.constantFrom(0, 2, 2, 30),
  object: fc.nat(CHOICES - 1),
});

interface Known {
  readonly version: string;
  readonly hash: string;
  readonly at: number;
  /** A collection was free to take it. */
  isFree: boolean;
}

async function live(steps: readonly Step[], keep: number): Promise<number> {
  const clock = fixedClock(NOW);
  const store = memoryObjectStore(new Map(), clock);
  const features = openFeatureStore({ store, domain: 'toy', clock });
  const history: Known[] = [];
  const named = new Set<string>();
  let taken = 0;

  const hashOf = async (snapshotVersion: string) =>
    hashPanel(await features.readAsOf({ snapshotVersion }));
  async function note(version: string | undefined): Promise<void> {
    if (version === undefined || history.at(-1)?.version === version) return;
    history.push({ version, hash: await hashOf(version), at: clock.now(), isFree: false });
  }
  const commit = (index: number) =>
    commitObjects(features, {
      reason: 'test',
      schema: schemaOf('zero'),
      newObjects: [objects[index] as NewFeatureObject],
      rangeSeries: 1,
    });

  async function check(): Promise<void> {
    for (const { version, hash, isFree } of history) {
      const read = hashOf(version);
      if (isFree)
        await expect(read.catch((error) => error.code)).resolves.toMatch(
          new RegExp(`^(${hash}|SNAPSHOT_COLLECTED)$`),
        );
      else await expect(read).resolves.toBe(hash);
    }
    expect((await features.verify()).problems).toEqual([]);
    const head = history.at(-1);
    if (head) expect((await features.readOnline()).manifest.snapshotVersion).toBe(head.version);
  }

  for (const each of steps) {
    clock.advance(each.hours * HOUR + 1000); // no two snapshots of one moment
    if (each.do === 'commit') await note((await commit(each.object)).snapshotVersion);
    else if (each.do === 'fail') {
      store.fault = (operation, key) =>
        operation === 'createIfAbsent' && key.includes('/log/') ? 'before' : undefined;
      // The same as what is there already needs no entry, and succeeds.
      await commit(each.object).catch((error) => expect(error.code).toBe('STORE_UNAVAILABLE'));
      store.fault = () => undefined;
    } else if (each.do === 'compact') await note((await features.compact())?.snapshotVersion);
    else if (each.do === 'name') {
      const known = history.at(-1);
      if (known) named.add(known.version);
    } else {
      const bound = clock.now() - GRACE_HOURS * HOUR;
      history.forEach((known, i) => {
        const successor = history[i + 1];
        const isOld = successor !== undefined && successor.at <= bound && i < history.length - keep;
        if (isOld && !named.has(known.version)) known.isFree = true;
      });
      const request = {
        graceMs: GRACE_HOURS * HOUR,
        keepSnapshots: keep,
        namedByModels: [...named],
        remove: true,
      };
      const said = await features.gc(request);
      expect(said.lostToModels).toEqual([]);
      const gone = said.garbage.filter(({ action }) => action === 'remove').length;
      taken += gone;
      if (gone > 0) await check();
    }
  }
  await check();
  await store.close();
  return taken;
}

test('garbage collection never removes what is promised to stay', async () => {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 10, maxLength: 20 }),
      fc.constantFrom(1, 3),
      async (steps, keep) => {
        taken += await live(steps, keep);
      },
    ),
    { seed: 4, numRuns: runs(16) },
  );
  // Else it would prove nothing.
  expect(taken).toBeGreaterThan(runs(20));
});
