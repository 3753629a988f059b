/**
 * Purpose: objects of a far store on the local disk, by the SHA-256 of their content: read through,
 * bounded, shared by processes.
 * Invariants:
 * - A file under `objects/` was written elsewhere, checked and linked to its name: it is whole or
 *   absent. It is checked again when a process first uses it; one that differs is dropped and
 *   fetched again.
 * - The least recently used go first when `objects/` is beyond its bound. Their use is noted in the
 *   access time, so that the modification time stays what readers remember a checked file by.
 * - A path that was handed out stays readable: it is a hard link of this process's own under
 *   `in-use/`, which evictions by whatever process do not touch. It goes at the exit of the
 *   process, or when nobody has asked for it for six hours; a killed process's folder goes after a
 *   day without use. What is in use is not counted in the bound.
 * Fails: STORE_UNAVAILABLE or STORE_FULL where the folder cannot be written.
 */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import * as files from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { HeadwayError, isHeadwayError } from '../../platform/errors.ts';
import { fileHash } from '../../platform/files/file-hash.ts';

export interface ContentCacheOptions {
  readonly folder: string;
  /** 0: nothing is kept for later, and nothing that was kept is used. */
  readonly maxBytes: number;
  /**
   * Without it, what was written first goes first, and nothing that was abandoned is cleared away.
   */
  readonly clock?: Clock | undefined;
}

const IDLE_MS = 6 * 3_600_000;
const ABANDONED_MS = 24 * 3_600_000;

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException)?.code ?? '';

/** Undefined where the file system fails with one of `codes`. */
async function unless<T>(codes: readonly string[], work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (codes.includes(codeOf(error))) return undefined;
    throw error;
  }
}

/** Folders of this process's own, to go with it. */
const toRemove = new Set<string>();

function removeAtExit(folder: string): void {
  if (toRemove.size === 0) {
    process.once('exit', () => {
      for (const each of toRemove) rmSync(each, { recursive: true, force: true });
    });
  }
  toRemove.add(folder);
}

export class ContentCache {
  readonly #root: string;
  readonly #objects: string;
  readonly #inUse: string;
  readonly #mine: string;
  readonly #maxBytes: number;
  readonly #clock: Clock | undefined;
  /** Hash → when its file was last asked for. */
  readonly #held = new Map<string, { askedAt: number }>();
  #isPrepared = false;

  constructor({ folder, maxBytes, clock }: ContentCacheOptions) {
    this.#root = path.resolve(folder);
    this.#objects = path.join(this.#root, 'objects');
    this.#inUse = path.join(this.#root, 'in-use');
    this.#mine = path.join(this.#inUse, randomUUID());
    this.#maxBytes = maxBytes;
    this.#clock = clock;
  }

  /** The path of the content with this hash, or null where it is not here. */
  find(hash: string): Promise<string | null> {
    return this.#guarded(async () => {
      if (this.#maxBytes === 0) return null;
      await this.#prepare();
      const own = await this.#hold(hash);
      if (own === null) return null;
      if (!this.#held.has(hash) && (await fileHash(own)) !== hash) {
        await this.#dropNow(hash);
        return null;
      }
      await this.#noteUse(hash, own);
      return own;
    });
  }

  /**
   * Lets `fetch` write a new file, and keeps it under the hash that it returns. Processes and
   * callers that do so at once do no harm.
   * @returns its path
   */
  add(fetch: (temporary: string) => Promise<string>): Promise<string> {
    return this.#guarded(async () => {
      await this.#prepare();
      const temporary = path.join(this.#mine, `${randomUUID()}.part`);
      try {
        const hash = await fetch(temporary);
        // Whole seconds survive being set again with every use.
        const now = Math.floor(
          (this.#clock?.now() ?? (await files.stat(temporary)).mtimeMs) / 1000,
        );
        await files.utimes(temporary, now, now);
        await files.chmod(temporary, 0o444);
        const own = path.join(this.#mine, hash);
        await files.rename(temporary, own);
        if (this.#maxBytes > 0) {
          const codes = ['EEXIST', 'EPERM', 'ENOTSUP', 'EMLINK'];
          await unless(codes, files.link(own, path.join(this.#objects, hash)));
        }
        await this.#noteUse(hash, own);
        await this.#evict();
        return own;
      } finally {
        await files.rm(temporary, { force: true });
      }
    });
  }

  drop(hash: string): Promise<void> {
    return this.#guarded(() => this.#dropNow(hash));
  }

  async #prepare(): Promise<void> {
    await files.mkdir(this.#objects, { recursive: true });
    await files.mkdir(this.#mine, { recursive: true });
    if (this.#isPrepared) return;
    this.#isPrepared = true;
    removeAtExit(this.#mine);
    if (this.#clock) await this.#clearAbandoned(this.#clock);
  }

  async #clearAbandoned({ now }: Clock): Promise<void> {
    for (const name of await files.readdir(this.#inUse)) {
      const each = path.join(this.#inUse, name);
      const look = await unless(['ENOENT'], files.stat(each));
      if (look && each !== this.#mine && now() - look.mtimeMs > ABANDONED_MS)
        await files.rm(each, { recursive: true, force: true });
    }
  }

  /** Gives `hash` a name of our own, if it is there. */
  async #hold(hash: string): Promise<string | null> {
    const [kept, own] = [path.join(this.#objects, hash), path.join(this.#mine, hash)];
    const linked = await unless(
      ['ENOENT'],
      files
        .link(kept, own)
        .catch(async (error) => {
          if (codeOf(error) === 'EEXIST') return;
          if (!['EPERM', 'ENOTSUP', 'EMLINK', 'EXDEV'].includes(codeOf(error))) throw error;
          await files.copyFile(kept, own); // a file system without hard links
        })
        .then(() => true),
    );
    if (linked) return own;
    // Evicted under its shared name: what this process holds is the same file.
    const isHeld = this.#held.has(hash) && (await unless(['ENOENT'], files.stat(own)));
    return isHeld ? own : null;
  }

  async #noteUse(hash: string, own: string): Promise<void> {
    this.#held.set(hash, { askedAt: this.#clock?.now() ?? 0 });
    if (!this.#clock) return;
    const { mtime } = await files.stat(own);
    await files.utimes(own, this.#clock.now() / 1000, mtime);
    await files.utimes(this.#mine, this.#clock.now() / 1000, this.#clock.now() / 1000);
  }

  async #releaseIdle(): Promise<void> {
    if (!this.#clock) return;
    for (const [hash, { askedAt }] of this.#held) {
      if (this.#clock.now() - askedAt <= IDLE_MS) continue;
      this.#held.delete(hash);
      await unless(['ENOENT'], files.unlink(path.join(this.#mine, hash)));
    }
  }

  async #evict(): Promise<void> {
    await this.#releaseIdle();
    if (this.#maxBytes === 0) return; // what others keep here is theirs
    const kept: { file: string; bytes: number; usedAt: number }[] = [];
    for (const name of await files.readdir(this.#objects)) {
      const file = path.join(this.#objects, name);
      const look = await unless(['ENOENT'], files.stat(file));
      if (look) kept.push({ file, bytes: look.size, usedAt: look.atimeMs });
    }
    let bytes = kept.reduce((sum, each) => sum + each.bytes, 0);
    for (const each of kept.sort((a, b) => a.usedAt - b.usedAt)) {
      if (bytes <= this.#maxBytes) return;
      await unless(['ENOENT'], files.unlink(each.file));
      bytes -= each.bytes;
    }
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (
        isHeadwayError(error) ||
        codeOf(error) === '' ||
        (error as NodeJS.ErrnoException).syscall === undefined
      )
        throw error;
      const code = codeOf(error);
      const isFull = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code);
      throw new HeadwayError(
        isFull ? 'STORE_FULL' : 'STORE_UNAVAILABLE',
        `The cache of the store cannot be written (${code})`,
        {
          where: this.#root,
          fix:
            `Make ${this.#root} writable and give it space, or set HEADWAY_WORK; ` +
            'everything in it is in the store too.',
          cause: error,
        },
      );
    }
  }

  async #dropNow(hash: string): Promise<void> {
    this.#held.delete(hash);
    for (const place of [this.#objects, this.#mine])
      await unless(['ENOENT'], files.unlink(path.join(place, hash)));
  }
}
