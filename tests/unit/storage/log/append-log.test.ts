/** Purpose: the numbered log under lost replies, lost races and damage. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type AppendLog, openAppendLog } from '../../../../storage/log/append-log.ts';
import { type MemoryObjectStore, memoryObjectStore } from '../../../fakes/memory-object-store.ts';

interface Entry {
  commitId: string;
  value: string;
}

const keyOf = (number: number) => `log/${String(number).padStart(20, '0')}.json`;

const entryOf = (number: number) =>
  Buffer.from(JSON.stringify({ commitId: 'x', value: String(number) }));

function openLog(store: MemoryObjectStore): AppendLog<Entry> {
  return openAppendLog<Entry>(store, {
    prefix: 'log/',
    keyOf,
    parse: (_key, bytes) => JSON.parse(Buffer.from(bytes).toString()),
    serialise: (entry) => Buffer.from(JSON.stringify(entry)),
  });
}

const write = (log: AppendLog<Entry>, value: string) =>
  log.append(async (_head, { commitId }) => ({ commitId, value }));
const valuesOf = async (log: AppendLog<Entry>) => (await log.entries()).map(({ value }) => value);

describe('append log', () => {
  test('numbers entries consecutively from 1', async () => {
    const log = openLog(memoryObjectStore());
    expect([await log.head(), await log.size()]).toEqual([null, 0]);
    await write(log, 'a');
    await write(log, 'b');
    expect(await valuesOf(log)).toEqual(['a', 'b']);
    expect((await log.head())?.value).toBe('b');
    expect((await log.read(1)).value).toBe('a');
  });

  test('writes nothing for an append without a value', async () => {
    const store = memoryObjectStore();
    const log = openLog(store);
    expect(await log.append(async () => null)).toBeNull();
    await write(log, 'a');
    expect((await log.append(async () => null))?.value).toBe('a');
    expect(store.objects.size).toBe(1);
  });

  test('recognises its own entry after a lost response', async () => {
    const store = memoryObjectStore();
    const log = openLog(store);
    store.fault = (operation) => (operation === 'createIfAbsent' ? 'after' : undefined);
    expect((await write(log, 'a'))?.value).toBe('a');
    expect(await valuesOf(log)).toEqual(['a']);
  });

  test('reports STORE_UNAVAILABLE if the append fails before the write', async () => {
    const store = memoryObjectStore();
    const log = openLog(store);
    store.fault = (operation) => (operation === 'createIfAbsent' ? 'before' : undefined);
    await expect(write(log, 'a')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await log.size()).toBe(0);
  });

  test('builds again on the new head after losing a race', async () => {
    const store = memoryObjectStore();
    const log = openLog(store);
    const heads: (string | undefined)[] = [];
    await log.append(async (head, { commitId }) => {
      heads.push(head?.value);
      if (heads.length === 1) await write(openLog(store), 'first');
      return { commitId, value: 'second' };
    });
    expect(heads).toEqual([undefined, 'first']);
    expect(await valuesOf(log)).toEqual(['first', 'second']);
  });

  test('gives up with COMMIT_CONFLICT after losing every race', async () => {
    const store = memoryObjectStore();
    const unlucky = openLog(store).append(async (_head, { commitId }) => {
      await write(openLog(store), 'other');
      return { commitId, value: 'mine' };
    });
    await expect(unlucky).rejects.toMatchObject({ code: 'COMMIT_CONFLICT' });
    expect(await valuesOf(openLog(store))).not.toContain('mine');
  });

  test('reports a gap as corruption, names the missing entry and stops writers', async () => {
    const store = memoryObjectStore();
    const log = openLog(store);
    for (const value of ['a', 'b', 'c']) await write(log, value);
    store.objects.delete(keyOf(2));
    for (const use of [() => log.head(), () => log.entries(), () => write(log, 'd')]) {
      await expect(use()).rejects.toMatchObject({ code: 'STORE_CORRUPT', where: keyOf(2) });
    }
  });

  test('reports an entry 0 as corruption', async () => {
    const store = memoryObjectStore();
    await store.put(keyOf(0), Buffer.from('{}'));
    await expect(openLog(store).head()).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  });

  test('takes an entry that a concurrent list missed for no gap', async () => {
    const store = memoryObjectStore();
    const log = openLog(store);
    for (const value of ['a', 'b', 'c']) await write(log, value);
    const racy = { ...store, list: async () => [keyOf(1), keyOf(3)] };
    expect((await openLog(racy as MemoryObjectStore).head())?.value).toBe('c');
  });

  test('ignores files that are not entries', async () => {
    const store = memoryObjectStore();
    const log = openLog(store);
    await write(log, 'a');
    for (const key of ['log/7.json', 'log/README', `log/old/${'0'.repeat(19)}9.json`])
      await store.put(key, Buffer.from('x'));
    await write(log, 'b');
    expect(await valuesOf(log)).toEqual(['a', 'b']);
  });

  test('keeps every acknowledged entry once and in order, whatever fails', async () => {
    const plan = fc.array(
      fc.constantFrom(undefined, undefined, 'before' as const, 'after' as const),
      {
        minLength: 10,
        maxLength: 60,
      },
    );
    await fc.assert(
      fc.asyncProperty(plan, fc.integer({ min: 1, max: 4 }), async (faults, writers) => {
        const store = memoryObjectStore();
        let step = 0;
        store.fault = () => faults[step++];
        const acknowledged: string[] = [];
        const work = async (writer: number) => {
          for (let i = 0; i < 4; i++) {
            const value = `${writer}.${i}`;
            await write(openLog(store), value).then(
              () => acknowledged.push(value),
              () => undefined,
            );
          }
        };
        await Promise.all(Array.from({ length: writers }, (_, writer) => work(writer)));
        store.fault = () => undefined;
        const values = await valuesOf(openLog(store));
        expect(new Set(values).size).toBe(values.length);
        expect(values).toEqual(expect.arrayContaining(acknowledged));
        for (let writer = 0; writer < writers; writer++) {
          const mine = values.filter((value) => value.startsWith(`${writer}.`));
          expect(mine).toEqual([...mine].sort());
        }
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  test('finds the head of a log of years, and a gap near it, with few requests', async () => {
    const store = memoryObjectStore();
    const last = 26_280;
    for (let number = 1; number <= last; number++) {
      store.objects.set(keyOf(number), entryOf(number));
    }
    let requests = 0;
    let listed = 0;
    const { list, has } = store;
    store.list = async (prefix, after) => {
      const keys = await list(prefix, after);
      requests++;
      listed += keys.length;
      return keys;
    };
    store.has = (key) => {
      requests++;
      return has(key);
    };
    const log = openLog(store);
    expect((await log.head())?.value).toBe(String(last));
    expect(requests).toBeLessThan(15);
    requests = 0;
    await write(log, 'next');
    expect([requests < 6, listed < 2000]).toEqual([true, true]);
    expect((await log.head())?.value).toBe('next');
    store.objects.delete(keyOf(last - 5));
    await expect(log.head()).rejects.toMatchObject({
      code: 'STORE_CORRUPT',
      where: keyOf(last - 5),
    });
    store.objects.clear();
    expect(await log.head()).toBeNull();
  });

  test.each([
    ['a store that lists', false, 1000],
    ['a store that looks up names', true, 100],
  ])('%s: the head and a gap near it are exact at every log length', async (_, isNear, near) => {
    const property = fc.asyncProperty(
      fc.integer({ min: 1, max: 6500 }),
      fc.integer({ min: 1, max: near - 1 }),
      fc.integer({ min: 1, max: near - 1 }),
      async (last, lost, behind) => {
        const store = memoryObjectStore();
        if (isNear)
          Object.assign(store, {
            present: async (keys: string[]) => keys.filter((key) => store.objects.has(key)),
          });
        for (let number = 1; number <= last; number++) {
          store.objects.set(keyOf(number), entryOf(number));
        }
        const log = openLog(store);
        expect([(await log.head())?.value, await log.size()]).toEqual([String(last), last]);
        // The entries before the last `behind` are gone, as if a backup had been restored in
        // part.
        const until = last - (behind % last);
        const from = Math.max(0, until - lost);
        for (let number = from + 1; number <= until; number++) store.objects.delete(keyOf(number));
        // What lies before an entry that the end is sought from is looked at by whoever reads the
        // log.
        if (until === last || until < last - (last % near)) return;
        await expect(log.head()).rejects.toMatchObject({
          code: 'STORE_CORRUPT',
          where: keyOf(from + 1),
        });
      },
    );
    await fc.assert(property, { numRuns: 25, seed: 11 });
  });
});
