/**
 * Purpose: what is being served: one model, one snapshot, and all forecasts of that pair, swapped as one object.
 * Invariants: `current()` is immutable and consistent: its forecasts come from exactly its model and its snapshot. A refresh
 * never leaves less than there was: a part that cannot be loaded keeps its last good version, and the failure is kept beside.
 * Fails: `refresh` never rejects: it answers 'failed', logs, counts, and remembers the error.
 */
import type { Domain } from '../../domains/domain.ts';
import type { Forecaster } from '../../forecasting/forecaster.ts';
import { type Panel, timestampAt } from '../../forecasting/panel.ts';
import { seasonsOf } from '../../forecasting/seasons.ts';
import type { Clock } from '../../runtime/clock.ts';
import { HeadwayError, isHeadwayError } from '../../runtime/errors.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Manifest } from '../../storage/manifest.ts';
import type { Champion, OnlineFeatures, RestoreForecaster, ServedCard, ServedModels } from './ports.ts';
import { lastObserved, type Precomputed, precompute, unknownInputs } from './precompute.ts';

export interface LoadedModel {
  readonly card: ServedCard;
  readonly champion: Champion;
  readonly forecaster: Forecaster;
}

export interface LoadedSnapshot {
  readonly manifest: Manifest;
  readonly panel: Panel;
  /** Grid index of the last observed interval. */
  readonly cutoff: number;
  readonly indexOf: ReadonlyMap<string, number>;
  /** Series ids in text order: the order of pages. */
  readonly sortedIds: readonly string[];
}

export interface Serving {
  readonly model: LoadedModel;
  readonly snapshot: LoadedSnapshot;
  readonly forecasts: Precomputed;
  /** Exogenous columns that the model reads and of which nothing is known at the cutoff. */
  readonly unknownInputs: readonly string[];
  readonly issuedAt: number;
  /** UTC start of the last observed interval. */
  readonly cutoffTimestamp: number;
  /** Weak: two replicas agree on the numbers but not on the moment of issue. */
  readonly etag: string;
}

export type RefreshOutcome = 'changed' | 'unchanged' | 'failed';

export interface ServingState {
  current(): Serving | null;
  /** The failure of the last refresh; null when it went well. */
  failure(): { readonly error: HeadwayError; readonly at: number } | null;
  refresh(): Promise<RefreshOutcome>;
}

export interface ServingStateOptions {
  readonly domain: Domain;
  readonly features: OnlineFeatures;
  readonly registry: ServedModels;
  readonly restoreForecaster: RestoreForecaster;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onRefresh?: (outcome: RefreshOutcome) => void;
}

export function createServingState(options: ServingStateOptions): ServingState {
  const { domain, clock, logger } = options;
  let current: Serving | null = null;
  let failure: { error: HeadwayError; at: number } | null = null;
  let running: Promise<RefreshOutcome> | null = null;

  async function refreshOnce(): Promise<RefreshOutcome> {
    const errors: unknown[] = [];
    // The two parts fail apart: a corrupt new model must not stop new data from reaching the old one, nor the reverse.
    const model = await loadModel(options, current?.model ?? null).catch((error: unknown) => keep(errors, error, current?.model));
    const snapshot = await loadSnapshot(options, current?.snapshot ?? null).catch((error: unknown) =>
      keep(errors, error, current?.snapshot),
    );
    let changed = false;
    if (model && snapshot && (model !== current?.model || snapshot !== current?.snapshot)) {
      const candidates = current && current.model !== model ? [model, current.model] : [model];
      for (const candidate of candidates) {
        try {
          const next = await combine(candidate, snapshot, domain, clock.now());
          changed = true;
          current = next; // the swap: one assignment, after everything that can fail
          break;
        } catch (error) {
          errors.push(error);
        }
      }
    }
    failure = errors.length > 0 ? { error: coded(errors[0]), at: clock.now() } : null;
    for (const error of errors)
      logger.error({ err: error, code: coded(error).code }, 'refresh failed; the last good state stays');
    const unknown = current?.unknownInputs ?? [];
    if (changed && unknown.length > 0)
      logger.warn({ columns: unknown }, 'exogenous columns are unknown: their usual values are used');
    if (changed) logger.info({ modelVersion: current?.model.card.modelVersion, etag: current?.etag }, 'now serving');
    return failure ? 'failed' : changed ? 'changed' : 'unchanged';
  }

  return {
    current: () => current,
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

async function loadModel(options: ServingStateOptions, previous: LoadedModel | null): Promise<LoadedModel> {
  const { registry, domain, restoreForecaster } = options;
  const champion = await registry.champion();
  if (!champion) {
    throw new HeadwayError('NO_CHAMPION', 'no model has been promoted yet', { fix: 'Run `headway train`, then try again.' });
  }
  if (previous && previous.champion.modelVersion === champion.modelVersion) {
    return previous.champion.number === champion.number ? previous : { ...previous, champion };
  }
  const { card, model, weights } = await registry.load(champion.modelVersion);
  let forecaster: Forecaster;
  try {
    forecaster = restoreForecaster(model, weights);
  } catch (error) {
    if (isHeadwayError(error)) throw error;
    throw new HeadwayError('MODEL_CORRUPT', 'the stored model cannot be restored', {
      where: champion.modelVersion,
      fix: 'Roll back to the last good model, or train again.',
      cause: error,
    });
  }
  const fits =
    card.domain === domain.name &&
    card.modelVersion === champion.modelVersion &&
    card.horizon > 0 &&
    forecaster.quantiles.length === card.quantiles.length &&
    forecaster.quantiles.every((quantile, i) => quantile === card.quantiles[i]);
  if (!fits) {
    throw new HeadwayError('MODEL_INCOMPATIBLE', 'the card, the model and the domain do not belong together', {
      where: champion.modelVersion,
      fix: 'Train a model for this domain, or serve the domain it was made for.',
    });
  }
  return { card, champion, forecaster };
}

async function loadSnapshot(options: ServingStateOptions, previous: LoadedSnapshot | null): Promise<LoadedSnapshot> {
  const head = await options.features.head();
  if (!head) {
    throw new HeadwayError('SNAPSHOT_EMPTY', 'no features have been committed yet', { fix: 'Run `headway features run`.' });
  }
  if (previous && previous.manifest.snapshotVersion === head.snapshotVersion) return previous;
  // The manifest that came with the panel counts, not `head`: a commit may have happened in between.
  const { panel, manifest } = await options.features.readOnline();
  const cutoff = lastObserved(panel);
  if (cutoff < 0) {
    throw new HeadwayError('SNAPSHOT_EMPTY', 'the snapshot holds not one value', { fix: 'Run `headway features run` on data.' });
  }
  const indexOf = new Map(panel.seriesIds.map((id, index) => [id, index]));
  return { panel, manifest, cutoff, indexOf, sortedIds: [...panel.seriesIds].sort() };
}

async function combine(model: LoadedModel, snapshot: LoadedSnapshot, domain: Domain, now: number): Promise<Serving> {
  const { card, champion, forecaster } = model;
  const { day } = seasonsOf(domain);
  const unknown = unknownInputs(forecaster, snapshot.panel, snapshot.cutoff, day, card.horizon);
  const forecasts = await precompute(forecaster, snapshot.panel, snapshot.cutoff, card.horizon, domain.nonNegative);
  return {
    model,
    snapshot,
    forecasts,
    unknownInputs: unknown,
    issuedAt: now,
    cutoffTimestamp: timestampAt(snapshot.panel, snapshot.cutoff),
    etag: `W/"1.${card.modelVersion}.${champion.number}.${snapshot.manifest.snapshotVersion}"`,
  };
}

function keep<T>(errors: unknown[], error: unknown, last: T | undefined): T | null {
  errors.push(error);
  return last ?? null;
}

function coded(error: unknown): HeadwayError {
  if (isHeadwayError(error)) return error;
  return new HeadwayError('INTERNAL', 'the model or the snapshot could not be loaded', {
    fix: "Look at the service's log.",
    cause: error,
  });
}
