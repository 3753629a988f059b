/**
 * Purpose: one phase of bench:scale in a process of its own, so that its peak memory is its own.
 *   tsx bench/scale/phase.ts fill|commit|run|batch|one|serve|train FOLDER SERIES WEEKS
 * Invariants: prints one line of JSON; what is measured runs through the functions that `features
 * run` (its commit), `headway forecast`, `serve` and `train` run, all in this process.
 * Fails: with the store's errors, exit status 1.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { issue, issueAll } from '../../cli/actions/issue-batch.ts';
import type { CommandContext } from '../../cli/context.ts';
import { saveNetwork } from '../../forecasting/models/network/forecaster.ts';
import { fixedClock, systemClock } from '../../platform/clock.ts';
import { withSqlSession } from '../../platform/duckdb/session.ts';
import { parquetFiles, sqlFilename } from '../../platform/duckdb/sql.ts';
import { silentProgress } from '../../platform/progress.ts';
import { seededRandom } from '../../platform/random.ts';
import { silentLogger } from '../../platform/telemetry/logger.ts';
import { startTensorBackend } from '../../platform/tensorflow/tensor-backend.ts';
import { runFeatures } from '../../services/feature/run.ts';
import { buildApp } from '../../services/inference/app.ts';
import { defaultInferenceSettings } from '../../services/inference/settings.ts';
import { train } from '../../services/training/train.ts';
import { defaultTrainingConfig } from '../../services/training/training-config.ts';
import { openFeatureStore } from '../../storage/features/feature-store.ts';
import { type NewFeatureObject, viewObjects } from '../../storage/features/manifest.ts';
import { openLedger } from '../../storage/ledger/ledger.ts';
import { openModelRegistry } from '../../storage/models/model-registry.ts';
import { restoreForecaster } from '../../storage/models/restore-forecaster.ts';
import { fileObjectStore } from '../../storage/objects/file-object-store.ts';
import { benchDomain } from '../serving/fixture.ts';
import { QUANTILES, randomNetwork } from '../support/random-network.ts';

const HOUR_MS = 3_600_000;
const WEEK_MS = 168 * HOUR_MS;
const START = Date.UTC(2025, 0, 6);
const HORIZON = 24;
/** Two events a week and series: what is stored is sparse, the view is not. */
const HOURS_AN_EVENT = 84;
/** A model knows so many series by name, however many there are. */
const MAX_KNOWN = 10_000;
const SHARD_SERIES = 32_768;
const SCHEMA = { frequencyMinutes: 60, missing: 'zero', unit: 'events', timeZone: 'UTC' } as const;

const [phase = '', folder = '', seriesText = '', weeksText = ''] = process.argv.slice(2);
const [series, weeks] = [Number(seriesText), Number(weeksText)];
const end = START + weeks * 168 * HOUR_MS;
const clock = fixedClock(end + 3 * HOUR_MS);
const domain = { ...benchDomain, horizon: HORIZON, quantiles: QUANTILES };
const about = { store: fileObjectStore(join(folder, 'store')), domain: domain.name, clock };
const features = openFeatureStore(about);
const idOf = (n: string) => `printf('s%07d', ${n})`;

/** Rows as a SELECT of n (series), hour (epoch ms) and target, and the hours they are of. */
interface Part {
  readonly name: string;
  readonly sql: string;
  readonly span: { readonly start: number; readonly end: number };
}

/** Commits parts. What is measured begins when their files are written. */
async function commit(parts: readonly Part[]) {
  const raw = await mkdtemp(join(folder, 'raw-'));
  const objects: NewFeatureObject[] = [];
  for (const { name, sql, span } of parts) {
    const path = join(raw, `${name}.parquet`);
    const rows = await withSqlSession(async (session) => {
      await session.run(`COPY (SELECT ${idOf('n')} AS series_id,
        make_timestamp(hour * 1000) AS "timestamp", target::FLOAT AS target,
        make_timestamp(${span.end} * 1000) AS available_at FROM (${sql}))
        TO ${sqlFilename(path)} (FORMAT parquet)`);
      const [row] = await session.rows(`SELECT count(*) FROM ${parquetFiles(path)}`);
      return Number(row?.[0]);
    });
    objects.push({
      ...{ path, rows, span, availableAt: span.end, feed: 'main', part: name, fingerprint: name },
      ...{ rowsIn: rows, rowsUsed: rows, rejected: {} },
    });
  }
  const started = begin();
  const manifest = await features.commit({
    reason: 'bench',
    staged: await features.stage(SCHEMA, objects),
    onlineIntervals: weeks * 168,
  });
  const spent = started();
  await rm(raw, { recursive: true });
  const view = viewObjects(manifest.online);
  const viewBytes = view.reduce((sum, { bytes }) => sum + bytes, 0);
  const rows = objects.reduce((sum, object) => sum + object.rows, 0);
  return { ...spent, rows, viewObjects: view.length, viewBytes };
}

async function addModel(): Promise<void> {
  const ids = Array.from(
    { length: Math.min(series, MAX_KNOWN) },
    (_, n) => `s${String(n).padStart(7, '0')}`,
  );
  const registry = openModelRegistry(about);
  const { modelVersion } = await registry.register({
    ...saveNetwork(randomNetwork(ids, HORIZON, seededRandom(7))),
    card: {
      ...{ snapshotVersion: '1-abcdefabcdef', knownAt: null, trainingCutoff: end, config: {} },
      ...{ panelHash: 'f'.repeat(64), forecaster: 'network', seed: 7, backend: 'none' },
      ...{ trainingSeconds: 1, metrics: {}, quantiles: QUANTILES, horizon: HORIZON },
    },
  });
  await registry.promote({ modelVersion, reason: 'bench', evidence: null });
}

/** What a command works with, as far as a batch asks for it. */
const context = {
  ...{ domain, clock, logger: silentLogger, settings: { backend: 'auto' } },
  features: async () => features,
  registry: async () => openModelRegistry(about),
  ledger: async () => openLedger(about),
  decisions: async () => ({ entries: async () => [] }),
} as unknown as CommandContext;

const phases: Readonly<Record<string, () => Promise<object>>> = {
  async fill() {
    // A week is two events of each series.
    const place = `k * ${HOURS_AN_EVENT} + (hash(n, k) % ${HOURS_AN_EVENT})::BIGINT`;
    const history = Array.from({ length: weeks }, (_, week): Part => {
      const start = START + week * WEEK_MS;
      return {
        name: `week-${week}`,
        sql: `SELECT n, ${START} + (${place}) * ${HOUR_MS} AS hour, 1 + hash(k, n) % 9 AS target
          FROM range(${series}) AS a(n), range(${2 * week}, ${2 * week + 2}) AS b(k)`,
        span: { start, end: start + WEEK_MS },
      };
    });
    const filled = await commit(history);
    await addModel();
    return filled;
  },
  commit: () =>
    commit([
      {
        name: 'hour',
        sql: `SELECT n, ${end} AS hour, CASE WHEN hash(n) % ${HOURS_AN_EVENT} = 0
          THEN 1 + hash(n, 2) % 9 ELSE 0 END AS target FROM range(${series}) AS a(n)`,
        span: { start: end, end: end + HOUR_MS },
      },
    ]),
  /** The next hour through the feature service, which judges it before it commits. */
  async run() {
    const started = begin();
    const from = end + HOUR_MS;
    const rows = `(SELECT ${idOf('n')} AS id, make_timestamp(${from} * 1000) AS t
      FROM range(${series}) AS a(n), range(9) AS b(k)
      WHERE hash(n, 1) % ${HOURS_AN_EVENT} = 0 AND k <= hash(n, 2) % 9)`;
    const part = {
      ...{ name: 'next hour', feed: 'main', fingerprint: 'next' },
      span: { start: from, end: from + HOUR_MS },
      open: async () => ({
        ...{ relation: rows, seriesId: 'id', localTime: 't', value: null },
        ...{ duplicateKey: [], rejections: [] },
      }),
    };
    const { report, manifest } = await runFeatures({
      domain: { ...domain, timeZone: 'UTC' },
      source: { description: 'bench', parts: async () => [part] },
      ...{ features, workFolder: join(folder, 'work'), clock },
      ...{ logger: silentLogger, progress: silentProgress },
    });
    const { oneIn = 1, seriesCount = 0 } = report ?? {};
    return {
      ...started(),
      oneIn,
      judged: seriesCount,
      viewObjects: viewObjects(manifest.online).length,
    };
  },
  async batch() {
    const started = begin();
    const batch = await issueAll(context, {}, []);
    const ledger = await openLedger(about).parts();
    return {
      ...started(),
      ...{ series: batch.series, ranges: batch.ranges, ledgerParts: ledger.length },
      fallbacks: Object.fromEntries(batch.fallbacks),
    };
  },
  async one() {
    const started = begin();
    const seriesId = `s${String(Math.floor(series / 2)).padStart(7, '0')}`;
    const { entry } = await issue(context, { seriesId });
    const row = entry.seriesIds.indexOf(seriesId);
    const isKnown = row >= 0 && Number.isFinite(entry.values[row * QUANTILES.length * HORIZON]);
    if (!isKnown) throw new Error(`${seriesId} has no forecast`);
    return started();
  },
  /** A service of one shard of at most 32,768 series, from its start to its first forecast. */
  async serve() {
    const started = begin();
    const count = Math.ceil(series / SHARD_SERIES);
    const index = Math.ceil(count / 2);
    const app = await buildApp({
      ...{ domain, features, registry: openModelRegistry(about), restoreForecaster, clock },
      ...{ logger: silentLogger, settings: defaultInferenceSettings, shard: { index, count } },
    });
    const n = Math.floor(((index - 0.5) * series) / count);
    const url = `/v1/series/s${String(n).padStart(7, '0')}/forecast`;
    const { statusCode, body } = await app.inject({ url });
    if (statusCode !== 200) throw new Error(`GET ${url}: ${statusCode} ${body}`);
    const spent = started();
    await app.close();
    return { ...spent, shard: `${index}/${count}` };
  },
  async train() {
    const backend = await startTensorBackend(silentLogger, 'auto', 'training');
    const started = begin();
    const { panel, verdict } = await train({
      ...{ domain, features, registry: openModelRegistry(about), clock, backend, seed: 7 },
      ...{ config: defaultTrainingConfig, logger: silentLogger, progress: silentProgress },
      drawVerdict: () => '<svg xmlns="http://www.w3.org/2000/svg"/>',
    });
    const { seriesIds, length } = panel;
    return { ...started(), learnt: seriesIds.length, intervals: length, outcome: verdict.outcome };
  },
};

function begin() {
  const [wall, cpu] = [systemClock.elapsedMs(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    const seconds = (systemClock.elapsedMs() - wall) / 1000;
    return { seconds, cpuSeconds: (user + system) / 1e6 };
  };
}

const found = await phases[phase]?.();
const peakMb = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ phase, ...found, peakMb }));
process.exit(0);
