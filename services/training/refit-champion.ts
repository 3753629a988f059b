/**
 * Purpose: fits the recipe of a champion again on all data, for a champion that has learnt from
 * nothing new for long.
 * Invariants: the configuration, the seed and the calibration stay those of the model that was
 * scored; the refit is promoted only if it passes the checks of every refit (refit.ts), and names
 * its scored twin.
 * Fails: NO_CHAMPION; SNAPSHOT_EMPTY, HISTORY_TOO_SHORT, MODEL_CORRUPT.
 */
import { isExternal } from '../../forecasting/models/external/forecaster.ts';
import { restoreTrained, saveNetwork } from '../../forecasting/models/network/forecaster.ts';
import { HeadwayError } from '../../platform/errors.ts';
import { buildEnvironment } from '../../platform/tensorflow/build-environment.ts';
import { hashPanel } from '../../storage/features/panel-hash.ts';
import { testCutoffs } from './evaluation.ts';
import { refit } from './refit.ts';
import type { TrainingRequest } from './train.ts';
import type { TrainingConfig } from './training-config.ts';
import { readTrainingPanel } from './training-panel.ts';

export interface ChampionRefit {
  /** null: it failed a check, and the champion stays. */
  readonly modelVersion: string | null;
  /** One sentence for people. */
  readonly reason: string;
  readonly checks: readonly string[];
}

export async function refitChampion(request: TrainingRequest): Promise<ChampionRefit> {
  const { domain, features, registry, config, backend, promotes } = request;
  const champion = await registry.champion();
  if (champion === null)
    throw new HeadwayError('NO_CHAMPION', 'there is no champion to refit', {
      fix: 'Run `headway train`.',
    });
  const served = await registry.load(champion.modelVersion);
  const twin = served.card.refit?.twin;
  const { card, model, weights } = twin === undefined ? served : await registry.load(twin);
  if (isExternal(model))
    return { modelVersion: null, reason: 'the champion is an external model', checks: [] };
  // Cards of earlier versions lack what came since. A refit starts from nothing.
  const { warmStart: _, ...said } = card.config as Partial<TrainingConfig> & {
    readonly warmStart?: string;
  };
  const own: TrainingConfig = { ...config, ...said, fit: { ...config.fit, ...said.fit } };
  const { maxValues } = own;
  const { manifest, panel, knownAt } = await readTrainingPanel(features, domain, {
    maxValues,
    logger: request.logger,
  });
  const outcome = await refit(
    { ...request, config: own, panel, seed: card.seed, warmStart: null },
    restoreTrained(model, weights),
    testCutoffs(domain, panel, own),
  );
  const { fitted, checks, problem, trainingCutoff, seconds } = outcome;
  if (problem !== null)
    return { modelVersion: null, reason: `the refit is not served: ${problem}`, checks };
  const { modelVersion } = await registry.register({
    ...saveNetwork(fitted),
    card: {
      ...{ snapshotVersion: manifest.snapshotVersion, knownAt, panelHash: hashPanel(panel) },
      ...{ trainingCutoff, trainingSeconds: seconds, backend, madeWith: buildEnvironment() },
      ...{ forecaster: card.forecaster, config: { ...own }, seed: card.seed },
      ...{ quantiles: card.quantiles, horizon: card.horizon },
      ...{ metrics: card.metrics, evidence: card.evidence },
      refit: { twin: card.modelVersion, checks },
    },
  });
  const reason = `the recipe of ${card.modelVersion}, fitted again on all data`;
  if (promotes !== false)
    await registry.promote({
      ...{ modelVersion, reason, evidence: { twin: card.modelVersion, checks } },
      over: champion.modelVersion,
    });
  return { modelVersion, reason, checks };
}
