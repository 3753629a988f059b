/**
 * Purpose: an API key: how it is made, what of it is kept, and whether a text that a client sends
 * is one.
 * Invariants: a key is hw_<id>_<secret>; kept is its SHA-256, never the secret. A plain hash
 * suffices: the secret has 256 random bits, so there is nothing to guess, and a slow or salted hash
 * (for passwords) would only tax every request. Hashes are compared in constant time, and one is
 * compared also where the id is unknown.
 * Fails: never; a key that is not one of ours is 'unknown'.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import type { NewSecret } from '../../../platform/secrets.ts';
import type { Scope } from './scopes.ts';

/** What is kept of a key. Times are ISO 8601 in UTC: people read the file. */
export interface KeyRecord {
  readonly id: string;
  /** Whose it is; two keys share it while one takes the other's place. */
  readonly name: string;
  /** SHA-256 of the whole key, hexadecimal. */
  readonly hash: string;
  readonly scopes: readonly Scope[];
  /** null: as the service says; 0: no limit. */
  readonly requestsPerMinute: number | null;
  readonly createdAt: string;
  /** null: never. */
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
}

export type KeyVerdict = 'unknown' | 'expired' | 'revoked' | KeyRecord;

const ID_BYTES = 6;
const SECRET_BYTES = 32;
const KEY = /^hw_([0-9a-f]{12})_[0-9a-f]{64}$/;
const NOBODY = Buffer.alloc(32);

/** Of one length whatever is hashed, so that comparing reveals nothing. */
const digest = (text: string): string => hash('sha256', text, 'hex');

export interface NewKey {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly requestsPerMinute: number | null;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly expiresAt: number | null;
}

/** @returns the key itself, to be shown once, and what is kept of it */
export function makeKey(made: NewKey, newSecret: NewSecret): { key: string; record: KeyRecord } {
  const id = newSecret(ID_BYTES);
  const key = `hw_${id}_${newSecret(SECRET_BYTES)}`;
  const { name, scopes, requestsPerMinute, createdAt, expiresAt } = made;
  const record = {
    ...{ id, name, hash: digest(key), scopes, requestsPerMinute },
    createdAt: new Date(createdAt).toISOString(),
    expiresAt: expiresAt === null ? null : new Date(expiresAt).toISOString(),
    revokedAt: null,
  };
  return { key, record };
}

/** Whether a key is of use at this moment. */
export function stateOf(
  record: Pick<KeyRecord, 'expiresAt' | 'revokedAt'>,
  now: number,
): 'active' | 'expired' | 'revoked' {
  if (record.revokedAt !== null && now >= Date.parse(record.revokedAt)) return 'revoked';
  return record.expiresAt !== null && now >= Date.parse(record.expiresAt) ? 'expired' : 'active';
}

export interface KeySet {
  judge(text: string, now: number): KeyVerdict;
}

export function keySet(records: readonly KeyRecord[]): KeySet {
  const byId = new Map(
    records.map((record) => [record.id, { record, hash: Buffer.from(record.hash, 'hex') }]),
  );
  return {
    judge(text, now) {
      // What has no key's form is hashed by no length of its own: only what a key could be.
      const entry = byId.get(KEY.exec(text)?.[1] ?? '');
      const isSame = timingSafeEqual(
        Buffer.from(digest(text.slice(0, 128)), 'hex'),
        entry?.hash ?? NOBODY,
      );
      if (!entry || !isSame) return 'unknown';
      const state = stateOf(entry.record, now);
      return state === 'active' ? entry.record : state;
    },
  };
}
