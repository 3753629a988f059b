/**
 * Purpose: `headway models table FOLDER`: the table that the external model of a card learns from.
 * Invariants: writes nothing to the store; nothing of the test span is in the table.
 * Fails: MODEL_CARD_INVALID, MODEL_INCOMPATIBLE, SNAPSHOT_EMPTY, HISTORY_TOO_SHORT.
 */
import { encodeSafetensors } from '../../../platform/files/safetensors.ts';
import { readCard } from '../../../services/training/external/read-folder.ts';
import { trainingTable } from '../../../services/training/external/training-table.ts';
import { readTrainingPanel } from '../../../services/training/training-panel.ts';
import type { CommandContext } from '../../context.ts';
import { writeOutput } from '../../output.ts';
import { configOf, type TrainingFlags } from '../train.ts';

export async function writeTable(
  context: CommandContext,
  folder: string,
  { out, ...flags }: TrainingFlags & { readonly out: string },
): Promise<void> {
  const { domain } = context;
  const card = await readCard(folder);
  const config = await configOf(flags, domain);
  const { panel, manifest } = await readTrainingPanel(await context.features(), domain, {
    maxValues: config.maxValues,
    logger: context.logger,
  });
  const { columns, tensors, trainedUpTo } = trainingTable(card, domain, panel, config);
  await writeOutput(out, encodeSafetensors(tensors));
  const until = new Date(trainedUpTo).toISOString();
  context.print(
    `${out} has ${tensors.y.shape[0]} rows of ${columns.length} columns, targets up to ${until}. ` +
      'Put that time into the card as trainedUpTo.',
  );
  context.printJson({
    ...{ out, columns, rows: tensors.y.shape[0], trainedUpTo: until },
    ...{ seriesIds: panel.seriesIds, snapshotVersion: manifest.snapshotVersion },
  });
}
