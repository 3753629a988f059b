/** Purpose: the log of API keys in the store: the newest set counts, and it is checked. */
import { expect, test } from '@jest/globals';
import { openKeyLog } from '../../../../storage/access/key-log.ts';
import { memoryObjectStore } from '../../../fakes/memory-object-store.ts';

const a = { id: 'a' };
const b = { id: 'b' };

test('reads the newest key set; publishing the same set again writes nothing', async () => {
  const store = memoryObjectStore();
  const log = openKeyLog({ store, domain: 'demo' });
  expect(await log.head()).toBeNull();
  expect(await log.publish(1000, () => [a])).toMatchObject({ number: 1, keys: [a] });
  expect(await log.publish(2000, (present) => [...present, b])).toMatchObject({ number: 2 });
  expect(await log.publish(3000, () => [a, b])).toMatchObject({ number: 2, at: 2000 });
  expect(await log.head()).toMatchObject({ number: 2, keys: [a, b] });
  expect(await store.list('keys/')).toEqual([
    'keys/demo/00000000000000000001.json',
    'keys/demo/00000000000000000002.json',
  ]);
  expect(await log.verify()).toMatchObject({ objects: 2, problems: [] });
});

test('writes nothing for a refused change and loses neither of two concurrent writers', async () => {
  const store = memoryObjectStore();
  const log = openKeyLog({ store, domain: 'demo' });
  const refused = log.publish(1, () => {
    throw new Error('refused');
  });
  await expect(refused).rejects.toThrow('refused');
  expect(await store.list('keys/')).toEqual([]);
  await Promise.all([a, b].map((key) => log.publish(1, (present) => [...present, key])));
  const keys = (await log.head())?.keys;
  expect(keys).toHaveLength(2);
  expect(keys).toEqual(expect.arrayContaining([a, b]));
});
