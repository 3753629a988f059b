/**
 * Purpose: what the project claims about accuracy, as a command: raw data through the whole
 * pipeline, then what `headway train` builds of everything that the domain has, scored on three
 * windows (docs/glossary.md, "Protocol").
 *   npm run bench:accuracy -- --domain NAME --source SPEC [--exogenous SPEC] [--json FILE]
 * Invariants: the panel, the configuration and the fit are those of `headway train`; each window is
 * fitted on what precedes it; several seeds are averaged, never picked from.
 * Fails: as the pipeline does; HISTORY_TOO_SHORT where no window can be scored.
 */

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { workersOf } from '../cli/actions/workers.ts';
import { type CommandContext, openContext } from '../cli/context.ts';
import { metricsTable } from '../cli/metrics-table.ts';
import type { BacktestResult } from '../forecasting/evaluation/backtest.ts';
import type { Metrics } from '../forecasting/evaluation/metrics.ts';
import { type Panel, panelUpTo, timestampAt } from '../forecasting/panel/panel.ts';
import { seasonsOf } from '../forecasting/panel/seasons.ts';
import { isHeadwayError } from '../platform/errors.ts';
import { startTensorBackend } from '../platform/tensorflow/tensor-backend.ts';
import { runFeatures } from '../services/feature/run.ts';
import { evaluate } from '../services/training/evaluation.ts';
import { defaultConfigOf, type TrainingConfig } from '../services/training/training-config.ts';
import { readTrainingPanel } from '../services/training/training-panel.ts';
import { type FigureTree, figuresOf } from './support/accuracy-figures.ts';
import { runBench } from './support/run-bench.ts';
import { STEPS_OPTION, withSteps } from './support/steps-option.ts';

interface Flags {
  readonly domain: string;
  readonly source: string;
  readonly exogenous?: string;
  readonly json?: string;
  readonly seeds: string;
  readonly windows: string;
  readonly steps?: string;
  readonly skipDays: string;
  readonly backend: string;
}

/** Between the ends of two windows: a quarter of a year, by whole weeks. */
const SEASON_DAYS = 91;

interface Window {
  readonly lastDay: string;
  readonly cutoffs: number;
  /** Of a fit, on average. */
  readonly trainingSeconds: number;
  readonly metrics: FigureTree;
}

async function bench(flags: Flags, folder: string): Promise<void> {
  const context = openContext(
    {
      domain: flags.domain,
      source: flags.source,
      ...(flags.exogenous ? { exogenous: flags.exogenous } : {}),
      store: join(folder, 'store'),
      work: join(folder, 'work'),
      logLevel: 'warn',
      backend: flags.backend,
    },
    {},
  );
  const { domain, clock, logger, progress, settings } = context;
  const backend = await startTensorBackend(logger, settings.backend, 'training');
  const features = await context.features();
  const started = clock.elapsedMs();
  await runFeatures({
    domain,
    source: await context.source(),
    exogenous: await context.exogenous(),
    features,
    workFolder: settings.work,
    clock,
    logger,
    progress,
  });
  const featureSeconds = (clock.elapsedMs() - started) / 1000;
  const { panel } = await readTrainingPanel(features, domain);
  const config = withSteps(defaultConfigOf(domain), flags.steps);
  const windows: Window[] = [];
  for (let w = 0; w < Number(flags.windows); w++) {
    const days = Number(flags.skipDays) + w * SEASON_DAYS;
    const last = panel.length - 1 - (days * 1440) / domain.frequencyMinutes;
    const window = await scoreWindow(context, panelUpTo(panel, last), config, {
      backend,
      seeds: Number(flags.seeds),
    }).catch((error: unknown) => {
      if (windows.length > 0 && isHeadwayError(error, 'HISTORY_TOO_SHORT')) return null;
      throw error;
    });
    if (window === null) break;
    windows.push(window);
    console.log(`\n${config.testDays} days up to ${window.lastDay}, ${window.cutoffs} cutoffs`);
    console.log(metricsTable(window.metrics, domain.unit));
  }
  if (!flags.json) return;
  const result = {
    domain: domain.name,
    series: panel.seriesIds.length,
    intervals: panel.length,
    seeds: Number(flags.seeds),
    backend,
    seconds: { features: featureSeconds, train_network: windows[0]?.trainingSeconds },
    windows,
  };
  await mkdir(dirname(flags.json), { recursive: true });
  await writeFile(flags.json, `${JSON.stringify(result, null, 1)}\n`);
}

/** What `headway train` would have built and scored, had the panel ended there. */
async function scoreWindow(
  context: CommandContext,
  panel: Panel,
  config: TrainingConfig,
  { backend, seeds }: { backend: Awaited<ReturnType<typeof startTensorBackend>>; seeds: number },
): Promise<Window> {
  const { domain, clock, progress, settings } = context;
  const results: BacktestResult[] = [];
  let seconds = 0;
  for (let seed = settings.seed; seed < settings.seed + seeds; seed++) {
    const workers = workersOf(context, backend);
    const request = { domain, panel, config, seed, clock, progress, workers };
    const { result, trainingSeconds, metrics } = await evaluate(request);
    results.push(result);
    seconds += trainingSeconds;
    console.log(`seed ${seed}, ${trainingSeconds.toFixed(0)} s: ${line(metrics.all?.network)}`);
  }
  return {
    lastDay: new Date(timestampAt(panel, panel.length - 1)).toISOString().slice(0, 10),
    cutoffs: results[0]?.cutoffs.length ?? 0,
    trainingSeconds: seconds / seeds,
    metrics: figuresOf(results, panel, seasonsOf(domain).week),
  };
}

const line = (metrics: Metrics | undefined): string =>
  metrics === undefined
    ? 'no network'
    : `MAE ${metrics.mae.toPrecision(4)}, pinball ${metrics.pinball.toPrecision(4)}, coverage ` +
      `${(100 * metrics.coverage).toFixed(1)} %`;

const command = new Command('bench:accuracy')
  .description('Score what `headway train` builds, and the baselines, on windows of its test span.')
  .requiredOption('--domain <name>', 'a folder in domains/')
  .requiredOption('--source <spec>', 'raw data, as for `headway features run`')
  .option('--exogenous <spec>', 'exogenous columns, as for `headway features run`')
  .option('--json <file>', 'write the figures')
  .option('--seeds <count>', 'train this many times a window and average', '3')
  .option(
    '--windows <count>',
    'the last test span (28 days of hours), and others a quarter of a year apart each',
    '3',
  )
  .option('--backend <name>', 'auto, native, wasm or cpu', 'auto')
  .option(...STEPS_OPTION)
  .option(
    '--skip-days <days>',
    'leave out this many days at the end: earlier windows, for choosing',
    '0',
  );

await runBench(command, bench);
