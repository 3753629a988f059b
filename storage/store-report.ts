/**
 * Purpose: what verifying a part of the store found, in one form for features, models and
 * forecasts.
 * Invariants: `problems` names every key that cannot be trusted; `orphans` are keys that nothing
 * names: what killed writers and lost races leave behind. Orphans are harmless.
 * Fails: `attempt` passes on only errors that say nothing about the object (a store that cannot be
 * reached).
 */
import { describeError, isHeadwayError } from '../platform/errors.ts';
import type { ObjectStore } from './objects/object-store.ts';

export interface StoreReport {
  /** Objects that are named by something and could be read, log entries included. */
  readonly objects: number;
  readonly bytes: number;
  readonly problems: readonly { readonly key: string; readonly problem: string }[];
  readonly orphans: readonly string[];
}

/**
 * Verifies a prefix whose entries are whole by themselves: `parse` reads an entry's bytes, or
 * throws what is wrong with them.
 */
export async function verifyEntries(
  store: Pick<ObjectStore, 'list' | 'get'>,
  prefix: string,
  isEntry: (key: string) => boolean,
  parse: (key: string, bytes: Uint8Array) => unknown,
): Promise<StoreReport> {
  const report = startReport();
  const keys = await store.list(prefix);
  for (const key of keys.filter(isEntry)) {
    await report.attempt(key, async () => {
      const bytes = await store.get(key);
      parse(key, bytes);
      return bytes.length;
    });
  }
  return report.finish(keys);
}

/** Collects a report while objects are looked at. */
export function startReport() {
  const problems: { key: string; problem: string }[] = [];
  const named = new Set<string>();
  let objects = 0;
  let bytes = 0;
  return {
    problems,
    isKnown: (key: string) => named.has(key),
    /**
     * Looks at one object: `look` returns its size, or throws what is wrong with it. Each key is
     * looked at once.
     */
    async attempt(key: string, look: () => Promise<number>): Promise<boolean> {
      if (named.has(key)) return true;
      named.add(key);
      try {
        // Not `bytes += await …`: that would forget what nested looks have added meanwhile.
        const size = await look();
        bytes += size;
        objects++;
        return true;
      } catch (error) {
        if (!isHeadwayError(error) || error.code === 'STORE_UNAVAILABLE') throw error;
        problems.push({ key, problem: describeError(error) });
        return false;
      }
    },
    finish: (keys: readonly string[]): StoreReport => ({
      objects,
      bytes,
      problems,
      orphans: keys.filter((key) => !named.has(key)),
    }),
  };
}
