/**
 * Purpose: what the project promises of the Lambda function, as a command: size of the bundle, time
 * from the start of its process to the first forecast (with the batch's forecasts in the store, and
 * without), time of a warm invocation, peak memory; with 10 and with 300 series and a network of
 * the default architecture.
 *   npm run bench:lambda [-- --starts 9] [--invocations 400] [--json FILE]
 * Invariants: the function is the built bundle, in processes of its own, next to an emulator of
 * Lambda's Runtime API and a double of S3, both on loopback: what a network would add is not in the
 * figures. Starts with an empty temporary folder, as Lambda's first are. The same event again and
 * again, so that warm means warm; an empty process is started as often, to separate the machine
 * from the function.
 * Fails: a plain Error where an invocation does not return a forecast of the model; with the
 * bundler's errors.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { findDomain } from '../domains/index.ts';
import { restoreNetwork, saveNetwork } from '../forecasting/models/network/forecaster.ts';
import { bundleLambda } from '../infra/lambda/bundle.ts';
import { systemClock } from '../platform/clock.ts';
import { withDuckDB } from '../platform/duckdb/duckdb.ts';
import { sqlFilename } from '../platform/duckdb/sql.ts';
import { randomStreams } from '../platform/random.ts';
import { silentLogger } from '../platform/telemetry/logger.ts';
import { terminalProgress } from '../platform/telemetry/terminal-progress.ts';
import { startTensorBackend } from '../platform/tensorflow/tensor-backend.ts';
import { issueForecasts, issuesOf } from '../services/inference/batch/issue-forecasts.ts';
import { openFeatureStore } from '../storage/features/feature-store.ts';
import { openLedger } from '../storage/ledger/ledger.ts';
import { openModelRegistry } from '../storage/models/model-registry.ts';
import type { ObjectStore } from '../storage/objects/object-store.ts';
import { parseS3Address } from '../storage/s3/s3-address.ts';
import { s3ObjectStore } from '../storage/s3/s3-object-store.ts';
import { type FakeS3, startFakeS3 } from '../tests/fakes/fake-s3.ts';
import { httpApiEvent, type LambdaInstance, startLambda } from '../tests/fakes/lambda-emulator.ts';
import { QUANTILES, randomNetwork } from './support/random-network.ts';

/** What the project promises. */
const BARS = { zippedBytes: 5e6, startMs: 800, warmMs: 5, peakBytes: 256e6 };
const COUNTS = [10, 300];
/** A domain of this repository: the bundle knows no other. */
const DOMAIN = 'electricity';
const HORIZON = 24;
/** What the feature service keeps for serving. */
const ONLINE = 28 * 168;
const HOUR_MS = 3_600_000;
const START = Date.UTC(2025, 0, 6, 5);
const EVENT = httpApiEvent('GET', '/v1/series/7/forecast?horizon=24');

interface Flags {
  readonly starts: string;
  readonly invocations: string;
  readonly json?: string;
}

const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[
    Math.min(values.length - 1, Math.floor(values.length * share))
  ] as number;

/** A snapshot of `series` series and a champion, under a prefix of its own. */
async function fill(store: ObjectStore, folder: string, series: number) {
  const about = { store, domain: DOMAIN, clock: systemClock };
  const path = join(folder, `${series}.parquet`);
  const span = { start: START, end: START + ONLINE * HOUR_MS };
  await withDuckDB({ threads: 1 }, (connection) =>
    connection.run(`COPY (
      SELECT (s + 1)::VARCHAR AS series_id,
        make_timestamp((${START} + h * ${HOUR_MS}) * 1000) AS "timestamp",
        (100 + 10 * s) * (2 + sin(2 * pi() * h / 24)) *
          (0.6 + (hash(s, h) % 1000) / 1250.0) AS target,
        make_timestamp(${span.end} * 1000) AS available_at
      FROM range(${series}) AS a(s), range(${ONLINE}) AS b(h))
      TO ${sqlFilename(path)} (FORMAT parquet)`),
  );
  const rows = series * ONLINE;
  const part = { part: 'all', feed: 'main', fingerprint: 'x', availableAt: span.end };
  const schema = {
    frequencyMinutes: 60,
    missing: 'unknown' as const,
    unit: 'MW',
    timeZone: 'America/New_York',
  };
  const object = { path, rows, span, ...part, rowsIn: rows, rowsUsed: rows, rejected: {} };
  const features = openFeatureStore(about);
  const staged = await features.stage(schema, [object]);
  const { snapshotVersion } = await features.commit({
    ...{ reason: 'bench', staged, onlineIntervals: ONLINE },
  });
  const seriesIds = Array.from({ length: series }, (_, s) => String(s + 1));
  const training = {
    snapshotVersion,
    knownAt: null,
    trainingCutoff: START,
    panelHash: 'bench',
    quantiles: QUANTILES,
  };
  const made = {
    forecaster: 'network',
    config: {},
    seed: 7,
    backend: 'wasm',
    trainingSeconds: 0,
    horizon: HORIZON,
    metrics: {},
  };
  const registry = openModelRegistry(about);
  const network = randomNetwork(seriesIds, HORIZON, randomStreams(7)('weights'));
  const { modelVersion } = await registry.register({
    ...saveNetwork(network),
    card: { ...training, ...made },
  });
  await registry.promote({ modelVersion, reason: 'bench', evidence: null });
  return about;
}

/** What the batch does after every snapshot, by the function that `headway forecast` calls. */
async function issue(about: Awaited<ReturnType<typeof fill>>): Promise<void> {
  const { store, domain, clock } = about;
  const issued = await issueForecasts({
    ...{
      domain: { ...findDomain(domain), horizon: HORIZON },
      issuedAt: clock.now(),
      restoreForecaster: restoreNetwork,
    },
    ...{ features: openFeatureStore(about), registry: openModelRegistry(about) },
  });
  await openLedger({ store, domain, clock }).append(issuesOf(issued));
}

async function invoke(instance: LambdaInstance): Promise<number> {
  const began = systemClock.elapsedMs();
  const { statusCode, body } = await instance.invoke(EVENT);
  const ms = systemClock.elapsedMs() - began;
  const forecast = JSON.parse(body);
  if (
    statusCode === 200 &&
    forecast.fallback === undefined &&
    forecast.quantiles['0.5'].length === HORIZON
  )
    return ms;
  throw new Error(
    `the function returned ${statusCode}: ${body.slice(0, 500)}${instance.warnings()}`,
  );
}

async function measure(
  series: number,
  folder: string,
  double: FakeS3,
  flags: Flags,
  step: (text: string) => void,
) {
  const credentials = { accessKeyId: double.accessKey, secretAccessKey: double.secretKey };
  const cache = { folder: join(folder, 'cache'), maxBytes: 0 };
  const environment = {
    ...{
      AWS_ACCESS_KEY_ID: double.accessKey,
      AWS_SECRET_ACCESS_KEY: double.secretKey,
      AWS_REGION: 'eu-west-1',
    },
    ...{ HEADWAY_DOMAIN: DOMAIN, HEADWAY_STALE_AFTER: '0', HEADWAY_REFRESH_SECONDS: '3600' },
  };
  step(`${series} series: filling the store`);
  // Two stores that differ in this alone: whether the batch has issued forecasts of the snapshot.
  const [issued, alone] = ['issued', 'alone'].map((name) => ({
    address: `s3://${double.bucket}/${name}-${series}?endpoint=${double.url}`,
    starts: [] as number[],
  })) as [Store, Store];
  for (const { address } of [issued, alone]) {
    const about = await fill(
      s3ObjectStore(parseS3Address(address), { credentials, cache }),
      folder,
      series,
    );
    if (address === issued.address) await issue(about);
  }
  const empty: number[] = [];
  const warm: number[] = [];
  let peakBytes = 0;
  for (let n = 0; n < Number(flags.starts); n++) {
    step(`${series} series: start ${n + 1}`);
    const nothing = systemClock.elapsedMs();
    await promisify(execFile)(process.execPath, ['-e', '0']);
    empty.push(systemClock.elapsedMs() - nothing);
    for (const { address, starts } of [issued, alone]) {
      const temporary = await mkdtemp(join(folder, 'tmp-'));
      const began = systemClock.elapsedMs();
      const instance = await startLambda({
        ...{
          folder: join(folder, 'lambda'),
          temporary,
          environment: { ...environment, HEADWAY_STORE: address },
        },
      });
      try {
        await invoke(instance);
        starts.push(systemClock.elapsedMs() - began);
        if (warm.length === 0)
          for (let i = 0; i < Number(flags.invocations); i++) warm.push(await invoke(instance));
        peakBytes = Math.max(peakBytes, await instance.peakBytes());
      } finally {
        await instance.stop();
      }
    }
  }
  const half = warm.slice(warm.length >> 1);
  const startsOf = ({ starts }: Store) => ({
    p50: quantile(starts, 0.5),
    p90: quantile(starts, 0.9),
    least: Math.min(...starts),
  });
  return {
    series,
    start_ms: startsOf(issued),
    start_computing_ms: startsOf(alone),
    empty_process_ms: quantile(empty, 0.5),
    warm_ms: { p50: quantile(half, 0.5), p99: quantile(half, 0.99) },
    peak_rss_bytes: peakBytes,
  };
}

interface Store {
  readonly address: string;
  /** Milliseconds of each start. */
  readonly starts: number[];
}

async function bench(flags: Flags, folder: string): Promise<void> {
  const loadBefore = loadavg()[0] as number;
  const progress = terminalProgress({ clock: systemClock });
  progress.start('Measuring', 1 + COUNTS.length * (1 + Number(flags.starts)));
  let steps = 0;
  const step = (text: string): void => progress.update(steps++, text);
  step('bundling');
  await startTensorBackend(silentLogger, 'wasm', 'prediction');
  const { zippedBytes } = await bundleLambda(join(folder, 'lambda'));
  const double = await startFakeS3();
  const measured: Awaited<ReturnType<typeof measure>>[] = [];
  try {
    for (const series of COUNTS) measured.push(await measure(series, folder, double, flags, step));
  } finally {
    await double.close();
    progress.stop();
  }
  const machine = {
    node: process.version,
    cpus: cpus().length,
    load_before: loadBefore,
    load_after: loadavg()[0] as number,
  };
  const result = { zipped_bytes: zippedBytes, measured, machine };
  report(result);
  if (!flags.json) return;
  await mkdir(dirname(flags.json), { recursive: true });
  await writeFile(flags.json, `${JSON.stringify(result, null, 1)}\n`);
}

function report({
  zipped_bytes,
  measured,
  machine,
}: {
  zipped_bytes: number;
  measured: readonly Awaited<ReturnType<typeof measure>>[];
  machine: { load_before: number; load_after: number };
}): void {
  const verdict = (isMet: boolean): string => (isMet ? 'met' : 'missed');
  console.log(
    `bundle ${(zipped_bytes / 1e6).toFixed(2)} MB zipped: bar of 5 MB ` +
      `${verdict(zipped_bytes <= BARS.zippedBytes)}`,
  );
  for (const {
    series,
    start_ms,
    start_computing_ms,
    empty_process_ms,
    warm_ms,
    peak_rss_bytes,
  } of measured) {
    const text = ({ p50, p90, least }: typeof start_ms): string =>
      `${p50.toFixed(0)} ms (p90 ${p90.toFixed(0)}, least ${least.toFixed(0)}): bar of 800 ` +
      `ms ${verdict(p50 <= BARS.startMs)}`;
    console.log(
      `${series} series: start to first forecast, after the batch has issued ${text(start_ms)}`,
    );
    console.log(
      `  … where the start has to compute them ${text(start_computing_ms)}; an empty ` +
        `process ${empty_process_ms.toFixed(0)} ms`,
    );
    console.log(
      `  warm ${warm_ms.p50.toFixed(2)} ms (p99 ${warm_ms.p99.toFixed(2)}): bar of 5 ms ` +
        `${verdict(warm_ms.p50 <= BARS.warmMs)}; peak memory ` +
        `${(peak_rss_bytes / 1e6).toFixed(0)} MB: bar of 256 MB ` +
        `${verdict(peak_rss_bytes <= BARS.peakBytes)}`,
    );
  }
  console.log(
    `load of the machine ${machine.load_before.toFixed(1)} before, ` +
      `${machine.load_after.toFixed(1)} after`,
  );
}

const command = new Command('bench:lambda')
  .description(
    'Size, cold start, warm latency and memory of the Lambda bundle, next to an emulated ' +
      'Lambda and S3.',
  )
  .option('--starts <count>', 'cold starts to measure, for each number of series', '9')
  .option('--invocations <count>', 'warm invocations to measure', '400')
  .option('--json <file>', 'write the figures as JSON');
await command.parseAsync();
const folder = await mkdtemp(join(tmpdir(), 'headway-bench-lambda-'));
try {
  await bench(command.opts<Flags>(), folder);
} finally {
  await rm(folder, { recursive: true, force: true });
}
