/**
 * Purpose: the log of garbage collections: which snapshots are no longer whole, and which names are
 * about to be free.
 * Invariants: an entry is written before anything that it names is removed; the newest entry alone
 * says everything, so that one reading of it shows a reader that a snapshot was collected, and a
 * writer which names it must not rest on.
 * Fails: STORE_CORRUPT with the key for an entry that is torn or not of this format.
 */
import { HeadwayError } from '../../../platform/errors.ts';
import {
  decodeChecksummedJson,
  encodeChecksummedJson,
} from '../../../platform/files/checksummed-json.ts';
import { lazyValidator, record, schemaProblem } from '../../../platform/settings/validator.ts';
import { type AppendLog, openAppendLog } from '../../log/append-log.ts';
import { objectKeys } from '../../objects/object-keys.ts';
import type { ObjectStore } from '../../objects/object-store.ts';

export const COLLECTION_FORMAT = 1;

export interface Collection {
  readonly format: typeof COLLECTION_FORMAT;
  readonly domain: string;
  readonly number: number;
  readonly commitId: string;
  readonly at: number;
  /**
   * Snapshots up to this number have no online view any more, and those of them not in `intact`
   * perhaps not all of their objects.
   */
  readonly upTo: number;
  readonly intact: readonly number[];
  /**
   * Keys that will be removed if nothing needs them by then, and since when that has been known.
   */
  readonly condemned: readonly { readonly since: number; readonly keys: readonly string[] }[];
  /** Keys that are being removed. */
  readonly removing: readonly string[];
}

const text = { type: 'string', minLength: 1 };
const number = { type: 'integer', minimum: 0 };
const keys = { type: 'array', items: text };
const validator = lazyValidator(
  record({
    format: { const: COLLECTION_FORMAT },
    domain: text,
    number: { type: 'integer', minimum: 1 },
    commitId: text,
    at: number,
    upTo: number,
    intact: { type: 'array', items: number },
    condemned: { type: 'array', items: record({ since: number, keys }) },
    removing: keys,
  }),
);

export function openGarbageLog(store: ObjectStore, domain: string): AppendLog<Collection> {
  return openAppendLog<Collection>(store, {
    prefix: objectKeys.collectionLog(domain),
    keyOf: (at) => objectKeys.collection(domain, at),
    parse(key, bytes) {
      const entry = decodeChecksummedJson(key, bytes, validator, 'STORE_CORRUPT') as Collection;
      const own = objectKeys.collection(entry.domain, entry.number);
      if (key !== own)
        throw new HeadwayError('STORE_CORRUPT', `This entry was written as ${own}`, { where: key });
      return entry;
    },
    serialise(entry) {
      const problem = schemaProblem(validator, entry);
      if (problem === null) return encodeChecksummedJson(entry);
      throw new HeadwayError('INTERNAL', `The garbage collection cannot be recorded: ${problem}`, {
        where: `domain ${domain}`,
      });
    },
  });
}

/** Names that no new manifest may rest on. */
export async function pendingDeletions(
  store: ObjectStore,
  domain: string,
): Promise<ReadonlySet<string>> {
  const newest = await openGarbageLog(store, domain).head();
  return new Set([
    ...(newest?.condemned.flatMap((group) => group.keys) ?? []),
    ...(newest?.removing ?? []),
  ]);
}

/** Whether all objects of a snapshot are still there, as far as collections are concerned. */
export const isIntact = (newest: Collection | null, snapshot: number): boolean =>
  newest === null || snapshot > newest.upTo || newest.intact.includes(snapshot);
