/**
 * Purpose: from the address of a store, as people write it, to the store.
 * Invariants: `file:./path` and a bare path are the same folder; `s3://bucket/prefix` is the same
 * on every machine; nothing is created or asked before the first use.
 * Fails: SETTINGS_INVALID for an address of a kind there is no store for.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../platform/clock.ts';
import { HeadwayError } from '../platform/errors.ts';
import { fileObjectStore } from './objects/file-object-store.ts';
import type { ObjectStore } from './objects/object-store.ts';
import { type Environment, parseS3Address } from './s3/s3-address.ts';
import { s3ObjectStore } from './s3/s3-object-store.ts';
import type { RetryPolicy } from './s3/s3-retry.ts';

export interface OpenStoreOptions {
  /** With it, the store also clears away what killed processes left behind more than a day ago. */
  readonly clock?: Clock;
  /** Where AWS's own variables are looked up. */
  readonly environment?: Environment;
  /**
   * For a far store: copies of its objects on this machine, `maxBytes` at most; 0 reads every
   * object afresh.
   */
  readonly cache?: { readonly folder: string; readonly maxBytes: number };
  /** For a store on S3: limits other than the defaults. */
  readonly retries?: Partial<RetryPolicy>;
  readonly requestTimeoutMs?: number;
  readonly idleTimeoutMs?: number;
  /** What people should know of the server. */
  readonly onWarning?: (message: string) => void;
}

const CACHE = { folder: path.join('.headway', 'work', 'cache'), maxBytes: 0 };

export function openStore(url: string, options: OpenStoreOptions = {}): ObjectStore {
  const { clock, environment, cache = CACHE, ...limits } = options;
  const fix = 'Use a folder, `--store file:./.headway`, or `--store s3://bucket/prefix`.';
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === 's3')
    return s3ObjectStore(parseS3Address(url, environment), {
      ...limits,
      cache: { ...cache, clock },
    });
  if (scheme !== undefined && scheme !== 'file') {
    throw new HeadwayError('SETTINGS_INVALID', `There is no store of the kind "${scheme}:"`, {
      fix,
    });
  }
  const folder = url.startsWith('file://')
    ? fileURLToPath(url)
    : scheme === 'file'
      ? url.slice('file:'.length)
      : url;
  if (folder.trim() === '' || folder.includes('\0')) {
    throw new HeadwayError('SETTINGS_INVALID', 'The address of the store is empty', { fix });
  }
  return fileObjectStore(folder, clock ? { clock } : {});
}
