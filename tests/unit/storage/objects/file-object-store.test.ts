/**
 * Purpose: what the file store adds to the contract: crashes, full disks, links that lead out,
 * leftovers.
 */

import { spawnSync } from 'node:child_process';
import * as nodeFiles from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { fixedClock } from '../../../../platform/clock.ts';
import { openFeatureStore } from '../../../../storage/features/feature-store.ts';
import { fileObjectStore } from '../../../../storage/objects/file-object-store.ts';
import { openStore } from '../../../../storage/open-store.ts';
import {
  commitObjects,
  makeObjects,
  NOW,
  type ObjectSpec,
  schemaOf,
  temporaryFolder,
} from '../../../fixtures/storage/features.ts';
import { watched } from '../../../fixtures/storage/watched-files.ts';

const bytes = Buffer.from('some bytes');
const DAY = 86_400_000;
let folder: string;
let remove: () => Promise<void>;

beforeEach(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterEach(() => remove());

const failWith = (code: string) => {
  throw Object.assign(new Error(`${code}: made by the test`), { code });
};

describe('openStore', () => {
  test('accepts a folder with and without "file:"', async () => {
    for (const url of [folder, `file:${folder}`, `file://${folder}`])
      expect(openStore(url).location).toBe(`file:${folder}`);
    expect(openStore('file:./x').location).toBe(`file:${path.resolve('x')}`);
    expect(await nodeFiles.readdir(folder)).toEqual([]);
  });

  test.each(['s3://user:secret@bucket/prefix', 'ftp://host/x', '', 'file:'])(
    'refuses %j',
    (url) => {
      const open = () => openStore(url);
      expect(open).toThrow(
        expect.objectContaining({
          code: 'SETTINGS_INVALID',
          fix: expect.stringContaining('--store'),
        }),
      );
      expect(open).not.toThrow(/secret/);
    },
  );
});

describe('crashes of a writer', () => {
  test('leave the object whole or absent at every step, and the next write succeeds', async () => {
    let steps = Number.POSITIVE_INFINITY;
    for (let dieAt = 1; dieAt <= steps; dieAt++) {
      const root = path.join(folder, String(dieAt));
      let step = 0;
      const dying = watched(() => {
        if (++step >= dieAt) failWith('EIO');
      });
      const outcome = await fileObjectStore(root, { files: dying })
        .createIfAbsent('log/a/1.json', bytes)
        .catch((error: unknown) => error);
      const store = fileObjectStore(root);
      const keys = await store.list('');
      if (keys.length > 0)
        expect([keys, await store.get(keys[0])]).toEqual([['log/a/1.json'], bytes]);
      if (outcome === 'created') {
        expect(keys).toEqual(['log/a/1.json']);
        steps = dieAt; // it needed no more steps than it was given
      } else {
        expect(outcome).toMatchObject({ code: 'STORE_UNAVAILABLE', where: 'log/a/1.json' });
      }
      await store.put('log/a/1.json', bytes);
      expect(await store.get('log/a/1.json')).toEqual(bytes);
    }
    expect(steps).toBeGreaterThan(8);
  });

  test('leave files that readers ignore and that are removed after a day', async () => {
    await fileObjectStore(folder).put('a', bytes);
    const leftover = path.join(folder, '.tmp', '1-left-behind');
    await nodeFiles.writeFile(leftover, 'half an obj');
    await nodeFiles.utimes(leftover, NOW / 1000, NOW / 1000);
    const soon = fileObjectStore(folder, { clock: fixedClock(NOW + DAY - 1000) });
    await soon.put('b', bytes);
    expect(await soon.list('')).toEqual(['a', 'b']);
    expect(await nodeFiles.readdir(path.join(folder, '.tmp'))).toEqual(['1-left-behind']);
    await fileObjectStore(folder, { clock: fixedClock(NOW + DAY + 1000) }).put('c', bytes);
    expect(await nodeFiles.readdir(path.join(folder, '.tmp'))).toEqual([]);
  });

  test('writes leave no temporary file, also where the object exists', async () => {
    const store = fileObjectStore(folder);
    for (let i = 0; i < 3; i++) await store.createIfAbsent('a/b', bytes);
    expect(await nodeFiles.readdir(path.join(folder, '.tmp'))).toEqual([]);
  });
});

describe('disk errors', () => {
  test.each([
    ['ENOSPC', 'STORE_FULL'],
    ['EDQUOT', 'STORE_FULL'],
    ['EACCES', 'STORE_UNAVAILABLE'],
    ['EROFS', 'STORE_UNAVAILABLE'],
    ['EPERM', 'STORE_UNAVAILABLE'],
  ])('reports %s as %s with the key and a fix', async (code, expected) => {
    const store = fileObjectStore(folder, {
      files: watched((call) => (call === 'link' ? failWith(code) : undefined)),
    });
    const error = { code: expected, where: 'a/b', fix: expect.any(String) };
    await expect(store.put('a/b', bytes)).rejects.toMatchObject(error);
    expect(await store.has('a/b')).toBe(false);
    expect(await nodeFiles.readdir(path.join(folder, '.tmp'))).toEqual([]);
  });

  test('reports a file where the folder should be', async () => {
    const file = path.join(folder, 'file');
    await nodeFiles.writeFile(file, '');
    await expect(fileObjectStore(file).put('a', bytes)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    await expect(fileObjectStore(file).list('a/')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
  });

  test('a full disk loses nothing, and writes continue when there is space', async () => {
    const disk = path.join(folder, 'disk');
    await nodeFiles.mkdir(disk);
    const mount = (...args: string[]) => spawnSync('mount', args).status === 0;
    if (!mount('-t', 'tmpfs', '-o', 'size=64k', 'none', disk)) {
      console.warn('skipped: a small disk cannot be mounted here (needs root)');
      return;
    }
    try {
      const features = openFeatureStore({
        store: fileObjectStore(disk),
        domain: 'toy',
        clock: fixedClock(NOW),
      });
      const commit = async (specs: ObjectSpec[]) =>
        commitObjects(features, {
          reason: 'test',
          schema: schemaOf('zero'),
          newObjects: await makeObjects(folder, specs),
        });
      let whole = await commit([{ part: '0', span: [0, 1], rows: [['x', 0, 1]] }]);
      let failure: unknown;
      for (let n = 1; failure === undefined && n < 200; n++) {
        const part: ObjectSpec = { part: String(n), span: [n, n + 1], rows: [['x', n, n]] };
        await commit([part]).then(
          (manifest) => {
            whole = manifest;
          },
          (error: unknown) => {
            failure = error;
          },
        );
      }
      expect(failure).toMatchObject({ code: 'STORE_FULL' });
      expect(await features.head()).toEqual(whole);
      expect((await features.verify()).problems).toEqual([]);
      expect(mount('-o', 'remount,size=8m', disk)).toBe(true);
      const next = await commit([{ part: 'next', span: [500, 501], rows: [] }]);
      expect(next.parent).toBe(whole.snapshotVersion);
    } finally {
      spawnSync('umount', [disk]);
    }
  }, 60_000);
});

describe('symbolic links', () => {
  test('out of the store are refused for reading and writing', async () => {
    const outside = path.join(folder, 'outside');
    const root = path.join(folder, 'root');
    await nodeFiles.mkdir(outside);
    await nodeFiles.mkdir(root);
    await nodeFiles.writeFile(path.join(outside, 'secret'), 'secret');
    await nodeFiles.symlink(outside, path.join(root, 'way'));
    await nodeFiles.symlink(path.join(outside, 'secret'), path.join(root, 'file'));
    const store = fileObjectStore(root);
    const refused = { code: 'KEY_INVALID' };
    await expect(store.get('way/secret')).rejects.toMatchObject(refused);
    await expect(store.get('file')).rejects.toMatchObject(refused);
    await expect(store.put('way/new', bytes)).rejects.toMatchObject(refused);
    await expect(store.put('way/deep/er/new', bytes)).rejects.toMatchObject(refused);
    await expect(store.list('way/')).rejects.toMatchObject(refused);
    await expect(store.present?.(['way/secret'])).rejects.toMatchObject(refused);
    expect(await store.present?.(['file'])).toEqual([]);
    expect(await store.has('file')).toBe(false);
    expect(await store.list('')).toEqual([]);
    expect(await nodeFiles.readdir(outside)).toEqual(['secret']);
  });

  test('to the store itself are followed', async () => {
    await nodeFiles.mkdir(path.join(folder, 'real'));
    await nodeFiles.symlink(path.join(folder, 'real'), path.join(folder, 'alias'));
    await fileObjectStore(path.join(folder, 'alias')).put('a/b', bytes);
    expect(await fileObjectStore(path.join(folder, 'real')).get('a/b')).toEqual(bytes);
  });
});

test.each(['EPERM', 'EINVAL', 'ENOTSUP'])(
  'writes to a file system that cannot flush folders (%s)',
  async (code) => {
    const isFolder = (name: string) => !name.includes('.tmp/');
    const files = watched(
      (call, name) => (call === 'file.sync' && isFolder(name) ? failWith(code) : undefined),
      { handles: true },
    );
    const store = fileObjectStore(path.join(folder, 'new'), { files });
    await store.put('a/b/c.bin', bytes);
    expect(await store.createIfAbsent('a/b/d.bin', bytes)).toBe('created');
    expect(Buffer.from(await store.get('a/b/c.bin'))).toEqual(bytes);
  },
);

test('reports a disk that fails to flush a folder', async () => {
  const files = watched((call) => (call === 'file.sync' ? failWith('EIO') : undefined), {
    handles: true,
  });
  await expect(fileObjectStore(folder, { files }).put('a/b.bin', bytes)).rejects.toThrow();
});
