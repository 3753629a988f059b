/**
 * Purpose: actuals that clients posted back: what happened, as they measured it, kept with the time
 * when we came to know it.
 * Invariants: append-only; a post is one object, named by what makes it the same post (its
 * Idempotency-Key, else its content), so that sending it again, to any instance, leaves one;
 * `availableAt` is of the first time. Entries are checksummed: a flipped bit is found.
 * Fails: IDEMPOTENCY_CONFLICT for a key that was used with other content; STORE_CORRUPT with the
 * key on reading.
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

export const ACTUALS_FORMAT = 1;

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
}

export interface ActualsLog {
  /** `isNew` is false where the same post was there already; `availableAt` is then of that one. */
  append(post: ActualsPost): Promise<{ key: string; availableAt: number; isNew: boolean }>;
  /** Entries first received in [from, until), oldest first. */
  entries(range?: { from?: number; until?: number }): Promise<ActualsEntry[]>;
  verify(): Promise<StoreReport>;
}

const text = { type: 'string', minLength: 1 };
const shape = lazyValidator(
  record({
    format: { const: ACTUALS_FORMAT },
    domain: text,
    name: text,
    availableAt: { type: 'integer', minimum: 0 },
    contentHash: text,
    frequencyMinutes: { type: 'integer', minimum: 1 },
    actuals: {
      type: 'array',
      minItems: 1,
      items: record({
        seriesId: text,
        start: { type: 'integer' },
        values: {
          type: 'array',
          minItems: 1,
          items: { anyOf: [{ type: 'number' }, { type: 'null' }] },
        },
      }),
    },
  }),
);

interface Stored extends Omit<ActualsEntry, 'key'> {
  readonly format: typeof ACTUALS_FORMAT;
  readonly domain: string;
  readonly name: string;
  readonly contentHash: string;
}

export function openActualsLog(options: { store: ObjectStore; domain: string }): ActualsLog {
  const { store, domain } = options;
  const prefix = objectKeys.actuals(domain);
  const isEntry = (key: string): boolean => /^[0-9a-f]{64}\.json$/.test(key.slice(prefix.length));

  function parse(key: string, bytes: Uint8Array): Stored {
    const stored = decodeChecksummedJson(key, bytes, shape, 'STORE_CORRUPT') as Stored;
    const own = objectKeys.actualsEntry(domain, stored.name);
    if (stored.domain === domain && own === key) return stored;
    throw new HeadwayError(
      'STORE_CORRUPT',
      `These actuals were written as ${own} of ${stored.domain}`,
      { where: key },
    );
  }

  return {
    async append({ receivedAt, frequencyMinutes, actuals, idempotencyKey }) {
      const spans = actuals.map(({ seriesId, start, values }) => ({ seriesId, start, values }));
      const contentHash = sha256(JSON.stringify([frequencyMinutes, spans]));
      const name = sha256(
        idempotencyKey === null ? `content:${contentHash}` : `key:${idempotencyKey}`,
      );
      const key = objectKeys.actualsEntry(domain, name);
      const whole: Stored = {
        ...{
          format: ACTUALS_FORMAT,
          domain,
          name,
          availableAt: receivedAt,
          contentHash,
          frequencyMinutes,
        },
        actuals: spans,
      };
      if ((await store.createIfAbsent(key, encodeChecksummedJson(whole))) === 'created')
        return { key, availableAt: receivedAt, isNew: true };
      const before = parse(key, await store.get(key));
      if (before.contentHash === contentHash)
        return { key, availableAt: before.availableAt, isNew: false };
      throw new HeadwayError(
        'IDEMPOTENCY_CONFLICT',
        'this Idempotency-Key was used for other actuals',
        {
          where: 'Idempotency-Key',
          fix:
            'Use a key once a post, or leave it out: the same actuals sent twice are kept ' +
            'once anyway.',
        },
      );
    },
    async entries({ from = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = {}) {
      const entries: ActualsEntry[] = [];
      for (const key of (await store.list(prefix)).filter(isEntry)) {
        const { availableAt, frequencyMinutes, actuals } = parse(key, await store.get(key));
        if (availableAt >= from && availableAt < until)
          entries.push({ key, availableAt, frequencyMinutes, actuals });
      }
      return entries.sort((a, b) => a.availableAt - b.availableAt || (a.key < b.key ? -1 : 1));
    },
    verify: () => verifyEntries(store, prefix, isEntry, parse),
  };
}
