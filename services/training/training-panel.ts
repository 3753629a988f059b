/**
 * Purpose: the panel that a training learns from, and what is to be said about it.
 * Invariants: its values are at most those that the configuration allows: of more series a sample,
 * the same one whenever the same snapshot is read; one line for each thing that is said.
 * Fails: SNAPSHOT_EMPTY; as reading a snapshot does.
 */
import type { Domain } from '../../domains/domain.ts';
import { outliersOf } from '../../forecasting/panel/outliers.ts';
import { type Panel, targetOf, timestampAt } from '../../forecasting/panel/panel.ts';
import { seasonsOf } from '../../forecasting/panel/seasons.ts';
import { HeadwayError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';
import type { FeatureStore } from '../../storage/features/feature-store.ts';
import { filesOf, type Manifest } from '../../storage/features/manifest.ts';
import { defaultTrainingConfig } from './training-config.ts';

/** What a training reads; the feature store satisfies it. */
export type TrainingFeatures = Pick<FeatureStore, 'head' | 'manifest' | 'readSample'>;

export interface TrainingPanel {
  readonly manifest: Manifest;
  readonly panel: Panel;
  readonly knownAt: number;
}

export interface TrainingPanelRequest {
  /** Default: the newest. */
  readonly snapshotVersion?: string;
  /** Default: everything in the snapshot. */
  readonly knownAt?: number;
  /** Default: that of the default configuration. */
  readonly maxValues?: number;
  readonly logger?: Logger;
}

export async function readTrainingPanel(
  features: TrainingFeatures,
  domain: Domain,
  asked: TrainingPanelRequest = {},
): Promise<TrainingPanel> {
  const { maxValues = defaultTrainingConfig.maxValues } = asked;
  const manifest = asked.snapshotVersion
    ? await features.manifest(asked.snapshotVersion)
    : await features.head();
  if (manifest === null) {
    throw new HeadwayError('SNAPSHOT_EMPTY', `there are no features of ${domain.name} yet`, {
      fix: 'Run `headway features run` first.',
    });
  }
  // On another machine whose clock is ahead, a part may have become known "after" the commit that
  // holds it.
  const everything = filesOf(manifest).reduce(
    (latest, { availableAt }) => Math.max(latest, availableAt),
    manifest.committedAt,
  );
  const knownAt = asked.knownAt ?? everything;
  const { snapshotVersion } = manifest;
  const { panel, of } = await features.readSample({ snapshotVersion, knownAt, maxValues });
  const series = panel.seriesIds.length;
  if (series < of)
    asked.logger?.warn(
      { series, of, maxValues },
      `all series have more than ${maxValues} values: a sample of ${series} of ${of} is used`,
    );
  return { manifest, knownAt, panel };
}

const MAX_NAMED = 10;

/** Says which readings are treated as unknown, because nothing around them explains them. */
export function logOutliers(panel: Panel, domain: Domain, logger: Logger): void {
  const seasons = seasonsOf(domain);
  const found = panel.seriesIds.flatMap((seriesId, series) => {
    const values = targetOf(panel, series);
    return outliersOf(values, panel, seasons).map((t) => ({
      ...{ seriesId, value: values[t] },
      timestamp: new Date(timestampAt(panel, t)).toISOString(),
    }));
  });
  if (found.length === 0) return;
  logger.warn(
    { count: found.length, readings: found.slice(-MAX_NAMED) },
    'values far from all around them are treated as unknown',
  );
}
