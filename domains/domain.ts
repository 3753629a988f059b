/**
 * Purpose: what a domain must say of itself, and the only thing the services know of it. A fork
 * adds a folder next to `taxi/` that exports one Domain, and names it in `index.ts`.
 * Invariants: everything that varies from domain to domain is here; nothing here is a service's
 * business.
 * Fails: `openSource` rejects with a coded HeadwayError (SOURCE_*), never with a partial source.
 */
import type { Clock } from '../platform/clock.ts';
import type { Progress } from '../platform/progress.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import type { Expectations } from './expectations.ts';

export interface Domain {
  /** Lower-case identifier; part of every storage key: /^[a-z][a-z0-9-]{0,31}$/. */
  readonly name: string;
  readonly title: string;
  /** What one unit of the target is, for axes and tables, e.g. "trips per hour". */
  readonly unit: string;
  /** Noun for one series, for people, e.g. "zone". */
  readonly seriesNoun: string;
  /**
   * Length of an interval: a divisor of a day, a day (1440), or a week from Monday (10080). Months,
   * of unequal length, are refused.
   */
  readonly frequencyMinutes: number;
  /**
   * Weekdays without an interval, 1 Monday to 7 Sunday: [6, 7] for business days. Rows dated on one
   * are rejected as `closed_day`, no forecast is shown of one, and the horizon counts them. For
   * days of the calendar where `missing` is `unknown`.
   */
  readonly closedWeekdays?: readonly number[];
  /** IANA zone of the calendar people live by (and of naive local timestamps in the raw data). */
  readonly timeZone: string;
  /**
   * IANA zone by whose clock a day (or week) of the calendar ends where that is after it has ended
   * in UTC, as in America: until then it is left out. For intervals of a day or a week.
   */
  readonly dayTimeZone?: string;
  /**
   * Season lengths in intervals, shortest first: [24, 168] for hours, [7] for days, [52] for weeks.
   * What the baselines and the inputs of a model repeat, forecasting/panel/seasons.ts derives.
   */
  readonly seasonLengths: readonly number[];
  /** Intervals to forecast, 1…horizon. */
  readonly horizon: number;
  readonly quantiles: readonly number[];
  /** What an interval without any row means inside the span that raw data covers. */
  readonly missing: 'zero' | 'unknown';
  readonly nonNegative: boolean;
  /**
   * What a value measures: `ratio` an amount, of which twice as much has a meaning (loads, counts);
   * `interval` a place on a scale whose zero is arbitrary or that has two signs (temperature, net
   * load): levels are then compared by differences. `ratio` where it is absent; values that change
   * their sign are always an interval scale.
   */
  readonly scale?: 'ratio' | 'interval';
  /** Counts: quantiles are whole numbers, or just next to one; so the median is whole. */
  readonly integerValued: boolean;
  /** Country and state of `date-holidays`; null for none. */
  readonly holidays: { readonly country: string; readonly state?: string } | null;
  /**
   * Exogenous columns known only afterwards (measured weather): a forecast sees what was published
   * up to its cutoff.
   */
  readonly pastExogenous: readonly string[];
  /**
   * Exogenous columns known at least a horizon in advance (a plan, an archived forecast): seen at
   * the target's time.
   */
  readonly futureExogenous: readonly string[];
  /**
   * Intervals after the last observed one from which on forecasts are labelled as stale; 0: never.
   * Two days where it is absent.
   */
  readonly staleAfterIntervals?: number;
  /**
   * The source `npm start` uses: it must need no network and no account; null where the domain has
   * none.
   */
  readonly defaultSource: string | null;
  /** A smaller version of it, for smoke tests; null where the domain has none. */
  readonly quickSource: string | null;
  /** The source of exogenous columns that goes with either; absent where there is none. */
  readonly defaultExogenous?: string;
  /**
   * What its raw data must keep to, in addition to the general defaults (docs/decisions/0018).
   * Absent: the defaults alone.
   */
  readonly expectations?: Expectations;
  /**
   * A series' name for people, e.g. "East Harlem North" for 74. The id itself where there is none.
   */
  seriesTitle(seriesId: string): string;
  /**
   * The groups that a series counts towards, outermost first, each inside the one before; the total
   * of all series is always there and is not named. Absent: there is only that total.
   */
  groupsOf?(seriesId: string): readonly SeriesGroup[];
  /** Opens a source by its spec: a folder, or `name:argument`. */
  openSource(spec: string, context: SourceContext): Promise<Source>;
  /**
   * Opens a source of exogenous columns by its spec; absent where the domain names no such column.
   */
  openExogenous?(spec: string, context: SourceContext): Promise<ExogenousSource>;
  /** How the events of a stream read; absent where the domain reads none. */
  openStream?(): Promise<StreamFormat>;
}

/** A stream of events, each a JSON object, as the domain reads it. */
export interface StreamFormat {
  /**
   * UTC epoch milliseconds of what the event is about; null where it states none. Of a local time
   * that occurs twice the first instant. Called for every event: it must be fast.
   */
  eventTime(event: Readonly<Record<string, unknown>>): number | null;
  /**
   * The events of a span as raw rows. @param relation with one row per event and the column
   * `event`: VARCHAR, its JSON
   */
  rows(relation: string, span: { readonly start: number; readonly end: number }): RawRows;
}

/** What people add series up to: a borough, a region, a product line. */
export interface SeriesGroup {
  /** Part of URLs: lower-case letters, digits and `-`; not `all`. */
  readonly groupId: string;
  readonly title: string;
}

export interface SourceContext {
  /** A folder of the source's own for downloads and generated raw files. It survives runs. */
  readonly rawFolder: string;
  /** For an API that asks for one, from HEADWAY_SOURCE_KEY. Never part of a message. */
  readonly key?: string | null;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly progress: Progress;
}

export interface Source {
  /** One line for people: what this is. */
  readonly description: string;
  /** The raw parts there are now, ordered by feed and span. Spans of one feed do not overlap. */
  parts(): Promise<RawPart[]>;
  /**
   * Simulated sources know the truth: the forecast at `quantile` of somebody who knows the true
   * distribution of the value of `seriesId` in the interval that starts at `timestamp`. Absent
   * where nobody knows.
   */
  oracle?(seriesId: string, timestamp: number, quantile: number): number;
}

export interface ExogenousSource {
  readonly description: string;
  parts(): Promise<RawPart<ExogenousRows>[]>;
}

/**
 * One raw file: the unit of incremental work. Its rows alone decide the values of its feed inside
 * its span.
 */
export interface RawPart<Rows = RawRows> {
  /**
   * Unique within the source and stable over runs, e.g. the file's name: a part of the same name
   * and feed is a later version, and replaces the earlier one within its span. Without a stated
   * span it also takes away what an earlier version, within which it lies, has after its end.
   */
  readonly name: string;
  /**
   * Parts of several feeds add up (green and yellow cabs); parts of one feed follow one another in
   * time. Two of one feed that share an interval are refused, whatever series they hold: parts of
   * one meter each are feeds of their own.
   */
  readonly feed: string;
  /** Changes when and only when the content does: a hash, or an ETag. */
  readonly fingerprint: string;
  /**
   * UTC epoch milliseconds [start, end) that this part is authoritative for; null where only its
   * rows say: from the first interval to the last. Rows outside a stated span are rejected as
   * `outside_span`; and a stated span replaces what parts that the source no longer has said there.
   * With or without it, intervals that are not over come with a later run.
   */
  readonly span: { readonly start: number; readonly end: number } | null;
  /**
   * Fails (RAW_FILE_INVALID) where what was fingerprinted may not be what was read. Called after
   * the rows were read; absent where files, once written, never change.
   */
  verifyUnchanged?(): Promise<void>;
  /** Brings the file to the local disk (a download, a generation) and describes its rows. */
  open(): Promise<Rows>;
}

/**
 * A raw file as the feature service's SQL sees it. Expressions are DuckDB SQL over the relation's
 * columns. The domain quotes every path and literal itself (platform/duckdb/sql.ts).
 */
export interface RawRows {
  /**
   * A relation with one row per raw row, in file order where that matters: `parquetFiles(path)`.
   */
  readonly relation: string;
  /**
   * Which series the row belongs to: text, or whole numbers (twice as fast for millions of rows),
   * whose digits are the id.
   */
  readonly seriesId: string;
  /**
   * Names of the files that the rows come from, where these are several: those of which no row is
   * usable are named. Absent: the part is one file.
   */
  readonly files?: {
    /** VARCHAR: the name of the row's file, one of `all`. */
    readonly name: string;
    readonly all: readonly string[];
  };
  /**
   * TIMESTAMP: local wall-clock time in the domain's zone; any instant inside the row's interval.
   * Never a cast that drops an offset: platform/duckdb/time-sql.ts reads texts.
   */
  readonly localTime: string;
  /**
   * TIMESTAMP in UTC, or TIMESTAMP WITH TIME ZONE: the instant, where the row states one; then it
   * counts. Only it distinguishes the two hours in autumn that have one local time.
   */
  readonly instant?: string;
  /** DOUBLE: the measured value; null where each row is one event, and events are counted. */
  readonly value: string | null;
  /**
   * What the values of a series in one interval make together. Absent: each row is the value of its
   * interval, and of several the first counts.
   */
  readonly aggregate?: 'sum' | 'mean' | undefined;
  /**
   * Rows that agree in all of these are the same fact duplicated: all but the first are rejected as
   * `duplicate`. A row in which one of them is NULL or blank has no key, and is not a duplicate.
   */
  readonly duplicateKey: readonly string[];
  /**
   * Reasons to reject a row, first match wins; `when` is a BOOLEAN expression, and NULL does not
   * match.
   */
  readonly rejections: readonly { readonly reason: string; readonly when: string }[];
  /**
   * The part is so small that it may rightly have no usable row: an hour of a stream. Absent: a
   * part of which every row is rejected is refused.
   */
  readonly mayBeUnusable?: boolean;
  /**
   * A relation whose columns are the raw file's own, where those of `relation` are not: what the
   * data contract looks at.
   */
  readonly columns?: string;
  /**
   * The rows of `relation` with more columns, such as the number of a row's line: what samples of
   * rows are taken from. It may take longer to read. Absent: `relation`.
   */
  readonly evidence?: string;
  /**
   * What a usable row's figures lie within; SQL numbers over the relation. Rows outside are used,
   * and counted by the contract.
   */
  readonly ranges?: readonly RawRange[];
}

export interface RawRange {
  readonly name: string;
  /**
   * DOUBLE; NULL is not outside. A divisor is written `3600e0`: `3600.0` is a decimal, and Trino
   * rounds a quotient of decimals to as many places as they have.
   */
  readonly value: string;
  readonly atLeast?: number;
  readonly atMost?: number;
}

/**
 * A raw file of exogenous values, as the feature service's SQL sees it: one row of the relation is
 * one value of one column, of all series or of one.
 */
export interface ExogenousRows {
  readonly relation: string;
  /** VARCHAR: the column, one of pastExogenous or futureExogenous; its name holds no `@`. */
  readonly column: string;
  /**
   * VARCHAR: the series whose value it is, such as its price; null, or absent: of all series.
   */
  readonly series?: string;
  /**
   * TIMESTAMP in UTC: when the value was published, at the earliest. Of a day's measurement: after
   * that day has ended by the local clock, and so much later as publishing takes. No forecast with
   * an earlier cutoff sees the value.
   */
  readonly knownAt: string;
  /**
   * TIMESTAMP in UTC: an instant of the interval that the value is about. Only columns known in
   * advance need it.
   */
  readonly about: string | null;
  /** DOUBLE */
  readonly value: string;
  readonly rejections: RawRows['rejections'];
}
