/**
 * Purpose: two small inputs that were once forecast wrong: a series with one impossible reading,
 * next to the same series without it, and a series that begins days before the end.
 *   npm run bench:cases -- [--cases FOLDER] [--seed 1] [--steps N] [--json FILE]
 * Invariants: raw files go through the whole pipeline; the model is that of `headway train` by
 * default, of one seed on both sides of a comparison; the beginning series is forecast by the model
 * that is scored, which has not seen it.
 * Fails: as the pipeline does; SOURCE_NOT_FOUND where a case is not there.
 */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Table from 'cli-table3';
import { Command } from 'commander';
import type { CommandContext } from '../../cli/context.ts';
import type { Domain } from '../../domains/domain.ts';
import { electricity } from '../../domains/electricity/definition.ts';
import { naiveForecasters } from '../../forecasting/models/baselines/naive.ts';
import type { Forecaster } from '../../forecasting/models/forecaster.ts';
import { firstEvent } from '../../forecasting/panel/birth.ts';
import { type Panel, targetOf } from '../../forecasting/panel/panel.ts';
import { seasonsOf } from '../../forecasting/panel/seasons.ts';
import { testCutoffs } from '../../services/training/evaluation.ts';
import { fitToHistory } from '../../services/training/short-history.ts';
import { defaultConfigOf, type TrainingConfig } from '../../services/training/training-config.ts';
import { shops } from '../../tools/example-domain/definition.ts';
import { runBench } from '../support/run-bench.ts';
import { STEPS_OPTION, withSteps } from '../support/steps-option.ts';
import { benchContext, fittedUpTo, panelOfSource } from './panel-of-source.ts';

interface Flags {
  readonly cases: string;
  readonly seed: string;
  readonly steps?: string;
  readonly json?: string;
}

const DAY = 24;
/** The days after its beginning on which a series is forecast. */
const AGES = Array.from({ length: 9 }, (_, day) => (day + 1) * DAY);

function configOf(domain: Domain, panel: Panel, { steps }: Flags): TrainingConfig {
  return withSteps(fitToHistory(domain, panel, defaultConfigOf(domain)), steps);
}

/** Sum of the medians of the first day after a cutoff, of each series. */
function sumsOfMedians(forecaster: Forecaster, panel: Panel, cutoff: number): number[] {
  return mediansOf(forecaster, panel, cutoff).map((steps) => sum(steps));
}

function mediansOf(forecaster: Forecaster, panel: Panel, cutoff: number): Float32Array[] {
  const values = forecaster.predict(panel, cutoff, DAY);
  const Q = forecaster.quantiles.length;
  const median = forecaster.quantiles.indexOf(0.5);
  return panel.seriesIds.map((_, s) =>
    values.subarray((s * Q + median) * DAY, (s * Q + median + 1) * DAY),
  );
}

const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0);

/** The medians with the reading over those without it, of every series and hour. */
async function spike(context: CommandContext, flags: Flags, folder: string) {
  const forecastsOf = async (name: string) => {
    const source = join(flags.cases, name);
    const panel = await panelOfSource(context, electricity, { source }, join(folder, name));
    const config = configOf(electricity, panel, flags);
    const lastTarget = panel.length - 1;
    const at = { lastTarget, seed: Number(flags.seed) };
    const forecaster = await fittedUpTo(context, electricity, panel, config, at);
    return { panel, medians: mediansOf(forecaster, panel, lastTarget) };
  };
  const clean = await forecastsOf('el-clean');
  const spiked = await forecastsOf('el-spike');
  return clean.panel.seriesIds.map((seriesId, s) => {
    const without = clean.medians[s] as Float32Array;
    const ratios = [...(spiked.medians[s] as Float32Array)].map(
      (value, k) => value / (without[k] as number),
    );
    return { seriesId, least: Math.min(...ratios), most: Math.max(...ratios) };
  });
}

/** Of the series that begin in the test span: sums of a day's medians over what came. */
async function beginning(context: CommandContext, flags: Flags, folder: string) {
  const source = join(flags.cases, 'new-shop');
  const panel = await panelOfSource(context, shops, { source }, join(folder, 'new-shop'));
  const config = configOf(shops, panel, flags);
  const lastTarget = testCutoffs(shops, panel, config)[0] as number;
  const at = { lastTarget, seed: Number(flags.seed) };
  const network = await fittedUpTo(context, shops, panel, config, at);
  const baselines = naiveForecasters(seasonsOf(shops).week, shops.frequencyMinutes);
  return panel.seriesIds.flatMap((seriesId, s) => {
    const values = targetOf(panel, s);
    const birth = firstEvent(values);
    if (birth <= lastTarget) return [];
    return AGES.filter((age) => birth + age + DAY <= panel.length).map((age) => {
      const cutoff = birth + age - 1;
      const truth = sum(values.subarray(cutoff + 1, cutoff + 1 + DAY));
      const ratioOf = (forecaster: Forecaster) =>
        (sumsOfMedians(forecaster, panel, cutoff)[s] as number) / truth;
      const best = baselines
        .map((forecaster) => ({ name: forecaster.name, ratio: ratioOf(forecaster) }))
        .reduce((a, b) => (Math.abs(b.ratio - 1) < Math.abs(a.ratio - 1) ? b : a));
      return { seriesId, age, truth, network: ratioOf(network), best };
    });
  });
}

async function bench(flags: Flags, folder: string): Promise<void> {
  const context = benchContext(folder);
  const ratios = await spike(context, flags, folder);
  const spikes = tableOf(['series', 'least ratio of an hour', 'greatest']);
  for (const { seriesId, least, most } of ratios)
    spikes.push([seriesId, least.toFixed(3), most.toFixed(3)]);
  console.log(`Medians with one impossible reading over those without\n${spikes.toString()}`);
  const days = await beginning(context, flags, folder);
  const starts = tableOf(['series', 'hours old', 'truth', 'network / truth', 'best naive / truth']);
  for (const { seriesId, age, truth, network, best } of days) {
    const naive = `${best.ratio.toFixed(2)} (${best.name})`;
    starts.push([seriesId, age, truth, network.toFixed(2), naive]);
  }
  console.log(`Sums of 24 medians of a series that has begun\n${starts.toString()}`);
  const result = { seed: Number(flags.seed), spike: ratios, beginning: days };
  if (flags.json) await writeFile(flags.json, `${JSON.stringify(result, null, 1)}\n`);
}

const tableOf = (head: string[]) => new Table({ head, style: { head: [], border: [] } });

const command = new Command('bench:cases')
  .description('Forecast a series with one impossible reading, and one that has just begun.')
  .option('--cases <folder>', 'holds el-clean, el-spike and new-shop', '../shared/cases')
  .option('--seed <number>', 'of the fits', '1')
  .option(...STEPS_OPTION)
  .option('--json <file>', 'write the figures');

await runBench(command, bench);
