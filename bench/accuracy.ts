/**
 * Purpose: what the project claims about accuracy, as a command: raw data through the whole
 * pipeline, then the network and the naive baselines on the protocol of docs/glossary.md
 * ("Protocol"), and the very panel as CSV for other tools.
 *   npm run bench:accuracy -- --domain NAME --source SPEC [--exogenous SPEC]
 *     [--json FILE] [--panel FILE] [--seeds 1]
 * Invariants: the test span is the last 28 days, cutoffs 25 intervals apart; series are chosen, and
 * gaps filled, before anything is scored, and the exported panel is the one that was scored;
 * several seeds are averaged, never picked from.
 * Fails: as the pipeline does; HISTORY_TOO_SHORT where nothing is left to score.
 */
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import { workersOf } from '../cli/actions/workers.ts';
import { openContext } from '../cli/context.ts';
import { metricsTable } from '../cli/metrics-table.ts';
import { completePanel } from '../forecasting/panel/complete-panel.ts';
import { panelCsv } from '../forecasting/panel/csv.ts';
import { describeError, HeadwayError } from '../platform/errors.ts';
import { startTensorBackend } from '../platform/tensorflow/tensor-backend.ts';
import { runFeatures } from '../services/feature/run.ts';
import { evaluate } from '../services/training/evaluation.ts';
import { jsonMetrics } from '../services/training/train.ts';
import { defaultTrainingConfig } from '../services/training/training-config.ts';

interface Flags {
  readonly domain: string;
  readonly source: string;
  readonly exogenous?: string;
  readonly json?: string;
  readonly panel?: string;
  readonly seeds: string;
  readonly historyDays: string;
  readonly minMean: string;
  readonly steps: string;
  readonly skipDays: string;
  readonly backend: string;
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
  const startedFeatures = clock.elapsedMs();
  const { parts } = await runFeatures({
    domain,
    source: await context.source(),
    exogenous: await context.exogenous(),
    features,
    workFolder: settings.work,
    clock,
    logger,
    progress,
  });
  const featureSeconds = (clock.elapsedMs() - startedFeatures) / 1000;
  const testIntervals = (defaultTrainingConfig.testDays * 1440) / domain.frequencyMinutes;
  const { panel, filled } = completePanel(await features.readAsOf(), {
    intervals: (Number(flags.historyDays) * 1440) / domain.frequencyMinutes,
    dropLast: (Number(flags.skipDays) * 1440) / domain.frequencyMinutes,
    testIntervals,
    minimumMean: Number(flags.minMean),
  });
  if (panel.seriesIds.length === 0)
    throw new HeadwayError(
      'HISTORY_TOO_SHORT',
      'no series is complete and busy enough to be scored',
      { where: flags.source },
    );
  if (flags.panel) {
    await mkdir(dirname(flags.panel), { recursive: true });
    await pipeline(Readable.from(panelCsv(panel)), createWriteStream(flags.panel));
  }
  const rowsIn = parts.reduce((sum, part) => sum + part.rowsIn, 0);
  console.log(
    `${domain.title}: ${rowsIn} raw rows → ${panel.seriesIds.length} series × ` +
      `${panel.length} intervals (${filled} unknown values filled), ` +
      `${featureSeconds.toFixed(1)} s; backend ${backend}`,
  );

  const runs: { seconds: number; cutoffs: number; metrics: ReturnType<typeof jsonMetrics> }[] = [];
  const config = {
    ...defaultTrainingConfig,
    fit: { ...defaultTrainingConfig.fit, steps: Number(flags.steps) },
  };
  for (let run = 0; run < Number(flags.seeds); run++) {
    const evaluation = await evaluate({
      ...{ domain, panel, config, seed: settings.seed + run, clock, progress },
      workers: workersOf(context, backend),
    });
    runs.push({
      seconds: evaluation.trainingSeconds,
      cutoffs: evaluation.result.cutoffs.length,
      metrics: jsonMetrics(evaluation),
    });
  }
  const metrics = average(runs.map((run) => run.metrics));
  console.log(metricsTable(metrics, domain.unit));
  const spread = runs.map((run) => run.metrics.all?.network?.mae);
  const seconds = {
    features: featureSeconds,
    train_network: runs.reduce((sum, run) => sum + run.seconds, 0) / runs.length,
  };
  console.log(
    `Training: ${seconds.train_network.toFixed(1)} s a model; peak memory ` +
      `${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB; MAE by seed: ` +
      `${spread.join(', ')}`,
  );
  if (flags.json) {
    await mkdir(dirname(flags.json), { recursive: true });
    const result = {
      panel: flags.panel ?? null,
      domain: domain.name,
      series: panel.seriesIds.length,
      cutoffs: runs[0]?.cutoffs,
      seeds: runs.length,
      backend,
      filled,
      seconds,
      mae_by_seed: spread,
      metrics,
    };
    await writeFile(flags.json, `${JSON.stringify(result, null, 1)}\n`);
  }
}

type MetricTree = ReturnType<typeof jsonMetrics>;

/** The mean of every figure over the seeds. */
function average(trees: readonly MetricTree[]): MetricTree {
  const first = trees[0] as MetricTree;
  return Object.fromEntries(
    Object.entries(first).map(([group, forecasters]) => [
      group,
      Object.fromEntries(
        Object.entries(forecasters).map(([name, figures]) => [
          name,
          Object.fromEntries(
            Object.entries(figures).map(([metric, value]) => {
              const values = trees.map((tree) => tree[group]?.[name]?.[metric]);
              return [
                metric,
                typeof value === 'number'
                  ? values.reduce((sum: number, x) => sum + Number(x), 0) / values.length
                  : value,
              ];
            }),
          ),
        ]),
      ),
    ]),
  );
}

const command = new Command('bench:accuracy')
  .description(
    'Compare the network with the naive baselines on the last 28 days (table, JSON, CSV).',
  )
  .requiredOption('--domain <name>', 'a folder in domains/')
  .requiredOption('--source <spec>', 'raw data, as for `headway features run`')
  .option('--exogenous <spec>', 'exogenous columns, as for `headway features run`')
  .option('--json <file>', "write the figures in the gradient-boosting peer's shape")
  .option('--panel <file>', 'write the panel as CSV: unique_id,ds,y')
  .option('--seeds <count>', 'train this many times and average', '1')
  .option('--history-days <days>', 'use at most this much history', '730')
  .option('--min-mean <mean>', 'leave out series that average less before the test span', '0.1')
  .option('--backend <name>', 'auto, native, wasm or cpu', 'auto')
  .option(
    '--steps <count>',
    'batches the network learns from',
    String(defaultTrainingConfig.fit.steps),
  )
  .option(
    '--skip-days <days>',
    'leave out this many days at the end: earlier windows, for choosing',
    '0',
  );

const folder = await mkdtemp(join(tmpdir(), 'headway-bench-'));
try {
  await command.parseAsync();
  await bench(command.opts<Flags>(), folder);
} catch (error) {
  console.error(describeError(error));
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
