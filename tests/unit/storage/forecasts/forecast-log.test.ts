/** Purpose: what the forecast log promises. */
import { expect, test } from '@jest/globals';
import { openForecastLog } from '../../../../storage/forecasts/forecast-log.ts';
import { memoryObjectStore } from '../../../fakes/memory-object-store.ts';
import { hour } from '../../../fixtures/storage/features.ts';
import { forecastAt } from '../../../fixtures/storage/models.ts';

const LATER = hour(100);

test('entries come back as they were written, in order of issue, NaN included', async () => {
  const log = openForecastLog({ store: memoryObjectStore(), domain: 'toy' });
  for (const n of [30, 2, 10]) await log.append(forecastAt(n));
  expect(await log.entries()).toEqual([2, 10, 30].map(forecastAt));
  expect(await log.entries({ from: hour(2) + 1 })).toEqual([10, 30].map(forecastAt));
  expect(await log.entries({ from: hour(2), until: hour(30) })).toEqual([2, 10].map(forecastAt));
});

test('writing an entry twice leaves one, and another one at the same time stands next to it', async () => {
  const log = openForecastLog({ store: memoryObjectStore(), domain: 'toy' });
  expect(await log.append(forecastAt(1))).toBe(await log.append(forecastAt(1)));
  await log.append({ ...forecastAt(1), modelVersion: 'other' });
  expect(await log.entries()).toHaveLength(2);
});

test('the last issue since a time is one batch or its shards, and none where they are many', async () => {
  const log = openForecastLog({ store: memoryObjectStore(), domain: 'toy' });
  expect(await log.latest(0, LATER)).toEqual([]);
  for (const n of [2, 10]) await log.append(forecastAt(n));
  const shard = { ...forecastAt(10), seriesIds: ['c'], values: [5, 6] };
  await log.append(shard);
  expect(await log.latest(hour(1), LATER)).toEqual(expect.arrayContaining([forecastAt(10), shard]));
  expect(await log.latest(hour(1), LATER)).toHaveLength(2);
  expect(await log.latest(hour(10) + 1, LATER)).toEqual([]);
  // made while a clock was a year ahead
  await log.append(forecastAt(9000));
  expect(await log.latest(hour(1), LATER)).toHaveLength(2);
  for (let n = 0; n < 15; n++) await log.append({ ...forecastAt(10), modelVersion: `m${n}` });
  expect(await log.latest(0, LATER)).toEqual([]);
});

test.each([
  { values: [1, 2, 3] },
  { values: [1, 2, 3, Number.POSITIVE_INFINITY] },
  { horizon: 0 },
  { quantiles: [2] },
  { seriesIds: ['a', 'a'] },
  { issuedAt: Number.NaN },
  { issuedAt: -1 },
])('refuses %j and writes nothing', async (spoiled) => {
  const store = memoryObjectStore();
  const log = openForecastLog({ store, domain: 'toy' });
  await expect(log.append({ ...forecastAt(1), ...spoiled })).rejects.toMatchObject({
    code: 'PANEL_INVALID',
  });
  expect(store.objects.size).toBe(0);
});

test('foreign files are ignored by readers and named by verify', async () => {
  const store = memoryObjectStore();
  const log = openForecastLog({ store, domain: 'toy' });
  await log.append(forecastAt(1));
  await store.put('forecasts/toy/notes.json', Buffer.from('{}'));
  expect(await log.entries()).toHaveLength(1);
  expect(await log.verify()).toMatchObject({
    objects: 1,
    problems: [],
    orphans: ['forecasts/toy/notes.json'],
  });
});
