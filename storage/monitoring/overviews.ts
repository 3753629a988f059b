/**
 * Purpose: what the last check of monitoring found, as one object that the HTTP service can read:
 * scores of the last weeks by forecaster, day, step, hour of the week and series, verdicts, and how
 * fresh everything is.
 * Invariants: the newest one is what is known; those of the last two hours stay for readers that
 * are at work.
 * Fails: as published.ts.
 */
import { lazyValidator, record } from '../../platform/settings/validator.ts';
import { objectKeys } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { type StoreReport, verifyEntries } from '../store-report.ts';
import type { StandingVerdict } from './check-log.ts';
import { decodePublished, encodePublished, removeOld, STAYS_MS } from './published.ts';

const OVERVIEW_FORMAT = 1;

/** A figure that cannot be computed, such as the coverage of a point forecast, is null. */
export interface OverviewScore {
  readonly pairs: number;
  readonly mae: number | null;
  readonly wape: number | null;
  readonly bias: number | null;
  readonly pinball: number | null;
  /** Share of actuals between the outermost quantiles, and what it is to be. */
  readonly coverage: number | null;
  readonly nominal: number | null;
  /** 1 − loss / loss of the best naive baseline on the same pairs. */
  readonly skill: number | null;
}

/** What was served, whatever model it was, and the naive baseline that was best in all. */
export interface OverviewPair {
  readonly served: OverviewScore | null;
  readonly naive: OverviewScore | null;
}

/**
 * `champion`, `challenger`, `previous` and `twin` are of the time of the check; `served` are former
 * champions.
 */
export const FORECASTER_PLACES = [
  'champion',
  'challenger',
  'previous',
  'twin',
  'served',
  'shadow',
  'naive',
] as const;
export type ForecasterPlace = (typeof FORECASTER_PLACES)[number];

export interface OverviewForecaster extends OverviewScore {
  readonly place: ForecasterPlace;
  readonly forecaster: string;
  /** null for a baseline. */
  readonly modelVersion: string | null;
}

export interface OverviewVerdict extends StandingVerdict {
  /** The first check at which it no longer stood; null while it stands. */
  readonly endedAt: number | null;
}

export interface Overview {
  /** When monitoring looked; times are UTC epoch milliseconds. */
  readonly at: number;
  readonly checkNumber: number;
  /** Target times of the scores: [from, at). */
  readonly from: number;
  readonly freshness: {
    /** The end of the last observed interval. */
    readonly dataUntil: number | null;
    /** The last issue time of the ledger. */
    readonly forecastAt: number | null;
    /** The end of the last interval that was scored. */
    readonly scoredUntil: number | null;
  };
  readonly champion: string | null;
  readonly bestNaive: string | null;
  /** Forecast values whose actual is not known yet. */
  readonly pending: number;
  /** Of what was served, over the whole span. */
  readonly served: OverviewScore | null;
  readonly forecasters: readonly OverviewForecaster[];
  readonly days: readonly (OverviewPair & {
    readonly day: number;
    readonly forecasters: readonly OverviewForecaster[];
  })[];
  readonly steps: readonly (OverviewPair & { readonly step: number })[];
  /** At 24 · weekday + hour of local time, Monday first. */
  readonly hoursOfWeek: readonly OverviewPair[];
  /** Those that make most of the error first. */
  readonly series: readonly (OverviewPair & {
    readonly seriesId: string;
    /** Share of all absolute error of what was served. */
    readonly share: number | null;
  })[];
  readonly verdicts: readonly OverviewVerdict[];
  /** Days that differ from others without being drift: holidays, clock changes. */
  readonly knownDays: readonly { readonly at: number; readonly name: string }[];
}

export interface Overviews {
  /** null before the first check. */
  newest(): Promise<Overview | null>;
  publish(overview: Overview): Promise<void>;
  verify(): Promise<StoreReport>;
}

const orNull = (schema: object) => ({ anyOf: [schema, { type: 'null' }] });
const text = { type: 'string', minLength: 1 };
const time = { type: 'integer' };
const figure = orNull({ type: 'number' });
const score = {
  pairs: { type: 'integer', minimum: 0 },
  ...{ mae: figure, wape: figure, bias: figure, pinball: figure },
  ...{ coverage: figure, nominal: figure, skill: figure },
};
const pair = { served: orNull(record(score)), naive: orNull(record(score)) };
const forecasters = {
  type: 'array',
  items: record({
    ...score,
    ...{ place: { enum: FORECASTER_PLACES }, forecaster: text, modelVersion: orNull(text) },
  }),
};
const list = (properties: Record<string, object>) => ({
  type: 'array',
  items: record(properties),
});
const validator = lazyValidator(
  record({
    ...{ format: { const: OVERVIEW_FORMAT }, domain: text, at: time, from: time },
    checkNumber: { type: 'integer', minimum: 1 },
    freshness: record({
      ...{ dataUntil: orNull(time), forecastAt: orNull(time), scoredUntil: orNull(time) },
    }),
    ...{ champion: orNull(text), bestNaive: orNull(text), pending: time },
    ...{ served: orNull(record(score)), forecasters },
    days: list({ ...pair, day: time, forecasters }),
    steps: list({ ...pair, step: time }),
    hoursOfWeek: list(pair),
    series: list({ ...pair, seriesId: text, share: figure }),
    verdicts: list({
      ...{ name: text, since: time, detectedAt: time, endedAt: orNull(time) },
      seriesIds: { type: 'array', items: text },
      ...{ message: text, evidence: { type: 'object' } },
    }),
    knownDays: list({ at: time, name: text }),
  }),
);

export function openOverviews(options: { store: ObjectStore; domain: string }): Overviews {
  const { store, domain } = options;
  const prefix = objectKeys.overviews(domain);

  function parse(key: string, bytes: Uint8Array): Overview {
    const stored = decodePublished(key, bytes, validator) as Overview & {
      format: number;
      domain: string;
    };
    const { format: _format, domain: _domain, ...overview } = stored;
    return overview;
  }

  return {
    async newest() {
      const key = (await store.list(prefix)).at(-1);
      return key === undefined ? null : parse(key, await store.get(key));
    },
    async publish(overview) {
      const { bytes, sha256 } = encodePublished({ format: OVERVIEW_FORMAT, domain, ...overview });
      const key = objectKeys.overview(domain, overview.at, sha256);
      await store.put(key, bytes);
      await removeOld(store, prefix, overview.at - STAYS_MS);
    },
    verify: () => verifyEntries(store, prefix, (key) => key.endsWith('.json.gz'), parse),
  };
}
