/**
 * Purpose: feature commits on an S3 that fails in every way it knows: linear history, nothing
 * acknowledged lost, nothing half-seen.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { fixedClock } from '../../../platform/clock.ts';
import { openFeatureStore } from '../../../storage/features/feature-store.ts';
import { type FakeS3, startFakeS3 } from '../../fakes/fake-s3.ts';
import {
  commitObjects,
  makeObjects,
  NOW,
  schemaOf,
  temporaryFolder,
} from '../../fixtures/storage/features.ts';
import { openOnFakeS3, randomFaults } from '../../fixtures/storage/s3-stores.ts';

const WRITERS = 3;
const COMMITS = 3;

let folder: string;
let remove: () => Promise<void>;
let double: FakeS3;
beforeEach(async () => {
  ({ folder, remove } = await temporaryFolder());
  double = await startFakeS3({ pageSize: 7 });
});
afterEach(async () => {
  await double.close();
  await remove();
});

const open = (tries = 8) => {
  const store = openOnFakeS3(double, folder, { retries: { tries, sleep: async () => undefined } });
  return openFeatureStore({ store, domain: 'toy', clock: fixedClock(NOW) });
};

// With one try many requests fail for good, so that the protocol is tested and not the retries.
test.each([
  [8, 0.25],
  [1, 0.08],
])('commits survive with %i attempts a request, %d of them failing', async (tries, share) => {
  double.fault = randomFaults(42 + tries, share);
  const acknowledged: string[] = [];
  const seen: number[] = [];
  let failures = 0;
  const write = async (writer: number) => {
    const features = open(tries);
    for (let i = 0; i < COMMITS; i++) {
      const at = writer * COMMITS + i;
      const newObjects = await makeObjects(folder, [
        { part: String(at), span: [at, at + 1], rows: [['x', at, at]] },
      ]);
      for (let isDone = false; !isDone; ) {
        await commitObjects(features, {
          reason: 'test',
          schema: schemaOf('zero'),
          newObjects,
        }).then(
          ({ snapshotVersion }) => {
            isDone = true;
            acknowledged.push(snapshotVersion);
          },
          (error: unknown) => {
            expect(error).toMatchObject({
              code: expect.stringMatching(/^(STORE_UNAVAILABLE|COMMIT_CONFLICT)$/),
            });
            failures++;
          },
        );
      }
    }
  };
  let isWriting = true;
  const watch = async () => {
    const features = open();
    while (isWriting) {
      const head = await features.head().catch(() => null);
      if (head === null) continue;
      seen.push(head.number);
      expect(head.objects).toHaveLength(head.number); // whole, with all that came before
    }
  };
  const watcher = watch();
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
  isWriting = false;
  await watcher;
  if (tries === 1) expect(failures).toBeGreaterThan(0);

  double.fault = () => undefined;
  const features = open();
  const log = await features.log(); // refuses a history that is not linear
  expect(log).toHaveLength(WRITERS * COMMITS);
  expect(log.map(({ snapshotVersion }) => snapshotVersion)).toEqual(
    expect.arrayContaining(acknowledged),
  );
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect([...(await features.readAsOf()).columns.target]).toEqual(
    Array.from({ length: WRITERS * COMMITS }, (_, i) => i),
  );
  expect((await features.verify()).problems).toEqual([]);
});

test('names every damaged object of a snapshot', async () => {
  const features = open();
  const newObjects = await makeObjects(folder, [{ span: [0, 2], rows: [['x', 0, 1]] }]);
  await commitObjects(features, {
    reason: 'test',
    schema: schemaOf('zero'),
    newObjects,
    report: Buffer.from('{"rows": 1}'),
  });
  const named = [...double.objects].filter(([name]) => !name.includes('/witness/'));
  for (const [name, object] of named) {
    const bytes = Buffer.from(object.bytes);
    bytes[bytes.length >> 1]! ^= 1;
    double.objects.set(name, { ...object, bytes });
    const store = openOnFakeS3(double, folder, { cache: { folder, maxBytes: 0 } });
    const { problems } = await openFeatureStore({
      store,
      domain: 'toy',
      clock: fixedClock(NOW),
    }).verify();
    expect(problems.map(({ key }) => `some/prefix/${key}`)).toEqual([name]);
    double.objects.set(name, object);
  }
  expect(named).toHaveLength(4);
});
