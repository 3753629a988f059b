/**
 * Purpose: the ledger of forecasts that were given out, so that they can be scored once the actuals
 * are known.
 * Invariants: an entry is immutable and named by its content: writing it twice leaves one; keys
 * sort by issue time.
 * Fails: PANEL_INVALID for an entry whose sizes do not fit (nothing is written); STORE_CORRUPT with
 * the key on reading.
 */
import { HeadwayError } from '../../platform/errors.ts';
import { sha256 } from '../../platform/files/content-hash.ts';
import { lazyValidator, record, schemaProblem } from '../../platform/settings/validator.ts';
import { objectKeys, stamp } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { type StoreReport, verifyEntries } from '../store-report.ts';

export const FORECAST_FORMAT = 1;
/** Who wants all shards of a batch at once has no use for more. */
const MAX_SHARDS = 16;
const ENTRY_NAME = /^\d{8}T\d{9}Z-[0-9a-f]{64}\.json$/;
// the end of the year 9999: later times would not sort as text
const LAST_STAMPED_MS = 253_402_300_799_999;

/** One issue: every series forecast at one cutoff by one model. */
export interface ForecastEntry {
  readonly issuedAt: number;
  readonly cutoff: number;
  readonly modelVersion: string;
  readonly snapshotVersion: string;
  readonly quantiles: readonly number[];
  readonly horizon: number;
  readonly frequencyMinutes: number;
  readonly seriesIds: readonly string[];
  /** [series][quantile][step], row-major; NaN where a series could not be forecast. */
  readonly values: readonly number[];
}

export interface ForecastLog {
  /** Returns the entry's key. */
  append(entry: ForecastEntry): Promise<string>;
  /** Entries issued in [from, until), oldest first. */
  entries(range?: { from?: number; until?: number }): Promise<ForecastEntry[]>;
  /**
   * The entries of the last issue time since `since` and until `until`: one batch, or its shards;
   * none where they are more than MAX_SHARDS. An issue of the future, made while a clock was
   * ahead, would otherwise be the last one for as long.
   */
  latest(since: number, until: number): Promise<ForecastEntry[]>;
  verify(): Promise<StoreReport>;
}

const text = { type: 'string', minLength: 1 };
const properties = {
  format: { const: FORECAST_FORMAT },
  domain: text,
  issuedAt: { type: 'integer', minimum: 0, maximum: LAST_STAMPED_MS },
  cutoff: { type: 'integer' },
  modelVersion: text,
  snapshotVersion: text,
  quantiles: { type: 'array', minItems: 1, items: { type: 'number', minimum: 0, maximum: 1 } },
  horizon: { type: 'integer', minimum: 1 },
  frequencyMinutes: { type: 'integer', minimum: 1 },
  seriesIds: { type: 'array', uniqueItems: true, items: text },
  values: { type: 'array', items: { anyOf: [{ type: 'number' }, { type: 'null' }] } },
};
const shape = lazyValidator(record(properties));

type Stored = Omit<ForecastEntry, 'values'> & {
  format: number;
  domain: string;
  values: (number | null)[];
};

function problemIn(stored: unknown): string | null {
  const problem = schemaProblem(shape, stored);
  if (problem !== null) return problem;
  const { seriesIds, quantiles, horizon, values } = stored as Stored;
  const expected = seriesIds.length * quantiles.length * horizon;
  if (values.length === expected) return null;
  return (
    `it has ${values.length} values, not ${seriesIds.length} series × ${quantiles.length} ` +
    `quantiles × ${horizon} steps`
  );
}

export function openForecastLog(options: { store: ObjectStore; domain: string }): ForecastLog {
  const { store, domain } = options;

  function parse(key: string, bytes: Uint8Array): ForecastEntry {
    const corrupt = (problem: string, cause?: unknown) =>
      new HeadwayError('STORE_CORRUPT', `A forecast cannot be read: ${problem}`, {
        where: key,
        fix: 'Restore it from a backup of the store.',
        cause,
      });
    if (!key.endsWith(`-${sha256(bytes)}.json`)) throw corrupt('it is not what its name says');
    let stored: unknown;
    try {
      stored = JSON.parse(Buffer.from(bytes).toString('utf8'));
    } catch (error) {
      throw corrupt('it is not JSON', error);
    }
    const problem = problemIn(stored);
    if (problem !== null) throw corrupt(problem);
    const { format: _format, domain: _domain, values, ...rest } = stored as Stored;
    return { ...rest, values: values.map((value) => value ?? Number.NaN) };
  }

  const prefix = objectKeys.forecasts(domain);
  /** Keys that are no entry's are foreign: ignored here, reported by `verify`. */
  const isEntry = (key: string) => ENTRY_NAME.test(key.slice(prefix.length));
  /** The stamp of an entry's issue time. */
  const issueOf = (key: string) => key.slice(prefix.length, key.lastIndexOf('-'));
  /** @param from a stamp: nothing older is listed; '' for all */
  const keysSince = async (from: string) =>
    (await store.list(prefix, from === '' ? undefined : `${prefix}${from}`)).filter(
      (key) => isEntry(key) && issueOf(key) >= from,
    );
  const read = async (key: string) => parse(key, await store.get(key));

  return {
    async append(entry) {
      const {
        issuedAt,
        cutoff,
        modelVersion,
        snapshotVersion,
        quantiles,
        horizon,
        frequencyMinutes,
        seriesIds,
      } = entry;
      const grid = {
        issuedAt,
        cutoff,
        modelVersion,
        snapshotVersion,
        quantiles,
        horizon,
        frequencyMinutes,
        seriesIds,
      };
      const infinite = entry.values.some(
        (value) => value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY,
      );
      const stored = { format: FORECAST_FORMAT, domain, ...grid, values: entry.values };
      const bytes = Buffer.from(JSON.stringify(stored));
      const problem = infinite
        ? 'a value is infinite'
        : problemIn(JSON.parse(bytes.toString('utf8')));
      if (problem !== null) {
        throw new HeadwayError('PANEL_INVALID', `The forecast cannot be written down: ${problem}`, {
          where: `domain ${domain}`,
        });
      }
      const key = objectKeys.forecast(domain, stamp(issuedAt), sha256(bytes));
      await store.put(key, bytes);
      return key;
    },
    async entries(range = {}) {
      const from = range.from === undefined ? '' : stamp(range.from);
      const until = range.until === undefined ? null : stamp(range.until);
      const entries: ForecastEntry[] = [];
      for (const key of await keysSince(from))
        if (until === null || issueOf(key) < until) entries.push(await read(key));
      return entries;
    },
    async latest(since, until) {
      const keys = (await keysSince(stamp(since))).filter((key) => issueOf(key) <= stamp(until));
      const last = keys.filter((key) => issueOf(key) === issueOf(keys.at(-1) as string));
      return last.length > MAX_SHARDS ? [] : Promise.all(last.map(read));
    },
    verify: () => verifyEntries(store, prefix, isEntry, parse),
  };
}
