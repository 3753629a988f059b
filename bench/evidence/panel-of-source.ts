/**
 * Purpose: for benches: the panel of any domain's raw data, through the whole feature pipeline, and
 * the model that `headway train` would build on a stretch of it.
 * Invariants: the store lies in the folder given, and is read again by the next run.
 * Fails: as the pipeline and the fit do.
 */
import { join } from 'node:path';
import { workersOf } from '../../cli/actions/workers.ts';
import { type CommandContext, openContext } from '../../cli/context.ts';
import type { Domain } from '../../domains/domain.ts';
import type { Forecaster } from '../../forecasting/models/forecaster.ts';
import { networkForecaster } from '../../forecasting/models/network/forecaster.ts';
import type { Panel } from '../../forecasting/panel/panel.ts';
import { startTensorBackend } from '../../platform/tensorflow/tensor-backend.ts';
import { runFeatures } from '../../services/feature/run.ts';
import { fitUpTo } from '../../services/training/evaluation.ts';
import { networkSpecOf, type TrainingConfig } from '../../services/training/training-config.ts';
import { readTrainingPanel } from '../../services/training/training-panel.ts';
import { openFeatureStore } from '../../storage/features/feature-store.ts';
import { fileObjectStore } from '../../storage/objects/file-object-store.ts';

/** As for `headway features run`. */
export interface SourceSpecs {
  readonly source: string;
  readonly exogenous?: string;
}

/** Clock, logger, progress and settings of a bench that works in `folder`. */
export const benchContext = (folder: string): CommandContext =>
  openContext({ store: join(folder, 'store'), work: join(folder, 'work'), logLevel: 'error' }, {});

/** @param exogenous where the domain's exogenous columns come from; absent: none */
export async function panelOfSource(
  { clock, logger, progress, settings }: CommandContext,
  domain: Domain,
  { source: spec, exogenous: exogenousSpec }: SourceSpecs,
  folder: string,
): Promise<Panel> {
  const store = fileObjectStore(join(folder, 'store'));
  const features = openFeatureStore({ store, domain: domain.name, clock });
  const rawFolder = join(settings.work, 'raw', domain.name);
  const sourceContext = { rawFolder, clock, logger, progress };
  const source = await domain.openSource(spec, sourceContext);
  const exogenous =
    exogenousSpec === undefined
      ? null
      : ((await domain.openExogenous?.(exogenousSpec, sourceContext)) ?? null);
  const workFolder = settings.work;
  const given = { domain, source, exogenous, features, workFolder };
  await runFeatures({ ...given, clock, logger, progress });
  return (await readTrainingPanel(features, domain)).panel;
}

/** @param lastTarget the last grid index that the model learns from */
export async function fittedUpTo(
  context: CommandContext,
  domain: Domain,
  panel: Panel,
  config: TrainingConfig,
  { lastTarget, seed }: { readonly lastTarget: number; readonly seed: number },
): Promise<Forecaster> {
  const { logger, progress, settings } = context;
  const backend = await startTensorBackend(logger, settings.backend, 'training');
  const spec = networkSpecOf(domain, panel, config, lastTarget);
  const workers = workersOf(context, backend);
  return networkForecaster(
    await fitUpTo({ panel, config, seed, progress, workers }, spec, lastTarget),
  );
}
