/**
 * Purpose: what the batch would have written at a past time, from what was known then.
 * Invariants: as the batch; models that were loaded once are kept, because every issue time needs
 * them.
 * Fails: as the batch.
 */

import { panelTail } from '../../../forecasting/panel/panel.ts';
import { issueForecasts } from '../../../services/inference/batch/issue-forecasts.ts';
import { issueShadows } from '../../../services/inference/batch/issue-shadows.ts';
import type { RestoreForecaster, ServedModels } from '../../../services/inference/ports.ts';
import type { PastFeatures } from '../../../services/monitoring/replay/past-features.ts';
import type { LedgerIssue } from '../../../storage/ledger/ledger.ts';
import { restoreForecaster } from '../../../storage/models/restore-forecaster.ts';
import type { CommandContext } from '../../context.ts';

export interface PastBatch {
  readonly past: PastFeatures;
  readonly registry: ServedModels;
  /** Intervals of the view that forecasts are made from. */
  readonly tail: number;
  /** Versions of models that forecast in shadow at a time. */
  readonly challengers: () => Promise<readonly string[]>;
}

/** The serving issue first. */
export function issuerAsOf(
  { domain, logger }: Pick<CommandContext, 'domain' | 'logger'>,
  { past, registry, tail, challengers }: PastBatch,
): (at: number) => Promise<LedgerIssue[]> {
  const loaded = new Map<string, ReturnType<typeof registry.load>>();
  const restored = new WeakMap<object, ReturnType<typeof restoreForecaster>>();
  const common = {
    domain,
    registry: {
      ...registry,
      load(modelVersion: string) {
        const found = loaded.get(modelVersion) ?? registry.load(modelVersion);
        loaded.set(modelVersion, found);
        return found;
      },
    },
    restoreForecaster: ((model, weights) => {
      const found = restored.get(weights) ?? restoreForecaster(model, weights);
      restored.set(weights, found);
      return found;
    }) as RestoreForecaster,
  };
  const onFailure = (shadow: string, error: unknown) =>
    logger.warn({ shadow, error }, 'a shadow does not forecast');
  return async (at) => {
    const { panel, manifest } = await past.at(at);
    const online = { panel: panelTail(panel, tail), manifest };
    const issued = await issueForecasts({
      ...common,
      features: { head: async () => manifest, readOnline: async () => online },
      issuedAt: at,
      allowsBaseline: true,
    });
    const shadows = { ...common, challengers: await challengers(), onFailure };
    return [issued.entry, ...(await issueShadows(shadows, issued))];
  };
}
