/**
 * Purpose: `headway models export --onnx`: a model as a folder that needs neither Headway nor Node:
 * the graph, a manifest, and windows with the forecasts that Headway makes of them.
 * Invariants: reads only; the forecasts come from `predict`, not from the graph, so that they prove
 * it; the same model and snapshot give the same bytes.
 * Fails: NO_CHAMPION, MODEL_NOT_FOUND, MODEL_INCOMPATIBLE for a model that is not a network or a
 * graph that forecasts something else, PACKAGE_MISSING, SNAPSHOT_EMPTY, HISTORY_TOO_SHORT.
 */
import { join } from 'node:path';
import {
  networkForecaster,
  restoreTrained,
} from '../../../forecasting/models/network/forecaster.ts';
import type { TrainedNetwork } from '../../../forecasting/models/network/network.ts';
import { IR_VERSION, OPERATOR_SET } from '../../../forecasting/models/onnx/graph.ts';
import { networkRecipe } from '../../../forecasting/models/onnx/input-recipe.ts';
import {
  networkInputs,
  networkOnnx,
  networkPorts,
} from '../../../forecasting/models/onnx/network-onnx.ts';
import { largestDifference, MAX_DIFFERENCE } from '../../../forecasting/models/onnx/parity.ts';
import { lastObserved, type Panel, timestampAt } from '../../../forecasting/panel/panel.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import { sha256 } from '../../../platform/files/content-hash.ts';
import { encodeSafetensors, type Tensor } from '../../../platform/files/safetensors.ts';
import { startTensorBackend } from '../../../platform/tensorflow/tensor-backend.ts';
import type { LoadedModel } from '../../../storage/models/model-card.ts';
import type { CommandContext } from '../../context.ts';
import { writeOutput } from '../../output.ts';
import { mlflowFiles } from './mlflow.ts';

export interface ExportFlags {
  readonly onnx: string;
  readonly windows?: number;
  readonly check?: boolean;
  readonly mlflow?: boolean;
}

const DEFAULT_WINDOWS = 1000;

export async function exportModel(
  context: CommandContext,
  named: string | undefined,
  { onnx: folder, windows = DEFAULT_WINDOWS, check = false, mlflow = false }: ExportFlags,
): Promise<void> {
  const { logger, settings } = context;
  const loaded = await loadModel(context, named);
  const trained = restoredNetwork(loaded);
  await startTensorBackend(logger, settings.backend, 'prediction');
  const features = await context.features();
  const { manifest } = await features.openOnline();
  const { snapshotVersion } = manifest;
  const panel = await features.readAsOf({ snapshotVersion });
  const { modelVersion } = loaded.card;
  const { files, examples } = exportedFiles(loaded, trained, panel, { snapshotVersion, windows });
  if (mlflow) Object.assign(files, mlflowFiles(loaded.card, networkPorts(trained)));
  for (const [name, content] of Object.entries(files))
    await writeOutput(join(folder, name), content);
  const model = files['model.onnx'];
  context.print(
    `${modelVersion} is in ${folder}: model.onnx (${(model.byteLength / 1e3).toFixed(0)} kB), ` +
      `manifest.json, windows.safetensors with ${examples.count} windows and their forecasts.`,
  );
  const difference = check ? await differenceOf(model, folder, examples.tensors) : null;
  if (difference !== null)
    context.print(`onnxruntime gives the same forecasts; the largest difference is ${difference}.`);
  const { count } = examples;
  context.printJson({ folder, modelVersion, snapshotVersion, windows: count, difference });
}

/** What the folder holds, by name. */
export function exportedFiles(
  loaded: Pick<LoadedModel, 'card'>,
  trained: TrainedNetwork,
  panel: Panel,
  { snapshotVersion, windows }: { readonly snapshotVersion: string; readonly windows: number },
) {
  const { modelVersion, domain } = loaded.card;
  const model = networkOnnx(trained, { modelVersion, domain });
  const examples = exampleWindows(trained, panel, windows);
  const tensors = encodeSafetensors(examples.tensors);
  const described = {
    ...manifestOf(loaded, trained, sha256(model)),
    windows: {
      ...{ file: 'windows.safetensors', sha256: sha256(tensors), snapshotVersion },
      ...{ count: examples.count, seriesIds: panel.seriesIds, cutoffs: examples.cutoffs },
      order: 'cutoff by cutoff, the latest first, and in each the series in the order of seriesIds',
    },
  };
  const manifest = `${JSON.stringify(described, null, 2)}\n`;
  const files = { 'model.onnx': model, 'windows.safetensors': tensors, 'manifest.json': manifest };
  return { files, examples };
}

/** Runs the graph on the windows: the largest difference from our forecasts, if rounding is all. */
async function differenceOf(
  model: Uint8Array,
  folder: string,
  { quantiles, ...inputs }: Record<string, Tensor>,
): Promise<number> {
  const where = join(folder, 'model.onnx');
  const { openOnnxSession } = await import('../../../platform/onnx/session.ts');
  const session = openOnnxSession(model, where);
  try {
    const [output] = session.run(inputs, ['quantiles']);
    const difference = largestDifference(
      quantiles?.values as Float32Array,
      output?.values as Float32Array,
      inputs.level?.values as Float32Array,
    );
    if (difference <= MAX_DIFFERENCE) return difference;
    throw new HeadwayError(
      'MODEL_INCOMPATIBLE',
      'The ONNX graph and Headway give different forecasts',
      {
        where: `${where}: the relative difference is ${difference}`,
        fix: 'Report this: the graph is built by forecasting/models/onnx/.',
      },
    );
  } finally {
    await session.close();
  }
}

async function loadModel(context: CommandContext, named?: string): Promise<LoadedModel> {
  const registry = await context.registry();
  const modelVersion = named ?? (await registry.champion())?.modelVersion;
  if (modelVersion !== undefined) return registry.load(modelVersion);
  throw new HeadwayError('NO_CHAMPION', `no model of ${context.domain.name} is promoted yet`, {
    fix: 'Run `headway train`, or choose a model from `headway models list`.',
  });
}

function restoredNetwork({ card, model, weights }: LoadedModel): TrainedNetwork {
  if (card.forecaster === 'network') return restoreTrained(model, weights);
  throw new HeadwayError('MODEL_INCOMPATIBLE', `${card.modelVersion} is not a Headway network`, {
    where: card.forecaster,
    fix: 'Choose a network from `headway models list`; an external model already is an ONNX file.',
  });
}

const manifestOf = ({ card }: Pick<LoadedModel, 'card'>, trained: TrainedNetwork, hash: string) => {
  const { inputs, output } = networkPorts(trained);
  const { features, quantiles, seriesIds } = trained.spec;
  return {
    format: 1,
    model: { file: 'model.onnx', sha256: hash, irVersion: IR_VERSION, operatorSet: OPERATOR_SET },
    modelVersion: card.modelVersion,
    domain: card.domain,
    trainedOn: {
      snapshotVersion: card.snapshotVersion,
      cutoff: new Date(card.trainingCutoff).toISOString(),
      panelHash: card.panelHash,
    },
    frequencyMinutes: features.frequencyMinutes,
    place: features.place,
    horizon: features.horizon,
    quantiles,
    seriesIds,
    ports: { inputs, output },
    ...networkRecipe(trained),
  };
};

/** Cutoffs are a horizon and one interval apart, so that they meet every time of the day. */
function exampleWindows(trained: TrainedNetwork, whole: Panel, wanted: number) {
  const { horizon, week } = trained.spec.features;
  const forecaster = networkForecaster(trained);
  const panel = forecaster.withContext?.(whole) ?? whole;
  const cutoffs: number[] = [];
  const count = Math.max(1, Math.ceil(wanted / panel.seriesIds.length));
  for (let at = lastObserved(panel); cutoffs.length < count && at >= week; at -= horizon + 1)
    cutoffs.push(at);
  if (cutoffs.length === 0)
    throw new HeadwayError('HISTORY_TOO_SHORT', 'the snapshot holds less than a week', {
      fix: 'Run `headway features run`.',
    });
  const inputs = networkInputs(trained, panel, cutoffs);
  const size = trained.spec.quantiles.length * horizon;
  const quantiles = new Float32Array(inputs.count * size);
  for (const [i, cutoff] of cutoffs.entries())
    quantiles.set(forecaster.predict(panel, cutoff, horizon), i * panel.seriesIds.length * size);
  const ports = networkPorts(trained);
  const values = { ...inputs, quantiles };
  const tensors = Object.fromEntries(
    [...ports.inputs, ports.output].map(({ name, shape }) => [
      name,
      { shape: [inputs.count, ...shape.slice(1).map(Number)], values: values[name as 'window'] },
    ]),
  );
  return {
    count: inputs.count,
    cutoffs: cutoffs.map((cutoff) => new Date(timestampAt(panel, cutoff)).toISOString()),
    tensors,
  };
}
