/**
 * Purpose: actuals that clients posted back: what happened, as they measured it, stored with the
 * time when it was received.
 * Invariants: append-only; a post is one object, named by what makes it the same post (its
 * Idempotency-Key and client, else its content and what it corrects), so that sending it again, to
 * any instance, leaves one; `availableAt` is of the first time. Entries are compact columns,
 * checksummed, and in total no larger than the budget (several instances each count to it); format
 * 1, one object a span, is still read.
 * Fails: IDEMPOTENCY_CONFLICT for a key that was used with other content; STORE_FULL over the
 * budget; STORE_CORRUPT with the key on reading.
 */
import { HeadwayError } from '../../platform/errors.ts';
import {
  decodeChecksummedJson,
  encodeChecksummedJson,
} from '../../platform/files/checksummed-json.ts';
import { sha256 } from '../../platform/files/content-hash.ts';
import { lazyValidator, record } from '../../platform/settings/validator.ts';
import { objectKeys } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { type StoreReport, verifyEntries } from '../store-report.ts';

export const ACTUALS_FORMAT = 2;

/** The bytes in the store are counted again after this time: other instances write too. */
const COUNTED_MS = 10 * 60_000;

/** Values of one series on the grid, from `start` on; null is unknown. */
export interface ActualSpan {
  readonly seriesId: string;
  readonly start: number;
  readonly values: readonly (number | null)[];
}

export interface ActualsEntry {
  readonly key: string;
  /** When it was first received, UTC epoch milliseconds. */
  readonly availableAt: number;
  readonly frequencyMinutes: number;
  readonly actuals: readonly ActualSpan[];
}

export interface ActualsPost {
  readonly receivedAt: number;
  readonly frequencyMinutes: number;
  readonly actuals: readonly ActualSpan[];
  readonly idempotencyKey: string | null;
  /** Whose key it is; null: everybody's, in open mode. */
  readonly client: string | null;
}

export interface ActualsLog {
  /** `isNew` is false where the same post was there already; `availableAt` is then of that one. */
  append(post: ActualsPost): Promise<{ key: string; availableAt: number; isNew: boolean }>;
  /** Entries first received in [from, until), oldest first. */
  entries(range?: { from?: number; until?: number }): Promise<ActualsEntry[]>;
  verify(): Promise<StoreReport>;
}

const text = { type: 'string', minLength: 1 };
const integers = { type: 'array', minItems: 1, items: { type: 'integer' } };
const values = {
  type: 'array',
  minItems: 1,
  items: { anyOf: [{ type: 'number' }, { type: 'null' }] },
};
const head = (format: number) => ({
  format: { const: format },
  domain: text,
  name: text,
  availableAt: { type: 'integer', minimum: 0 },
  contentHash: text,
  frequencyMinutes: { type: 'integer', minimum: 1 },
});
const first = record({
  ...head(1),
  actuals: {
    type: 'array',
    minItems: 1,
    items: record({ seriesId: text, start: { type: 'integer' }, values }),
  },
});
/** A span a row; `lengths` says how many of `values` are its. */
const columns = record({
  ...head(ACTUALS_FORMAT),
  seriesIds: { type: 'array', minItems: 1, items: text },
  starts: integers,
  lengths: integers,
  values,
});
const validator = lazyValidator({ anyOf: [first, columns] });

interface Head extends Omit<ActualsEntry, 'key' | 'actuals'> {
  readonly domain: string;
  readonly name: string;
  readonly contentHash: string;
}
interface First extends Head {
  readonly format: 1;
  readonly actuals: readonly ActualSpan[];
}
interface Columns extends Head {
  readonly format: typeof ACTUALS_FORMAT;
  readonly seriesIds: readonly string[];
  readonly starts: readonly number[];
  readonly lengths: readonly number[];
  readonly values: readonly (number | null)[];
}

/** An entry with the hash by which another is known to say the same. */
interface StoredEntry extends ActualsEntry {
  readonly contentHash: string;
}

function spansOf(key: string, stored: First | Columns): readonly ActualSpan[] {
  if (stored.format === 1) return stored.actuals;
  const { seriesIds, starts, lengths } = stored;
  let end = 0;
  const spans = seriesIds.map((seriesId, i): ActualSpan => {
    const from = end;
    end += lengths[i] ?? Number.NaN;
    return { seriesId, start: starts[i] as number, values: stored.values.slice(from, end) };
  });
  if (starts.length === seriesIds.length && lengths.length === starts.length)
    if (end === stored.values.length && lengths.every((length) => length > 0)) return spans;
  throw new HeadwayError('STORE_CORRUPT', 'The columns of these actuals differ in length', {
    where: key,
  });
}

export interface ActualsLogOptions {
  readonly store: ObjectStore;
  readonly domain: string;
  /** Of all entries of the domain; default: no limit. */
  readonly maxBytes?: number;
}

/** What reads the entries of a domain. */
function entryReader(store: ObjectStore, domain: string) {
  const prefix = objectKeys.actuals(domain);
  const isEntry = (key: string): boolean => /^[0-9a-f]{64}\.json$/.test(key.slice(prefix.length));

  function parse(key: string, bytes: Uint8Array): StoredEntry {
    const stored = decodeChecksummedJson(key, bytes, validator, 'STORE_CORRUPT') as First | Columns;
    const own = objectKeys.actualsEntry(domain, stored.name);
    const { availableAt, contentHash, frequencyMinutes } = stored;
    if (stored.domain === domain && own === key)
      return { key, availableAt, contentHash, frequencyMinutes, actuals: spansOf(key, stored) };
    throw new HeadwayError(
      'STORE_CORRUPT',
      `These actuals were written as ${own} of ${stored.domain}`,
      { where: key },
    );
  }

  const read = async (key: string): Promise<StoredEntry> => parse(key, await store.get(key));

  /** Those of these keys that are wanted, oldest first. */
  async function readAll(
    keys: readonly string[],
    isWanted: (entry: StoredEntry) => boolean,
  ): Promise<StoredEntry[]> {
    const entries: StoredEntry[] = [];
    for (const key of keys.filter(isEntry)) {
      const entry = await read(key);
      if (isWanted(entry)) entries.push(entry);
    }
    return entries.sort(inOrder);
  }

  /** The last entry, from this one on, that says something of the same intervals. */
  async function lastOfSameIntervals(entry: StoredEntry): Promise<StoredEntry> {
    const details = await store.listDetails(prefix);
    const own = details.find(({ key }) => key === entry.key);
    const since = details.filter(({ writtenAt }) => !(writtenAt < (own?.writtenAt ?? 0)));
    const isLater = (other: StoredEntry) =>
      inOrder(other, entry) > 0 && haveCommonIntervals(entry, other);
    const keys = since.map(({ key }) => key);
    return (await readAll(keys, isLater)).at(-1) ?? entry;
  }

  return { isEntry, parse, read, readAll, lastOfSameIntervals };
}

export function openActualsLog(options: ActualsLogOptions): ActualsLog {
  const { store, domain, maxBytes = Number.POSITIVE_INFINITY } = options;
  const prefix = objectKeys.actuals(domain);
  const { isEntry, parse, read, readAll, lastOfSameIntervals } = entryReader(store, domain);

  let counting: { readonly sum: Promise<{ bytes: number }>; readonly at: number } | null = null;

  const count = async (): Promise<{ bytes: number }> => {
    const entries = await store.listDetails(prefix);
    return { bytes: entries.reduce((sum, entry) => sum + entry.bytes, 0) };
  };

  /** Refuses `bytes` more where the budget does not have them. */
  async function spend(bytes: number, now: number): Promise<void> {
    if (maxBytes === Number.POSITIVE_INFINITY) return;
    // Posts at the same time share one count: what each spends must be seen by the others.
    if (counting === null || Math.abs(now - counting.at) > COUNTED_MS) {
      const own = { sum: count(), at: now };
      counting = own;
      own.sum.catch(() => {
        if (counting === own) counting = null;
      });
    }
    const counted = await counting.sum;
    if (counted.bytes + bytes > maxBytes) {
      throw new HeadwayError(
        'STORE_FULL',
        `the posted actuals have reached their limit of ${Math.round(maxBytes / 1e6)} MB`,
        {
          where: prefix,
          fix: 'Raise HEADWAY_ACTUALS_MB, or remove old actuals with `headway store gc --delete`.',
        },
      );
    }
    counted.bytes += bytes;
  }

  return {
    async append({ receivedAt, frequencyMinutes, actuals, idempotencyKey, client }) {
      const spans = actuals.map(({ seriesId, start, values }) => ({ seriesId, start, values }));
      const contentHash = sha256(JSON.stringify([frequencyMinutes, spans]));
      const columns = {
        format: ACTUALS_FORMAT,
        ...{ domain, contentHash, frequencyMinutes },
        seriesIds: spans.map(({ seriesId }) => seriesId),
        starts: spans.map(({ start }) => start),
        lengths: spans.map(({ values }) => values.length),
        values: spans.flatMap(({ values }) => values),
      } as const;
      let availableAt = receivedAt;
      for (let text = nameOf(contentHash, idempotencyKey, client); ; ) {
        const name = sha256(text);
        const key = objectKeys.actualsEntry(domain, name);
        const stored: Columns = { ...columns, name, availableAt };
        const bytes = encodeChecksummedJson(stored, { compact: true });
        if (!(await store.has(key))) {
          await spend(bytes.length, receivedAt);
          if ((await store.createIfAbsent(key, bytes)) === 'created')
            return { key, availableAt, isNew: true };
        }
        const before = await read(key);
        if (before.contentHash !== contentHash) throw keyConflict();
        const last = idempotencyKey === null ? await lastOfSameIntervals(before) : before;
        if (last.contentHash === contentHash)
          return { key: last.key, availableAt: last.availableAt, isNew: false };
        // Corrected and corrected back: a post of its own, which the retry of it finds again.
        text = `content:${contentHash} after ${last.key}`;
        availableAt = Math.max(receivedAt, last.availableAt + 1);
      }
    },
    async entries({ from = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = {}) {
      const isIn = ({ availableAt }: StoredEntry) => availableAt >= from && availableAt < until;
      const all = await readAll(await store.list(prefix), isIn);
      return all.map(({ contentHash, ...entry }) => entry);
    },
    verify: () => verifyEntries(store, prefix, isEntry, parse),
  };
}

/** Those received first come first. */
const inOrder = (a: ActualsEntry, b: ActualsEntry): number =>
  a.availableAt - b.availableAt || (a.key < b.key ? -1 : Number(a.key > b.key));

function haveCommonIntervals(a: ActualsEntry, b: ActualsEntry): boolean {
  const endOf = ({ start, values }: ActualSpan, { frequencyMinutes }: ActualsEntry) =>
    start + values.length * frequencyMinutes * 60_000;
  return a.actuals.some((own) =>
    b.actuals.some(
      (other) =>
        own.seriesId === other.seriesId &&
        own.start < endOf(other, b) &&
        other.start < endOf(own, a),
    ),
  );
}

const keyConflict = (): HeadwayError =>
  new HeadwayError('IDEMPOTENCY_CONFLICT', 'this Idempotency-Key was used for other actuals', {
    where: 'Idempotency-Key',
    fix:
      'Use a key for one post, or leave it out: the same actuals sent twice are stored once ' +
      'anyway.',
  });

/** What makes a post the same post. */
function nameOf(contentHash: string, idempotencyKey: string | null, client: string | null): string {
  if (idempotencyKey === null) return `content:${contentHash}`;
  return client === null
    ? `key:${idempotencyKey}`
    : `client:${JSON.stringify([client, idempotencyKey])}`;
}
