/** Purpose: the ledger on files and on S3: its contract, any issues, and writers at once. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fixedClock } from '../../../platform/clock.ts';
import { openLedger } from '../../../storage/ledger/ledger.ts';
import { canonicalIssues } from '../../../storage/ledger/ledger-issue.ts';
import { fileObjectStore } from '../../../storage/objects/file-object-store.ts';
import type { ObjectStore } from '../../../storage/objects/object-store.ts';
import { type FakeS3, startFakeS3 } from '../../fakes/fake-s3.ts';
import { memoryObjectStore } from '../../fakes/memory-object-store.ts';
import { runs } from '../../fixtures/property-runs.ts';
import { hour, NOW, temporaryFolder } from '../../fixtures/storage/features.ts';
import { anyIssue, issueAt } from '../../fixtures/storage/ledger.ts';
import { describeLedger } from '../../fixtures/storage/ledger-contract.ts';
import { openOnFakeS3, randomFaults } from '../../fixtures/storage/s3-stores.ts';

const open = (store: ObjectStore) => openLedger({ store, domain: 'toy', clock: fixedClock(NOW) });

describeLedger('files', async () => {
  const { folder, remove } = await temporaryFolder();
  return { store: fileObjectStore(folder), close: remove };
});

describeLedger('S3', async () => {
  const { folder, remove } = await temporaryFolder();
  const double = await startFakeS3({ pageSize: 7 });
  const close = async () => {
    await double.close();
    await remove();
  };
  return { store: openOnFakeS3(double, folder), close };
});

test('reads any appended issues, also after a compaction', async () => {
  const property = fc.asyncProperty(
    fc.array(fc.array(anyIssue, { maxLength: 4 }), { maxLength: 4 }),
    async (appends) => {
      const store = memoryObjectStore();
      for (const issues of appends) await open(store).append(issues);
      const expected = canonicalIssues(appends.flat());
      expect(await open(store).read()).toEqual(expected);
      await open(store).compact({ now: hour(3000) });
      expect(await open(store).read()).toEqual(expected);
      expect((await open(store).verify()).problems).toEqual([]);
      await store.close();
    },
  );
  await fc.assert(property, { numRuns: runs(60), seed: 3 });
});

test('reads what was acknowledged and nothing partial, whatever fails', async () => {
  const faults = fc.array(fc.constantFrom(undefined, undefined, 'before', 'after'), {
    minLength: 6,
    maxLength: 40,
  }) as fc.Arbitrary<('before' | 'after' | undefined)[]>;
  const property = fc.asyncProperty(faults, async (plan) => {
    const store = memoryObjectStore();
    let at = 0;
    store.fault = (operation) =>
      operation === 'putFile' || operation === 'createIfAbsent' || operation === 'list'
        ? plan[at++]
        : undefined;
    const acknowledged: number[] = [];
    const writer = async (n: number) => {
      const ledger = open(store);
      for (const own of [n, n + 10])
        await ledger.append([issueAt(own)]).then(
          () => acknowledged.push(own),
          () => undefined,
        );
      await ledger.compact({ now: hour(60) }).catch(() => undefined);
    };
    await Promise.all([1, 2, 3].map(writer));
    store.fault = () => undefined;
    const found = await open(store).read();
    const hours = found.map(({ cutoff }) => (cutoff - hour(-1)) / 3_600_000);
    expect(found).toEqual(canonicalIssues(hours.map((n) => issueAt(n))));
    expect(hours).toEqual(expect.arrayContaining(acknowledged));
    expect((await open(store).verify()).problems).toEqual([]);
    await store.close();
  });
  await fc.assert(property, { numRuns: runs(30), seed: 5 });
});

describe('concurrent writers', () => {
  let folder: string;
  let remove: () => Promise<void>;
  let double: FakeS3;
  beforeAll(async () => {
    ({ folder, remove } = await temporaryFolder());
    double = await startFakeS3({ pageSize: 7 });
  });
  afterAll(async () => {
    await double.close();
    await remove();
  });

  test.each([
    ['files', (place: string) => fileObjectStore(`${place}/files`)],
    [
      'S3 that fails now and then',
      (place: string) => {
        double.fault = randomFaults(2, 0.1);
        return openOnFakeS3(double, place);
      },
    ],
  ])(
    'on %s: appenders, compactions and a reader lose nothing and see nothing partial',
    async (_, openStore) => {
      const store = openStore(folder);
      const appends = runs(18);
      const writer = async (first: number) => {
        for (let n = 0; n < appends; n++) await open(store).append([issueAt(first + 2 * n)]);
      };
      let isDone = false;
      const compactor = async () => {
        while (!isDone) await open(store).compact({ now: hour(90) });
      };
      let most = 0;
      const reader = async () => {
        while (!isDone) {
          const found = await open(store).read();
          const hours = found.map(({ cutoff }) => (cutoff - hour(-1)) / 3_600_000);
          expect(found).toEqual(canonicalIssues(hours.map((n) => issueAt(n))));
          expect(found.length).toBeGreaterThanOrEqual(most);
          most = found.length;
        }
      };
      const others = [compactor(), compactor(), reader()];
      await Promise.all([writer(1), writer(2)]).finally(() => {
        isDone = true;
      });
      await Promise.all(others);
      await open(store).compact({ now: hour(90) });
      const all = await open(store).read();
      expect(all).toHaveLength(2 * appends);
      const days = new Set(
        all.map(({ issuedAt }) => new Date(issuedAt).toISOString().slice(0, 10)),
      );
      expect(await open(store).parts()).toHaveLength(days.size);
      expect((await open(store).verify()).problems).toEqual([]);
    },
  );
});
