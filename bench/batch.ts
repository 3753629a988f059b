/**
 * Purpose: how fast and in how much memory a network forecasts very many series, as a command:
 * synthetic series chunk by chunk through the public `predict`, every forecast checked.
 *   npm run bench:batch [-- --series 100000] [--horizon 24] [--chunk 2000] [--backend auto]
 *     [--json FILE]
 * Invariants: a network of the default architecture that knows every series, with random weights
 * (speed does not depend on what was learnt); one process; a chunk's series are made, forecast,
 * checked and dropped, as a batch job reads them from a store; the parts (features, linear model,
 * network) are separated by forecasting some chunks again without them, outside the measured time.
 * Fails: a plain Error where a forecast is missing, not finite, negative or not in order.
 */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { dirname } from 'node:path';
import { Command } from 'commander';
import { networkForecaster } from '../forecasting/models/network/forecaster.ts';
import { systemClock } from '../platform/clock.ts';
import { randomStreams } from '../platform/random.ts';
import { silentLogger } from '../platform/telemetry/logger.ts';
import { terminalProgress } from '../platform/telemetry/terminal-progress.ts';
import { type BackendChoice, startTensorBackend } from '../platform/tensorflow/tensor-backend.ts';
import { QUANTILES, randomNetwork } from './support/random-network.ts';
import { chunkMaker, LOOK_BACK } from './support/synthetic-series.ts';

/** What the project promises for 100,000 series × 24 steps × 3 quantiles. */
const BAR = { series: 100_000, seconds: 60, megabytes: 1536 };
const SEED = 7;
/** Every so many chunks the parts are separated. */
const PARTS_EVERY = 10;

interface Flags {
  readonly series: string;
  readonly horizon: string;
  readonly chunk: string;
  readonly backend: string;
  readonly json?: string;
}

async function bench(flags: Flags): Promise<void> {
  const [series, horizon, chunk] = [
    Number(flags.series),
    Number(flags.horizon),
    Number(flags.chunk),
  ];
  const backend = await startTensorBackend(
    silentLogger,
    flags.backend as BackendChoice,
    'prediction',
  );
  const streams = randomStreams(SEED);
  const ids = Array.from({ length: series }, (_, s) => `s${s}`);
  const trained = randomNetwork(ids, horizon, streams('weights'));
  const whole = networkForecaster(trained);
  const withoutNetwork = networkForecaster({ ...trained, members: [] });
  const featuresAlone = networkForecaster({ ...trained, members: [], linear: null });
  const makeChunk = chunkMaker(ids, streams);
  const elapsed = { make: 0, forecast: 0, check: 0 };
  let cpuMs = 0;
  const parts = { forecast: 0, withoutNetwork: 0, features: 0 };
  const timed = <T>(run: () => T): [T, number] => {
    const started = systemClock.elapsedMs();
    const result = run();
    return [result, systemClock.elapsedMs() - started];
  };
  const loadBefore = loadavg()[0] as number;
  const progress = terminalProgress({ clock: systemClock });
  progress.start('forecasting', series);
  const digest = createHash('sha256');
  let forecasts = 0;
  for (let first = 0, n = 0; first < series; first += chunk, n++) {
    const cpuBefore = process.cpuUsage();
    const [panel, makeMs] = timed(() => makeChunk(first, Math.min(series, first + chunk)));
    const [values, forecastMs] = timed(() => whole.predict(panel, LOOK_BACK - 1, horizon));
    const [count, checkMs] = timed(() => checked(values, panel.seriesIds.length, horizon));
    const { user, system } = process.cpuUsage(cpuBefore);
    cpuMs += (user + system) / 1000;
    forecasts += count;
    digest.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    elapsed.make += makeMs;
    elapsed.forecast += forecastMs;
    elapsed.check += checkMs;
    if (n % PARTS_EVERY === Math.min(1, Math.ceil(series / chunk) - 1)) {
      parts.forecast += forecastMs;
      // A panel of its own each: what a forecaster keeps of a panel must not be found again.
      parts.withoutNetwork += timed(() =>
        withoutNetwork.predict({ ...panel }, LOOK_BACK - 1, horizon),
      )[1];
      parts.features += timed(() => featuresAlone.predict({ ...panel }, LOOK_BACK - 1, horizon))[1];
    }
    progress.update(Math.min(series, first + chunk));
    await new Promise((resolve) => setImmediate(resolve));
  }
  progress.stop();
  const share = (ms: number): number => (parts.forecast > 0 ? ms / parts.forecast : Number.NaN);
  const result = {
    ...{
      series,
      horizon,
      quantiles: QUANTILES,
      chunk,
      backend,
      processes: 1,
      forecasts,
      sha256: digest.digest('hex'),
    },
    seconds: {
      total: (elapsed.make + elapsed.forecast + elapsed.check) / 1000,
      make_series: elapsed.make / 1000,
      forecast: elapsed.forecast / 1000,
      check: elapsed.check / 1000,
      cpu: cpuMs / 1000,
    },
    share_of_forecast: {
      features: share(parts.features),
      linear_model: share(parts.withoutNetwork - parts.features),
      network: share(parts.forecast - parts.withoutNetwork),
    },
    peak_rss_mb: process.resourceUsage().maxRSS / 1024,
    machine: {
      node: process.version,
      cpus: cpus().length,
      load_before: loadBefore,
      load_after: loadavg()[0],
    },
  };
  report(result);
  if (!flags.json) return;
  await mkdir(dirname(flags.json), { recursive: true });
  await writeFile(flags.json, `${JSON.stringify(result, null, 1)}\n`);
}

function report({
  series,
  horizon,
  forecasts,
  seconds,
  share_of_forecast: share,
  peak_rss_mb,
  backend,
  machine,
}: {
  series: number;
  horizon: number;
  forecasts: number;
  backend: string;
  seconds: { total: number; make_series: number; forecast: number; check: number; cpu: number };
  share_of_forecast: { features: number; linear_model: number; network: number };
  peak_rss_mb: number;
  machine: { load_before: number; load_after: number | undefined };
}): void {
  const percent = (x: number): string => `${(100 * x).toFixed(0)} %`;
  console.log(
    `${series} series × ${horizon} steps × ${QUANTILES.length} quantiles: ${forecasts} ` +
      `forecasts, all finite, in order and not negative; backend ${backend}`,
  );
  console.log(
    `${seconds.total.toFixed(1)} s: ${seconds.forecast.toFixed(1)} s to forecast (features ` +
      `${percent(share.features)}, linear model ${percent(share.linear_model)}, network ` +
      `${percent(share.network)}), ${seconds.make_series.toFixed(1)} s to make the series, ` +
      `${seconds.check.toFixed(1)} s to check; ${seconds.cpu.toFixed(1)} s of processor time`,
  );
  console.log(
    `peak memory ${peak_rss_mb.toFixed(0)} MB; load of the machine ` +
      `${machine.load_before.toFixed(1)} before, ${machine.load_after?.toFixed(1)} after`,
  );
  if (series === BAR.series) {
    const isMet = seconds.total <= BAR.seconds && peak_rss_mb <= BAR.megabytes;
    console.log(`Bar of ${BAR.seconds} s and ${BAR.megabytes} MB: ${isMet ? 'met' : 'missed'}`);
  }
}

/** How many numbers there are, each of them one that may be shown. */
function checked(values: Float32Array, series: number, horizon: number): number {
  const Q = QUANTILES.length;
  if (values.length !== series * Q * horizon)
    throw new Error(`${values.length} numbers for ${series} series`);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    const isLowest = Math.floor(i / horizon) % Q === 0;
    const below = isLowest ? 0 : (values[i - horizon] as number);
    if (!Number.isFinite(value) || value < below)
      throw new Error(`forecast ${i} is ${value}, the one below it ${below}`);
  }
  return values.length;
}

const command = new Command('bench:batch')
  .description(
    'Seconds and memory of forecasting very many series with a network of the default ' +
      'architecture.',
  )
  .option('--series <count>', 'series to forecast', String(BAR.series))
  .option('--horizon <steps>', 'steps of every forecast', '24')
  .option('--chunk <count>', 'series in memory at once', '2000')
  .option('--backend <name>', 'auto, native, wasm or cpu', 'auto')
  .option('--json <file>', 'write the figures as JSON');
await command.parseAsync();
await bench(command.opts<Flags>());
