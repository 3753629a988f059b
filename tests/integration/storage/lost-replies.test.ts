/**
 * Purpose: a lost reply, a cut body and a slow server at one request after another of commits, a
 * compaction and a garbage collection: nothing acknowledged is lost and the store verifies.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { fixedClock } from '../../../platform/clock.ts';
import { openFeatureStore } from '../../../storage/features/feature-store.ts';
import { type FakeS3, type S3Fault, startFakeS3 } from '../../fakes/fake-s3.ts';
import { stride } from '../../fixtures/property-runs.ts';
import {
  commitObjects,
  makeObjects,
  schemaOf,
  temporaryFolder,
} from '../../fixtures/storage/features.ts';
import { openOnFakeS3 } from '../../fixtures/storage/s3-stores.ts';

const HOURS = [0, 1, 2];
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** By the clock of the double, which stamps what it holds. */
const TODAY = Date.now();
/** Trials of one kind fall on other requests than those of the next. */
const STRIDE = stride(28);
const SHIFT = STRIDE >> 2;

let folder: string;
let remove: () => Promise<void>;
let double: FakeS3;
beforeEach(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterEach(async () => {
  await double.close();
  await remove();
});

const open = (tries: number) => {
  const store = openOnFakeS3(double, folder, { retries: { tries, sleep: async () => undefined } });
  return (days = 0) =>
    openFeatureStore({ store, domain: 'toy', clock: fixedClock(TODAY + days * DAY) });
};

/** Commits, compacts and collects; a step that fails is repeated without faults. */
async function runAll(tries: number): Promise<void> {
  const at = open(tries);
  const attempt = async (step: () => Promise<unknown>) => {
    await step().catch(async (error: unknown) => {
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
      double.fault = () => undefined;
      await step();
    });
  };
  for (const hour of HOURS)
    await attempt(async () =>
      commitObjects(at(), {
        reason: 'test',
        schema: schemaOf('zero'),
        newObjects: await makeObjects(folder, [
          { part: `${hour}`, span: [hour, hour + 1], rows: [['x', hour, hour + 1]] },
        ]),
      }),
    );
  await attempt(() => at().compact());
  const request = { graceMs: HOUR, keepSnapshots: 1, keepMs: 0, namedByModels: [], remove: true };
  for (const days of [1, 2]) await attempt(() => at(days).gc(request));
}

async function check(): Promise<void> {
  const features = open(8)(2);
  expect([...(await features.readAsOf()).columns.target]).toEqual(HOURS.map((hour) => hour + 1));
  expect((await features.readOnline()).panel.length).toBeGreaterThan(0);
  expect((await features.verify()).problems).toEqual([]);
}

const KINDS: readonly S3Fault[] = [
  { kind: 'lost-reply' },
  { kind: 'truncate' },
  { kind: 'short' },
  { kind: 'slow', ms: 5 },
];

test.each(KINDS.map((fault, i) => [fault.kind, fault, i] as const))(
  'every request survives the fault %s',
  async (_kind, fault, offset) => {
    double = await startFakeS3();
    await runAll(8);
    const requests = double.requests.length;
    await check();
    await double.close();
    expect(requests).toBeGreaterThan(40);
    for (let failing = 1 + offset * SHIFT; failing <= requests; failing += STRIDE)
      for (const tries of [8, 1]) {
        double = await startFakeS3();
        double.fault = ({ number }) => (number === failing ? fault : undefined);
        await runAll(tries);
        await check();
        await double.close();
      }
  },
);
