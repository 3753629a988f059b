/** Purpose: scored days: what is written once, what a correction adds, and what was known when. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { ScoreRow } from '../../../../forecasting/evaluation/live-scores.ts';
import {
  openScoreLog,
  type ScoreDay,
  type ScoreLog,
} from '../../../../storage/scores/score-log.ts';
import { type MemoryObjectStore, memoryObjectStore } from '../../../fakes/memory-object-store.ts';

const DAY = Date.UTC(2023, 9, 1);
const MS = 86_400_000;
let store: MemoryObjectStore;
let log: ScoreLog;
beforeEach(() => {
  store = memoryObjectStore();
  log = openScoreLog({ store, domain: 'toy' });
});
afterEach(() => store.close());

const row = (pairs: number): ScoreRow => ({
  ...{ forecaster: 'network', modelVersion: 'one', role: 'serving', nominal: 0.8 },
  ...{ dimension: 'step', key: '1', pairs, absoluteError: 0.1, absoluteActual: 7, error: -0.1 },
  ...{ pinball: Number.NaN, expectedPinball: 0.25, inside: 3 },
});
const scored = (over: Partial<ScoreDay> = {}): ScoreDay => ({
  ...{ day: DAY, scoredAt: DAY + MS, truth: 'a'.repeat(64), pending: 0, rows: [row(4)] },
  ...over,
});

test('reads what was written to the last bit, including unknown figures', async () => {
  expect(await log.append(scored())).toBe(true);
  expect(await log.days()).toEqual([scored()]);
});

test('writes the same score once; a correction adds one and keeps the earlier', async () => {
  await log.append(scored());
  expect(await log.append(scored({ scoredAt: DAY + 2 * MS }))).toBe(false);
  const corrected = scored({ scoredAt: DAY + 3 * MS, truth: 'b'.repeat(64), rows: [row(5)] });
  expect(await log.append(corrected)).toBe(true);
  expect(await log.days()).toEqual([corrected]);
  expect(await log.days({ asOf: DAY + 2 * MS })).toEqual([scored()]);
  expect(await log.days({ asOf: DAY })).toEqual([]);
  const known = await log.known();
  expect(known(DAY, 'b'.repeat(64))).toBe(true);
  expect(known(DAY, 'a'.repeat(64))).toBe(false);
  expect(known(DAY + MS, 'b'.repeat(64))).toBe(false);
});

test('returns the days of a range in order', async () => {
  for (const day of [DAY + MS, DAY, DAY + 2 * MS])
    await log.append(scored({ day, scoredAt: day + MS }));
  const days = await log.days({ from: DAY + MS, until: DAY + 2 * MS });
  expect(days.map(({ day }) => day)).toEqual([DAY + MS]);
  expect((await log.days()).map(({ day }) => day)).toEqual([DAY, DAY + MS, DAY + 2 * MS]);
});

test('refuses a score older than the newest one of its day', async () => {
  await log.append(scored());
  const older = scored({ scoredAt: DAY, rows: [row(9)] });
  await expect(log.append(older)).rejects.toMatchObject({ code: 'CLOCK_BEHIND' });
});

test('verify finds a changed object, and its reader names it', async () => {
  await log.append(scored());
  const [key] = (await store.list('scores/')) as [string];
  const bytes = await store.get(key);
  store.objects.set(key, bytes.slice(0, -9));
  await expect(log.days()).rejects.toMatchObject({ code: 'STORE_CORRUPT', where: key });
  expect((await log.verify()).problems).toMatchObject([{ key }]);
});
