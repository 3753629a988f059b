/**
 * Purpose: what each check of monitoring found: which days were scored, which verdicts stand, and
 * the state that the next check continues from.
 * Invariants: append-only and numbered; times ascend with the numbers; the newest entry's state is
 * all that a further check needs of the earlier ones. A state is an object of its own, and goes
 * when a later check is two days older: the entries stay.
 * Fails: STORE_CORRUPT with the key for an entry or a state that is torn, changed or not of this
 * format; CLOCK_BEHIND for a check that is older than the newest one.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import { HeadwayError, isHeadwayError } from '../../platform/errors.ts';
import {
  decodeChecksummedJson,
  encodeChecksummedJson,
} from '../../platform/files/checksummed-json.ts';
import { sha256 } from '../../platform/files/content-hash.ts';
import { lazyValidator, record } from '../../platform/settings/validator.ts';
import { utcText } from '../../platform/text/utc-text.ts';
import { openAppendLog } from '../log/append-log.ts';
import { logNumber, objectKeys, stamp } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { type StoreReport, verifyEntries } from '../store-report.ts';

export const CHECK_FORMAT = 1;

/** One finding that stands at a check. */
export interface StandingVerdict {
  readonly name: string;
  /** The first interval that belongs to it, epoch milliseconds. */
  readonly since: number;
  readonly detectedAt: number;
  readonly seriesIds: readonly string[];
  readonly message: string;
  readonly evidence: Readonly<Record<string, unknown>>;
}

export interface Check {
  readonly at: number;
  /** Target days that got a new score, UTC starts in epoch milliseconds. */
  readonly scoredDays: readonly number[];
  readonly verdicts: readonly StandingVerdict[];
}

export interface CheckEntry extends Check {
  readonly number: number;
  /** Key of the state that the next check continues from; it has the hash of its content. */
  readonly state: string;
}

/** By the part that reads it. */
export type CheckState = Readonly<Record<string, unknown>>;

export interface CheckLog {
  head(): Promise<CheckEntry | null>;
  /** From a time on, oldest first. */
  entries(range?: { readonly from?: number }): Promise<CheckEntry[]>;
  /** Of the newest entry or one of the last two days. */
  state(entry: CheckEntry): Promise<CheckState>;
  /** One of the same time is there already: then nothing is written. */
  append(check: Check, state: CheckState): Promise<CheckEntry>;
  verify(): Promise<StoreReport>;
}

/** States of older checks are removed, except the newest two. */
const STATE_DAYS = 2;

const text = { type: 'string', minLength: 1 };
const validator = lazyValidator(
  record({
    format: { const: CHECK_FORMAT },
    domain: text,
    number: { type: 'integer', minimum: 1 },
    commitId: text,
    at: { type: 'integer', minimum: 0 },
    scoredDays: { type: 'array', items: { type: 'integer' } },
    verdicts: {
      type: 'array',
      items: record({
        name: text,
        since: { type: 'integer' },
        detectedAt: { type: 'integer' },
        seriesIds: { type: 'array', items: text },
        message: text,
        evidence: { type: 'object' },
      }),
    },
    state: text,
  }),
);

type Stored = CheckEntry & { readonly commitId: string };

export function openCheckLog(options: { store: ObjectStore; domain: string }): CheckLog {
  const { store, domain } = options;
  const prefix = objectKeys.checks(domain);
  const parse = (key: string, bytes: Uint8Array): Stored => {
    const value = decodeChecksummedJson(key, bytes, validator, 'STORE_CORRUPT');
    const { at, scoredDays, verdicts, state, number, commitId } = value as Stored;
    return { at, scoredDays, verdicts, state, number, commitId };
  };
  const log = openAppendLog<Stored>(store, {
    prefix,
    keyOf: (number) => objectKeys.check(domain, number),
    parse,
    serialise: (entry) =>
      encodeChecksummedJson({ format: CHECK_FORMAT, domain, ...entry }, { compact: true }),
  });
  const states = objectKeys.checkStates(domain);
  /**
   * Those that no check will continue from. Who may not delete, as on AWS, leaves them: the check
   * is written, and an old state does no harm.
   */
  async function removeOldStates(before: CheckEntry, at: number): Promise<void> {
    const oldest = Math.min(before.at, at - STATE_DAYS * 86_400_000);
    const first = `${states}${stamp(oldest)}`;
    try {
      for (const key of await store.list(states)) if (key < first) await store.remove(key);
    } catch (error) {
      if (!isHeadwayError(error)) throw error;
    }
  }
  return {
    head: () => log.head(),
    async entries({ from = 0 } = {}) {
      const found: Stored[] = [];
      for (let number = await log.size(); number > 0; number--) {
        const entry = await log.read(number);
        if (entry.at < from) break;
        found.push(entry);
      }
      return found.reverse();
    },
    async state({ state }) {
      return checkedState(state, await store.get(state));
    },
    async append(check, state) {
      const bytes = gzipSync(JSON.stringify(state));
      const key = objectKeys.checkState(domain, check.at, sha256(bytes));
      let before: CheckEntry | null = null;
      const entry = await log.append(async (head, { number, commitId }) => {
        if (head?.at === check.at) return null;
        if (head && head.at > check.at) throw clockBehind(head, check.at);
        before = head;
        await store.put(key, bytes);
        return { ...check, state: key, number, commitId };
      });
      if (before !== null) await removeOldStates(before, check.at);
      return entry as CheckEntry;
    },
    verify: () =>
      verifyEntries(
        store,
        objectKeys.monitoring(domain),
        (key) => logNumber(key) !== null || key.startsWith(states),
        (key, bytes) => (key.startsWith(states) ? checkedState(key, bytes) : parse(key, bytes)),
      ),
  };

  function clockBehind(head: Stored, at: number): HeadwayError {
    const problem = `The last check was at ${utcText(head.at)}, after ${utcText(at)}`;
    return new HeadwayError('CLOCK_BEHIND', problem, {
      where: objectKeys.check(domain, head.number),
      fix: 'Set the clock of this machine right, or wait until that time has passed.',
    });
  }
}

function checkedState(key: string, bytes: Uint8Array): CheckState {
  if (key.endsWith(`-${sha256(bytes)}.json.gz`)) return JSON.parse(gunzipSync(bytes).toString());
  throw new HeadwayError('STORE_CORRUPT', 'the hash of its content differs from its name', {
    where: key,
    fix: 'Restore the object from a copy of the store.',
  });
}
