/**
 * Purpose: the cache of a far store: read through, bounded, shared, and never pulled away from
 * under a reader.
 */
import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { fixedClock } from '../../../../platform/clock.ts';
import { sha256 } from '../../../../platform/files/content-hash.ts';
import { ContentCache } from '../../../../storage/objects/content-cache.ts';
import { type FakeS3, startFakeS3 } from '../../../fakes/fake-s3.ts';
import { NOW, temporaryFolder } from '../../../fixtures/storage/features.ts';
import { openOnFakeS3 } from '../../../fixtures/storage/s3-stores.ts';

const HOUR = 3_600_000;

let folder: string;
let remove: () => Promise<void>;
let double: FakeS3;
beforeEach(async () => {
  ({ folder, remove } = await temporaryFolder());
  double = await startFakeS3();
});
afterEach(async () => {
  await double.close();
  await remove();
});

const contentOf = (n: number) => Buffer.alloc(1000, `content ${n} `);
const hashOf = (n: number) => sha256(contentOf(n));
const keyOf = (n: number) => `features/toy/data/${hashOf(n)}.parquet`;
const fetches = () => double.requests.filter(({ method }) => method === 'GET').length;
const kept = () => readdir(path.join(folder, 'objects'));
const open = (maxBytes: number, clock = fixedClock(NOW)) =>
  new ContentCache({ folder, maxBytes, clock });
const add = (cache: ReturnType<typeof open>, n: number) =>
  cache.add(async (temporary) => {
    await writeFile(temporary, contentOf(n));
    return hashOf(n);
  });

test('fetches an object once for all readers and processes of a machine', async () => {
  const one = openOnFakeS3(double, folder);
  await one.put(keyOf(1), contentOf(1));
  const paths = await Promise.all([
    one.localPath(keyOf(1)),
    one.localPath(keyOf(1)),
    one.get(keyOf(1)),
  ]);
  expect(paths[0]).toBe(paths[1]);
  const other = openOnFakeS3(double, folder); // which shares no memory with it
  expect(Buffer.compare(await other.get(keyOf(1)), contentOf(1))).toBe(0);
  expect(await readFile(await other.localPath(keyOf(1)))).toEqual(contentOf(1));
  expect(fetches()).toBe(1);
});

test('caches an object by its content even if its key does not name it', async () => {
  const store = openOnFakeS3(double, folder);
  await store.put('models/toy/1/weights.bin', contentOf(1));
  await store.localPath('models/toy/1/weights.bin');
  await store.localPath('models/toy/1/weights.bin');
  expect(fetches()).toBe(1);
  expect(await readdir(path.join(folder, 'cache', 'objects'))).toEqual([hashOf(1)]);
});

test('finds what it holds when the shared copy was evicted', async () => {
  const cache = open(2500); // two of three
  const paths = [await add(cache, 1), await add(cache, 2), await add(cache, 3)];
  expect(await kept()).toHaveLength(2);
  expect(await Promise.all([1, 2, 3].map((n) => cache.find(hashOf(n))))).toEqual(paths);
  expect(await readFile(paths[0] as string)).toEqual(contentOf(1));
  // Another process does not hold it.
  const found = await Promise.all([1, 2, 3].map((n) => open(2500).find(hashOf(n))));
  expect(found.filter((one) => one === null)).toHaveLength(1);
});

test('drops a damaged copy and fetches it again', async () => {
  const store = openOnFakeS3(double, folder);
  await store.put(keyOf(1), contentOf(1));
  await mkdir(path.join(folder, 'cache', 'objects'), { recursive: true });
  await writeFile(path.join(folder, 'cache', 'objects', hashOf(1)), contentOf(2));
  expect(await readFile(await store.localPath(keyOf(1)))).toEqual(contentOf(1));
  expect(await readFile(path.join(folder, 'cache', 'objects', hashOf(1)))).toEqual(contentOf(1));
});

test('with size 0 reads the store each time', async () => {
  const cached = openOnFakeS3(double, folder);
  await cached.put(keyOf(1), contentOf(1));
  await cached.localPath(keyOf(1));
  const kept = await readdir(path.join(folder, 'cache', 'objects'));
  await openOnFakeS3(double, folder, {
    cache: { folder: path.join(folder, 'cache'), maxBytes: 0 },
  }).localPath(keyOf(1));
  expect([fetches(), await readdir(path.join(folder, 'cache', 'objects'))]).toEqual([2, kept]);
  double.objects.clear();
  const afresh = openOnFakeS3(double, folder, {
    cache: { folder: path.join(folder, 'cache'), maxBytes: 0 },
  });
  for (const read of [() => afresh.get(keyOf(1)), () => afresh.localPath(keyOf(1))])
    await expect(read()).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
});

test('evicts the least recently used object, and a read counts as use', async () => {
  const clock = fixedClock(NOW);
  const cache = open(2500, clock);
  for (const n of [1, 2]) {
    await add(cache, n);
    clock.advance(1500);
  }
  await cache.find(hashOf(1));
  clock.advance(1500);
  await add(cache, 3);
  expect((await kept()).sort()).toEqual([hashOf(1), hashOf(3)].sort());
  expect(await open(2500).find(hashOf(2))).toBeNull();
});

test('a path in use survives its eviction by any process', async () => {
  const reader = open(1000);
  const handed = await add(reader, 1);
  const before = await stat(handed);
  await add(open(1000, fixedClock(NOW + 5000)), 2);
  expect(await kept()).toEqual([hashOf(2)]);
  expect(await readFile(handed)).toEqual(contentOf(1));
  expect((await stat(handed)).mtimeMs).toBe(before.mtimeMs);
});

test('releases a path that nobody has asked for in hours', async () => {
  const clock = fixedClock(NOW);
  const cache = open(1000, clock);
  const [old, current] = [await add(cache, 1), await add(cache, 2)];
  clock.advance(5 * HOUR);
  expect(await cache.find(hashOf(2))).toBe(current);
  clock.advance(2 * HOUR);
  await add(cache, 3);
  await expect(stat(old)).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await readFile(current)).toEqual(contentOf(2));
});

test('concurrent adds, finds and evictions leave no torn or wrong file', async () => {
  const caches = Array.from({ length: 6 }, () => open(3500));
  await Promise.all(
    caches.map(async (cache, i) => {
      for (let n = 0; n < 12; n++) {
        const wanted = (n * 5 + i) % 7;
        const file = (await cache.find(hashOf(wanted))) ?? (await add(cache, wanted));
        expect(await readFile(file)).toEqual(contentOf(wanted));
      }
    }),
  );
  for (const name of await kept())
    expect(sha256(await readFile(path.join(folder, 'objects', name)))).toBe(name);
  expect((await kept()).length).toBeLessThanOrEqual(3);
});

test('removes what a failed fetch left at once, and what a killed process left after a day', async () => {
  const abandoned = path.join(folder, 'in-use', 'killed');
  await mkdir(abandoned, { recursive: true });
  await utimes(abandoned, NOW / 1000 - 90_000, NOW / 1000 - 90_000);
  const cache = open(1000);
  await expect(
    cache.add(async (temporary) => {
      await writeFile(temporary, 'half');
      throw new Error('cut');
    }),
  ).rejects.toThrow('cut');
  const [mine, ...others] = await readdir(path.join(folder, 'in-use'));
  expect([
    await kept(),
    others,
    await readdir(path.join(folder, 'in-use', mine as string)),
  ]).toEqual([[], [], []]);
});

test('reports a folder that cannot be written', async () => {
  await writeFile(path.join(folder, 'file'), '');
  const cache = new ContentCache({ folder: path.join(folder, 'file'), maxBytes: 1000 });
  await expect(add(cache, 1)).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    fix: expect.stringContaining('HEADWAY_WORK'),
  });
});
