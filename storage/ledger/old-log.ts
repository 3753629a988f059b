/**
 * Purpose: the forecast log of earlier versions, one JSON object an issue: read until a compaction
 * has moved it into the ledger.
 * Invariants: nothing is written to it; an entry is named by its content, and keys sort by issue
 * time. An entry that is collected while it is read is left out: the ledger has it.
 * Fails: STORE_CORRUPT with the key.
 */
import { HeadwayError, isHeadwayError } from '../../platform/errors.ts';
import { sha256 } from '../../platform/files/content-hash.ts';
import { lazyValidator, record, schemaProblem } from '../../platform/settings/validator.ts';
import { objectKeys, stamp } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import type { LedgerIssue } from './ledger-issue.ts';
import type { LedgerRange } from './read-issues.ts';

const ENTRY_NAME = /^\d{8}T\d{9}Z-[0-9a-f]{64}\.json$/;
/** Entries that are read at once. */
const AT_ONCE = 16;

const text = { type: 'string', minLength: 1 };
const validator = lazyValidator(
  record({
    format: { const: 1 },
    domain: text,
    issuedAt: { type: 'integer', minimum: 0 },
    cutoff: { type: 'integer' },
    modelVersion: text,
    snapshotVersion: text,
    quantiles: { type: 'array', minItems: 1, items: { type: 'number', minimum: 0, maximum: 1 } },
    horizon: { type: 'integer', minimum: 1 },
    frequencyMinutes: { type: 'integer', minimum: 1 },
    seriesIds: { type: 'array', uniqueItems: true, items: text },
    values: { type: 'array', items: { anyOf: [{ type: 'number' }, { type: 'null' }] } },
  }),
);

interface Stored extends Omit<LedgerIssue, 'values'> {
  readonly values: readonly (number | null)[];
}

export interface OldLog {
  /** Keys of the entries issued in [from, until), oldest first. */
  keys(range?: Pick<LedgerRange, 'from' | 'until'>): Promise<string[]>;
  read(keys: readonly string[]): Promise<LedgerIssue[]>;
  details(): Promise<{ key: string; bytes: number; writtenAt: number }[]>;
}

export function openOldLog(store: ObjectStore, domain: string): OldLog {
  const prefix = objectKeys.forecasts(domain);
  const isEntry = (key: string) => isOldEntry(key, domain);
  const issuedIn = (key: string) => key.slice(prefix.length, key.lastIndexOf('-'));
  const readOne = async (key: string) =>
    store.get(key).then(
      (bytes) => parseOldEntry(key, bytes),
      (error: unknown) => {
        if (isHeadwayError(error, 'OBJECT_NOT_FOUND')) return null;
        throw error;
      },
    );
  return {
    async keys({ from, until } = {}) {
      const first = from === undefined ? '' : stamp(Math.max(0, from));
      const last = until === undefined ? '~' : stamp(Math.max(0, until));
      const keys = await store.list(prefix, first === '' ? undefined : `${prefix}${first}`);
      return keys.filter((key) => isEntry(key) && issuedIn(key) >= first && issuedIn(key) < last);
    },
    async details() {
      return (await store.listDetails(prefix)).filter(({ key }) => isEntry(key));
    },
    async read(keys) {
      const issues: (LedgerIssue | null)[] = [];
      for (let i = 0; i < keys.length; i += AT_ONCE)
        issues.push(...(await Promise.all(keys.slice(i, i + AT_ONCE).map(readOne))));
      return issues.filter((issue) => issue !== null);
    },
  };
}

export const isOldEntry = (key: string, domain: string): boolean =>
  ENTRY_NAME.test(key.slice(objectKeys.forecasts(domain).length));

/** Bytes of an entry. */
export function parseOldEntry(key: string, bytes: Uint8Array): LedgerIssue {
  const corrupt = (problem: string, cause?: unknown) =>
    new HeadwayError('STORE_CORRUPT', `A forecast cannot be read: ${problem}`, {
      where: key,
      fix: 'Restore it from a backup of the store.',
      cause,
    });
  if (!key.endsWith(`-${sha256(bytes)}.json`)) throw corrupt('it does not match its name');
  let stored: unknown;
  try {
    stored = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    throw corrupt('it is not JSON', error);
  }
  const problem = schemaProblem(validator, stored);
  if (problem !== null) throw corrupt(problem);
  const { seriesIds, quantiles, horizon, values, ...rest } = stored as Stored;
  if (values.length !== seriesIds.length * quantiles.length * horizon)
    throw corrupt(`it has ${values.length} values`);
  return {
    issuedAt: rest.issuedAt,
    cutoff: rest.cutoff,
    forecaster: 'network',
    modelVersion: rest.modelVersion,
    snapshotVersion: rest.snapshotVersion,
    role: 'serving',
    origin: 'batch',
    fallback: null,
    ...{ quantiles, horizon, seriesIds, frequencyMinutes: rest.frequencyMinutes },
    values: values.map((value) => value ?? Number.NaN),
    mean: null,
  };
}
