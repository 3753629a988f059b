/**
 * Purpose: the object store on a local folder.
 * Invariants: an object appears whole or not at all: it is written to `.tmp/`, flushed, and linked
 * to its name; link() never overwrites and lets exactly one of several writers win. The folders
 * above it are flushed before a write is acknowledged, also where another writer was first. Names
 * that no key can have (`.tmp`, editors' leftovers) are never seen.
 * Fails: OBJECT_NOT_FOUND, STORE_FULL, STORE_UNAVAILABLE, KEY_INVALID (also for a symbolic link
 * that leads out of the folder). A writer that is killed leaves at most a file in `.tmp/`; the next
 * writer that was given a clock removes it a day later.
 */
import { randomUUID } from 'node:crypto';
import { constants, lstatSync } from 'node:fs';
import * as nodeFiles from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { HeadwayError } from '../../platform/errors.ts';
import { checkKey } from './object-keys.ts';
import type { ObjectStore } from './object-store.ts';

/** What the store asks of a file system: a seam for tests that break it. */
export type FileSystem = Pick<
  typeof nodeFiles,
  'open' | 'link' | 'unlink' | 'mkdir' | 'readdir' | 'lstat' | 'stat' | 'realpath'
>;

const TEMPORARY_FOLDER = '.tmp';
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000;
const COPY_BLOCK_BYTES = 1 << 20;

/** The codes of file systems that cannot flush a folder. */
const UNFLUSHABLE = new Set(['EPERM', 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EISDIR', 'EBADF']);

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException)?.code ?? '';

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
    ? 'The folder must be writable, on one file system, and that file system must know hard links.'
    : 'Check that the folder exists, is a folder, and may be read and written by this user.';
  return new HeadwayError('STORE_UNAVAILABLE', `The store cannot be used (${code})`, {
    ...detail,
    fix,
  });
}

export function fileObjectStore(
  folder: string,
  options: { clock?: Clock; files?: FileSystem } = {},
): ObjectStore {
  const root = path.resolve(folder);
  const files = options.files ?? nodeFiles;
  const temporaries = path.join(root, TEMPORARY_FOLDER);
  const durableFolders = new Set<string>();
  let swept = false;

  async function flushFolder(name: string): Promise<void> {
    let handle: nodeFiles.FileHandle | undefined;
    try {
      handle = await files.open(name, 'r');
      await handle.sync();
    } catch (error) {
      // Windows and some network file systems flush no folder; they have no other way to ask.
      if (!UNFLUSHABLE.has(codeOf(error))) throw error;
    } finally {
      await handle?.close();
    }
  }

  /**
   * Makes `name` and the folders above it, and makes sure that they survive a power cut. Once per
   * process and folder.
   */
  async function makeFolder(name: string): Promise<void> {
    if (durableFolders.has(name)) return;
    const first = await files.mkdir(name, { recursive: true });
    const highest = first !== undefined && root.startsWith(first) ? path.dirname(first) : root;
    for (let at = name; ; at = path.dirname(at)) {
      await flushFolder(at);
      if (at === highest || at === path.dirname(at)) break;
    }
    durableFolders.add(name);
  }

  const realPath = (name: string) =>
    files.realpath(name).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    });

  /** The path of a key, once it is sure that no symbolic link on the way leads out of the root. */
  async function locate(key: string): Promise<string> {
    const target = path.join(root, ...checkKey(key).split('/'));
    const inside = await realPath(root);
    if (inside === null) return target;
    for (let at = path.dirname(target); at.length > root.length; at = path.dirname(at)) {
      const real = await realPath(at);
      if (real === null) continue;
      if (real.startsWith(inside + path.sep)) break;
      const fix = 'Remove the symbolic link; the store must lie in one folder.';
      throw new HeadwayError('KEY_INVALID', 'A symbolic link leads out of the store', {
        where: key,
        fix,
      });
    }
    return target;
  }

  async function guarded<T>(key: string, work: () => Promise<T>, writing = false): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw storeError(error, key, writing);
    }
  }

  async function sweep(): Promise<void> {
    if (swept || !options.clock) return;
    swept = true;
    for (const name of await files.readdir(temporaries)) {
      const temporary = path.join(temporaries, name);
      try {
        const { mtimeMs } = await files.lstat(temporary);
        if (options.clock.now() - mtimeMs > ABANDONED_AFTER_MS) await files.unlink(temporary);
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw error;
      }
    }
  }

  async function create(
    key: string,
    write: (handle: nodeFiles.FileHandle) => Promise<void>,
  ): Promise<'created' | 'exists'> {
    const target = await locate(key);
    await makeFolder(path.dirname(target));
    await makeFolder(temporaries);
    await sweep();
    const temporary = path.join(temporaries, `${process.pid}-${randomUUID()}`);
    let outcome: 'created' | 'exists' = 'created';
    try {
      const handle = await files.open(temporary, 'wx', 0o644);
      try {
        await write(handle);
        await handle.sync();
      } finally {
        await handle.close();
      }
      try {
        await files.link(temporary, target);
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
        outcome = 'exists';
      }
      await flushFolder(path.dirname(target));
    } finally {
      await files.unlink(temporary).catch(() => undefined);
    }
    return outcome;
  }

  async function listFolder(prefix: string, found: string[], after = ''): Promise<void> {
    const entries = await files
      .readdir(path.join(root, prefix), { withFileTypes: true })
      .catch((error: unknown) => {
        if (codeOf(error) === 'ENOENT') return [];
        throw error;
      });
    for (const entry of entries) {
      const key = prefix + entry.name;
      // Cheap first: a log of years has tens of thousands of names.
      if ((key <= after && entry.isFile()) || !isKey(key)) continue;
      if (entry.isDirectory()) await listFolder(`${key}/`, found, after);
      else if (entry.isFile()) found.push(key);
    }
  }

  async function listKeys(prefix: string, after?: string): Promise<string[]> {
    if (prefix !== '')
      checkKey(prefix.endsWith('/') ? prefix.slice(0, -1) : `${prefix}/ must end in a slash`);
    const found: string[] = [];
    await locate(`${prefix}any`);
    await listFolder(prefix, found, after);
    return found.sort();
  }

  const isObject = async (target: string): Promise<boolean> => {
    try {
      return (await files.lstat(target)).isFile();
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    }
  };

  const createBytes = (key: string, bytes: Uint8Array) =>
    guarded(key, () => create(key, (handle) => handle.writeFile(bytes)), true);

  return {
    location: `file:${root}`,
    get: (key) =>
      guarded(key, async () => {
        const handle = await files.open(
          await locate(key),
          constants.O_RDONLY | constants.O_NOFOLLOW,
        );
        try {
          return await handle.readFile();
        } finally {
          await handle.close();
        }
      }),
    has: (key) => guarded(key, async () => isObject(await locate(key))),
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
        await guarded(key, () => create(key, (handle) => copy(input, handle)), true);
      } finally {
        await input.close();
      }
    },
    createIfAbsent: createBytes,
    present: (keys) =>
      guarded(keys[0] ?? '', async () => {
        const folders = new Map<string, string>();
        const there: string[] = [];
        for (const key of keys) {
          const [folder, name] = [path.posix.dirname(key), path.posix.basename(checkKey(key))];
          const at = folders.get(folder) ?? path.dirname(await locate(key));
          folders.set(folder, at);
          // A promise a name would cost five times what the answer does.
          if (lstatSync(path.join(at, name), { throwIfNoEntry: false })?.isFile()) there.push(key);
        }
        return there;
      }),
    list: (prefix, after) => guarded(prefix, () => listKeys(prefix, after)),
    listDetails: (prefix) =>
      guarded(prefix, async () => {
        const details: { key: string; bytes: number; writtenAt: number }[] = [];
        for (const key of await listKeys(prefix)) {
          const look = await files.lstat(path.join(root, key)).catch((error: unknown) => {
            if (codeOf(error) === 'ENOENT') return null; // removed since it was listed
            throw error;
          });
          if (look?.isFile())
            details.push({ key, bytes: look.size, writtenAt: Math.floor(look.mtimeMs) });
        }
        return details;
      }),
    remove: (key) =>
      guarded(
        key,
        async () => {
          const target = await locate(key);
          // A link or a folder of that name is no object, and not ours to remove.
          if (!(await isObject(target))) return;
          await files.unlink(target).catch((error: unknown) => {
            if (codeOf(error) !== 'ENOENT') throw error;
          });
          await flushFolder(path.dirname(target));
        },
        true,
      ),
    localPath: (key) =>
      guarded(key, async () => {
        const target = await locate(key);
        if (await isObject(target)) return target;
        throw new HeadwayError('OBJECT_NOT_FOUND', 'There is no such object', { where: key });
      }),
  };
}

function isKey(key: string): boolean {
  try {
    return checkKey(key) === key;
  } catch {
    return false;
  }
}

async function copy(input: nodeFiles.FileHandle, output: nodeFiles.FileHandle): Promise<void> {
  const block = Buffer.allocUnsafe(COPY_BLOCK_BYTES);
  for (;;) {
    const { bytesRead } = await input.read(block, 0, block.length, null);
    if (bytesRead === 0) return;
    await output.writeFile(block.subarray(0, bytesRead));
  }
}
