/**
 * Purpose: restores the champion for a training: to compare with, and (if asked) to start from.
 * Invariants: a champion that was refitted on all data is compared with by its scored twin, which
 * has not seen the test span; a fit never starts from a model that has seen its test span; a
 * champion that cannot be used (damaged, or of another frequency or a shorter horizon) is logged
 * and left out, and the result says why.
 * Fails: STORE_CORRUPT for the registry's log; STORE_UNAVAILABLE, PACKAGE_MISSING: a champion that
 * cannot be read now is not replaced without a comparison.
 */
import type { Domain } from '../../domains/domain.ts';
import { NO_EXOGENOUS } from '../../forecasting/features/exogenous.ts';
import type { FeatureSpec } from '../../forecasting/features/feature-spec.ts';
import { isExternal } from '../../forecasting/models/external/forecaster.ts';
import { networkForecaster, restoreTrained } from '../../forecasting/models/network/forecaster.ts';
import type { TrainedNetwork } from '../../forecasting/models/network/network.ts';
import { type WarmStart, warmStartFrom } from '../../forecasting/models/network/warm-start.ts';
import { hasColumn } from '../../forecasting/panel/exogenous-columns.ts';
import { type Panel, timestampAt } from '../../forecasting/panel/panel.ts';
import { describeError, isHeadwayError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';
import type { ModelRegistry } from '../../storage/models/model-registry.ts';
import { restoreForecaster } from '../../storage/models/restore-forecaster.ts';
import { testCutoffs } from './evaluation.ts';
import { CHAMPION } from './gate.ts';
import type { TrainedForecaster } from './provenance.ts';
import { networkSpecOf, type TrainingConfig } from './training-config.ts';

export interface Champion extends TrainedForecaster {
  /** The model that was scored: the champion, or the twin of one that was refitted. */
  readonly modelVersion: string;
  /** null where the champion is an external model. */
  readonly network: TrainedNetwork | null;
}

/** The champion when a training begins, and what the training may do with it. */
export interface Reign {
  /** The version that is served; null for none. */
  readonly reigning: string | null;
  /** null where there is none, or none to compare with. */
  readonly champion: Champion | null;
  /** Why the champion is left out of the comparison; null if it is not, or if there is none. */
  readonly leftOut: string | null;
}

export async function restoreChampion(
  registry: ModelRegistry,
  { horizon }: Pick<Domain, 'horizon'>,
  panel: Panel,
  logger: Logger,
): Promise<Reign> {
  const promotion = await registry.champion();
  if (promotion === null) return { reigning: null, champion: null, leftOut: null };
  const { modelVersion } = promotion;
  const leaveOut = (leftOut: string): Reign => ({
    reigning: modelVersion,
    champion: null,
    leftOut,
  });
  try {
    const served = await registry.load(modelVersion);
    const twin = served.card.refit?.twin;
    const { card, model, weights } = twin === undefined ? served : await registry.load(twin);
    const network = isExternal(model) ? null : restoreTrained(model, weights);
    const features = isExternal(model)
      ? (model.ensemble?.model.spec.features ?? model.features)
      : network?.spec.features;
    const problem = mismatchOf(features as FeatureSpec, horizon, panel);
    if (problem !== null) {
      logger.warn({ modelVersion }, `the champion cannot be part of the comparison: ${problem}`);
      return leaveOut(problem);
    }
    const forecaster = network ? networkForecaster(network) : restoreForecaster(model, weights);
    const champion = {
      modelVersion: card.modelVersion,
      network,
      forecaster: { ...forecaster, name: CHAMPION },
      trainingCutoff: card.trainingCutoff,
    };
    return { reigning: modelVersion, champion, leftOut: null };
  } catch (error) {
    if (!isUnusableModel(error)) throw error;
    logger.error(
      { modelVersion },
      `the champion cannot be part of the comparison: ${describeError(error)}`,
    );
    return leaveOut(error.message);
  }
}

/** Whether the model itself is at fault, and no second attempt would read it. */
const isUnusableModel = (error: unknown): error is Error =>
  error instanceof RangeError ||
  isHeadwayError(error, 'MODEL_CORRUPT') ||
  isHeadwayError(error, 'MODEL_NOT_FOUND') ||
  isHeadwayError(error, 'MODEL_INCOMPATIBLE');

/** Why a network cannot forecast what this training is scored on; null where it can. */
function mismatchOf(
  { horizon: own, frequencyMinutes, exogenous = NO_EXOGENOUS }: FeatureSpec,
  horizon: number,
  panel: Panel,
): string | null {
  if (frequencyMinutes !== panel.frequencyMinutes)
    return (
      `its intervals are ${frequencyMinutes} minutes long, those of the snapshot ` +
      `${panel.frequencyMinutes}`
    );
  if (own < horizon) return `it forecasts ${own} steps, the domain needs ${horizon}`;
  const missing = [...exogenous.past, ...exogenous.future]
    .map(({ name }) => name)
    .filter((name) => !hasColumn(panel, name));
  return missing.length === 0
    ? null
    : `it reads ${missing.join(', ')}, which the snapshot does not have`;
}

/**
 * The start that a fit on this panel takes from the champion; null where there is none, and the log
 * says why.
 */
export function warmStartOf(
  champion: Champion | null,
  {
    domain,
    panel,
    config,
    logger,
  }: { domain: Domain; panel: Panel; config: TrainingConfig; logger: Logger },
): WarmStart | null {
  if (champion === null) {
    logger.info('training starts cold: there is no champion to start from');
    return null;
  }
  const { modelVersion, trainingCutoff, network } = champion;
  if (network === null) {
    logger.info({ modelVersion }, 'training starts cold: the champion is not a network');
    return null;
  }
  const lastTarget = testCutoffs(domain, panel, config)[0] as number;
  const start =
    trainingCutoff > timestampAt(panel, lastTarget)
      ? `it was trained on days up to ${new Date(trainingCutoff).toISOString()}, which ` +
        'this fit is scored on'
      : warmStartFrom(network, networkSpecOf(domain, panel, config, lastTarget));
  if (typeof start === 'string') {
    logger.info({ modelVersion }, `training starts cold, not from the champion: ${start}`);
    return null;
  }
  logger.info({ modelVersion }, 'training continues from the champion');
  return start;
}
