/**
 * Purpose: `headway train --reproduce`: says whether a model's training set can still be made bit
 * for bit, and whether its weights can.
 * Invariants: registers nothing, promotes nothing; the model's card decides, not the settings of
 * today.
 * Fails: STORE_CORRUPT where the training set is another; MODEL_INCOMPATIBLE where the weights are,
 * though they were fitted with the card's backend; what the check itself fails with. Weights that
 * could not be compared are no failure.
 */
import { HeadwayError } from '../../platform/errors.ts';
import {
  type BackendChoice,
  startTensorBackend,
} from '../../platform/tensorflow/tensor-backend.ts';
import { type Reproduction, reproduce } from '../../services/training/reproduce.ts';
import type { CommandContext } from '../context.ts';
import { workersOf } from './train.ts';

export async function reproduceCommand(
  context: CommandContext,
  modelVersion: string,
  panelOnly: boolean,
): Promise<void> {
  const { logger, progress } = context;
  const result = await reproduce({
    features: await context.features(),
    registry: await context.registry(),
    modelVersion,
    panelOnly,
    progress,
    startBackend: async (name) =>
      workersOf(context, await startTensorBackend(logger, name as BackendChoice, 'training')),
  });
  const { card, trainingSet, weights } = result;
  context.printJson({ modelVersion, ...toldOf(result), trainingSet, weights });
  const knownAt =
    card.knownAt === null ? '' : `, as it was known at ${new Date(card.knownAt).toISOString()}`;
  context.print(`Model ${modelVersion} was trained on snapshot ${card.snapshotVersion}${knownAt}.`);
  const size = `${trainingSet.series} series × ${trainingSet.intervals} intervals`;
  if (!trainingSet.equal) {
    throw new HeadwayError(
      'STORE_CORRUPT',
      `The training set of ${modelVersion} is not what its card says`,
      {
        where: `${card.snapshotVersion}: ${size}, hash ${trainingSet.found}, not ${trainingSet.expected}`,
        fix: 'Run `headway store verify`; restore the store from a backup of that time.',
      },
    );
  }
  context.print(`Training set: equal bit for bit, ${size}, hash ${trainingSet.found}.`);
  if (weights === null) return;
  if (weights.outcome === 'different') {
    const what = weights.found === weights.expected ? 'scaling or calibration' : 'weights';
    throw new HeadwayError(
      'MODEL_INCOMPATIBLE',
      `Fitted again, the ${what} of ${modelVersion} are others: ${weights.why}`,
      {
        where: `weights ${weights.found}, not ${weights.expected}`,
        fix: 'Its training set is equal. Fit it with the Node, the backend and the commit of Headway that made it.',
      },
    );
  }
  context.print(
    weights.outcome === 'equal'
      ? `Weights: equal bit for bit, ${card.backend}, seed ${card.seed}, hash ${weights.found}.`
      : `Weights: not compared. ${modelVersion} cannot be fitted again: ${weights.why}.`,
  );
}

const toldOf = ({
  card: { snapshotVersion, knownAt, trainingCutoff, seed, backend, madeWith },
}: Reproduction) => ({
  ...{ snapshotVersion, knownAt, trainingCutoff, seed, backend, madeWith },
});
