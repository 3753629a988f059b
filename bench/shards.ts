/**
 * Purpose: what a batch of very many series costs and takes in n shards, as a command: one shard is
 * measured, the rest is computed.
 *   npm run bench:shards [-- --series 2048] [--total 1000000] [--json FILE]
 * Invariants: what is measured is what `headway forecast --shard` does after its start with each of
 * its ranges of the online view: read and decode it, forecast and judge its series, write the
 * entry down; what is computed says from which assumption.
 * Fails: a plain Error where a shard forecasts nothing.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Table from 'cli-table3';
import { Command } from 'commander';
import { networkForecaster } from '../forecasting/models/network/forecaster.ts';
import { PRICES } from '../infra/cost/prices.ts';
import { systemClock } from '../platform/clock.ts';
import { randomStreams } from '../platform/random.ts';
import { silentLogger } from '../platform/telemetry/logger.ts';
import { terminalProgress } from '../platform/telemetry/terminal-progress.ts';
import { type BackendChoice, startTensorBackend } from '../platform/tensorflow/tensor-backend.ts';
import { precompute } from '../services/inference/serving/precompute.ts';
import { decodeOnlineView, encodeOnlineView } from '../storage/features/online/online-view.ts';
import { RANGE_SERIES } from '../storage/features/online/view-ranges.ts';
import { QUANTILES, randomNetwork } from './support/random-network.ts';
import { chunkMaker, LOOK_BACK } from './support/synthetic-series.ts';

const HORIZON = 24;
const SEED = 7;
/** A function's start until its first line of ours, its model loaded: assumed. */
const START_SECONDS = 5;
/** From S3 into one function: assumed. */
const READ_BYTES_PER_SECOND = 90e6;
/** What a function must be given, however many series it forecasts: the batch of bench:scale. */
const MEMORY_GB = 2;
const TRANSITIONS_PER_SHARD = 4;
const SHARDS = [1, 4, 16, 64, 256];

interface Flags {
  readonly series: string;
  readonly total: string;
  readonly backend: string;
  readonly json?: string;
}

async function bench(flags: Flags): Promise<void> {
  const [series, total] = [Number(flags.series), Number(flags.total)];
  const backend = await startTensorBackend(
    silentLogger,
    flags.backend as BackendChoice,
    'prediction',
  );
  const loadBefore = loadavg()[0] as number;
  const measured = await measureShard(series);
  const rows = SHARDS.map((shards) => {
    const own = total / shards;
    // Of the two ranges that it shares with its neighbours, a half each is not its own.
    const read = own + (shards > 1 ? RANGE_SERIES : 0);
    const seconds =
      START_SECONDS +
      (read * LOOK_BACK * 4) / READ_BYTES_PER_SECOND +
      read * measured.readSecondsPerSeries +
      own / measured.seriesPerSecond;
    const dollars =
      shards * seconds * MEMORY_GB * PRICES.lambdaGbSecond.dollars +
      (shards / 1e6) * PRICES.lambdaRequests.dollars +
      ((shards * TRANSITIONS_PER_SHARD) / 1000) * PRICES.stepTransitions.dollars;
    return { shards, seconds, dollars, dollarsPerMillion: (dollars / total) * 1e6 };
  });
  const table = new Table({
    head: ['shards', 'seconds', 'US$ a batch', 'US$ a million series'],
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    table.push([
      row.shards,
      row.seconds.toFixed(0),
      row.dollars.toFixed(3),
      row.dollarsPerMillion.toFixed(3),
    ]);
  }
  console.log(
    `Measured on ${series} series: ${measured.seriesPerSecond.toFixed(0)} series a second ` +
      'of processor time forecast, judged and written down; a view is read and decoded at ' +
      `${(measured.readSecondsPerSeries * 1e6).toFixed(0)} µs a series; load ` +
      `${loadBefore.toFixed(1)}, backend ${backend}.`,
  );
  console.log(
    `Computed for ${total} series (a view of ${((total * LOOK_BACK * 4) / 1e9).toFixed(1)} GB, ` +
      `functions of ${MEMORY_GB} GB), all workers at once:`,
  );
  console.log(table.toString());
  const kept = {
    series,
    total,
    backend,
    measured,
    memoryGb: MEMORY_GB,
    rows,
    prices: { noted: PRICES.lambdaGbSecond.noted },
  };
  const machine = {
    node: process.version,
    cpus: cpus().length,
    load_before: loadBefore,
    load_after: loadavg()[0],
  };
  if (!flags.json) return;
  await mkdir(dirname(flags.json), { recursive: true });
  await writeFile(flags.json, `${JSON.stringify({ ...kept, machine }, null, 1)}\n`);
}

/** Processor time, of all threads: a crowded machine does not make a shard dearer. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function measureShard(
  series: number,
): Promise<{ seriesPerSecond: number; readSecondsPerSeries: number }> {
  const ids = Array.from({ length: series }, (_, s) => `s${s}`);
  const streams = randomStreams(SEED);
  const forecaster = networkForecaster(randomNetwork(ids, HORIZON, streams('weights')));
  const folder = await mkdtemp(join(tmpdir(), 'headway-bench-'));
  const progress = terminalProgress({ clock: systemClock });
  progress.start('one range', 3);
  try {
    const path = join(folder, 'view.bin');
    await writeFile(path, encodeOnlineView(chunkMaker(ids, streams)(0, series)));
    progress.update(1);
    const started = cpuSeconds();
    const panel = decodeOnlineView(path, await readFile(path));
    const read = cpuSeconds();
    const rules = { nonNegative: true, frequencyMinutes: 60, seasonLengths: [24, 168] };
    const forecasts = await precompute(forecaster, panel, LOOK_BACK - 1, HORIZON, rules);
    const entry = JSON.stringify({
      quantiles: QUANTILES,
      seriesIds: panel.seriesIds,
      values: Array.from(forecasts.values),
    });
    await writeFile(join(folder, 'entry.json'), entry);
    const done = cpuSeconds();
    progress.update(3);
    if (!forecasts.usable.includes(1)) throw new Error('no series has a forecast');
    return {
      seriesPerSecond: series / (done - read),
      readSecondsPerSeries: (read - started) / series,
    };
  } finally {
    progress.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const command = new Command('bench:shards')
  .description(
    'Time and cost of forecasting very many series in shards: one is measured, the rest computed.',
  )
  .option('--series <count>', 'series of the range that is measured', '2048')
  .option('--total <count>', 'series to compute for', '1000000')
  .option('--backend <name>', 'auto, native, wasm or cpu', 'auto')
  .option('--json <file>', 'write the figures as JSON');
await command.parseAsync();
await bench(command.opts<Flags>());
