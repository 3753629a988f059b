/** Purpose: what is read of the store is kept as long as it says, whatever the wall clock does. */
import { expect, test } from '@jest/globals';
import { cachedReads } from '../../../../../services/inference/models/cached-reads.ts';
import { modelHistory } from '../../../../../services/inference/models/model-history.ts';
import type { ServedModels } from '../../../../../services/inference/ports.ts';

const KEEP_MS = 10_000;
/** Of the wall clock and of the monotonic one, where an hour is set back and 9 s pass. */
const time = { now: 0, elapsedMs: 0 };
const clock = { now: () => time.now, elapsedMs: () => time.elapsedMs };
const setBack = () => {
  time.now -= 3_600_000;
  time.elapsedMs += KEEP_MS - 1;
};

test('reads again after its time, also if the clock was set back', async () => {
  let reads = 0;
  const once = cachedReads(clock, KEEP_MS);
  const read = () => once('key', async () => ++reads);
  expect([await read(), await read()]).toEqual([1, 1]);
  setBack();
  expect(await read()).toBe(1);
  time.elapsedMs += 1;
  expect(await read()).toBe(2);
  // An instance that was frozen: only the wall clock went on.
  time.now += KEEP_MS;
  expect(await read()).toBe(3);
});

test('does not cache a failed read, and keeps a newer one', async () => {
  const once = cachedReads(clock, KEEP_MS);
  let fail: (error: Error) => void = () => {};
  const failing = once('key', () => new Promise<string>((_, reject) => (fail = reject)));
  time.elapsedMs += KEEP_MS;
  expect(await once('key', async () => 'newer')).toBe('newer');
  fail(new Error('away'));
  await expect(failing).rejects.toThrow('away');
  expect(await once('key', async () => 'newest')).toBe('newer');
});

test('caches the list of models', async () => {
  let lists = 0;
  const registry = {
    list: async () => {
      lists++;
      return [];
    },
    promotions: async () => [],
    champion: async () => null,
  } as unknown as ServedModels;
  const history = modelHistory(registry, clock, KEEP_MS);
  await history();
  setBack();
  await history();
  expect(lists).toBe(1);
  time.elapsedMs += 1;
  await history();
  expect(lists).toBe(2);
});
