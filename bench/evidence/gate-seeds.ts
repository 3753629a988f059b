/**
 * Purpose: what the gate says to many fits that differ in their seed alone: none whose intervals
 * are far off may be promoted.
 *   npm run bench:gate-seeds -- --domain NAME --source SPEC [--seeds 24] [--steps N] [--json FILE]
 * Invariants: each fit, its evaluation and its verdict are those of `headway train` without a
 * champion; figures are written after every seed, and seeds that are there are not fitted again.
 * Fails: as the pipeline and the fits do.
 */

import { readFile, writeFile } from 'node:fs/promises';
import Table from 'cli-table3';
import { Command } from 'commander';
import { workersOf } from '../../cli/actions/workers.ts';
import { findDomain } from '../../domains/index.ts';
import { startTensorBackend } from '../../platform/tensorflow/tensor-backend.ts';
import { baselinesOf, evaluate } from '../../services/training/evaluation.ts';
import { judge } from '../../services/training/gate.ts';
import { defaultConfigOf } from '../../services/training/training-config.ts';
import { runBench } from '../support/run-bench.ts';
import { STEPS_OPTION, withSteps } from '../support/steps-option.ts';
import { benchContext, panelOfSource } from './panel-of-source.ts';

interface Flags {
  readonly domain: string;
  readonly source: string;
  readonly seeds: string;
  readonly steps?: string;
  readonly json?: string;
}

interface Verdict {
  readonly seed: number;
  readonly mae: number;
  readonly pinball: number;
  readonly coverage: number;
  readonly outcome: string;
  readonly reason: string;
}

/** Coverage of the 80 % interval outside of these is far off. */
const PLAUSIBLE = [0.7, 0.9] as const;

async function bench(flags: Flags, folder: string): Promise<void> {
  const context = benchContext(folder);
  const domain = findDomain(flags.domain);
  const panel = await panelOfSource(context, domain, flags, folder);
  const { clock, logger, progress, settings } = context;
  const backend = await startTensorBackend(logger, settings.backend, 'training');
  const config = withSteps(defaultConfigOf(domain), flags.steps);
  const verdicts = await verdictsIn(flags.json);
  const done = new Set(verdicts.map(({ seed }) => seed));
  for (let seed = 1; seed <= Number(flags.seeds); seed++) {
    if (done.has(seed)) continue;
    const workers = workersOf(context, backend);
    const evaluation = await evaluate({ domain, panel, config, seed, clock, progress, workers });
    const { outcome, reason } = judge(evaluation.result, 'network', {
      baselines: await baselinesOf(domain, panel, evaluation.result),
      groups: evaluation.groups.filter(({ series }) => series.length < panel.seriesIds.length),
    });
    const { mae, pinball, coverage } = evaluation.metrics.all?.network ?? {
      ...{ mae: Number.NaN, pinball: Number.NaN, coverage: Number.NaN },
    };
    verdicts.push({ seed, mae, pinball, coverage, outcome, reason });
    console.log(JSON.stringify(verdicts.at(-1)));
    const result = { domain: domain.name, steps: config.fit.steps, verdicts };
    if (flags.json) await writeFile(flags.json, `${JSON.stringify(result, null, 1)}\n`);
  }
  print(verdicts);
}

async function verdictsIn(file: string | undefined): Promise<Verdict[]> {
  if (file === undefined) return [];
  const text = await readFile(file, 'utf8').catch(() => null);
  return text === null ? [] : (JSON.parse(text) as { verdicts: Verdict[] }).verdicts;
}

function print(verdicts: readonly Verdict[]): void {
  const table = new Table({
    head: ['seed', 'MAE', 'pinball', 'coverage', 'verdict'],
    style: { head: [], border: [] },
  });
  for (const { seed, mae, pinball, coverage, outcome } of verdicts) {
    const percent = `${(100 * coverage).toFixed(1)} %`;
    table.push([seed, mae.toPrecision(4), pinball.toPrecision(4), percent, outcome]);
  }
  const isFarOff = ({ coverage }: Verdict) =>
    !(coverage >= PLAUSIBLE[0] && coverage <= PLAUSIBLE[1]);
  const farOff = verdicts.filter(isFarOff);
  const promoted = farOff.filter(({ outcome }) => outcome === 'promoted');
  console.log(table.toString());
  console.log(
    `${verdicts.length} fits, ${farOff.length} with a coverage outside 70 to 90 %, of which ` +
      `${promoted.length} were promoted`,
  );
}

const command = new Command('bench:gate-seeds')
  .description('Judge fits that differ in their seed alone.')
  .requiredOption('--domain <name>', 'a folder in domains/')
  .requiredOption('--source <spec>', 'raw data, as for `headway features run`')
  .option('--seeds <count>', 'fits', '24')
  .option(...STEPS_OPTION)
  .option('--json <file>', 'write the figures; seeds that are there are not fitted again');

await runBench(command, bench);
