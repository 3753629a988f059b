/**
 * Purpose: what live forecasts scored, a target day an object: sums by forecaster over series,
 * steps and target intervals, from which every live figure is computed.
 * Invariants: append-only; a day that is scored again, after a correction or a late value, gets a
 * further object, and the earlier one still says what was known as of its time; the same inputs are
 * never written twice in a row; sums of different days add up.
 * Fails: STORE_CORRUPT with the key for an object that is torn, changed or not of this format.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import { LRUCache } from 'lru-cache';
import type { ScoreRow, ScoreSums } from '../../forecasting/evaluation/live-scores.ts';
import { HeadwayError } from '../../platform/errors.ts';
import {
  decodeChecksummedJson,
  encodeChecksummedJson,
} from '../../platform/files/checksummed-json.ts';
import { HASH_PATTERN, sha256 } from '../../platform/files/content-hash.ts';
import { lazyValidator, record } from '../../platform/settings/validator.ts';
import { objectKeys, stamp } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { type StoreReport, verifyEntries } from '../store-report.ts';

export const SCORE_FORMAT = 1;

export interface ScoreDay {
  /** UTC start of the target day, epoch milliseconds. */
  readonly day: number;
  readonly scoredAt: number;
  /** Hash of the day's actuals: another one is another version of the truth. */
  readonly truth: string;
  /** Forecast values of the day whose actual is not known yet. */
  readonly pending: number;
  readonly rows: readonly ScoreRow[];
}

export interface ScoreLog {
  /** False, and nothing is written, where the newest score of the day says the same. */
  append(day: ScoreDay): Promise<boolean>;
  /**
   * The newest score of each target day in [from, until), by day; with `asOf`, the newest that was
   * made by then.
   */
  days(range?: {
    readonly from?: number;
    readonly until?: number;
    readonly asOf?: number;
  }): Promise<ScoreDay[]>;
  /** Whether the newest score of a target day is of this truth. */
  known(): Promise<(day: number, truth: string) => boolean>;
  verify(): Promise<StoreReport>;
}

const SUMS = [
  'pairs',
  'absoluteError',
  'absoluteActual',
  'error',
  'pinball',
  'expectedPinball',
  'inside',
] as const satisfies readonly (keyof ScoreSums)[];
const TEXTS = ['forecaster', 'role', 'dimension', 'key'] as const;

const text = { type: 'string', minLength: 1 };
const figures = { type: 'array', items: { anyOf: [{ type: 'number' }, { type: 'null' }] } };
const columns = record({
  ...Object.fromEntries(TEXTS.map((name) => [name, { type: 'array', items: text }])),
  modelVersion: { type: 'array', items: { anyOf: [text, { type: 'null' }] } },
  nominal: figures,
  ...Object.fromEntries(SUMS.map((name) => [name, figures])),
});
const validator = lazyValidator(
  record({
    format: { const: SCORE_FORMAT },
    domain: text,
    day: { type: 'integer' },
    scoredAt: { type: 'integer', minimum: 0 },
    truth: { type: 'string', pattern: HASH_PATTERN },
    pending: { type: 'integer', minimum: 0 },
    columns,
  }),
);

type Columns = Readonly<Record<string, readonly (string | number | null)[]>>;
const NAMES = [...TEXTS, 'modelVersion', 'nominal', ...SUMS] as const;
const FIGURES = new Set<string>(['nominal', ...SUMS]);

const toColumns = (rows: readonly ScoreRow[]): Columns =>
  Object.fromEntries(NAMES.map((name) => [name, rows.map((row) => row[name])]));

function toRows(key: string, stored: Columns): ScoreRow[] {
  const length = stored.key?.length ?? 0;
  if (NAMES.some((name) => stored[name]?.length !== length))
    throw new HeadwayError('STORE_CORRUPT', 'The columns of these scores differ in length', {
      where: key,
    });
  return Array.from({ length }, (_, i) => {
    const value = (name: string) => {
      const cell = stored[name]?.[i] ?? null;
      return cell === null && FIGURES.has(name) ? Number.NaN : cell;
    };
    return Object.fromEntries(NAMES.map((name) => [name, value(name)])) as unknown as ScoreRow;
  });
}

interface Name {
  readonly key: string;
  readonly day: string;
  readonly scoredAt: string;
  readonly truth: string;
  readonly content: string;
}

const HASH = '([0-9a-f]{32})';
const STAMP = '(\\d{8}T\\d{9}Z)';
const NAME = new RegExp(`^${STAMP}-${STAMP}-${HASH}-${HASH}\\.json\\.gz$`);
/** Of a hash, in a key: enough to distinguish the versions of one day. */
const SHORT = 32;

/** Two months of days, which each check reads again. */
const MAX_DAYS = 64;

export function openScoreLog(options: { store: ObjectStore; domain: string }): ScoreLog {
  const { store, domain } = options;
  const prefix = objectKeys.scores(domain);
  /** By key: a score never changes. */
  const parsed = new LRUCache<string, ScoreDay>({ max: MAX_DAYS });

  async function read(key: string): Promise<ScoreDay> {
    const day = parsed.get(key) ?? parse(key, await store.get(key));
    parsed.set(key, day);
    return day;
  }

  function parse(key: string, bytes: Uint8Array): ScoreDay {
    const corrupt = (cause: unknown) =>
      new HeadwayError('STORE_CORRUPT', 'A score cannot be unpacked', { where: key, cause });
    let unpacked: Uint8Array;
    try {
      unpacked = gunzipSync(bytes);
    } catch (error) {
      throw corrupt(error);
    }
    const value = decodeChecksummedJson(key, unpacked, validator, 'STORE_CORRUPT');
    const { columns: stored, ...rest } = value as Omit<ScoreDay, 'rows'> & { columns: Columns };
    const { day, scoredAt, truth, pending } = rest;
    return { day, scoredAt, truth, pending, rows: toRows(key, stored) };
  }

  const clockBehind = ({ key, scoredAt }: Name) =>
    new HeadwayError('CLOCK_BEHIND', `This day was scored later than now, at ${scoredAt}`, {
      where: key,
      fix: 'Set the clock of this machine right, or wait until that time has passed.',
    });

  const isEntry = (key: string) => NAME.test(key.slice(prefix.length));

  /** Oldest score first. */
  async function names(): Promise<Name[]> {
    const found = (await store.list(prefix)).flatMap((key): Name[] => {
      const [, day, scoredAt, truth, content] = NAME.exec(key.slice(prefix.length)) ?? [];
      return day && scoredAt && truth && content ? [{ key, day, scoredAt, truth, content }] : [];
    });
    return found.sort((a, b) => (a.scoredAt < b.scoredAt ? -1 : 1));
  }

  const newest = (all: readonly Name[]): Map<string, Name> =>
    new Map(all.map((name) => [name.day, name]));

  return {
    async append({ rows, ...day }) {
      const stored = toColumns(rows);
      const content = sha256(JSON.stringify([day.truth, day.pending, stored])).slice(0, SHORT);
      const before = newest(await names()).get(stamp(day.day));
      if (before?.content === content) return false;
      if (before && before.scoredAt >= stamp(day.scoredAt)) throw clockBehind(before);
      const value = { format: SCORE_FORMAT, domain, ...day, columns: stored };
      const key = objectKeys.score(domain, {
        day: stamp(day.day),
        scoredAt: stamp(day.scoredAt),
        truth: day.truth.slice(0, SHORT),
        content,
      });
      await store.put(key, gzipSync(encodeChecksummedJson(value, { compact: true })));
      return true;
    },
    async days({ from, until, asOf } = {}) {
      const limit = asOf === undefined ? null : stamp(asOf);
      const known = (await names()).filter(({ scoredAt }) => limit === null || scoredAt <= limit);
      const wanted = [...newest(known).values()]
        .filter(({ day }) => from === undefined || day >= stamp(from))
        .filter(({ day }) => until === undefined || day < stamp(until))
        .sort((a, b) => (a.day < b.day ? -1 : 1));
      return Promise.all(wanted.map(({ key }) => read(key)));
    },
    async known() {
      const days = newest(await names());
      return (day, truth) => days.get(stamp(day))?.truth === truth.slice(0, SHORT);
    },
    verify: () => verifyEntries(store, prefix, isEntry, parse),
  };
}
