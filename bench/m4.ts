/**
 * Purpose: the M4 hourly competition (414 series, horizon 48) with the model code of `headway
 * train`, next to what its entrants published.
 *   npm run bench:m4 -- [--data FOLDER] [--seeds 1] [--steps 1000] [--json FILE]
 * Invariants: the network learns from the published training values alone, and its forecast of the
 * 48 hours after them is scored by the competition's own metrics; one configuration for all series,
 * the default's but for what the command prints. The series have no calendar: their hours are
 * counted back from a common end.
 * Fails: with the file's name where the data is not there; as the fit does.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import Table from 'cli-table3';
import { Command } from 'commander';
import type { Domain } from '../domains/domain.ts';
import { electricity } from '../domains/electricity/definition.ts';
import { networkForecaster } from '../forecasting/models/network/forecaster.ts';
import { createPanel, type Panel } from '../forecasting/panel/panel.ts';
import { systemClock } from '../platform/clock.ts';
import { describeError } from '../platform/errors.ts';
import { silentProgress } from '../platform/progress.ts';
import { silentLogger } from '../platform/telemetry/logger.ts';
import { startTensorBackend } from '../platform/tensorflow/tensor-backend.ts';
import { fitUpTo } from '../services/training/evaluation.ts';
import { defaultConfigOf, networkSpecOf } from '../services/training/training-config.ts';
import { type M4Scores, m4Scores, readM4 } from './support/m4-scores.ts';

const HORIZON = 48;
/** Unknown hours before every series: a window reaches further back than the longest of them. */
const PADDING = 1200;

/** sMAPE, MASE, OWA, MSIS as published (M4 competition, hourly). */
const PUBLISHED: readonly (readonly [string, number, number, number, number | null])[] = [
  ['Doornik et al.', 8.913, 0.801, 0.41, 6.139],
  ['Smyl', 9.328, 0.893, 0.44, 7.928],
  ['Pawlikowski et al.', 9.611, 0.873, 0.444, null],
  ['Montero-Manso et al.', 11.506, 0.819, 0.484, null],
  ['seasonal naive', 13.912, 1.193, 0.628, null],
];

const domain: Domain = {
  ...electricity,
  ...{ name: 'm4-hourly', title: 'M4 hourly', unit: 'units', timeZone: 'UTC', holidays: null },
  ...{ horizon: HORIZON, quantiles: [0.025, 0.5, 0.975], pastExogenous: [], futureExogenous: [] },
  ...{ nonNegative: true, integerValued: false },
};

interface Flags {
  readonly data: string;
  readonly seeds: string;
  readonly steps?: string;
  readonly json?: string;
}

function panelOf(series: readonly number[][]): Panel {
  const length = PADDING + Math.max(...series.map((values) => values.length));
  const target = new Float32Array(series.length * length).fill(Number.NaN);
  for (const [s, values] of series.entries()) target.set(values, (s + 1) * length - values.length);
  return createPanel({
    seriesIds: series.map((_, s) => `H${String(s + 1)}`),
    ...{ start: Date.UTC(2015, 0, 5), frequencyMinutes: 60, length },
    columns: { target },
  });
}

async function bench(flags: Flags): Promise<void> {
  const { train, actuals } = await readM4(flags.data);
  const panel = panelOf(train);
  const backend = await startTensorBackend(silentLogger, 'auto', 'training');
  const defaults = defaultConfigOf(domain);
  // Four weeks are too short to hold two out; errors count relative to each series.
  const changes = { calibrationIntervals: 96, levelPower: 0 };
  const steps = flags.steps === undefined ? {} : { steps: Number(flags.steps) };
  const config = { ...defaults, fit: { ...defaults.fit, ...changes, ...steps } };
  console.log(
    `M4 hourly: ${train.length} series of ${Math.min(...train.map((x) => x.length))} to ` +
      `${Math.max(...train.map((x) => x.length))} hours, horizon ${HORIZON}; the default ` +
      `configuration but for ${JSON.stringify({ ...changes, ...steps })}; backend ${backend}`,
  );
  const last = panel.length - 1;
  const spec = networkSpecOf(domain, panel, config, last);
  const runs: (M4Scores & { seconds: number })[] = [];
  for (let seed = 1; seed <= Number(flags.seeds); seed++) {
    const started = systemClock.elapsedMs();
    const fitted = await fitUpTo({ panel, config, seed, progress: silentProgress }, spec, last);
    const seconds = (systemClock.elapsedMs() - started) / 1000;
    const values = networkForecaster(fitted).predict(panel, last, HORIZON);
    runs.push({ ...m4Scores(train, actuals, values, domain.quantiles), seconds });
  }
  const mean = (of: (run: (typeof runs)[number]) => number) =>
    runs.reduce((sum, run) => sum + of(run), 0) / runs.length;
  const ours = {
    smape: mean(({ smape }) => smape),
    mase: mean(({ mase }) => mase),
    owa: mean(({ owa }) => owa),
    msis: mean(({ msis }) => msis),
    coverage: mean(({ coverage }) => coverage),
  };
  const table = new Table({
    head: ['', 'sMAPE', 'MASE', 'OWA', 'MSIS', 'coverage of the 95 % interval'],
    style: { head: [], border: [] },
  });
  const percent = `${(100 * ours.coverage).toFixed(1)} %`;
  const figures = [ours.smape, ours.mase, ours.owa, ours.msis].map((x) => x.toFixed(3));
  table.push([`Headway, mean of ${runs.length} seed(s)`, ...figures, percent]);
  for (const [name, smape, mase, owa, msis] of PUBLISHED) {
    const known = [smape, mase, owa].map((x) => x.toFixed(3));
    table.push([name, ...known, msis?.toFixed(3) ?? '', '']);
  }
  console.log(table.toString());
  console.log(`Training: ${mean(({ seconds }) => seconds).toFixed(1)} s a model`);
  if (flags.json) {
    await mkdir(dirname(flags.json), { recursive: true });
    const text = JSON.stringify({ series: train.length, config, backend, ...ours, runs }, null, 1);
    await writeFile(flags.json, `${text}\n`);
  }
}

const command = new Command('bench:m4')
  .description('Forecast the M4 hourly series and score by the metrics of the competition.')
  .option(
    '--data <folder>',
    'holds Hourly-train.csv.gz and Hourly-test.csv.gz',
    '../shared/data/m4-hourly',
  )
  .option('--seeds <count>', 'train this many times and average', '1')
  .option('--steps <count>', "batches the network learns from (default: the configuration's)")
  .option('--json <file>', 'write the figures');
try {
  await command.parseAsync();
  await bench(command.opts<Flags>());
} catch (error) {
  console.error(describeError(error));
  process.exitCode = 1;
}
