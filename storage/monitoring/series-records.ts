/**
 * Purpose: the record of each series: what was served for each hour, by whom and when, next to what
 * happened; published a target day at a time, for readers without a SQL engine.
 * Invariants: a day is in parts of a few series each, so that reading one series reads little; the
 * part of a series follows from its id; the newest version of a day counts, older ones stay for two
 * hours. Numbers are those that the API shows: six significant digits of forecasts, seven of
 * actuals.
 * Fails: as published.ts.
 */
import { groupBy } from '../../forecasting/evaluation/group-by.ts';
import { isHeadwayError } from '../../platform/errors.ts';
import { sha256 } from '../../platform/files/content-hash.ts';
import { lazyValidator, record } from '../../platform/settings/validator.ts';
import { objectKeys } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { type StoreReport, verifyEntries } from '../store-report.ts';
import { decodePublished, encodePublished, removeOld, STAYS_MS } from './published.ts';

const RECORD_FORMAT = 1;
const DAY_MS = 86_400_000;
/** So many series share an object on average. */
const SERIES_PER_PART = 8;

/** Who forecast, when, from what was known until when. */
export interface RecordedIssue {
  readonly issuedAt: number;
  readonly cutoff: number;
  readonly forecaster: string;
  /** null for a baseline. */
  readonly modelVersion: string | null;
  readonly origin: 'batch' | 'served' | 'replayed';
  /** Why a baseline forecast in the model's place; null where none did. */
  readonly fallback: string | null;
  /** Ascending. */
  readonly quantiles: readonly number[];
}

/** The part of one issue that is of the day. */
export interface RecordedForecast extends RecordedIssue {
  /** The step of the first value: cutoff + step intervals is its target. */
  readonly step: number;
  /** [quantile][interval of the day]. */
  readonly values: readonly (readonly (number | null)[])[];
  /** null where the forecaster gives no mean. */
  readonly mean: readonly (number | null)[] | null;
}

/** One series on one target day. */
export interface SeriesDay {
  /** UTC start of the first interval, epoch milliseconds. */
  readonly start: number;
  readonly scoredAt: number;
  readonly frequencyMinutes: number;
  /** What happened, as far as it is known; one value per interval. */
  readonly actuals: readonly (number | null)[];
  /** In order of their cutoff. */
  readonly forecasts: readonly RecordedForecast[];
}

/** A target day of all series. */
export interface RecordDay {
  /** UTC start of the day. */
  readonly day: number;
  readonly scoredAt: number;
  readonly start: number;
  readonly frequencyMinutes: number;
  readonly series: ReadonlyMap<string, Pick<SeriesDay, 'actuals' | 'forecasts'>>;
}

export interface SeriesRecords {
  publish(day: RecordDay): Promise<void>;
  /** The target days that have a record. */
  known(): Promise<ReadonlySet<number>>;
  /** The days in [from, until) that have a record of the series, oldest first. */
  read(
    seriesId: string,
    range: { readonly from: number; readonly until: number },
  ): Promise<SeriesDay[]>;
  /** Removes the days before a time. */
  forget(before: number): Promise<void>;
  verify(): Promise<StoreReport>;
}

const text = { type: 'string', minLength: 1 };
const optional = { anyOf: [text, { type: 'null' }] };
const figures = { type: 'array', items: { anyOf: [{ type: 'number' }, { type: 'null' }] } };
const whole = { type: 'integer' };
const validator = lazyValidator(
  record({
    ...{ format: { const: RECORD_FORMAT }, domain: text, day: whole, scoredAt: whole },
    ...{ start: whole, frequencyMinutes: { type: 'integer', minimum: 1 } },
    issues: {
      type: 'array',
      items: record({
        ...{ issuedAt: whole, cutoff: whole, forecaster: text, modelVersion: optional },
        ...{ origin: { enum: ['batch', 'served', 'replayed'] }, fallback: optional },
        quantiles: { type: 'array', minItems: 1, items: { type: 'number' } },
      }),
    },
    series: {
      type: 'array',
      items: record({
        ...{ seriesId: text, actuals: figures },
        forecasts: {
          type: 'array',
          items: record({
            ...{ issue: { type: 'integer', minimum: 0 }, step: { type: 'integer', minimum: 1 } },
            values: { type: 'array', items: figures },
            mean: { anyOf: [figures, { type: 'null' }] },
          }),
        },
      }),
    },
  }),
);

/** A day's part as it is stored: what many series share is written once. */
interface StoredPart {
  readonly start: number;
  readonly scoredAt: number;
  readonly frequencyMinutes: number;
  readonly issues: readonly RecordedIssue[];
  readonly series: readonly {
    readonly seriesId: string;
    readonly actuals: readonly (number | null)[];
    readonly forecasts: readonly (Pick<RecordedForecast, 'step' | 'values' | 'mean'> & {
      readonly issue: number;
    })[];
  }[];
}

/** The part of a series among so many: the same on every machine. */
const partOf = (seriesId: string, parts: number): number =>
  Number.parseInt(sha256(seriesId).slice(0, 8), 16) % parts;

/** Stamp of the score, part and number of parts of a key. */
const NAME = /\/(\d{8}T\d{9}Z)-(\d+)of(\d+)-[0-9a-f]{64}\.json\.gz$/;

export function openSeriesRecords(options: { store: ObjectStore; domain: string }): SeriesRecords {
  const { store, domain } = options;
  const prefix = objectKeys.records(domain);
  const parse = (key: string, bytes: Uint8Array) =>
    decodePublished(key, bytes, validator) as StoredPart;

  /** The newest object that holds the series, if any. */
  async function keyOf(day: number, seriesId: string): Promise<string | null> {
    const keys = await store.list(objectKeys.recordDay(domain, day));
    const own = keys.filter((key) => {
      const [, , part, parts] = NAME.exec(key) ?? [];
      return parts !== undefined && partOf(seriesId, Number(parts)) === Number(part);
    });
    return own.at(-1) ?? null;
  }

  async function seriesDay(day: number, seriesId: string, tries = 2): Promise<SeriesDay[]> {
    const key = await keyOf(day, seriesId);
    if (key === null) return [];
    const bytes = await store.get(key).catch((error: unknown) => {
      // A newer one has replaced it in between.
      if (isHeadwayError(error, 'OBJECT_NOT_FOUND') && tries > 1) return null;
      throw error;
    });
    if (bytes === null) return seriesDay(day, seriesId, tries - 1);
    const { start, scoredAt, frequencyMinutes, issues, series } = parse(key, bytes);
    const own = series.find((one) => one.seriesId === seriesId);
    if (own === undefined) return [];
    const forecasts = own.forecasts.map(({ issue, ...rest }) => ({
      ...(issues[issue] as RecordedIssue),
      ...rest,
    }));
    return [{ start, scoredAt, frequencyMinutes, actuals: own.actuals, forecasts }];
  }

  return {
    async publish({ day, scoredAt, start, frequencyMinutes, series }) {
      const parts = Math.max(1, Math.ceil(series.size / SERIES_PER_PART));
      const about = { format: RECORD_FORMAT, domain, day, scoredAt, start, frequencyMinutes };
      for (const [part, own] of groupBy([...series], ([id]) => partOf(id, parts))) {
        const { bytes, sha256: hash } = encodePublished({ ...about, ...columnsOf(own) });
        const name = { day, scoredAt, part: `${part}of${parts}` };
        await store.put(objectKeys.recordPart(domain, name, hash), bytes);
      }
      await removeOld(store, objectKeys.recordDay(domain, day), scoredAt - STAYS_MS);
    },
    async known() {
      const keys = await store.list(prefix);
      return new Set(keys.flatMap((key) => dayOf(key.slice(prefix.length)) ?? []));
    },
    async read(seriesId, { from, until }) {
      const days: number[] = [];
      for (let day = Math.floor(from / DAY_MS) * DAY_MS; day < until; day += DAY_MS) days.push(day);
      return (await Promise.all(days.map((day) => seriesDay(day, seriesId)))).flat();
    },
    forget: (before) => removeOld(store, prefix, before),
    verify: () => verifyEntries(store, prefix, (key) => NAME.test(key), parse),
  };
}

/** The issues once, and the series with the places of theirs. */
function columnsOf(
  series: readonly (readonly [string, Pick<SeriesDay, 'actuals' | 'forecasts'>])[],
): Pick<StoredPart, 'issues' | 'series'> {
  const places = new Map<string, number>();
  const issues: RecordedIssue[] = [];
  const stored = series.map(([seriesId, { actuals, forecasts }]) => ({
    ...{ seriesId, actuals },
    forecasts: forecasts.map(({ step, values, mean, ...about }) => {
      const name = JSON.stringify(about);
      const issue = places.get(name) ?? issues.push(about) - 1;
      places.set(name, issue);
      return { issue, step, values, mean };
    }),
  }));
  return { issues, series: stored };
}

/** The UTC start of the day that a key below the folder begins with. */
function dayOf(rest: string): number | null {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})T000000000Z\//.exec(rest) ?? [];
  return day === undefined ? null : Date.UTC(Number(year), Number(month) - 1, Number(day));
}
