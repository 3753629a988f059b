/**
 * Purpose: a numbered log of small checksummed JSON entries that each have a time: decisions, runs
 * of jobs, states of alerts.
 * Invariants: the times of the entries never decrease, so that the newest one at a time is found by
 * bisection: a writer whose clock is behind gets the time of the entry before. An entry names its
 * domain and number, and stands under the key of both.
 * Fails: STORE_CORRUPT with the key for a gap, and for an entry that is torn, changed or not of the
 * format; INTERNAL for a draft that is not of the format (nothing is written).
 */
import { HeadwayError } from '../../platform/errors.ts';
import {
  decodeChecksummedJson,
  encodeChecksummedJson,
} from '../../platform/files/checksummed-json.ts';
import { lazyValidator, record, schemaProblem } from '../../platform/settings/validator.ts';
import { numbersToLookAt } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { type StoreReport, verifyEntries } from '../store-report.ts';
import { openAppendLog } from './append-log.ts';

/** What every entry has, next to what its draft says. */
export interface LogEntry {
  readonly format: number;
  readonly domain: string;
  readonly number: number;
  readonly commitId: string;
}

export type Numbered<Draft> = Draft & LogEntry;

export interface TimedQuery {
  /** Written at this time or before; default: all. */
  readonly at?: number;
  /** Default: 50. */
  readonly limit?: number;
}

export interface TimedLog<Draft extends { readonly at: number }> {
  /**
   * Appends what `build` makes of the newest entry; built again where another writer was first.
   * Null from `build`: nothing is appended, and null is returned.
   */
  append(
    build: (head: Numbered<Draft> | null) => Promise<Draft | null>,
  ): Promise<Numbered<Draft> | null>;
  head(): Promise<Numbered<Draft> | null>;
  /** Newest first. */
  recent(query?: TimedQuery): Promise<Numbered<Draft>[]>;
  /** All entries, oldest first, a page at a time. */
  pages(): AsyncGenerator<Numbered<Draft>[]>;
  /** Entries written at `at` or before, newest first; read as far as they are asked for. */
  backwards(at?: number): AsyncGenerator<Numbered<Draft>[]>;
  verify(): Promise<StoreReport>;
}

export interface TimedLogFormat {
  readonly store: ObjectStore;
  readonly domain: string;
  readonly prefix: string;
  readonly format: number;
  /** For messages: "decision". */
  readonly what: string;
  /** JSON Schemas of the draft's fields, `at` apart. */
  readonly fields: Record<string, object>;
  keyOf(number: number): string;
}

const DEFAULT_LIMIT = 50;
/** Entries that are read at once: each is an open file, or a request to S3. */
const PAGE = 64;

export function openTimedLog<Draft extends { readonly at: number }>({
  store,
  domain,
  prefix,
  format,
  what,
  fields,
  keyOf,
}: TimedLogFormat): TimedLog<Draft> {
  type Entry = Numbered<Draft>;
  const validator = lazyValidator(
    record({
      format: { const: format },
      domain: { const: domain },
      number: { type: 'integer', minimum: 1 },
      commitId: { type: 'string', minLength: 1 },
      at: { type: 'integer', minimum: 0 },
      ...fields,
    }),
  );

  function parse(key: string, bytes: Uint8Array): Entry {
    const entry = decodeChecksummedJson(key, bytes, validator, 'STORE_CORRUPT') as Entry;
    const own = keyOf(entry.number);
    if (key === own) return entry;
    throw new HeadwayError('STORE_CORRUPT', `This entry was written as ${own}`, { where: key });
  }

  function serialise(entry: Entry): Uint8Array {
    const plain = JSON.parse(JSON.stringify(entry)) as object;
    const problem = schemaProblem(validator, plain);
    if (problem === null) return encodeChecksummedJson(plain);
    throw new HeadwayError('INTERNAL', `The ${what} is not valid: ${problem}`, {
      where: keyOf(entry.number),
    });
  }

  const log = openAppendLog<Entry>(store, { prefix, keyOf, parse, serialise });

  /** How many entries were written at `at` or before. */
  async function sizeAt(at: number): Promise<number> {
    let [low, high] = [0, await log.size()];
    if (high === 0 || (await log.read(high)).at <= at) return high;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((await log.read(middle)).at <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  const lastAt = (at: number): Promise<number> =>
    at === Number.POSITIVE_INFINITY ? log.size() : sizeAt(at);

  const readAll = (count: number, numberOf: (i: number) => number): Promise<Entry[]> =>
    Promise.all(Array.from({ length: count }, (_, i) => log.read(numberOf(i))));

  return {
    async append(build) {
      let isAppended = false;
      const entry = await log.append(async (head, { number, commitId }) => {
        const draft = await build(head);
        isAppended = draft !== null;
        if (draft === null) return null;
        const at = Math.max(draft.at, head?.at ?? 0);
        return { ...draft, format, domain, number, commitId, at };
      });
      return isAppended ? entry : null;
    },
    head: () => log.head(),
    async recent({ at = Number.POSITIVE_INFINITY, limit = DEFAULT_LIMIT } = {}) {
      const last = await lastAt(at);
      const entries: Entry[] = [];
      const count = Math.min(limit, last);
      for (let read = 0; read < count; read += PAGE)
        entries.push(...(await readAll(Math.min(PAGE, count - read), (i) => last - read - i)));
      return entries;
    },
    async *backwards(at = Number.POSITIVE_INFINITY) {
      const last = await lastAt(at);
      for (let read = 0; read < last; read += PAGE)
        yield await readAll(Math.min(PAGE, last - read), (i) => last - read - i);
    },
    async *pages() {
      const last = await log.size();
      for (let first = 1; first <= last; first += PAGE)
        yield await readAll(Math.min(PAGE, last - first + 1), (i) => first + i);
    },
    async verify() {
      const isEntry = (key: string) => /^\d{20}\.json$/.test(key.slice(prefix.length));
      const report = await verifyEntries(store, prefix, isEntry, parse);
      const keys = await store.list(prefix);
      const present = new Set(keys);
      const missing = numbersToLookAt(keys, prefix)
        .map(keyOf)
        .filter((key) => !present.has(key))
        .map((key) => ({ key, problem: 'The log has a gap: this entry is missing' }));
      return { ...report, problems: [...report.problems, ...missing] };
    },
  };
}
