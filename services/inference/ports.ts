/**
 * Purpose: what the service needs from the stores and the model code, and no more. The real feature
 * store and registry fit structurally; tests pass small fakes.
 * Invariants: nothing here imports another service; times are UTC epoch milliseconds.
 * Fails: implementations reject with coded HeadwayErrors; anything else is treated as INTERNAL.
 */
import type { Forecaster } from '../../forecasting/models/forecaster.ts';
import type { DecisionEntry } from '../../storage/decisions/decision-log.ts';
import type { Manifest } from '../../storage/features/manifest.ts';
import type { OnlineSnapshot } from '../../storage/features/online/online-snapshot.ts';
import type { ActualsPost } from '../../storage/forecasts/actuals-log.ts';
import type { JobRun } from '../../storage/jobs/job-log.ts';
import type { LedgerIssue } from '../../storage/ledger/ledger.ts';
import type { Overview } from '../../storage/monitoring/overviews.ts';
import type { SeriesDay } from '../../storage/monitoring/series-records.ts';
import type { LiveFigures } from '../../storage/scores/figures-log.ts';

export interface OnlineFeatures {
  /** The newest manifest, or null where nothing was committed yet. */
  head(): Promise<Manifest | null>;
  /** The last weeks of every series, by ranges of them. `head`: where it was read already. */
  openOnline(head?: Manifest): Promise<OnlineSnapshot>;
}

/** An entry of the promotion log; also of refusals. */
export interface Promotion {
  readonly modelVersion: string;
  readonly at: number;
  readonly number: number;
  readonly kind: 'promoted' | 'rolled-back' | 'rejected' | 'inconclusive';
  readonly reason: string;
}

interface Card {
  readonly modelVersion: string;
  readonly createdAt: number;
  readonly trainingCutoff: number;
  readonly snapshotVersion: string;
  readonly trainingSeconds: number;
  readonly quantiles: readonly number[];
  readonly horizon: number;
}

/** The part of a model card that a list of models shows. */
export interface ListedCard extends Card {
  readonly forecaster: string;
}

/** The part of a model card that is served. */
export interface ServedCard extends Card {
  readonly domain: string;
  readonly backend: string;
  readonly seed: number;
  readonly metrics: unknown;
  /** Of a model that was fitted on all data: the scored model of the same recipe. */
  readonly refit?: { readonly twin: string } | null;
}

/** Where batches store the forecasts that they issue. `Ledger` fits. */
export interface IssuedForecastsLog {
  /** The newest issue between these times: a batch, or its shards; empty where there is none. */
  latest(since: number, until: number): Promise<readonly LedgerIssue[]>;
}

/** Where served forecasts are stored. `Ledger` fits. */
export interface ForecastLedger {
  append(issues: readonly LedgerIssue[]): Promise<unknown>;
  /** The newest entry, for whoever cites it. */
  head?(): Promise<{ readonly number: number; readonly sha256: string } | null>;
}

/** What was decided, and why. `DecisionLog` fits. */
export interface DecisionsSource {
  /** Newest first: decided at `at` or before. */
  recent(query: {
    readonly at?: number;
    readonly limit: number;
  }): Promise<readonly DecisionEntry[]>;
}

/** What monitoring saw last. `FiguresLog` fits. */
export interface FiguresSource {
  head(): Promise<LiveFigures | null>;
}

/** What the last check of monitoring found. `Overviews` fits. */
export interface OverviewSource {
  newest(): Promise<Overview | null>;
}

/** What was served for each interval, next to what happened. `SeriesRecords` fits. */
export interface RecordSource {
  read(
    seriesId: string,
    range: { readonly from: number; readonly until: number },
  ): Promise<readonly SeriesDay[]>;
}

/** What the schedule ran, newest first. `RecentRuns` fits. */
export interface JobsSource {
  runs(query: { readonly now: number; readonly limit: number }): Promise<readonly JobRun[]>;
}

/** What monitoring and the schedule leave in the store. */
export interface MonitoringSources {
  readonly overviews: OverviewSource;
  readonly records: RecordSource;
  readonly jobs: JobsSource;
}

/** Where actuals are stored. `ActualsLog` fits. */
export interface ActualsSink {
  append(post: ActualsPost): Promise<{ key: string; availableAt: number; isNew: boolean }>;
}

export interface ServedModels {
  /** All cards, newest first. */
  list(): Promise<readonly ListedCard[]>;
  /** The whole log, oldest first. */
  promotions(): Promise<readonly Promotion[]>;
  champion(): Promise<Promotion | null>;
  /** The champions before this one, newest first. */
  earlierChampions(): Promise<readonly Promotion[]>;
  load(modelVersion: string): Promise<{ card: ServedCard; model: unknown; weights: Uint8Array }>;
}

/** Makes a forecaster from stored bytes; throws where they do not fit together. */
export type RestoreForecaster = (model: unknown, weights: Uint8Array) => Forecaster;

/** What a served model and snapshot are loaded from. */
export interface ServingPorts {
  readonly features: OnlineFeatures;
  readonly registry: ServedModels;
  readonly restoreForecaster: RestoreForecaster;
}

export interface ServicePorts extends ServingPorts {
  /** null: posted actuals are refused. */
  readonly actuals: ActualsSink | null;
  /** null: no decisions are known. */
  readonly decisions: DecisionsSource | null;
  /** null: nothing is known of it. */
  readonly monitoring: MonitoringSources | null;
}
