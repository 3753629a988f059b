/**
 * Purpose: for benches: the panel of a domain's raw data, and for some windows at its end the model
 * that `headway train` would have built before each.
 * Invariants: a model has seen nothing of its window; models are kept in a folder where one is
 * named, so that a second bench of the same data need not fit again.
 * Fails: as the pipeline does; HISTORY_TOO_SHORT where no window fits.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { workersOf } from '../../cli/actions/workers.ts';
import { type CommandContext, openContext } from '../../cli/context.ts';
import type { Forecaster } from '../../forecasting/models/forecaster.ts';
import { restoreNetwork, saveNetwork } from '../../forecasting/models/network/forecaster.ts';
import { type Panel, panelUpTo, timestampAt } from '../../forecasting/panel/panel.ts';
import { startTensorBackend } from '../../platform/tensorflow/tensor-backend.ts';
import { runFeatures } from '../../services/feature/run.ts';
import { fitUpTo, testCutoffs } from '../../services/training/evaluation.ts';
import {
  defaultConfigOf,
  networkSpecOf,
  type TrainingConfig,
} from '../../services/training/training-config.ts';
import { readTrainingPanel } from '../../services/training/training-panel.ts';

/** Between the ends of two windows: a quarter of a year, by whole weeks. */
const SEASON_DAYS = 91;

export interface WindowFlags {
  readonly domain: string;
  readonly source: string;
  /** Where models are kept; a new folder where absent. */
  readonly fits: string;
  readonly windows: number;
  readonly skipDays: number;
  /** Batches the network learns from; as `headway train` where absent. */
  readonly steps?: number;
}

export interface FittedWindow {
  /** Ends with the window. */
  readonly panel: Panel;
  readonly cutoffs: readonly number[];
  readonly forecaster: Forecaster;
  readonly lastDay: string;
}

export async function panelOf(flags: WindowFlags): Promise<{
  readonly context: CommandContext;
  readonly panel: Panel;
}> {
  const { domain: name, source, fits } = flags;
  const [store, work] = [join(fits, `${name}-store`), join(fits, `${name}-work`)];
  const context = openContext({ domain: name, source, store, work, logLevel: 'warn' }, {});
  const { domain, clock, logger, progress, settings } = context;
  const features = await context.features();
  await runFeatures({
    ...{ domain, features, clock, logger, progress },
    source: await context.source(),
    exogenous: null,
    workFolder: settings.work,
  });
  return { context, panel: (await readTrainingPanel(features, domain)).panel };
}

/** The windows, latest first. */
export async function* fittedWindows(
  context: CommandContext,
  whole: Panel,
  { fits, windows, skipDays, steps }: WindowFlags,
): AsyncGenerator<FittedWindow> {
  const { domain } = context;
  for (let w = 0; w < windows; w++) {
    const days = skipDays + w * SEASON_DAYS;
    const last = whole.length - 1 - (days * 1440) / domain.frequencyMinutes;
    const panel = panelUpTo(whole, last);
    const defaults = defaultConfigOf(domain);
    const config = { ...defaults, fit: { ...defaults.fit, ...(steps ? { steps } : {}) } };
    const cutoffs = testCutoffs(domain, panel, config);
    const forecaster = await fitted(context, panel, config, cutoffs[0] as number, fits);
    const lastDay = new Date(timestampAt(panel, last)).toISOString().slice(0, 10);
    yield { panel, cutoffs, forecaster, lastDay };
  }
}

async function fitted(
  context: CommandContext,
  panel: Panel,
  config: TrainingConfig,
  lastTarget: number,
  folder: string,
): Promise<Forecaster> {
  const { domain, logger, progress, settings } = context;
  const { seed } = settings;
  const backend = await startTensorBackend(logger, settings.backend, 'training');
  const file = join(folder, `${domain.name}-${lastTarget}-${config.fit.steps}-${seed}`);
  try {
    const model = JSON.parse(await readFile(`${file}.json`, 'utf8')) as unknown;
    return restoreNetwork(model, await readFile(`${file}.bin`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const spec = networkSpecOf(domain, panel, config, lastTarget);
  const workers = workersOf(context, backend);
  const request = { panel, config, seed, progress, workers };
  const { model, weights } = saveNetwork(await fitUpTo(request, spec, lastTarget));
  await mkdir(folder, { recursive: true });
  await writeFile(`${file}.bin`, weights);
  await writeFile(`${file}.json`, JSON.stringify(model));
  return restoreNetwork(model, weights);
}
