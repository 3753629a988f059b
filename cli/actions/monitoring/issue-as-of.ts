/**
 * Purpose: what the batch would have written at a past time, from what was known then.
 * Invariants: as the batch, on a view of the features that may begin up to a day earlier; models
 * that were loaded once and baselines are kept, and what they compute of a view, because every
 * issue time of a day needs them.
 * Fails: as the batch.
 */

import type { Forecaster } from '../../../forecasting/models/forecaster.ts';
import type { Panel } from '../../../forecasting/panel/panel.ts';
import { issueForecasts, issuesOf } from '../../../services/inference/batch/issue-forecasts.ts';
import { issueShadows, shadowBaselines } from '../../../services/inference/batch/issue-shadows.ts';
import type { RestoreForecaster, ServedModels } from '../../../services/inference/ports.ts';
import type { PastFeatures } from '../../../services/monitoring/replay/past-features.ts';
import { heldSnapshot } from '../../../storage/features/online/online-snapshot.ts';
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

/** What would have been served first. */
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
      const found = restored.get(weights) ?? withContextCache(restoreForecaster(model, weights));
      restored.set(weights, found);
      return found;
    }) as RestoreForecaster,
  };
  const baselines = shadowBaselines(domain);
  const onFailure = (shadow: string, error: unknown) =>
    logger.warn({ shadow, error }, 'a shadow does not forecast');
  return async (at) => {
    const { panel, manifest, end } = await past.view(at, tail);
    const issued = await issueForecasts({
      ...common,
      features: {
        head: async () => manifest,
        openOnline: async () => heldSnapshot(panel, manifest),
      },
      ...{ issuedAt: at, end },
      allowsBaseline: true,
    });
    const shadows = { ...common, baselines, challengers: await challengers(), onFailure };
    return [...issuesOf(issued), ...(await issueShadows(shadows, issued))];
  };
}

/** The same forecaster, which computes the context of a panel once. */
function withContextCache(forecaster: Forecaster): Forecaster {
  const { withContext } = forecaster;
  if (withContext === undefined) return forecaster;
  const cache = new WeakMap<Panel, Panel>();
  return {
    ...forecaster,
    withContext(panel) {
      const found = cache.get(panel) ?? withContext(panel);
      cache.set(panel, found);
      return found;
    },
  };
}
