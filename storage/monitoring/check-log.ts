/**
 * Purpose: what each check of monitoring found: which days were scored, which verdicts stand, and
 * the state that the next check goes on from.
 * Invariants: append-only and numbered; times ascend with the numbers; the newest entry's state is
 * all that a further check needs of the earlier ones.
 * Fails: STORE_CORRUPT with the key for an entry that is torn, changed or not of this format;
 * CLOCK_BEHIND for a check that is older than the newest one.
 */
import { HeadwayError } from '../../platform/errors.ts';
import {
  decodeChecksummedJson,
  encodeChecksummedJson,
} from '../../platform/files/checksummed-json.ts';
import { lazyValidator, record } from '../../platform/settings/validator.ts';
import { utcText } from '../../platform/text/utc-text.ts';
import { openAppendLog } from '../log/append-log.ts';
import { logNumber, objectKeys } from '../objects/object-keys.ts';
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
  /** What the next check goes on from, by the part that reads it. */
  readonly state: Readonly<Record<string, unknown>>;
}

export interface CheckEntry extends Check {
  readonly number: number;
}

export interface CheckLog {
  head(): Promise<CheckEntry | null>;
  /** Oldest first. */
  entries(): Promise<CheckEntry[]>;
  /** One of the same time is there already: then nothing is written. */
  append(check: Check): Promise<CheckEntry>;
  verify(): Promise<StoreReport>;
}

const text = { type: 'string', minLength: 1 };
const shape = lazyValidator(
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
    state: { type: 'object' },
  }),
);

type Stored = CheckEntry & { readonly commitId: string };

export function openCheckLog(options: { store: ObjectStore; domain: string }): CheckLog {
  const { store, domain } = options;
  const prefix = objectKeys.checks(domain);
  const parse = (key: string, bytes: Uint8Array): Stored => {
    const value = decodeChecksummedJson(key, bytes, shape, 'STORE_CORRUPT');
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
  return {
    head: () => log.head(),
    entries: () => log.entries(),
    async append(check) {
      const entry = await log.append(async (head, { number, commitId }) => {
        if (head?.at === check.at) return null;
        if (head && head.at > check.at) throw clockBehind(head, check.at);
        return { ...check, number, commitId };
      });
      return entry as CheckEntry;
    },
    verify: () => verifyEntries(store, prefix, (key) => logNumber(key) !== null, parse),
  };

  function clockBehind(head: Stored, at: number): HeadwayError {
    const problem = `The last check was at ${utcText(head.at)}, after ${utcText(at)}`;
    return new HeadwayError('CLOCK_BEHIND', problem, {
      where: objectKeys.check(domain, head.number),
      fix: 'Set the clock of this machine right, or wait until that time has passed.',
    });
  }
}
