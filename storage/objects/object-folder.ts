/**
 * Purpose: objects as files of one folder: where a key lies, and how a file appears there whole.
 * Invariants: an object is written to `.tmp/`, flushed, and linked to its name; link() never
 * overwrites and lets exactly one of several writers win. The folders above it are flushed before a
 * write is acknowledged, also where another writer was first. Names that no key can have (`.tmp`,
 * editors' leftovers) are never seen.
 * Fails: KEY_INVALID, also for a symbolic link that leads out of the folder; with the errors of the
 * file system.
 */
import { randomUUID } from 'node:crypto';
import { constants, lstatSync } from 'node:fs';
import * as nodeFiles from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { HeadwayError } from '../../platform/errors.ts';
import { checkKey, checkPrefix, isKey } from './object-keys.ts';

/** What the store asks of a file system: a seam for tests that break it. */
export type FileSystem = Pick<
  typeof nodeFiles,
  'open' | 'link' | 'unlink' | 'mkdir' | 'readdir' | 'lstat' | 'stat' | 'realpath'
>;

const TEMPORARY_FOLDER = '.tmp';
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000;

export interface FolderOptions {
  readonly clock?: Clock;
  readonly files?: FileSystem;
}

/** The codes of file systems that cannot flush a folder. */
const UNFLUSHABLE = new Set(['EPERM', 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EISDIR', 'EBADF']);

export const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException)?.code ?? '';

export class ObjectFolder {
  readonly root: string;
  readonly #files: FileSystem;
  readonly #clock: Clock | undefined;
  readonly #temporaries: string;
  readonly #durableFolders = new Set<string>();
  #swept = false;

  constructor(folder: string, { clock, files = nodeFiles }: FolderOptions) {
    this.root = path.resolve(folder);
    this.#files = files;
    this.#clock = clock;
    this.#temporaries = path.join(this.root, TEMPORARY_FOLDER);
  }

  async #flushFolder(name: string): Promise<void> {
    let handle: nodeFiles.FileHandle | undefined;
    try {
      handle = await this.#files.open(name, 'r');
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
  async #makeFolder(name: string): Promise<void> {
    if (this.#durableFolders.has(name)) return;
    const first = await this.#files.mkdir(name, { recursive: true });
    const highest =
      first !== undefined && this.root.startsWith(first) ? path.dirname(first) : this.root;
    for (let at = name; ; at = path.dirname(at)) {
      await this.#flushFolder(at);
      if (at === highest || at === path.dirname(at)) break;
    }
    this.#durableFolders.add(name);
  }

  #realPath(name: string): Promise<string | null> {
    return this.#files.realpath(name).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    });
  }

  /** The path of a key, once it is sure that no symbolic link on its way leads out of the root. */
  async locate(key: string): Promise<string> {
    const target = path.join(this.root, ...checkKey(key).split('/'));
    const inside = await this.#realPath(this.root);
    if (inside === null) return target;
    for (let at = path.dirname(target); at.length > this.root.length; at = path.dirname(at)) {
      const real = await this.#realPath(at);
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

  async #sweep(): Promise<void> {
    if (this.#swept || this.#clock === undefined) return;
    this.#swept = true;
    for (const name of await this.#files.readdir(this.#temporaries)) {
      const temporary = path.join(this.#temporaries, name);
      try {
        const { mtimeMs } = await this.#files.lstat(temporary);
        if (this.#clock.now() - mtimeMs > ABANDONED_AFTER_MS) await this.#files.unlink(temporary);
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw error;
      }
    }
  }

  async create(
    key: string,
    write: (handle: nodeFiles.FileHandle) => Promise<void>,
  ): Promise<'created' | 'exists'> {
    const target = await this.locate(key);
    await this.#makeFolder(path.dirname(target));
    await this.#makeFolder(this.#temporaries);
    await this.#sweep();
    const temporary = path.join(this.#temporaries, `${process.pid}-${randomUUID()}`);
    let outcome: 'created' | 'exists' = 'created';
    try {
      const handle = await this.#files.open(temporary, 'wx', 0o644);
      try {
        await write(handle);
        await handle.sync();
      } finally {
        await handle.close();
      }
      try {
        await this.#files.link(temporary, target);
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
        outcome = 'exists';
      }
      await this.#flushFolder(path.dirname(target));
    } finally {
      await this.#files.unlink(temporary).catch(() => undefined);
    }
    return outcome;
  }

  async #listFolder(prefix: string, found: string[], after = ''): Promise<void> {
    const entries = await this.#files
      .readdir(path.join(this.root, prefix), { withFileTypes: true })
      .catch((error: unknown) => {
        if (codeOf(error) === 'ENOENT') return [];
        throw error;
      });
    for (const entry of entries) {
      const key = prefix + entry.name;
      // Cheap first: a log of years has tens of thousands of names.
      if ((key <= after && entry.isFile()) || !isKey(key)) continue;
      if (entry.isDirectory()) await this.#listFolder(`${key}/`, found, after);
      else if (entry.isFile()) found.push(key);
    }
  }

  async listKeys(prefix: string, after?: string): Promise<string[]> {
    checkPrefix(prefix);
    const found: string[] = [];
    await this.locate(`${prefix}any`);
    await this.#listFolder(prefix, found, after);
    return found.sort();
  }

  async isObject(target: string): Promise<boolean> {
    try {
      return (await this.#files.lstat(target)).isFile();
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    }
  }

  async read(key: string): Promise<Buffer> {
    const target = await this.locate(key);
    const handle = await this.#files.open(target, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  }

  /** Which of `keys` there are. */
  async present(keys: readonly string[]): Promise<string[]> {
    const folders = new Map<string, string>();
    const there: string[] = [];
    for (const key of keys) {
      const [folder, name] = [path.posix.dirname(key), path.posix.basename(checkKey(key))];
      const at = folders.get(folder) ?? path.dirname(await this.locate(key));
      folders.set(folder, at);
      // A promise for each name would cost five times as much.
      if (lstatSync(path.join(at, name), { throwIfNoEntry: false })?.isFile()) there.push(key);
    }
    return there;
  }

  async listDetails(prefix: string) {
    const details: { key: string; bytes: number; writtenAt: number }[] = [];
    for (const key of await this.listKeys(prefix)) {
      const look = await this.#files.lstat(path.join(this.root, key)).catch((error: unknown) => {
        if (codeOf(error) === 'ENOENT') return null; // removed since it was listed
        throw error;
      });
      if (look?.isFile())
        details.push({ key, bytes: look.size, writtenAt: Math.floor(look.mtimeMs) });
    }
    return details;
  }

  async remove(key: string): Promise<void> {
    const target = await this.locate(key);
    // A link or a folder of that name is not an object, and not ours to remove.
    if (!(await this.isObject(target))) return;
    await this.#files.unlink(target).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw error;
    });
    await this.#flushFolder(path.dirname(target));
  }
}
