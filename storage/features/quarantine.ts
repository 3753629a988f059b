/**
 * Purpose: what was refused, and why: the evidence of runs that broke a data contract, kept next to
 * the snapshots.
 * Invariants: an entry is immutable and named by its time and content; keys sort by time; nothing
 * is changed or removed when data is accepted later: whether an entry still waits follows from the
 * head alone (what it names is committed, or is not).
 * Fails: STORE_CORRUPT with the key for an entry that is not what its name says; OBJECT_NOT_FOUND
 * for an unknown id.
 */
import { HeadwayError } from '../../platform/errors.ts';
import { sha256 } from '../../platform/files/content-hash.ts';
import { lazyValidator, record, schemaProblem } from '../../platform/settings/validator.ts';
import { objectKeys, stamp } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { type StoreReport, verifyEntries } from '../store-report.ts';
import type { Segment } from './manifest.ts';

const ENTRY_NAME = /^(\d{8}T\d{9}Z)-([0-9a-f]{64})\.json$/;
/**
 * Older entries are not looked at when a run asks what waits: what they name would be judged again.
 */
const NEWEST = 100;

/** A raw part: one content under one name. */
export interface QuarantinedPart {
  readonly name: string;
  readonly feed: string;
  readonly fingerprint: string;
}

export interface QuarantineEvidence {
  readonly at: number;
  /** One line: the source the run read. */
  readonly source: string;
  /** The snapshot that stayed head; null where there was none. */
  readonly head: string | null;
  /** One line: what broke. */
  readonly summary: string;
  /**
   * The parts that broke something: these wait. The run's other parts are judged again with the
   * next run.
   */
  readonly atFault: readonly QuarantinedPart[];
  /** How many other parts the run had. */
  readonly others: number;
  /** Every expectation with its number and its verdict. */
  readonly verdicts: readonly object[];
  /** A few rows for each reason. */
  readonly samples: readonly object[];
  /** The data-quality report; null where no part could be aggregated. */
  readonly report: object | null;
}

export interface QuarantineEntry extends QuarantineEvidence {
  /** "<time>-<first 12 hex digits of its hash>": for people. */
  readonly id: string;
  readonly key: string;
}

export interface Quarantine {
  readonly location: string;
  put(evidence: QuarantineEvidence): Promise<QuarantineEntry>;
  /** Oldest first, at most the newest hundred. */
  list(): Promise<QuarantineEntry[]>;
  get(id: string): Promise<QuarantineEntry>;
  verify(): Promise<StoreReport>;
}

const text = { type: 'string', minLength: 1 };
const objects = { type: 'array', items: { type: 'object' } };
const validator = lazyValidator(
  record({
    format: { const: 1 },
    domain: text,
    at: { type: 'integer', minimum: 0 },
    source: { type: 'string' },
    head: { anyOf: [text, { type: 'null' }] },
    summary: text,
    atFault: {
      type: 'array',
      minItems: 1,
      items: record({ name: text, feed: text, fingerprint: text }),
    },
    others: { type: 'integer', minimum: 0 },
    verdicts: objects,
    samples: objects,
    report: { anyOf: [{ type: 'object' }, { type: 'null' }] },
  }),
);

export function openQuarantine({
  store,
  domain,
}: {
  store: ObjectStore;
  domain: string;
}): Quarantine {
  const prefix = objectKeys.quarantine(domain);
  const nameOf = (key: string) => ENTRY_NAME.exec(key.slice(prefix.length));
  const idOf = (key: string): string => key.slice(prefix.length, key.lastIndexOf('-') + 13);

  function parse(key: string, bytes: Uint8Array): QuarantineEntry {
    const corrupt = (problem: string, cause?: unknown) =>
      new HeadwayError(
        'STORE_CORRUPT',
        `Evidence of a quarantined run cannot be read: ${problem}`,
        {
          where: key,
          fix: 'Restore it from a backup of the store.',
          cause,
        },
      );
    if (nameOf(key)?.[2] !== sha256(bytes)) throw corrupt('it does not match its name');
    let stored: unknown;
    try {
      stored = JSON.parse(Buffer.from(bytes).toString('utf8'));
    } catch (error) {
      throw corrupt('it is not JSON', error);
    }
    const problem = schemaProblem(validator, stored);
    if (problem !== null) throw corrupt(problem);
    const {
      format: _format,
      domain: _domain,
      ...evidence
    } = stored as QuarantineEvidence & { format: 1; domain: string };
    return { ...evidence, id: idOf(key), key };
  }

  const keys = async () => (await store.list(prefix)).filter((key) => nameOf(key) !== null);
  const read = async (key: string) => parse(key, await store.get(key));

  return {
    location: store.location,
    async put(evidence) {
      const bytes = Buffer.from(JSON.stringify({ format: 1, domain, ...evidence }, null, 1));
      const problem = schemaProblem(validator, JSON.parse(bytes.toString('utf8')));
      if (problem !== null)
        throw new HeadwayError('INTERNAL', `the evidence cannot be written: ${problem}`);
      const key = objectKeys.quarantined(domain, stamp(evidence.at), sha256(bytes));
      await store.put(key, bytes);
      return { ...evidence, id: idOf(key), key };
    },
    async list() {
      const entries: QuarantineEntry[] = [];
      for (const key of (await keys()).slice(-NEWEST)) entries.push(await read(key));
      return entries;
    },
    async get(id) {
      const found = (await keys()).filter((key) => idOf(key) === id);
      if (found.length === 1) return read(found[0] as string);
      throw new HeadwayError(
        'OBJECT_NOT_FOUND',
        `There is no quarantined run ${JSON.stringify(id)} of ${domain}`,
        {
          where: store.location,
          fix: '`headway features quarantine list` lists them.',
        },
      );
    },
    verify: () => verifyEntries(store, prefix, (key) => nameOf(key) !== null, parse),
  };
}

/**
 * The parts of an entry that no object or segment (feature-store.ts) of the head holds: what still
 * waits for somebody to decide.
 */
export function stillWaiting(
  entry: QuarantineEvidence,
  segments: readonly Segment[],
): QuarantinedPart[] {
  const nameOf = (feed: string, part: string, fingerprint: string) =>
    JSON.stringify([feed, part, fingerprint]);
  const committed = new Set(
    segments.map(({ feed, part, fingerprint }) => nameOf(feed, part, fingerprint)),
  );
  return entry.atFault.filter(
    ({ name, feed, fingerprint }) => !committed.has(nameOf(feed, name, fingerprint)),
  );
}
