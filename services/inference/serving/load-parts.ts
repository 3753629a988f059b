/**
 * Purpose: load the two parts of what is served, the champion and the newest snapshot, each checked
 * before it is used.
 * Invariants: a part that has not changed is not loaded again.
 * Fails: NO_CHAMPION, MODEL_NOT_FOUND, MODEL_CORRUPT, MODEL_INCOMPATIBLE; SNAPSHOT_EMPTY,
 * STORE_CORRUPT; STORE_UNAVAILABLE.
 */
import type { Domain } from '../../../domains/domain.ts';
import type { Forecaster } from '../../../forecasting/models/forecaster.ts';
import { lastObserved, type Panel } from '../../../forecasting/panel/panel.ts';
import { HeadwayError, isHeadwayError } from '../../../platform/errors.ts';
import type { Manifest } from '../../../storage/features/manifest.ts';
import { wholePanel } from '../../../storage/features/online/online-snapshot.ts';
import type { Promotion, ServedCard, ServingPorts } from '../ports.ts';

export interface LoadedModel {
  readonly card: ServedCard;
  /** null: no model of the registry but a baseline. */
  readonly champion: Promotion | null;
  readonly forecaster: Forecaster;
  /** What it was restored from, for another process to do the same; null for a baseline. */
  readonly stored: { readonly model: unknown; readonly weights: Uint8Array } | null;
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

export interface PartSources extends ServingPorts {
  readonly domain: Domain;
}

export async function loadModel(
  sources: PartSources,
  previous: LoadedModel | null,
): Promise<LoadedModel> {
  const champion = await sources.registry.champion();
  if (!champion) {
    throw new HeadwayError('NO_CHAMPION', 'no model has been promoted yet', {
      fix: 'Run `headway train`, then try again.',
    });
  }
  if (previous && previous.champion?.modelVersion === champion.modelVersion) {
    return previous.champion.number === champion.number ? previous : { ...previous, champion };
  }
  return loadChampion(sources, champion);
}

/** The model of this entry of the promotion log. */
export async function loadChampion(
  { registry, domain, restoreForecaster }: PartSources,
  champion: Promotion,
): Promise<LoadedModel> {
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
  const belongTogether =
    card.domain === domain.name &&
    card.modelVersion === champion.modelVersion &&
    card.horizon > 0 &&
    forecaster.quantiles.length === card.quantiles.length &&
    forecaster.quantiles.every((quantile, i) => quantile === card.quantiles[i]);
  if (!belongTogether) {
    throw new HeadwayError(
      'MODEL_INCOMPATIBLE',
      'the card, the model and the domain do not belong together',
      {
        where: champion.modelVersion,
        fix: 'Train a model for this domain, or serve the domain it was made for.',
      },
    );
  }
  return { card, champion, forecaster, stored: { model, weights } };
}

export async function loadSnapshot(
  sources: PartSources,
  previous: LoadedSnapshot | null,
): Promise<LoadedSnapshot> {
  const head = await sources.features.head();
  if (!head) {
    throw new HeadwayError('SNAPSHOT_EMPTY', 'no features have been committed yet', {
      fix: 'Run `headway features run`.',
    });
  }
  if (previous && previous.manifest.snapshotVersion === head.snapshotVersion) return previous;
  const online = await sources.features.openOnline(head);
  const panel = await wholePanel(online);
  const cutoff = lastObserved(panel);
  if (cutoff < 0) {
    throw new HeadwayError('SNAPSHOT_EMPTY', 'the snapshot holds no values', {
      fix: 'Run `headway features run` on data.',
    });
  }
  const indexOf = new Map(panel.seriesIds.map((id, index) => [id, index]));
  return {
    panel,
    manifest: online.manifest,
    cutoff,
    indexOf,
    sortedIds: [...panel.seriesIds].sort(),
  };
}
