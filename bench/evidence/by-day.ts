/**
 * Purpose: a domain of hours by the day: mean loads or counts of local days, forecast over two
 * weeks by what `headway train` would build of them, next to the mean of the same weekday and
 * AutoETS.
 *   npm run bench:by-day -- --domain NAME --source SPEC [--horizon 14] [--seeds 3] [--json FILE]
 * Invariants: the hours go through the whole pipeline; a day of which an hour is unknown has the
 * mean of the others, one without any is unknown; all forecasters meet the same cutoffs.
 * Fails: as the pipeline does; AutoETS is left out where Python or the package index is not there.
 */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { workersOf } from '../../cli/actions/workers.ts';
import type { CommandContext } from '../../cli/context.ts';
import { metricsTable } from '../../cli/metrics-table.ts';
import type { Domain } from '../../domains/domain.ts';
import { findDomain } from '../../domains/index.ts';
import type { BacktestResult } from '../../forecasting/evaluation/backtest.ts';
import { type Panel, panelUpTo, timestampAt } from '../../forecasting/panel/panel.ts';
import { seasonsOf } from '../../forecasting/panel/seasons.ts';
import { describeError } from '../../platform/errors.ts';
import { startTensorBackend } from '../../platform/tensorflow/tensor-backend.ts';
import { evaluate } from '../../services/training/evaluation.ts';
import { defaultConfigOf } from '../../services/training/training-config.ts';
import { figuresOf } from '../support/accuracy-figures.ts';
import { runBench } from '../support/run-bench.ts';
import { byDay, daysOf } from './days-of.ts';
import { benchContext, panelOfSource } from './panel-of-source.ts';
import { type PeerResult, runPeers } from './peer-run.ts';

interface Flags {
  readonly domain: string;
  readonly source: string;
  readonly horizon: string;
  readonly seeds: string;
  readonly skipDays: string;
  readonly peerDays: string;
  readonly environment?: string;
  readonly json?: string;
}

async function bench(flags: Flags, folder: string): Promise<void> {
  const context = benchContext(folder);
  const hourly = findDomain(flags.domain);
  const hours = await panelOfSource(context, hourly, flags, folder);
  const domain = byDay(hourly, Number(flags.horizon));
  const days = daysOf(hourly, hours);
  const panel = panelUpTo(days, days.length - 1 - Number(flags.skipDays));
  const results = await networksOf(context, domain, panel, Number(flags.seeds));
  const { all = {} } = figuresOf(results, panel, seasonsOf(domain).week);
  const peers = await autoEts(domain, panel, flags, folder);
  // The weekday's mean is ours, with all metrics; the script computes it too.
  const { mean_4_weeks: _, ...others } = peers?.metrics.all ?? {};
  const metrics = { all: { ...all, ...others } };
  const lastDay = new Date(timestampAt(panel, panel.length - 1)).toISOString().slice(0, 10);
  console.log(
    `${panel.seriesIds.length} series of ${panel.length} days up to ${lastDay}, horizon ` +
      `${domain.horizon}, ${results[0]?.cutoffs.length} cutoffs`,
  );
  console.log(metricsTable(metrics, domain.unit));
  const about = { domain: domain.name, horizon: domain.horizon, lastDay, seeds: results.length };
  const result = { ...about, peerSeconds: peers?.seconds, metrics };
  if (flags.json) await writeFile(flags.json, `${JSON.stringify(result, null, 1)}\n`);
}

async function networksOf(
  context: CommandContext,
  domain: Domain,
  panel: Panel,
  seeds: number,
): Promise<BacktestResult[]> {
  const { clock, logger, progress, settings } = context;
  const backend = await startTensorBackend(logger, settings.backend, 'training');
  const config = defaultConfigOf(domain);
  const results: BacktestResult[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const workers = workersOf(context, backend);
    const request = { domain, panel, config, seed, clock, progress, workers };
    const { result, metrics, trainingSeconds } = await evaluate(request);
    console.log(
      `seed ${seed}, ${trainingSeconds.toFixed(0)} s: MAE ${metrics.all?.network?.mae.toFixed(2)}`,
    );
    results.push(result);
  }
  return results;
}

/** Fitted at every cutoff; null where the Python environment cannot be made. */
async function autoEts(
  domain: Domain,
  panel: Panel,
  flags: Flags,
  folder: string,
): Promise<PeerResult | null> {
  const options = {
    environment: flags.environment ?? join(folder, 'peers-python'),
    ...{ models: 'statsforecast', localModels: 'autoets', localDays: flags.peerDays },
    ...{ historyDays: '0', leastMean: '0', maxLocalCutoffs: '1000', threads: '1' },
  };
  try {
    return await runPeers(domain, panel, folder, options);
  } catch (error) {
    console.error(`AutoETS is left out: ${describeError(error)}`);
    return null;
  }
}

const command = new Command('bench:by-day')
  .description('Score daily forecasts of a domain of hours, next to AutoETS.')
  .requiredOption('--domain <name>', 'a folder in domains/')
  .requiredOption('--source <spec>', 'raw data, as for `headway features run`')
  .option('--horizon <days>', 'days of a forecast', '14')
  .option('--seeds <count>', 'train this many times and average', '3')
  .option('--skip-days <days>', 'leave out this many days at the end: earlier windows', '0')
  .option('--peer-days <days>', 'history of AutoETS at each cutoff', '728')
  .option('--environment <folder>', 'the Python environment (default: a new one)')
  .option('--json <file>', 'write the figures');

await runBench(command, bench);
