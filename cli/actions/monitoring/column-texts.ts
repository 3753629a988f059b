/**
 * Purpose: the columns of the raw data that a snapshot was made of, as texts that a drift check
 * compares.
 * Fails: never; none where the snapshot does not say, or its quality report cannot be read.
 */
import type { Logger } from '../../../platform/telemetry/logger.ts';
import { columnsIn } from '../../../services/feature/contract/contract.ts';
import type { FeatureStore } from '../../../storage/features/feature-store.ts';
import type { Manifest } from '../../../storage/features/manifest.ts';

export async function columnTexts(
  features: Pick<FeatureStore, 'readReport'>,
  manifest: Manifest | null,
  logger: Logger,
): Promise<string[]> {
  try {
    const report = manifest === null ? null : await features.readReport(manifest);
    return Object.entries(columnsIn(report)).flatMap(([feed, columns]) =>
      columns.map(({ name, type }) => `${feed}/${name}: ${type}`),
    );
  } catch (error) {
    logger.warn({ err: error }, 'the quality report cannot be read; columns are not compared');
    return [];
  }
}
