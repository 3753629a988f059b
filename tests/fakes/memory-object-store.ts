/**
 * Purpose: an object store in memory, for tests: as strict as the port, and able to fail on
 * purpose.
 * Invariants: `fault` is asked before every operation. 'before' fails with nothing done; 'after'
 * does the work and then loses the reply, as a network does.
 * Fails: as the port says, and STORE_UNAVAILABLE where `fault` wants it.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { HeadwayError } from '../../platform/errors.ts';
import { checkKey, checkPrefix } from '../../storage/objects/object-keys.ts';
import type { ObjectStore } from '../../storage/objects/object-store.ts';

export type Operation = Exclude<keyof ObjectStore, 'location'>;
export type Fault = (operation: Operation, key: string) => 'before' | 'after' | undefined;

export interface MemoryObjectStore extends ObjectStore {
  readonly objects: Map<string, Uint8Array>;
  fault: Fault;
  close(): Promise<void>;
}

/** @param clock gives the time of writing */
export function memoryObjectStore(
  objects = new Map<string, Uint8Array>(),
  clock: Pick<Clock, 'now'> = { now: () => 0 },
): MemoryObjectStore {
  let folder: Promise<string> | undefined;
  /** Each content is written once, so that a reader's file never changes under it. */
  const files = new Map<Uint8Array, Promise<string>>();
  let copies = 0;
  const writeCopy = async (name: string, bytes: Uint8Array) => {
    await writeFile(name, bytes);
    return name;
  };
  const missing = (key: string) =>
    new HeadwayError('OBJECT_NOT_FOUND', 'There is no such object', { where: key });
  const find = (key: string): Uint8Array => {
    const bytes = objects.get(checkKey(key));
    if (!bytes) throw missing(key);
    return bytes;
  };
  const writtenAt = new Map<string, number>();
  const create = (key: string, bytes: Uint8Array): 'created' | 'exists' => {
    if (objects.has(checkKey(key))) return 'exists';
    objects.set(key, Uint8Array.from(bytes));
    writtenAt.set(key, clock.now());
    return 'created';
  };
  async function attempt<T>(
    operation: Operation,
    key: string,
    work: () => T | Promise<T>,
  ): Promise<T> {
    const fault = store.fault(operation, key);
    const failure = new HeadwayError('STORE_UNAVAILABLE', `The test made ${operation} fail`, {
      where: key,
    });
    if (fault === 'before') throw failure;
    const result = await work();
    if (fault === 'after') throw failure;
    return result;
  }
  const keysUnder = (prefix: string) => {
    checkPrefix(prefix);
    return [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  };
  const store: MemoryObjectStore = {
    location: 'memory:',
    objects,
    fault: () => undefined,
    async close() {
      if (folder) await rm(await folder, { recursive: true, force: true });
    },
    get: (key) => attempt('get', key, () => Uint8Array.from(find(key))),
    has: (key) => attempt('has', key, () => objects.has(checkKey(key))),
    put: (key, bytes) => attempt('put', key, () => void create(key, bytes)),
    putFile: (key, source) =>
      attempt('putFile', key, async () => void create(key, await readFile(source))),
    createIfAbsent: (key, bytes) => attempt('createIfAbsent', key, () => create(key, bytes)),
    list: (prefix, after = '') =>
      attempt('list', prefix, () => keysUnder(prefix).filter((key) => key > after)),
    listDetails: (prefix) =>
      attempt('listDetails', prefix, () =>
        keysUnder(prefix).map((key) => ({
          key,
          bytes: find(key).length,
          writtenAt: writtenAt.get(key) ?? 0,
        })),
      ),
    remove: (key) => attempt('remove', key, () => void objects.delete(checkKey(key))),
    localPath: (key) =>
      attempt('localPath', key, async () => {
        const bytes = find(key);
        folder ??= mkdtemp(path.join(tmpdir(), 'headway-memory-'));
        const written =
          files.get(bytes) ?? writeCopy(path.join(await folder, String(++copies)), bytes);
        files.set(bytes, written);
        return written;
      }),
  };
  return store;
}
