/**
 * Purpose: what well-kept Python libraries reach on the panel that `headway train` learns from:
 * LightGBM, statsforecast and mlforecast with the same history, local calendar, holidays, cutoffs
 * and metrics.
 *   npm run bench:peers -- --domain NAME --source SPEC [--exogenous SPEC] [--models LIST]
 * Invariants: LightGBM knows what the domain knows in advance; the libraries' versions are pinned,
 * in an environment of their own that is made once in the work folder; nothing of them is needed by
 * Headway or its tests.
 * Fails: as the pipeline does; where Python or the package index is not there, with the words of
 * the tool that failed.
 */

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { openContext } from '../cli/context.ts';
import { metricsTable } from '../cli/metrics-table.ts';
import { findDomain } from '../domains/index.ts';
import { benchContext, panelOfSource, type SourceSpecs } from './evidence/panel-of-source.ts';
import { type PeerOptions, runPeers } from './evidence/peer-run.ts';
import { runBench } from './support/run-bench.ts';

interface Flags extends Omit<PeerOptions, 'environment'>, SourceSpecs {
  readonly domain: string;
  readonly json?: string;
  readonly environment?: string;
}

async function bench(flags: Flags, folder: string): Promise<void> {
  const domain = findDomain(flags.domain);
  const panel = await panelOfSource(benchContext(folder), domain, flags, folder);
  const { settings } = openContext({ domain: flags.domain }, {});
  const environment = flags.environment ?? join(settings.work, 'peers-python');
  const result = await runPeers(domain, panel, folder, { ...flags, environment });
  console.log(metricsTable(result.metrics, domain.unit));
  console.log(`Seconds: ${JSON.stringify(result.seconds)}`);
  if (flags.json) {
    const { about, ...figures } = result;
    await mkdir(dirname(flags.json), { recursive: true });
    await writeFile(flags.json, `${JSON.stringify({ ...about, ...figures }, null, 1)}\n`);
  }
}

const command = new Command('bench:peers')
  .description('Score Python libraries on the panel that `headway train` learns from.')
  .requiredOption('--domain <name>', 'a folder in domains/')
  .requiredOption('--source <spec>', 'raw data, as for `headway features run`')
  .option('--exogenous <spec>', 'exogenous columns, as for `headway features run`')
  .option('--json <file>', 'write the figures')
  .option('--models <list>', 'which libraries', 'lightgbm,statsforecast,mlforecast')
  .option('--history-days <days>', 'use the last days of the panel only; 0: all of it', '0')
  .option('--least-mean <value>', 'leave out series whose values are smaller on average', '0')
  .option('--local-days <days>', 'history of the models that are fitted at each cutoff', '56')
  .option('--local-models <list>', 'which of them, such as autoets', 'all')
  .option('--max-local-cutoffs <count>', 'fit those models at the first cutoffs only', '1000')
  // Threads of LightGBM spin where the cores are busy with other work.
  .option('--threads <count>', 'threads of LightGBM', '1')
  .option('--environment <folder>', 'the Python environment (default: in the work folder)');

await runBench(command, bench);
