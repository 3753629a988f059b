/** Purpose: checks stay; of their states those stay that a next check may go on from. */
import { beforeEach, expect, test } from '@jest/globals';
import { type CheckLog, openCheckLog } from '../../../../storage/monitoring/check-log.ts';
import { type MemoryObjectStore, memoryObjectStore } from '../../../fakes/memory-object-store.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 1);

let store: MemoryObjectStore;
let checks: CheckLog;
beforeEach(() => {
  store = memoryObjectStore();
  checks = openCheckLog({ store, domain: 'demo' });
});

const check = (hour: number) => ({
  ...{ at: START + hour * HOUR, scoredDays: [START] },
  verdicts: [
    {
      ...{ name: 'level', since: START, detectedAt: START, seriesIds: ['a'] },
      ...{ message: 'Twice the usual.', evidence: { factor: 2 } },
    },
  ],
});
const states = () => [...store.objects.keys()].filter((key) => key.includes('/state/'));

test('the newest entry refers to its state', async () => {
  expect(await checks.head()).toBeNull();
  await checks.append(check(0), { drift: [0] });
  const entry = await checks.append(check(1), { drift: [1] });
  expect(await checks.head()).toMatchObject({ ...check(1), number: 2 });
  expect(await checks.state(entry)).toEqual({ drift: [1] });
});

test('keeps every entry, and the states of two days and of the previous check', async () => {
  for (let hour = 0; hour <= 60; hour++) await checks.append(check(hour), { drift: hour });
  expect(states()).toHaveLength(49);
  const late = await checks.append(check(400), { drift: 400 });
  const before = (await checks.entries()).at(-2);
  expect(before && (await checks.state(before))).toEqual({ drift: 60 });
  expect(await checks.state(late)).toEqual({ drift: 400 });
  expect(states()).toHaveLength(2);
  expect(await checks.entries()).toHaveLength(62);
  const recent = await checks.entries({ from: START + 59 * HOUR });
  expect(recent.map(({ number }) => number)).toEqual([60, 61, 62]);
});

test('ignores a second check of the same time and refuses an older one', async () => {
  await checks.append(check(5), { drift: 1 });
  const keys = [...store.objects.keys()];
  expect(await checks.append(check(5), { drift: 2 })).toMatchObject({ number: 1 });
  expect([...store.objects.keys()]).toEqual(keys);
  const older = checks.append(check(4), { drift: 2 });
  await expect(older).rejects.toMatchObject({ code: 'CLOCK_BEHIND' });
});

test('detects a changed state', async () => {
  const entry = await checks.append(check(0), { drift: 0 });
  store.objects.set(entry.state, new Uint8Array(8));
  await expect(checks.state(entry)).rejects.toMatchObject({
    ...{ code: 'STORE_CORRUPT', where: entry.state },
  });
  const { problems } = await checks.verify();
  expect(problems.map(({ key }) => key)).toEqual([entry.state]);
});

test('writes one entry if a response is lost', async () => {
  let isLost = false;
  store.fault = (operation) => {
    if (isLost || operation !== 'createIfAbsent') return undefined;
    isLost = true;
    return 'after';
  };
  await checks.append(check(0), { drift: 0 }).catch(() => checks.append(check(0), { drift: 0 }));
  expect(await checks.entries()).toHaveLength(1);
});

test('writes checks without the permission to delete', async () => {
  store.fault = (operation) => (operation === 'remove' ? 'before' : undefined);
  for (const hour of [0, 1, 60, 120]) await checks.append(check(hour), { drift: hour });
  expect(await checks.entries()).toHaveLength(4);
  expect(states()).toHaveLength(4);
});
