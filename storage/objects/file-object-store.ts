/**
 * Purpose: the object store on a local folder (object-folder.ts).
 * Invariants: those of the port; every error names the key.
 * Fails: OBJECT_NOT_FOUND, STORE_FULL, STORE_UNAVAILABLE, KEY_INVALID (also for a symbolic link
 * that leads out of the folder). A writer that is killed leaves at most a file in `.tmp/`; the next
 * writer that was given a clock removes it a day later.
 */
import * as nodeFiles from 'node:fs/promises';
import { HeadwayError } from '../../platform/errors.ts';
import { codeOf, type FolderOptions, ObjectFolder } from './object-folder.ts';
import type { ObjectStore } from './object-store.ts';

const COPY_BLOCK_BYTES = 1 << 20;

export function fileObjectStore(folder: string, options: FolderOptions = {}): ObjectStore {
  const objects = new ObjectFolder(folder, options);
  const createBytes = (key: string, bytes: Uint8Array) =>
    guarded(key, () => objects.create(key, (handle) => handle.writeFile(bytes)), true);
  return {
    location: `file:${objects.root}`,
    get: (key) => guarded(key, () => objects.read(key)),
    has: (key) => guarded(key, async () => objects.isObject(await objects.locate(key))),
    async put(key, bytes) {
      await createBytes(key, bytes);
    },
    async putFile(key, source) {
      const input = await nodeFiles.open(source, 'r').catch((error: unknown) => {
        throw new HeadwayError('SOURCE_NOT_FOUND', 'The file to store cannot be read', {
          where: source,
          cause: error,
        });
      });
      try {
        await guarded(key, () => objects.create(key, (handle) => copy(input, handle)), true);
      } finally {
        await input.close();
      }
    },
    createIfAbsent: createBytes,
    present: (keys) => guarded(keys[0] ?? '', () => objects.present(keys)),
    list: (prefix, after) => guarded(prefix, () => objects.listKeys(prefix, after)),
    listDetails: (prefix) => guarded(prefix, () => objects.listDetails(prefix)),
    remove: (key) => guarded(key, () => objects.remove(key), true),
    localPath: (key) =>
      guarded(key, async () => {
        const target = await objects.locate(key);
        if (await objects.isObject(target)) return target;
        throw new HeadwayError('OBJECT_NOT_FOUND', 'There is no such object', { where: key });
      }),
  };
}

async function guarded<T>(key: string, work: () => Promise<T>, writing = false): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storeError(error, key, writing);
  }
}

function storeError(error: unknown, key: string, writing: boolean): unknown {
  if (error instanceof HeadwayError) return error;
  const code = codeOf(error);
  const detail = { where: key, cause: error };
  if (!writing && (code === 'ENOENT' || code === 'EISDIR'))
    return new HeadwayError('OBJECT_NOT_FOUND', 'There is no such object', detail);
  if (code === 'ELOOP') {
    const fix = 'Replace the symbolic link by the file itself.';
    return new HeadwayError('KEY_INVALID', 'A symbolic link stands where an object should be', {
      ...detail,
      fix,
    });
  }
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
    const fix = 'Free some space, or move the store; nothing was lost and the run can be repeated.';
    return new HeadwayError('STORE_FULL', 'The disk of the store is full', { ...detail, fix });
  }
  if (code === '') return error;
  const fix = ['EPERM', 'ENOTSUP', 'EXDEV'].includes(code)
    ? 'The folder must be writable, on one file system, and that file system must support hard ' +
      'links.'
    : 'Check that the folder exists, is a folder, and may be read and written by this user.';
  return new HeadwayError('STORE_UNAVAILABLE', `The store cannot be used (${code})`, {
    ...detail,
    fix,
  });
}

async function copy(input: nodeFiles.FileHandle, output: nodeFiles.FileHandle): Promise<void> {
  const block = Buffer.allocUnsafe(COPY_BLOCK_BYTES);
  for (;;) {
    const { bytesRead } = await input.read(block, 0, block.length, null);
    if (bytesRead === 0) return;
    await output.writeFile(block.subarray(0, bytesRead));
  }
}
