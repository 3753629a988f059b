/**
 * Purpose: `headway train --reproduce`: checks whether a model's training set and weights can still
 * be reproduced bit for bit.
 * Invariants: registers nothing, promotes nothing; takes the model's card, not today's settings.
 * Fails: STORE_CORRUPT where the training set differs; MODEL_INCOMPATIBLE where the weights differ
 * on the card's backend; the errors of the check itself. Weights that cannot be compared are not a
 * failure.
 */
import { HeadwayError } from '../../platform/errors.ts';
import {
  type BackendChoice,
  startTensorBackend,
} from '../../platform/tensorflow/tensor-backend.ts';
import { type Reproduction, reproduce } from '../../services/training/reproduce.ts';
import type { CommandContext } from '../context.ts';
import { workersOf } from './workers.ts';

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
  context.printJson({ modelVersion, ...provenanceOf(result), trainingSet, weights });
  const knownAt =
    card.knownAt === null ? '' : `, as it was known at ${new Date(card.knownAt).toISOString()}`;
  context.print(`Model ${modelVersion} was trained on snapshot ${card.snapshotVersion}${knownAt}.`);
  const size = `${trainingSet.series} series × ${trainingSet.intervals} intervals`;
  if (!trainingSet.equal) {
    throw new HeadwayError(
      'STORE_CORRUPT',
      `The training set of ${modelVersion} differs from its card`,
      {
        where:
          `${card.snapshotVersion}: ${size}, ` +
          `hash ${trainingSet.found}, not ${trainingSet.expected}`,
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
      `Fitted again, the ${what} of ${modelVersion} differ: ${weights.why}`,
      {
        where: `weights ${weights.found}, not ${weights.expected}`,
        fix: 'The training set is equal. Use the Node, backend and commit that trained the model.',
      },
    );
  }
  context.print(
    weights.outcome === 'equal'
      ? `Weights: equal bit for bit, ${card.backend}, seed ${card.seed}, hash ${weights.found}.`
      : `Weights: not compared. ${modelVersion} cannot be fitted again: ${weights.why}.`,
  );
}

const provenanceOf = ({
  card: { snapshotVersion, knownAt, trainingCutoff, seed, backend, madeWith },
}: Reproduction) => ({
  ...{ snapshotVersion, knownAt, trainingCutoff, seed, backend, madeWith },
});
