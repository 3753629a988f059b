/**
 * Purpose: the object store on S3, or on a server with its API (MinIO, Ceph).
 * Invariants: every write is "If-None-Match: *", so nothing is ever overwritten and exactly one of
 * several writers creates; a server other than Amazon's proves it before the first commit. Every
 * object carries its SHA-256 and its writer's mark: by the first a download is checked, by the
 * second a writer whose reply was lost, or whose second try met its own first one (412), knows that
 * the object is its own. Content-named objects are read through a local cache.
 * Fails: OBJECT_NOT_FOUND, STORE_FULL, KEY_INVALID, STORE_CORRUPT (stored bytes that no longer have
 * their hash), STORE_UNAVAILABLE with what to do: network, credentials, rights, bucket, region.
 * Always with the key and the location, never with credentials.
 */
import { randomUUID } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { HeadwayError } from '../../platform/errors.ts';
import { sha256 } from '../../platform/files/content-hash.ts';
import { ContentCache, type ContentCacheOptions } from '../objects/content-cache.ts';
import { checkKey, checkPrefix, hashInKey, isKey } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { proveCondition } from './condition-proof.ts';
import type { S3Address } from './s3-address.ts';
import { errorOf, isTaken, mayPass } from './s3-failure.ts';
import {
  type S3Listed,
  type S3Options,
  type S3Page,
  type S3Requests,
  s3Requests,
} from './s3-requests.ts';
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

export function s3ObjectStore(address: S3Address, options: S3StoreOptions): ObjectStore {
  const objects = new S3Objects(address, options);
  const guarded = <T>(key: string, work: () => Promise<T>) => objects.guarded(key, work);
  return {
    location: objects.location,
    get: (key, known) =>
      guarded(key, async () => {
        const name = objects.remote(key);
        const hash = known ?? hashInKey(key);
        if (hash !== null && options.cache.maxBytes > 0) return objects.cachedBytes(key, hash);
        return downloadBytes(objects.requests, name, hash, objects.transfer);
      }),
    has: (key) => guarded(key, () => objects.exists(key)),
    put: (key, bytes) => guarded(key, async () => void (await objects.create(key, bytes))),
    putFile: (key, source) => guarded(key, () => objects.putFile(key, source)),
    createIfAbsent: (key, bytes) =>
      guarded(key, async () => {
        checkKey(key);
        await objects.proven();
        return objects.create(key, bytes);
      }),
    list: (folder, after) =>
      guarded(folder, async () => (await objects.listDetails(folder, after)).map(({ key }) => key)),
    listDetails: (folder) => guarded(folder, () => objects.listDetails(folder)),
    remove: (key) => guarded(key, () => objects.remove(key)),
    localPath: (key) => guarded(key, () => objects.localFile(key, hashInKey(key))),
  };
}

class S3Objects {
  readonly location: string;
  readonly requests: S3Requests;
  readonly transfer: TransferOptions;
  readonly cache: ContentCache;
  readonly #address: S3Address;
  readonly #prefix: string;
  readonly #policy: RetryPolicy;
  readonly #onWarning: (message: string) => void;
  #proof: Promise<void> | null;
  /** Downloads under way in this process, so that one object is fetched once. */
  readonly #fetching = new Map<string, Promise<string>>();

  constructor(address: S3Address, options: S3StoreOptions) {
    const { bucket, prefix } = address;
    this.location = `s3://${bucket}${prefix === '' ? '' : `/${prefix.slice(0, -1)}`}`;
    this.#address = address;
    this.#prefix = prefix;
    this.#policy = { ...retryPolicy, ...options.retries };
    this.#onWarning = options.onWarning ?? (() => {});
    this.transfer = {
      policy: this.#policy,
      partBytes: options.partBytes ?? PART_BYTES,
      parallel: PARALLEL,
    };
    this.requests = s3Requests(address, options);
    this.cache = new ContentCache(options.cache);
    this.#proof = (options.isProven ?? address.endpoint === null) ? Promise.resolve() : null;
  }

  remote(key: string): string {
    return this.#prefix + checkKey(key);
  }

  async guarded<T>(key: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof GaveUp) throw errorOf(error.failure, key, this.location, error.tries);
      // The prefix is the store's business; what people know is the key.
      if (
        error instanceof HeadwayError &&
        this.#prefix !== '' &&
        error.where === this.#prefix + key
      )
        throw new HeadwayError(error.code, error.message, {
          where: key,
          ...(error.fix ? { fix: error.fix } : {}),
        });
      throw error;
    }
  }

  /** Once a process, before its first commit. */
  async proven(): Promise<void> {
    const server = this.#address.endpoint ?? this.location;
    this.#proof ??= proveCondition(this.requests, {
      policy: this.#policy,
      prefix: this.#prefix,
      server,
      onWarning: this.#onWarning,
    });
    await this.#proof.catch((error: unknown) => {
      this.#proof = null; // the server may be replaced, or reachable again
      throw error;
    });
  }

  async create(key: string, bytes: Uint8Array): Promise<'created' | 'exists'> {
    const name = this.remote(key);
    const marks = { sha256: sha256(bytes), writer: randomUUID() };
    try {
      await withRetries(this.#policy, () => this.requests.create(name, bytes, marks));
      return 'created';
    } catch (error) {
      if (!(error instanceof GaveUp) || !(isTaken(error.failure) || mayPass(error.failure)))
        throw error;
      // A refusal may be about our own first try, and a failure may have come after the object was
      // made: only the slot knows.
      const isRefused = isTaken(error.failure);
      const found = await withRetries(this.#policy, () => this.requests.head(name)).catch(
        (unseen: unknown) => {
          throw isRefused ? unseen : error;
        },
      );
      if (found?.writer === marks.writer) return 'created';
      if (found !== null || isRefused) return 'exists';
      throw error;
    }
  }

  async exists(key: string): Promise<boolean> {
    return (await withRetries(this.#policy, () => this.requests.head(this.remote(key)))) !== null;
  }

  /** One fetch of an object at a time, however many wait for it. */
  #fetchOnce(key: string, fetchTo: Parameters<ContentCache['add']>[0]): Promise<string> {
    const under =
      this.#fetching.get(key) ?? this.cache.add(fetchTo).finally(() => this.#fetching.delete(key));
    this.#fetching.set(key, under);
    return under;
  }

  /** The local file of an object, fetched where it is not in the cache. */
  async localFile(key: string, known: string | null): Promise<string> {
    const hash =
      known ??
      (await withRetries(this.#policy, () => this.requests.head(this.remote(key))))?.sha256 ??
      null;
    const cached = hash === null ? null : await this.cache.find(hash);
    return (
      cached ??
      this.#fetchOnce(key, (temporary) =>
        downloadFile(this.requests, this.remote(key), known, temporary, this.transfer),
      )
    );
  }

  /** The same, read: what had to be fetched is not read back. */
  async cachedBytes(key: string, hash: string): Promise<Buffer> {
    let fetched: Buffer | null = null;
    const toBytes = async (temporary: string): Promise<string> => {
      fetched = await downloadBytes(this.requests, this.remote(key), hash, this.transfer);
      await writeFile(temporary, fetched, { flag: 'wx' });
      return hash;
    };
    const file = (await this.cache.find(hash)) ?? (await this.#fetchOnce(key, toBytes));
    return fetched ?? readFile(file);
  }

  async listDetails(folder: string, after?: string): Promise<S3Listed[]> {
    checkPrefix(folder);
    const found = new Map<string, S3Listed>();
    const start = after ? this.remote(after) : null;
    let from: string | null = null;
    do {
      const at: string | null = from;
      const { objects, continuation }: S3Page = await withRetries(this.#policy, () =>
        this.requests.list(this.#prefix + folder, start, at),
      );
      for (const each of objects) {
        const key = each.key.startsWith(this.#prefix) ? each.key.slice(this.#prefix.length) : '';
        if (key.startsWith(folder) && isKey(key)) found.set(key, { ...each, key });
      }
      from = continuation === at ? null : continuation;
    } while (from !== null);
    return [...found.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  async remove(key: string): Promise<void> {
    const name = this.remote(key);
    await withRetries(this.#policy, () => this.requests.remove(name));
    const hash = hashInKey(key);
    if (hash !== null) await this.cache.drop(hash);
  }

  async putFile(key: string, source: string): Promise<void> {
    const name = this.remote(key);
    const look = await stat(source).catch((error: unknown) => {
      throw new HeadwayError('SOURCE_NOT_FOUND', 'The file to store cannot be read', {
        where: source,
        cause: error,
      });
    });
    if (look.size <= this.transfer.partBytes) await this.create(key, await readFile(source));
    else if (!(await this.exists(key)))
      await uploadFile(this.requests, name, source, this.transfer);
  }
}
