/**
 * Purpose: what is served: one model, one snapshot and all forecasts of that pair, swapped as one
 * object.
 * Invariants: `current()` is immutable and consistent: its forecasts come from exactly its model
 * and its snapshot. A part that cannot be loaded keeps its last good version, and the response is
 * labelled. A broken champion is replaced by the model before it, down the promotions; without a
 * usable model a baseline forecasts; without any snapshot nothing is served.
 * Fails: `refresh` never rejects: it returns 'failed', logs each failure once and remembers it.
 */
import { CLOCK_TOLERANCE_MS, type Clock } from '../../../platform/clock.ts';
import { HeadwayError, isHeadwayError } from '../../../platform/errors.ts';
import type { Logger } from '../../../platform/telemetry/logger.ts';
import type { LedgerIssue } from '../../../storage/ledger/ledger.ts';
import type { IssuedForecastsLog } from '../ports.ts';
import { backendReady, inProcessPredictor, type Predictor } from '../prediction/predictor.ts';
import {
  buildBaselineSnapshot,
  buildServingSnapshot,
  type Serving,
  type ServingSnapshotRequest,
  underFallback,
} from './build-serving-snapshot.ts';
import type { Fallback, FallbackReason } from './fallback.ts';
import { LATEST_ISSUE_MS } from './issued-before.ts';
import {
  type LoadedModel,
  type LoadedSnapshot,
  loadChampion,
  loadModel,
  loadSnapshot,
  type PartSources,
} from './load-parts.ts';

/** If this many models are broken, the next one is unlikely to work. */
const MAX_EARLIER_MODELS = 5;

export type RefreshOutcome = 'changed' | 'unchanged' | 'failed';

export interface ServingState {
  current(): Serving | null;
  /** The failure of the last refresh; null when it went well. */
  failure(): { readonly error: HeadwayError; readonly at: number } | null;
  refresh(): Promise<RefreshOutcome>;
}

export interface ServingStateOptions extends PartSources {
  /** If absent, this process computes. */
  readonly predictor?: Predictor;
  /** Where batches store issued forecasts: read while nothing is served yet. */
  readonly issued?: IssuedForecastsLog | null;
  readonly clock: Clock;
  readonly logger: Logger;
  /**
   * Intervals since the last observed one after which features are stale; 0 (the default): never.
   */
  readonly staleAfterIntervals?: number;
  readonly onRefresh?: (outcome: RefreshOutcome) => void;
}

interface Failure {
  readonly part: 'model' | 'features';
  readonly error: HeadwayError;
}

export const createServingState = (options: ServingStateOptions): ServingState =>
  new RefreshedState(options);

class RefreshedState implements ServingState {
  readonly #options: ServingStateOptions;
  readonly #predictor: Predictor;
  #current: Serving | null = null;
  /** The champion and the snapshot that were loaded last, whether they can be served or not. */
  #newestModel: LoadedModel | null = null;
  #newestSnapshot: LoadedSnapshot | null = null;
  /** The last model of the registry that was served. */
  #goodModel: LoadedModel | null = null;
  #failure: { error: HeadwayError; at: number } | null = null;
  #logged = '';
  #running: Promise<RefreshOutcome> | null = null;

  constructor(options: ServingStateOptions) {
    this.#options = options;
    this.#predictor =
      options.predictor ??
      inProcessPredictor(backendReady)({ onBatch: () => {}, onFailure: () => {} });
  }

  current(): Serving | null {
    // From the clock, not from a refresh: a store that hangs must not make old data look fresh.
    const current = this.#current;
    if (current && current.fallback === null && this.#options.clock.now() >= current.staleAt) {
      const stale = { reason: 'FEATURES_STALE', since: current.staleAt } as const;
      this.#current = underFallback(current, stale);
      this.#logFallback(null, stale);
    }
    return this.#current;
  }

  failure() {
    return this.#failure;
  }

  refresh(): Promise<RefreshOutcome> {
    // Callers that arrive while a refresh runs share it: two at once could swap in the wrong order.
    this.#running ??= this.#refreshOnce()
      .then((outcome) => {
        this.#options.onRefresh?.(outcome);
        return outcome;
      })
      .finally(() => {
        this.#running = null;
      });
    return this.#running;
  }

  async #refreshOnce(): Promise<RefreshOutcome> {
    const failures: Failure[] = [];
    const { loaded, issued } = await this.#load(failures);
    let next: Serving | null;
    try {
      next = await this.#best(loaded, issued, failures);
    } catch (error) {
      failures.push({ part: 'features', error: coded(error) });
      next = this.#current;
    }
    const before = this.#current;
    if (next) {
      // The swap is one assignment, after everything that can fail.
      this.#current = underFallback(next, this.#fallbackOf(next, failures));
      if (this.#current.model.champion) this.#goodModel = this.#current.model;
    }
    const hasChanged =
      next !== null &&
      (next.model !== before?.model || next.snapshot.manifest !== before?.snapshot.manifest);
    this.#failure = failures[0]
      ? { error: failures[0].error, at: this.#options.clock.now() }
      : null;
    this.#log(failures, before, hasChanged);
    return this.#failure ? 'failed' : hasChanged ? 'changed' : 'unchanged';
  }

  /**
   * Loads both parts and what the batch issued. The parts fail separately: a corrupt new model must
   * not stop new data from reaching the old model, nor the reverse.
   */
  async #load(failures: Failure[]) {
    const issuing = this.#issuedLately();
    const [model, features] = await Promise.allSettled([
      loadModel(this.#options, this.#newestModel),
      loadSnapshot(this.#options, this.#newestSnapshot),
    ]);
    const issued = await issuing;
    const loaded =
      model.status === 'fulfilled' ? model.value : keep(failures, 'model', model.reason);
    const snapshot =
      features.status === 'fulfilled'
        ? features.value
        : keep(failures, 'features', features.reason);
    this.#newestModel = loaded ?? this.#newestModel;
    this.#newestSnapshot = snapshot ?? this.#newestSnapshot;
    return { loaded, issued };
  }

  /** The best state that the loaded parts allow; the served one itself if it still is the best. */
  async #best(
    loaded: LoadedModel | null,
    issued: readonly LedgerIssue[],
    failures: Failure[],
  ): Promise<Serving | null> {
    const { domain, clock, staleAfterIntervals = 0 } = this.#options;
    const snapshot = this.#newestSnapshot;
    const current = this.#current;
    if (snapshot === null) return current;
    const request = {
      ...{ domain, snapshot, before: current, now: clock.now() },
      ...{ staleAfterIntervals, predictor: this.#predictor, issued },
    };
    for (const candidate of new Set([loaded, this.#goodModel])) {
      if (candidate === null) continue;
      if (current?.model === candidate && isOf(current, snapshot)) return current;
      try {
        return await buildServingSnapshot(candidate, request);
      } catch (error) {
        failures.push({ part: 'model', error: coded(error) });
      }
    }
    if (this.#goodModel === null && reasonOf(failures) === 'MODEL_UNAVAILABLE') {
      const earlier = await this.#fromEarlierChampion(request, failures);
      if (earlier) return earlier;
    }
    // The last good forecast while it is fresh, then a baseline on newer data.
    const stays =
      current !== null &&
      (isOf(current, snapshot) || (current.model.champion && clock.now() < current.staleAt));
    if (stays) return current;
    const { metrics } = (this.#newestModel ?? this.#goodModel)?.card ?? {};
    return (await buildBaselineSnapshot(request, metrics)) ?? current;
  }

  /** After a start with a broken champion: the newest of the models before it that works. */
  async #fromEarlierChampion(
    request: ServingSnapshotRequest,
    failures: Failure[],
  ): Promise<Serving | null> {
    try {
      const earlier = await this.#options.registry.earlierChampions();
      for (const champion of earlier.slice(0, MAX_EARLIER_MODELS)) {
        try {
          const model = await loadChampion(this.#options, champion);
          return await buildServingSnapshot(model, request);
        } catch (error) {
          failures.push({ part: 'model', error: coded(error) });
        }
      }
    } catch (error) {
      failures.push({ part: 'model', error: coded(error) });
    }
    return null;
  }

  /**
   * What a batch issued recently, for the first start only: later snapshots are served before a
   * batch has forecast them.
   */
  async #issuedLately(): Promise<readonly LedgerIssue[]> {
    const { issued, clock, logger } = this.#options;
    if (!issued || this.#current !== null) return [];
    const now = clock.now();
    return issued
      .latest(now - LATEST_ISSUE_MS, now + CLOCK_TOLERANCE_MS)
      .catch((error: unknown) => {
        logger.warn({ err: error }, 'issued forecasts cannot be read; computing them instead');
        return [];
      });
  }

  /**
   * Why `next` is a fallback. A failure takes precedence over the staleness that it causes; its
   * start time stays while it lasts.
   */
  #fallbackOf(next: Serving, failures: readonly Failure[]): Fallback | null {
    const now = this.#options.clock.now();
    const reason = reasonOf(failures);
    const before = this.#current?.fallback;
    if (reason) return before?.reason === reason ? before : { reason, since: now };
    return now >= next.staleAt ? { reason: 'FEATURES_STALE', since: next.staleAt } : null;
  }

  /** Logs each failure, and each change of what is served, once. */
  #log(failures: readonly Failure[], before: Serving | null, hasChanged: boolean): void {
    const { logger } = this.#options;
    const now = failures
      .map(({ part, error }) => `${part} ${error.code} ${error.where ?? ''} ${error.message}`)
      .join('\n');
    if (now !== this.#logged)
      for (const { part, error } of failures)
        logger.error(
          { err: error, code: error.code, part },
          'refresh failed; the last good state stays',
        );
    this.#logged = now;
    if (this.#current === null) return;
    this.#logFallback(before?.fallback ?? null, this.#current.fallback);
    if (!hasChanged) return;
    const { model, etag, unknownInputs, replaced } = this.#current;
    if (unknownInputs.length > 0)
      logger.warn(
        { columns: unknownInputs },
        'exogenous columns are unknown; their training means are used',
      );
    if (replaced.size > 0 && replaced.size !== before?.replaced.size)
      logger.warn(
        { series: replaced.size, examples: [...replaced].slice(0, 5) },
        'a baseline forecasts some series',
      );
    const { shard, panel } = this.#current.snapshot;
    if (shard && panel.seriesIds.length === 0)
      logger.warn(
        { shard: shard.name, storeSeries: shard.storeSeries },
        'this shard has no series: the store has fewer than there are shards',
      );
    logger.info({ modelVersion: model.card.modelVersion, etag }, 'now serving');
  }

  #logFallback(before: Fallback | null, after: Fallback | null): void {
    if (before?.reason === after?.reason) return;
    const { logger } = this.#options;
    if (after) logger.warn({ reason: after.reason, since: after.since }, 'serving a fallback');
    else logger.info({ reason: before?.reason }, 'serving recovered');
  }
}

function keep(failures: Failure[], part: Failure['part'], error: unknown): null {
  failures.push({ part, error: coded(error) });
  return null;
}

/** A failure of the model comes first: it explains more about the numbers. */
function reasonOf(failures: readonly Failure[]): FallbackReason | null {
  const failure = failures.find(({ part }) => part === 'model') ?? failures[0];
  if (failure === undefined) return null;
  const { part, error } = failure;
  if (error.code === 'NO_CHAMPION' || error.code === 'STORE_UNAVAILABLE') return error.code;
  return part === 'model' ? 'MODEL_UNAVAILABLE' : 'FEATURES_UNAVAILABLE';
}

function coded(error: unknown): HeadwayError {
  if (isHeadwayError(error)) return error;
  return new HeadwayError('INTERNAL', 'the model or the snapshot could not be loaded', {
    fix: "Check the service's log.",
    cause: error,
  });
}

/** Whether `serving` serves this snapshot, with or without a context in its panel. */
const isOf = (serving: Serving, { manifest }: LoadedSnapshot): boolean =>
  serving.snapshot.manifest === manifest;
