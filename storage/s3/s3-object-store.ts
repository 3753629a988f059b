/**
 * Purpose: the object store on S3, or on a server that speaks its language (MinIO, Ceph).
 * Invariants: every write is "If-None-Match: *", so nothing is ever overwritten and exactly one of
 * several writers creates; a server other than Amazon's proves it before the first commit. Every object carries its SHA-256 and its writer's mark: by the first a
 * download is checked, by the second a writer whose reply was lost, or whose second try met its own
 * first one (412), knows that the object is its own. Content-named objects are read through a local
 * cache.
 * Fails: OBJECT_NOT_FOUND, STORE_FULL, KEY_INVALID, STORE_CORRUPT (stored bytes that no longer have
 * their hash), STORE_UNAVAILABLE with what to do: network, credentials, rights, bucket, region.
 * Always with the key and the location, never with credentials.
 */
import { randomUUID } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { HeadwayError } from '../../platform/errors.ts';
import { HASH_PATTERN, sha256 } from '../../platform/files/content-hash.ts';
import { type ContentCacheOptions, contentCache } from '../objects/content-cache.ts';
import { checkKey } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { proveCondition } from './condition-proof.ts';
import type { S3Address } from './s3-address.ts';
import { errorOf, isTaken, mayPass } from './s3-failure.ts';
import { type S3Listed, type S3Options, type S3Page, s3Requests } from './s3-requests.ts';
import { GaveUp, type RetryPolicy, retryPolicy, withRetries } from './s3-retry.ts';
import { downloadBytes, downloadFile, type TransferOptions, uploadFile } from './s3-transfer.ts';

export interface S3StoreOptions extends S3Options {
  readonly cache: ContentCacheOptions;
  readonly retries?: Partial<RetryPolicy>;
  /** S3 wants at least 5 MiB. */
  readonly partBytes?: number;
  /** Whether the server is trusted to honour If-None-Match; default: Amazon's is. */
  readonly isProven?: boolean;
  /** What people should know of the server; default: nobody hears it. */
  readonly onWarning?: (message: string) => void;
}

const PART_BYTES = 8 << 20;
const PARALLEL = 4;

const CONTENT_HASH = new RegExp(HASH_PATTERN);

/** The SHA-256 that a key names its object by; null where it is named otherwise. */
function hashInKey(key: string): string | null {
  const name = path.posix.basename(key).replace(/\.[a-z]+$/, '');
  const last = name.slice(-64);
  return CONTENT_HASH.test(last) && (name === last || name.at(-65) === '-') ? last : null;
}

export function s3ObjectStore(address: S3Address, options: S3StoreOptions): ObjectStore {
  const { bucket, prefix } = address;
  const location = `s3://${bucket}${prefix === '' ? '' : `/${prefix.slice(0, -1)}`}`;
  const policy: RetryPolicy = { ...retryPolicy, ...options.retries };
  const transfer: TransferOptions = {
    policy,
    partBytes: options.partBytes ?? PART_BYTES,
    parallel: PARALLEL,
  };
  const requests = s3Requests(address, options);
  const cache = contentCache(options.cache);
  let proof: Promise<void> | null =
    (options.isProven ?? address.endpoint === null) ? Promise.resolve() : null;
  /** Downloads under way in this process, so that one object is fetched once. */
  const fetching = new Map<string, Promise<string>>();

  const remote = (key: string): string => prefix + checkKey(key);

  async function guarded<T>(key: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof GaveUp) throw errorOf(error.failure, key, location, error.tries);
      // The prefix is the store's business; what people know is the key.
      if (error instanceof HeadwayError && prefix !== '' && error.where === prefix + key)
        throw new HeadwayError(error.code, error.message, {
          where: key,
          ...(error.fix ? { fix: error.fix } : {}),
        });
      throw error;
    }
  }

  /** Once a process, before its first commit. */
  async function proven(): Promise<void> {
    const server = address.endpoint ?? location;
    proof ??= proveCondition(requests, {
      ...{ policy, prefix, server },
      onWarning: options.onWarning ?? (() => {}),
    });
    await proof.catch((error: unknown) => {
      proof = null; // the server may be replaced, or reachable again
      throw error;
    });
  }

  async function create(key: string, bytes: Uint8Array): Promise<'created' | 'exists'> {
    const name = remote(key);
    const marks = { sha256: sha256(bytes), writer: randomUUID() };
    try {
      await withRetries(policy, () => requests.create(name, bytes, marks));
      return 'created';
    } catch (error) {
      if (!(error instanceof GaveUp) || !(isTaken(error.failure) || mayPass(error.failure)))
        throw error;
      // A refusal may be about our own first try, and a failure may have come after the object was
      // made: only the slot knows.
      const isRefused = isTaken(error.failure);
      const found = await withRetries(policy, () => requests.head(name)).catch(
        (unseen: unknown) => {
          throw isRefused ? unseen : error;
        },
      );
      if (found?.writer === marks.writer) return 'created';
      if (found !== null || isRefused) return 'exists';
      throw error;
    }
  }

  async function exists(key: string): Promise<boolean> {
    return (await withRetries(policy, () => requests.head(remote(key)))) !== null;
  }

  /** One fetch of an object at a time, however many wait for it. */
  function fetchOnce(key: string, fetchTo: Parameters<typeof cache.add>[0]): Promise<string> {
    const under = fetching.get(key) ?? cache.add(fetchTo).finally(() => fetching.delete(key));
    fetching.set(key, under);
    return under;
  }

  /** The local file of an object, fetched where it is not in the cache. */
  async function localFile(key: string, known: string | null): Promise<string> {
    const hash =
      known ?? (await withRetries(policy, () => requests.head(remote(key))))?.sha256 ?? null;
    const cached = hash === null ? null : await cache.find(hash);
    return (
      cached ??
      fetchOnce(key, (temporary) => downloadFile(requests, remote(key), known, temporary, transfer))
    );
  }

  /** The same, read: what had to be fetched is not read back. */
  async function cachedBytes(key: string, hash: string): Promise<Buffer> {
    let fetched: Buffer | null = null;
    const toBytes = async (temporary: string): Promise<string> => {
      fetched = await downloadBytes(requests, remote(key), hash, transfer);
      await writeFile(temporary, fetched, { flag: 'wx' });
      return hash;
    };
    const file = (await cache.find(hash)) ?? (await fetchOnce(key, toBytes));
    return fetched ?? readFile(file);
  }

  async function listDetails(folder: string, after?: string): Promise<S3Listed[]> {
    if (folder !== '')
      checkKey(folder.endsWith('/') ? folder.slice(0, -1) : `${folder}/ must end in a slash`);
    const found = new Map<string, S3Listed>();
    const start = after ? remote(after) : null;
    let from: string | null = null;
    do {
      const at: string | null = from;
      const { objects, continuation }: S3Page = await withRetries(policy, () =>
        requests.list(prefix + folder, start, at),
      );
      for (const each of objects) {
        const key = each.key.startsWith(prefix) ? each.key.slice(prefix.length) : '';
        if (key.startsWith(folder) && isKey(key)) found.set(key, { ...each, key });
      }
      from = continuation === at ? null : continuation;
    } while (from !== null);
    return [...found.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  return {
    location,
    get: (key: string, known?: string) =>
      guarded(key, async () => {
        const name = remote(key);
        const hash = known ?? hashInKey(key);
        if (hash !== null && options.cache.maxBytes > 0) return cachedBytes(key, hash);
        return downloadBytes(requests, name, hash, transfer);
      }),
    has: (key: string) => guarded(key, () => exists(key)),
    put: (key: string, bytes: Uint8Array) =>
      guarded(key, async () => void (await create(key, bytes))),
    putFile: (key: string, source: string) =>
      guarded(key, async () => {
        const name = remote(key);
        const look = await stat(source).catch((error: unknown) => {
          throw new HeadwayError('SOURCE_NOT_FOUND', 'The file to store cannot be read', {
            where: source,
            cause: error,
          });
        });
        if (look.size <= transfer.partBytes) await create(key, await readFile(source));
        else if (!(await exists(key))) await uploadFile(requests, name, source, transfer);
      }),
    createIfAbsent: (key: string, bytes: Uint8Array) =>
      guarded(key, async () => {
        checkKey(key);
        await proven();
        return create(key, bytes);
      }),
    list: (folder: string, after?: string) =>
      guarded(folder, async () => (await listDetails(folder, after)).map(({ key }) => key)),
    listDetails: (folder: string) => guarded(folder, () => listDetails(folder)),
    remove: (key: string) =>
      guarded(key, async () => {
        const name = remote(key);
        await withRetries(policy, () => requests.remove(name));
        const hash = hashInKey(key);
        if (hash !== null) await cache.drop(hash);
      }),
    localPath: (key: string) => guarded(key, () => localFile(key, hashInKey(key))),
  };
}

function isKey(key: string): boolean {
  try {
    return checkKey(key) === key;
  } catch {
    return false;
  }
}
