/**
 * Purpose: what every object store must do, as one suite that runs over each implementation.
 * Invariants: uses nothing but the port.
 * Fails: a test of the suite does.
 */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ObjectStore } from '../../storage/object-store.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

export function describeObjectStore(
  name: string,
  open: () => Promise<{ store: ObjectStore; close(): Promise<void> }>,
): void {
  describe(`object store: ${name}`, () => {
    let store: ObjectStore;
    let close: () => Promise<void>;
    let folder: string;

    beforeEach(async () => {
      ({ store, close } = await open());
      folder = await mkdtemp(path.join(tmpdir(), 'headway-contract-'));
    });
    afterEach(async () => {
      await close();
      await rm(folder, { recursive: true, force: true });
    });

    test('gives back what was put, byte for byte', async () => {
      const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 31) % 256);
      await store.put('a/b/c.bin', bytes);
      expect(Buffer.compare(await store.get('a/b/c.bin'), bytes)).toBe(0);
      await store.put('empty', new Uint8Array());
      expect((await store.get('empty')).length).toBe(0);
    });

    test('an object that is not there is OBJECT_NOT_FOUND with its key', async () => {
      for (const read of [() => store.get('no/such'), () => store.localPath('no/such')]) {
        await expect(read()).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND', where: 'no/such' });
      }
      expect(await store.has('no/such')).toBe(false);
      expect(await store.list('no/')).toEqual([]);
    });

    test('never overwrites', async () => {
      const file = path.join(folder, 'other');
      await writeFile(file, 'other');
      await store.put('a/key', bytesOf('first'));
      await store.put('a/key', bytesOf('second'));
      await store.putFile('a/key', file);
      expect(await store.createIfAbsent('a/key', bytesOf('third'))).toBe('exists');
      expect(textOf(await store.get('a/key'))).toBe('first');
    });

    test('exactly one of many racing writers creates, and its bytes stay', async () => {
      const writers = Array.from({ length: 20 }, (_, i) => String(i));
      const outcomes = await Promise.all(
        writers.map((id) => store.createIfAbsent('race/1.json', bytesOf(id))),
      );
      expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1);
      expect(textOf(await store.get('race/1.json'))).toBe(String(outcomes.indexOf('created')));
    });

    test('stores local files and gives local paths', async () => {
      const bytes = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 7) % 256);
      const file = path.join(folder, 'big');
      await writeFile(file, bytes);
      await store.putFile('data/big', file);
      expect(await store.has('data/big')).toBe(true);
      expect(Buffer.compare(await readFile(await store.localPath('data/big')), bytes)).toBe(0);
      await expect(store.putFile('data/none', path.join(folder, 'none'))).rejects.toThrow();
      expect(await store.has('data/none')).toBe(false);
    });

    test('lists a folder and all below it in text order, and nothing else', async () => {
      for (const key of ['b/2', 'b/10', 'b/1', 'b/c/0', 'bb/1', 'a', 'b.json'])
        await store.put(key, bytesOf(key));
      expect(await store.list('b/')).toEqual(['b/1', 'b/10', 'b/2', 'b/c/0']);
      expect(await store.list('')).toEqual(['a', 'b.json', 'b/1', 'b/10', 'b/2', 'b/c/0', 'bb/1']);
    });

    test('lists what comes after a key, and may list more', async () => {
      for (const key of ['b/1', 'b/2', 'b/3']) await store.put(key, bytesOf(key));
      expect(await store.list('b/', 'b/1')).toEqual(expect.arrayContaining(['b/2', 'b/3']));
      expect((await store.list('b/', 'b/3')).filter((key) => key > 'b/3')).toEqual([]);
    });

    test('tells which of many keys there are, where it offers that', async () => {
      for (const key of ['p/1', 'p/3', 'p/q/1']) await store.put(key, bytesOf(key));
      const asked = ['p/1', 'p/2', 'p/3', 'p/q', 'p/q/1', 'none/1'];
      expect((await store.present?.(asked)) ?? ['p/1', 'p/3', 'p/q/1']).toEqual([
        'p/1',
        'p/3',
        'p/q/1',
      ]);
      expect((await store.present?.([])) ?? []).toEqual([]);
    });

    test('tells size and time of writing, in text order', async () => {
      await store.put('d/b', bytesOf('four'));
      await store.put('d/a/x', new Uint8Array());
      const details = await store.listDetails('d/');
      expect(details.map(({ key, bytes }) => [key, bytes])).toEqual([
        ['d/a/x', 0],
        ['d/b', 4],
      ]);
      for (const { writtenAt } of details) expect(Number.isSafeInteger(writtenAt)).toBe(true);
      expect(await store.listDetails('none/')).toEqual([]);
    });

    test('removes an object for good, and it can be written anew', async () => {
      await store.put('d/gone', bytesOf('first'));
      await store.put('d/stays', bytesOf('stays'));
      await store.remove('d/gone');
      await store.remove('d/gone');
      await store.remove('never/was');
      expect(await store.has('d/gone')).toBe(false);
      expect(await store.list('d/')).toEqual(['d/stays']);
      await expect(store.get('d/gone')).rejects.toMatchObject({
        code: 'OBJECT_NOT_FOUND',
        where: 'd/gone',
      });
      await expect(store.localPath('d/gone')).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
      expect(await store.createIfAbsent('d/gone', bytesOf('second'))).toBe('created');
      expect(textOf(await store.get('d/gone'))).toBe('second');
    });

    test.each([
      '',
      '/etc/passwd',
      '../x',
      'a/../../x',
      'a//b',
      'a/./b',
      'a\\..\\b',
      '.tmp/x',
      'a/..b',
      'a/\0',
      'ä',
      'a/',
    ])('refuses the key %j', async (key) => {
      const refused = { code: 'KEY_INVALID' };
      await expect((async () => store.get(key))()).rejects.toMatchObject(refused);
      await expect((async () => store.has(key))()).rejects.toMatchObject(refused);
      await expect((async () => store.put(key, bytesOf('x')))()).rejects.toMatchObject(refused);
      await expect((async () => store.createIfAbsent(key, bytesOf('x')))()).rejects.toMatchObject(
        refused,
      );
      await expect((async () => store.localPath(key))()).rejects.toMatchObject(refused);
      await expect((async () => store.remove(key))()).rejects.toMatchObject(refused);
    });
  });
}
