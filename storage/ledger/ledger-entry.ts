/**
 * Purpose: an entry of the ledger's log: the parts that it adds, those that they replace, and now
 * and then the list of all that are live (a checkpoint).
 * Invariants: `checkpoint` is the number of the newest entry up to this one that has such a list
 * (0: there is none, the log is to be read from its beginning), so that nobody walks the whole log.
 * Fails: STORE_CORRUPT with the key for an entry that is torn, changed or not of this format.
 */
import { HeadwayError } from '../../platform/errors.ts';
import {
  decodeChecksummedJson,
  encodeChecksummedJson,
} from '../../platform/files/checksummed-json.ts';
import { HASH_PATTERN } from '../../platform/files/content-hash.ts';
import { lazyValidator, record, schemaProblem } from '../../platform/settings/validator.ts';
import { objectKeys } from '../objects/object-keys.ts';

export const LEDGER_FORMAT = 1;

/** First and last, both inclusive. */
export interface Bounds<T = number> {
  readonly first: T;
  readonly last: T;
}

/** One Parquet object. */
export interface LedgerPart {
  readonly key: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly rows: number;
  readonly issued: Bounds;
  readonly target: Bounds;
  readonly series: Bounds<string> & { readonly count: number };
  /** Of any of its issues, ascending: it has a column for each. */
  readonly quantiles: readonly number[];
  /** Which of 'serving batch', 'shadow batch', 'serving served', … its rows are. */
  readonly kinds: readonly string[];
  /** What was merged into it: all of a day or of a month, or nothing. */
  readonly compacted: 'day' | 'month' | null;
  /** Of what was appended: the hash of the issues, so that a repeated append is seen. */
  readonly content: string | null;
}

export interface LedgerEntry {
  readonly format: typeof LEDGER_FORMAT;
  readonly domain: string;
  readonly number: number;
  readonly commitId: string;
  /** The clock of who wrote it: for retention only, never for order. */
  readonly at: number;
  readonly kind: 'append' | 'compact';
  readonly parts: readonly LedgerPart[];
  /** Keys of parts that are live no more. */
  readonly replaced: readonly string[];
  readonly checkpoint: number;
  /** All live parts after this entry; null if it is not a checkpoint. */
  readonly live: readonly LedgerPart[] | null;
  /**
   * When all entries of the JSON log of earlier versions had been moved, 0 where there were none;
   * null: not yet. To find out, all of the ledger's keys are listed.
   */
  readonly oldLogMovedAt: number | null;
  /**
   * SHA-256 of the entry before, as it is stored (storage/log/hash-chain.ts); absent in the first,
   * and in entries of earlier versions.
   */
  readonly previous?: string;
}

const text = { type: 'string', minLength: 1 };
const time = { type: 'integer' };
const count = { type: 'integer', minimum: 1 };
const list = (items: object) => ({ type: 'array', items });
const part = record({
  key: text,
  sha256: { type: 'string', pattern: HASH_PATTERN },
  bytes: count,
  rows: count,
  issued: record({ first: time, last: time }),
  target: record({ first: time, last: time }),
  series: record({ first: text, last: text, count }),
  quantiles: list({ type: 'number', minimum: 0, maximum: 1 }),
  kinds: list(text),
  compacted: { enum: ['day', 'month', null] },
  content: { anyOf: [{ type: 'string', pattern: HASH_PATTERN }, { type: 'null' }] },
});
const fields = record({
  format: { const: LEDGER_FORMAT },
  domain: text,
  number: count,
  commitId: text,
  at: time,
  kind: { enum: ['append', 'compact'] },
  parts: list(part),
  replaced: list(text),
  checkpoint: { type: 'integer', minimum: 0 },
  live: { anyOf: [list(part), { type: 'null' }] },
  oldLogMovedAt: { anyOf: [time, { type: 'null' }] },
});
const previous = { type: 'string', pattern: HASH_PATTERN };
const validator = lazyValidator({ ...fields, properties: { ...fields.properties, previous } });

export function parseLedgerEntry(key: string, bytes: Uint8Array): LedgerEntry {
  const entry = decodeChecksummedJson(key, bytes, validator, 'STORE_CORRUPT') as LedgerEntry;
  const { domain, number, parts, live } = entry;
  const own = objectKeys.ledgerEntry(domain, number);
  if (key !== own)
    throw new HeadwayError('STORE_CORRUPT', `This entry was written as ${own}`, { where: key });
  for (const named of [...parts, ...(live ?? [])])
    if (named.key !== objectKeys.ledgerPart(domain, named.sha256))
      throw new HeadwayError(
        'STORE_CORRUPT',
        `It names a part by a key that is not its own: ${named.key}`,
        { where: key },
      );
  return entry;
}

export function serialiseLedgerEntry(entry: LedgerEntry): Uint8Array {
  const problem = schemaProblem(validator, entry);
  // A checkpoint may list thousands of parts.
  if (problem === null) return encodeChecksummedJson(entry, { compact: true });
  throw new HeadwayError('INTERNAL', `The ledger entry is not valid: ${problem}`, {
    where: objectKeys.ledgerEntry(entry.domain, entry.number),
  });
}
