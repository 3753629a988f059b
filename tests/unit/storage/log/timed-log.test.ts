/** Purpose: a log of small entries is read a page at a time, however many are asked for. */
import { expect, test } from '@jest/globals';
import { openTimedLog } from '../../../../storage/log/timed-log.ts';
import { memoryObjectStore } from '../../../fakes/memory-object-store.ts';

test('reads many entries with a bounded number of concurrent requests', async () => {
  const store = memoryObjectStore();
  let [now, most] = [0, 0];
  const counting = {
    ...store,
    get: async (...request: Parameters<typeof store.get>) => {
      most = Math.max(most, ++now);
      await new Promise(setImmediate);
      return store.get(...request).finally(() => now--);
    },
  };
  const log = openTimedLog<{ readonly at: number }>({
    ...{ store: counting, domain: 'toy', prefix: 'notes/', format: 1, what: 'note', fields: {} },
    keyOf: (number) => `notes/${String(number).padStart(20, '0')}.json`,
  });
  for (let at = 1; at <= 150; at++) await log.append(async () => ({ at }));
  const times = async (query: { readonly at?: number; readonly limit: number }) =>
    (await log.recent(query)).map(({ at }) => at);
  expect(await times({ limit: 1000 })).toEqual(Array.from({ length: 150 }, (_, i) => 150 - i));
  expect(await times({ limit: 3, at: 140 })).toEqual([140, 139, 138]);
  expect(most).toBeLessThanOrEqual(64);
});
