/**
 * Purpose: make of a model and a snapshot everything that is served: all forecasts, computed once,
 * with a baseline where the model fails.
 * Invariants: the result is immutable and of exactly this pair; nothing of an earlier pair is in it
 * but since when a series is replaced.
 * Fails: as precompute.ts for a model that cannot forecast the snapshot; `buildBaselineSnapshot`
 * returns null where there is too little to forecast.
 */
import type { Domain } from '../../../domains/domain.ts';
import { type Forecaster, predictWhole } from '../../../forecasting/models/forecaster.ts';
import { type Panel, timestampAt } from '../../../forecasting/panel/panel.ts';
import { seasonsOf } from '../../../forecasting/panel/seasons.ts';
import { isHeadwayError } from '../../../platform/errors.ts';
import type { LedgerIssue } from '../../../storage/ledger/ledger.ts';
import { computed, type Predictor, WorkerUnavailableError } from '../prediction/predictor.ts';
import { baselineOf, baselineVersion, type Fallback } from './fallback.ts';
import { issuedBefore } from './issued-before.ts';
import type { LoadedModel, LoadedSnapshot } from './load-parts.ts';
import { fallBackPerSeries, type PerSeriesFallback } from './per-series-fallback.ts';
import { type Precomputed, precompute, requireUsable, unknownInputs } from './precompute.ts';
import { contextOf } from './shared-context.ts';

export interface Serving {
  readonly model: LoadedModel;
  readonly snapshot: LoadedSnapshot;
  readonly forecasts: Precomputed;
  /** What forecasts a series that the model cannot. */
  readonly baseline: Forecaster;
  /** Series for which it does, and why. */
  readonly replaced: PerSeriesFallback;
  /** Why all that is served is not what it should be; null where it is. */
  readonly fallback: Fallback | null;
  /** Exogenous columns that the model reads and of which nothing is known at the cutoff. */
  readonly unknownInputs: readonly string[];
  readonly issuedAt: number;
  /** UTC start of the last observed interval. */
  readonly cutoffTimestamp: number;
  /**
   * From this moment on the snapshot is older than it may be; infinite where it may be of any age.
   */
  readonly staleAt: number;
  /** Weak: two replicas agree on the numbers but not on the moment of issue. */
  readonly etag: string;
}

export interface ServingSnapshotRequest {
  readonly domain: Domain;
  readonly snapshot: LoadedSnapshot;
  readonly before: Serving | null;
  readonly now: number;
  readonly predictor: Predictor;
  /** The last issue of a batch: where it is of this pair nothing is computed. */
  readonly issued: readonly LedgerIssue[];
  /** Intervals since the last observed one after which the snapshot is stale; 0: never. */
  readonly staleAfterIntervals: number;
}

/**
 * Counts the changes of what is computed of one model and snapshot, so that no cache keeps what an
 * earlier version responded. tests/unit/services/inference/serving/etag.test.ts fails where it is
 * to be raised.
 */
const RESPONSES = 5;

/**
 * Series that are forecast at once where nothing is served yet, so that no response waits for it: a
 * fifth faster.
 */
const AT_START = 256;

export async function buildServingSnapshot(
  model: LoadedModel,
  request: ServingSnapshotRequest,
): Promise<Serving> {
  const { domain, before, now, staleAfterIntervals, predictor } = request;
  const { card, champion, forecaster } = model;
  const snapshot = await withContextOf(forecaster, request.snapshot);
  const { panel, cutoff, manifest } = snapshot;
  const unknown = unknownInputs(forecaster, panel, cutoff, seasonsOf(domain).day, card.horizon);
  const baseline = baselineOf(domain, card.quantiles, card.metrics);
  const given = issuedBefore(request.issued, card, forecaster, snapshot);
  const predictBlock = (block: Panel) =>
    given?.of(block) ??
    computed(predictor, model, block, cutoff, 'swap').catch((error: unknown) => {
      // A swap must not wait for a worker that does not come: this process can do it too, only not
      // as quietly.
      if (error instanceof WorkerUnavailableError)
        return predictWhole(forecaster, block, cutoff, card.horizon);
      throw error;
    });
  const made = await precompute(
    forecaster,
    panel,
    cutoff,
    card.horizon,
    domain,
    predictBlock,
    before ? undefined : AT_START,
  );
  for (const id of given?.implausible ?? []) {
    const series = snapshot.indexOf.get(id);
    if (series !== undefined) made.implausible[series] = 1;
  }
  const { forecasts, replaced } = await fallBackPerSeries({
    forecasts: made,
    baseline,
    panel,
    cutoff,
    horizon: card.horizon,
    nonNegative: domain.nonNegative,
    before: before?.replaced ?? new Map(),
    now,
  });
  // All series of a shard may be dead. An odd last value makes some baselines implausible of every
  // series: the baseline that stands in for a model is then what there is.
  if (snapshot.shard === null) requireUsable(forecaster, champion === null ? forecasts : made);
  const cutoffTimestamp = timestampAt(panel, cutoff);
  const interval = panel.frequencyMinutes * 60_000;
  return {
    model,
    snapshot,
    forecasts,
    baseline,
    replaced,
    fallback: null,
    unknownInputs: unknown,
    issuedAt: given?.issuedAt ?? now,
    cutoffTimestamp,
    staleAt:
      staleAfterIntervals > 0
        ? cutoffTimestamp + (1 + staleAfterIntervals) * interval
        : Number.POSITIVE_INFINITY,
    etag:
      `W/"${RESPONSES}.${card.modelVersion}.${champion?.number ?? 0}` +
      `.${manifest.snapshotVersion}${snapshot.shard ? `.${snapshot.shard.name}` : ''}"`,
  };
}

/**
 * The same from no model at all: the best baseline, as far as `metrics` (of a card that could be
 * read) show which that is.
 */
export async function buildBaselineSnapshot(
  request: ServingSnapshotRequest,
  metrics: unknown,
): Promise<Serving | null> {
  const { domain, snapshot, now } = request;
  const { quantiles, horizon } = domain;
  const forecaster = baselineOf(domain, quantiles, metrics, {
    panel: snapshot.firstRange,
    cutoff: snapshot.cutoff,
  });
  const card = {
    modelVersion: baselineVersion(forecaster),
    domain: domain.name,
    createdAt: now,
    snapshotVersion: snapshot.manifest.snapshotVersion,
    trainingCutoff: timestampAt(snapshot.panel, snapshot.cutoff),
    trainingSeconds: 0,
    backend: 'none',
    seed: 0,
    quantiles,
    horizon,
    metrics,
  };
  try {
    return await buildServingSnapshot({ card, champion: null, forecaster, stored: null }, request);
  } catch (error) {
    // Not one series with enough values for a baseline: there is nothing honest to say.
    if (isHeadwayError(error, 'MODEL_CORRUPT')) return null;
    throw error;
  }
}

/**
 * The same numbers with another label; the label is part of the response, and so of
 * the ETag.
 */
export function underFallback(serving: Serving, fallback: Fallback | null): Serving {
  if (fallback?.reason === serving.fallback?.reason && fallback?.since === serving.fallback?.since)
    return serving;
  const whole = serving.etag.replace(/~.*"$/, '"');
  const label = fallback ? `~${fallback.reason}.${fallback.since.toString(36)}"` : '"';
  return { ...serving, fallback, etag: `${whole.slice(0, -1)}${label}` };
}

/** The snapshot with what the forecaster reads of all series together, for requests of some. */
async function withContextOf(
  forecaster: Forecaster,
  snapshot: LoadedSnapshot,
): Promise<LoadedSnapshot> {
  const { panel, shard, view } = snapshot;
  if (forecaster.withContext === undefined) return snapshot;
  if (shard === null) return { ...snapshot, panel: forecaster.withContext(panel) };
  const inContext = await contextOf(forecaster, view);
  return { ...snapshot, panel: inContext(panel) };
}
