/**
 * Purpose: load the two parts of what is served, the champion and the newest snapshot, each checked
 * before it is used.
 * Invariants: a part that has not changed is not loaded again. Of a shard only the ranges of the
 * view that hold its series are read, and the first one; its cutoff is that of the whole view.
 * Fails: NO_CHAMPION, MODEL_NOT_FOUND, MODEL_CORRUPT, MODEL_INCOMPATIBLE; SNAPSHOT_EMPTY,
 * STORE_CORRUPT; STORE_UNAVAILABLE.
 */
import type { Domain } from '../../../domains/domain.ts';
import type { Forecaster } from '../../../forecasting/models/forecaster.ts';
import { type Panel, seriesSlice } from '../../../forecasting/panel/panel.ts';
import { HeadwayError, isHeadwayError } from '../../../platform/errors.ts';
import type { Manifest } from '../../../storage/features/manifest.ts';
import {
  type OnlineSnapshot,
  panelOfRows,
  type SeriesRange,
} from '../../../storage/features/online/online-snapshot.ts';
import type { Promotion, ServedCard, ServingPorts } from '../ports.ts';
import { type Shard, shardRange, WHOLE } from '../shards/shard.ts';
import { type ShardDirectory, shardDirectory } from '../shards/shard-directory.ts';

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
  /** The series that are served: all of the view, or those of a shard. */
  readonly panel: Panel;
  /** Where those of other shards are; null where all are served. */
  readonly shard: ShardDirectory | null;
  /** The view, for what a model reads of other series. */
  readonly view: OnlineSnapshot;
  /** The first range of the view: where a baseline is chosen by its errors, it stands for all. */
  readonly firstRange: Panel;
  /** Grid index of the last observed interval. */
  readonly cutoff: number;
  readonly indexOf: ReadonlyMap<string, number>;
  /** Series ids in text order: the order of pages. */
  readonly sortedIds: readonly string[];
}

export interface PartSources extends ServingPorts {
  readonly domain: Domain;
  /** Only these series are served; absent: all. */
  readonly shard?: Shard;
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
  const view = await sources.features.openOnline(head);
  const cutoff = await view.lastObserved();
  if (cutoff < 0) {
    throw new HeadwayError('SNAPSHOT_EMPTY', 'the snapshot holds no values', {
      fix: 'Run `headway features run` on data.',
    });
  }
  const shard = sources.shard ?? WHOLE;
  const read = new Map<number, readonly string[]>();
  let firstRange: Panel | null = null;
  const panel = await panelOfRows(view, shardRange(view.series, shard), (index, range) => {
    read.set(index, range.seriesIds);
    if (index === 0 && shard.count > 1) firstRange = range;
  });
  const { to } = view.ranges[0] as SeriesRange;
  return {
    panel,
    shard: shard.count > 1 ? shardDirectory(shard, view, read) : null,
    view,
    firstRange: shard.count > 1 ? (firstRange ?? (await view.range(0))) : seriesSlice(panel, 0, to),
    manifest: view.manifest,
    cutoff,
    indexOf: new Map(panel.seriesIds.map((id, index) => [id, index])),
    sortedIds: [...panel.seriesIds].sort(),
  };
}
