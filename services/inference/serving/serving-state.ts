/**
 * Purpose: what is being served: one model, one snapshot, and all forecasts of that pair, swapped
 * as one object.
 * Invariants: `current()` is immutable and consistent: its forecasts come from exactly its model
 * and its snapshot. A refresh never leaves less than there was: a part that cannot be loaded keeps
 * its last good version, the failure is kept beside, and the answer says so. Where no model can
 * answer a baseline does; only without any snapshot is nothing served.
 * Fails: `refresh` never rejects: it answers 'failed', logs each failure once, counts, and
 * remembers the error.
 */
import { CLOCK_TOLERANCE_MS, type Clock } from '../../../platform/clock.ts';
import { HeadwayError, isHeadwayError } from '../../../platform/errors.ts';
import type { Logger } from '../../../platform/telemetry/logger.ts';
import type { ForecastEntry } from '../../../storage/forecasts/forecast-log.ts';
import type { IssuedForecastsLog } from '../ports.ts';
import { backendReady, inProcessPredictor, type Predictor } from '../prediction/predictor.ts';
import {
  buildBaselineSnapshot,
  buildServingSnapshot,
  type Serving,
  underFallback,
} from './build-serving-snapshot.ts';
import type { Fallback, FallbackReason } from './fallback.ts';
import { LATEST_ISSUE_MS } from './issued-before.ts';
import {
  type LoadedModel,
  type LoadedSnapshot,
  loadModel,
  loadSnapshot,
  type PartSources,
} from './load-parts.ts';

export type RefreshOutcome = 'changed' | 'unchanged' | 'failed';

export interface ServingState {
  current(): Serving | null;
  /** The failure of the last refresh; null when it went well. */
  failure(): { readonly error: HeadwayError; readonly at: number } | null;
  refresh(): Promise<RefreshOutcome>;
}

export interface ServingStateOptions extends PartSources {
  /** Absent: computed by this process. */
  readonly predictor?: Predictor;
  /** Where batches keep the forecasts they issue: asked while nothing is served yet. */
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

export function createServingState(options: ServingStateOptions): ServingState {
  const { domain, clock, logger, staleAfterIntervals = 0 } = options;
  const predictor =
    options.predictor ??
    inProcessPredictor(backendReady)({ onBatch: () => {}, onFailure: () => {} });
  let current: Serving | null = null;
  /** The champion and the snapshot that were loaded last, whether they could be served or not. */
  let newestModel: LoadedModel | null = null;
  let newestSnapshot: LoadedSnapshot | null = null;
  /** The last model of the registry that was served. */
  let goodModel: LoadedModel | null = null;
  let failure: { error: HeadwayError; at: number } | null = null;
  let logged = '';
  let running: Promise<RefreshOutcome> | null = null;

  /** The best that can be made of what was loaded; the served one itself where it is still that. */
  async function best(
    loaded: LoadedModel | null,
    issued: readonly ForecastEntry[],
    failures: Failure[],
  ): Promise<Serving | null> {
    const snapshot = newestSnapshot;
    if (snapshot === null) return current;
    const request = {
      domain,
      snapshot,
      before: current,
      now: clock.now(),
      staleAfterIntervals,
      predictor,
      issued,
    };
    for (const candidate of new Set([loaded, goodModel])) {
      if (candidate === null) continue;
      if (current?.model === candidate && current.snapshot === snapshot) return current;
      try {
        return await buildServingSnapshot(candidate, request);
      } catch (error) {
        failures.push({ part: 'model', error: coded(error) });
      }
    }
    // The last good forecast, while it is fresh; then a baseline on what is newer.
    const isKept =
      current !== null &&
      (current.snapshot === snapshot || (current.model.champion && clock.now() < current.staleAt));
    if (isKept) return current;
    return (
      (await buildBaselineSnapshot(request, (newestModel ?? goodModel)?.card.metrics)) ?? current
    );
  }

  /**
   * What a batch has issued lately, for the first start alone: later snapshots are served before a
   * batch knows them.
   */
  async function issuedLately(): Promise<readonly ForecastEntry[]> {
    if (!options.issued || current !== null) return [];
    const now = clock.now();
    return options.issued
      .latest(now - LATEST_ISSUE_MS, now + CLOCK_TOLERANCE_MS)
      .catch((error: unknown) => {
        logger.warn({ err: error }, 'forecasts that were issued cannot be read: they are computed');
        return [];
      });
  }

  async function refreshOnce(): Promise<RefreshOutcome> {
    const failures: Failure[] = [];
    // The two parts fail apart: a corrupt new model must not stop new data from reaching the old
    // one, nor the reverse.
    const issuing = issuedLately();
    const [model, features] = await Promise.allSettled([
      loadModel(options, newestModel),
      loadSnapshot(options, newestSnapshot),
    ]);
    const issued = await issuing;
    const loaded =
      model.status === 'fulfilled' ? model.value : keep(failures, 'model', model.reason);
    const snapshot =
      features.status === 'fulfilled'
        ? features.value
        : keep(failures, 'features', features.reason);
    newestModel = loaded ?? newestModel;
    newestSnapshot = snapshot ?? newestSnapshot;
    let next: Serving | null;
    try {
      next = await best(loaded, issued, failures);
    } catch (error) {
      failures.push({ part: 'features', error: coded(error) });
      next = current;
    }
    const before = current;
    if (next) {
      // the swap: one assignment, after everything that can fail
      current = underFallback(next, fallbackOf(next, failures));
      if (current.model.champion) goodModel = current.model;
    }
    const hasChanged =
      next !== null && (next.model !== before?.model || next.snapshot !== before?.snapshot);
    failure = failures[0] ? { error: failures[0].error, at: clock.now() } : null;
    tell(failures, before, hasChanged);
    return failure ? 'failed' : hasChanged ? 'changed' : 'unchanged';
  }

  /**
   * Why `next` is not what it should be. A failure says more than the age that comes of it; while
   * it lasts its beginning stays.
   */
  function fallbackOf(next: Serving, failures: readonly Failure[]): Fallback | null {
    const reason = reasonOf(failures);
    const before = current?.fallback;
    if (reason) return before?.reason === reason ? before : { reason, since: clock.now() };
    return clock.now() >= next.staleAt ? { reason: 'FEATURES_STALE', since: next.staleAt } : null;
  }

  /** Each failure, and each change of what is served, once. */
  function tell(failures: readonly Failure[], before: Serving | null, hasChanged: boolean): void {
    const now = failures
      .map(({ part, error }) => `${part} ${error.code} ${error.where ?? ''} ${error.message}`)
      .join('\n');
    if (now !== logged)
      for (const { part, error } of failures)
        logger.error(
          { err: error, code: error.code, part },
          'refresh failed; the last good state stays',
        );
    logged = now;
    if (current === null) return;
    reportFallback(before?.fallback ?? null, current.fallback);
    const { model, etag, unknownInputs, replaced } = current;
    if (!hasChanged) return;
    if (unknownInputs.length > 0)
      logger.warn(
        { columns: unknownInputs },
        'exogenous columns are unknown: their usual values are used',
      );
    if (replaced.size > 0 && replaced.size !== before?.replaced.size)
      logger.warn(
        { series: replaced.size, examples: [...replaced].slice(0, 5) },
        'a baseline answers for some series',
      );
    logger.info({ modelVersion: model.card.modelVersion, etag }, 'now serving');
  }

  function reportFallback(before: Fallback | null, after: Fallback | null): void {
    if (before?.reason === after?.reason) return;
    if (after) logger.warn({ reason: after.reason, since: after.since }, 'answers are a fallback');
    else logger.info({ reason: before?.reason }, 'answers are no fallback any more');
  }

  return {
    current() {
      // By the clock and not by a refresh: a store that hangs must not make old data look fresh.
      if (current && current.fallback === null && clock.now() >= current.staleAt) {
        current = underFallback(current, { reason: 'FEATURES_STALE', since: current.staleAt });
        reportFallback(null, current.fallback);
      }
      return current;
    },
    failure: () => failure,
    refresh() {
      // Callers that come while a refresh runs share it: two at once could swap in the wrong order.
      running ??= refreshOnce()
        .then((outcome) => {
          options.onRefresh?.(outcome);
          return outcome;
        })
        .finally(() => {
          running = null;
        });
      return running;
    },
  };
}

function keep(failures: Failure[], part: Failure['part'], error: unknown): null {
  failures.push({ part, error: coded(error) });
  return null;
}

/** The model's trouble comes first: it says more of the numbers. */
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
    fix: "Look at the service's log.",
    cause: error,
  });
}
