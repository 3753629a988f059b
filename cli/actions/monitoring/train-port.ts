/**
 * Purpose: the training that monitoring begins, of the same code as `headway train`.
 * Invariants: time, features and registry are arguments, so that a replay trains in the past.
 * Fails: as a training does.
 */
import { silentProgress } from '../../../platform/progress.ts';
import { startTensorBackend } from '../../../platform/tensorflow/tensor-backend.ts';
import type { ActPorts } from '../../../services/monitoring/act.ts';
import { refitChampion } from '../../../services/training/refit-champion.ts';
import { type TrainingRequest, train } from '../../../services/training/train.ts';
import type { TrainingFeatures } from '../../../services/training/training-panel.ts';
import type { ModelRegistry } from '../../../storage/models/model-registry.ts';
import type { CommandContext } from '../../context.ts';
import { configOf, isDefaultSpan, type TrainingFlags } from '../train.ts';
import { workersOf } from '../workers.ts';

export interface TrainWorld {
  readonly features: TrainingFeatures;
  readonly registry: ModelRegistry;
  readonly clock: CommandContext['clock'];
  readonly flags: TrainingFlags;
}

export function trainPort(context: CommandContext, world: TrainWorld): ActPorts['train'] {
  const { domain, settings, logger } = context;
  const { features, registry, clock } = world;
  return async ({ kind, isShadow }) => {
    const backend = await startTensorBackend(logger, settings.backend, 'training');
    // Without a champion there is nothing to run in the shadow of.
    const isChallenger = isShadow && (await registry.champion()) !== null;
    const request: TrainingRequest = {
      ...{ domain, features, registry, clock, logger, backend },
      config: await configOf(world.flags, domain),
      adaptsToHistory: isDefaultSpan(world.flags),
      seed: settings.seed,
      workers: workersOf(context, backend),
      progress: silentProgress,
      drawVerdict: async (verdict) =>
        (await import('../../../reports/svg-files.ts')).verdictSvg(verdict),
      promotes: !isChallenger,
    };
    if (kind === 'refit') {
      const { modelVersion, reason, checks } = await refitChampion(request);
      const passed = isChallenger && modelVersion !== null;
      return { modelVersion, isChallenger: passed, reason, evidence: { checks } };
    }
    const { card, verdict } = await train(request);
    return {
      modelVersion: card.modelVersion,
      isChallenger: isChallenger && verdict.promoted,
      reason: verdict.reason,
      evidence: { outcome: verdict.outcome, comparisons: verdict.comparisons },
    };
  };
}
