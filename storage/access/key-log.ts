/**
 * Purpose: the append-only log of the API keys of a domain's HTTP service, for places where no file
 * of keys can be changed while the service runs: AWS Lambda.
 * Invariants: the newest entry is the whole set of keys; entries hold hashes and never a key.
 * `publish` of the set that is there already writes nothing. Entries are as
 * storage/log/timed-log.ts has them; what a key must look like is the reader's to check
 * (services/inference/access/key-file.ts).
 * Fails: as storage/log/timed-log.ts.
 */
import { type Numbered, openTimedLog } from '../log/timed-log.ts';
import { objectKeys } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import type { StoreReport } from '../store-report.ts';

export const KEY_LOG_FORMAT = 1;

interface KeySetDraft {
  /** UTC epoch milliseconds. */
  readonly at: number;
  readonly keys: readonly object[];
}

export type KeySetEntry = Numbered<KeySetDraft>;

export interface KeyLog {
  /** The keys that count; null: none were ever published. */
  head(): Promise<KeySetEntry | null>;
  /**
   * Makes what `build` returns the whole set of keys. It is given the present set, again where
   * another writer was first, and throws where it refuses the change.
   * @returns the entry that counts now
   */
  publish(
    at: number,
    build: (present: readonly object[]) => readonly object[],
  ): Promise<KeySetEntry>;
  verify(): Promise<StoreReport>;
}

const fields = { keys: { type: 'array', maxItems: 10_000, items: { type: 'object' } } };

export function openKeyLog(options: { store: ObjectStore; domain: string }): KeyLog {
  const { store, domain } = options;
  const log = openTimedLog<KeySetDraft>({
    ...{ store, domain, fields, what: 'set of API keys', format: KEY_LOG_FORMAT },
    prefix: objectKeys.keySets(domain),
    keyOf: (number) => objectKeys.keySet(domain, number),
  });
  return {
    head: () => log.head(),
    async publish(at, build) {
      let present: KeySetEntry | null = null;
      const made = await log.append(async (head) => {
        present = head;
        const keys = build(head?.keys ?? []);
        const isSame = head !== null && JSON.stringify(head.keys) === JSON.stringify(keys);
        return isSame ? null : { at, keys };
      });
      return made ?? (present as unknown as KeySetEntry);
    },
    verify: () => log.verify(),
  };
}
