/**
 * Purpose: `headway models evaluate FOLDER`: a model of others, as an ONNX graph with a card,
 * through the gate.
 * Invariants: one training of a domain and store at a time on this machine; the verdict is stored
 * whatever it says.
 * Fails: MODEL_CARD_INVALID, MODEL_INCOMPATIBLE, SOURCE_NOT_FOUND, PACKAGE_MISSING, NO_CHAMPION,
 * RUN_IN_PROGRESS, SNAPSHOT_EMPTY, HISTORY_TOO_SHORT.
 */
import { join } from 'node:path';
import { openOnnxSession } from '../../../platform/onnx/session.ts';
import { startTensorBackend } from '../../../platform/tensorflow/tensor-backend.ts';
import { evaluateExternal } from '../../../services/training/external/evaluate-external.ts';
import { readExternal } from '../../../services/training/external/read-folder.ts';
import { jsonMetrics } from '../../../services/training/train.ts';
import type { CommandContext } from '../../context.ts';
import { metricsTable } from '../../metrics-table.ts';
import { runLocked } from '../../run-lock.ts';
import { configOf, type TrainingFlags } from '../train.ts';

export interface EvaluateFlags extends TrainingFlags {
  readonly promote?: boolean;
  readonly withChampion?: boolean;
}

export async function evaluateModel(
  context: CommandContext,
  folder: string,
  flags: EvaluateFlags,
): Promise<void> {
  const { domain, settings, clock, logger, progress } = context;
  const model = await readExternal(folder);
  const session = openOnnxSession(model.graph, join(folder, model.card.graph));
  try {
    // The champion that it is compared with.
    await startTensorBackend(logger, settings.backend, 'prediction');
    const features = await context.features();
    const registry = await context.registry();
    const config = await configOf(flags, domain);
    const { card, verdict, metrics, secondsPerMillion } = await runLocked(context, 'training', () =>
      evaluateExternal({
        ...{ domain, features, registry, config, clock, logger, progress, model },
        ...{ seed: settings.seed, run: session.run, promotes: flags.promote ?? true },
        withChampion: flags.withChampion ?? false,
        drawVerdict: async (chart) =>
          (await import('../../../reports/svg-files.ts')).verdictSvg(chart),
      }),
    );
    context.print(metricsTable(jsonMetrics({ metrics }), domain.unit));
    context.print(
      `\n${model.card.name} (${model.card.licence}) is ${card.modelVersion}: ${verdict.reason}`,
    );
    const { modelVersion } = card;
    context.print(`A million forecasts take ${secondsPerMillion.toFixed(0)} s on this machine.`);
    context.printJson({
      ...{ modelVersion, outcome: verdict.outcome, promoted: verdict.promoted },
      ...{ reason: verdict.reason, comparisons: verdict.comparisons, groups: verdict.groups },
      ...{ secondsPerMillion, metrics: jsonMetrics({ metrics }) },
    });
  } finally {
    await session.close();
  }
}
