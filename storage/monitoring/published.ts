/**
 * Purpose: objects that monitoring publishes for readers without a SQL engine: compact JSON, gzip,
 * named by the hash of their content.
 * Invariants: nothing is overwritten; a reader takes the newest, and older ones are removed. Who
 * may not delete, as on AWS, leaves them: a rule of the bucket removes them there.
 * Fails: STORE_CORRUPT with the key for an object that is torn, changed or not of its format.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import { HeadwayError, isHeadwayError } from '../../platform/errors.ts';
import { sha256 } from '../../platform/files/content-hash.ts';
import { schemaProblem, type Validator } from '../../platform/settings/validator.ts';
import { stamp } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';

export interface PublishedObject {
  readonly bytes: Uint8Array;
  readonly sha256: string;
}

export function encodePublished(value: object): PublishedObject {
  const bytes = gzipSync(JSON.stringify(value), { level: 3 });
  return { bytes, sha256: sha256(bytes) };
}

export function decodePublished(key: string, bytes: Uint8Array, shape: Validator): unknown {
  const corrupt = (problem: string) =>
    new HeadwayError('STORE_CORRUPT', problem, {
      where: key,
      fix: 'Remove the object; `headway monitor` publishes it again.',
    });
  if (!key.endsWith(`-${sha256(bytes)}.json.gz`))
    throw corrupt('the hash of its content differs from its name');
  const value: unknown = JSON.parse(gunzipSync(bytes).toString());
  const problem = schemaProblem(shape, value);
  if (problem !== null) throw corrupt(`it has another format: ${problem}`);
  return value;
}

/** How long readers may still use what was replaced. */
export const STAYS_MS = 2 * 3_600_000;

/** Removes what below `prefix` is stamped before a time, where it may be removed. */
export async function removeOld(store: ObjectStore, prefix: string, before: number): Promise<void> {
  const first = `${prefix}${stamp(before)}`;
  const keys = await store.list(prefix);
  try {
    for (const key of keys) if (key < first) await store.remove(key);
  } catch (error) {
    if (!isHeadwayError(error)) throw error;
  }
}
