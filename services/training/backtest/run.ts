/**
 * Purpose: the whole backtest: the test span in segments, a fit before each, in one process or
 * several, kept as they finish.
 * Invariants: the result does not depend on how many processes computed it, nor on where it was
 * interrupted; kept results are used only for the same data, settings, seed, backend, cutoffs and
 * code.
 * Fails: HISTORY_TOO_SHORT; SETTINGS_INVALID for cutoffs a whole share of the day apart; else as
 * the fits do.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Domain } from '../../../domains/domain.ts';
import {
  type BacktestResult,
  joined,
  runBacktest,
} from '../../../forecasting/evaluation/backtest.ts';
import { naiveForecasters } from '../../../forecasting/models/baselines/naive.ts';
import type { Forecaster } from '../../../forecasting/models/forecaster.ts';
import type { Panel } from '../../../forecasting/panel/panel.ts';
import { seasonsOf } from '../../../forecasting/panel/seasons.ts';
import type { Clock } from '../../../platform/clock.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import { sha256 } from '../../../platform/files/content-hash.ts';
import { openWorkerPool } from '../../../platform/jobs/worker-pool.ts';
import type { Progress } from '../../../platform/progress.ts';
import type { Logger } from '../../../platform/telemetry/logger.ts';
import type { BackendName } from '../../../platform/tensorflow/tensor-backend.ts';
import { hashPanel } from '../../../storage/features/panel-hash.ts';
import { testCutoffs } from '../evaluation.ts';
import { networkSpecOf, type TrainingConfig } from '../training-config.ts';
import { removeUntouched } from '../workers/checkpoint-columns.ts';
import { membersInWorkers } from '../workers/members.ts';
import { readSegment, segmentPath, writeSegment } from './files.ts';
import {
  runSegment,
  type SegmentJob,
  type SegmentProgress,
  type SegmentResult,
  segmentUnits,
  validatorOf,
} from './segment.ts';

export interface BacktestRequest {
  readonly domain: Domain;
  readonly panel: Panel;
  readonly config: TrainingConfig;
  readonly seed: number;
  readonly backend: BackendName;
  /** Fit again after this many days; null: once, before the test span. */
  readonly refitDays: number | null;
  /** Processes that fit at once; null: as many as there are segments and `cores` allow. */
  readonly workers: number | null;
  readonly cores: number;
  /** Where kept segments lie, one folder a backtest. */
  readonly folder: string;
  readonly logger: Logger;
  readonly progress: Progress;
  readonly clock: Clock;
  /**
   * For the checkpoints of a fit's members, which get a process each where segments are computed in
   * this one; without it they are fitted here, one after another.
   */
  readonly checkpoints?: string;
  /** Forecasters that need no fit, to score as well: the oracle. */
  readonly others?: readonly Forecaster[];
  /** How a segment is computed; a test passes its own. */
  readonly compute?: (
    job: SegmentJob,
    report: (progress: SegmentProgress) => void,
  ) => Promise<SegmentResult>;
}

export interface BacktestOutcome {
  readonly result: BacktestResult;
  /** The cutoffs of each segment, in order. */
  readonly segments: readonly (readonly number[])[];
  /** Segments that an earlier run had kept. */
  readonly kept: number;
  readonly workers: number;
  /** Forecaster → seconds all its fits took. */
  readonly seconds: Readonly<Record<string, number>>;
  /** Where this backtest's segments are kept. */
  readonly folder: string;
}

/** A backtest without a new segment for this long is not continued. */
const CACHE_MS = 14 * 86_400_000;
const WORKER = new URL('./worker.ts', import.meta.url);
const CODE = [
  new URL('../../../forecasting/', import.meta.url),
  new URL('./segment.ts', import.meta.url),
];

export async function backtest(request: BacktestRequest): Promise<BacktestOutcome> {
  const { domain, panel, config, seed, backend, refitDays, clock, logger } = request;
  requireCoprime(config.cutoffStep, seasonsOf(domain).short);
  const cutoffs = testCutoffs(domain, panel, config);
  const segments = segmentsOf(
    cutoffs,
    refitDays === null ? null : (refitDays * 1440) / domain.frequencyMinutes,
  );
  const spec = networkSpecOf(domain, panel, config, cutoffs[0] as number);
  const jobs = segments.map(
    (part): SegmentJob => ({ panel, cutoffs: part, spec, fit: config.fit, seed, backend }),
  );
  const about = {
    panel: hashPanel(panel),
    spec,
    fit: config.fit,
    seed,
    backend,
    segments,
    code: await hashOfCode(),
  };
  const key = sha256(JSON.stringify(about)).slice(0, 24);
  const folder = join(request.folder, key);

  const { results, open } = await readSegments(folder, key, segments, logger);
  const kept = segments.length - open.length;
  if (kept > 0)
    logger.info(
      { folder, kept, of: segments.length },
      'the backtest continues from cached segments',
    );

  const wanted = request.workers ?? Math.min(request.cores, open.length);
  const workers = Math.max(1, Math.min(wanted, open.length));
  await computeSegments(request, jobs, open, workers, async (i, result) => {
    await writeSegment(segmentPath(folder, i), key, result);
    results[i] = result;
  });
  await removeUntouched(request.folder, clock.now() - CACHE_MS, key);
  const season = spec.features.week;
  const unfitted = await runBacktest(
    panel,
    [...naiveForecasters(season, domain.frequencyMinutes), ...(request.others ?? [])],
    cutoffs,
    domain.horizon,
  );
  const fitted = joined(results.map(({ result }) => result));
  return {
    result: { ...unfitted, forecasts: [...unfitted.forecasts, ...fitted.forecasts] },
    segments,
    kept,
    workers,
    seconds: totalSeconds(results),
    folder,
  };
}

/** The cached results of earlier runs, and the segments that are still to be computed. */
async function readSegments(
  folder: string,
  key: string,
  segments: readonly (readonly number[])[],
  logger: Logger,
): Promise<{ results: SegmentResult[]; open: number[] }> {
  const results: SegmentResult[] = [];
  const open: number[] = [];
  for (const [i, cutoffs] of segments.entries()) {
    const file = segmentPath(folder, i);
    const found = await readSegment(file, key, cutoffs);
    if (found === 'unusable')
      logger.warn(
        { file },
        'a cached segment is damaged or belongs to another backtest; it is computed again',
      );
    if (typeof found === 'object') results[i] = found;
    else open.push(i);
  }
  return { results, open };
}

type Compute = NonNullable<BacktestRequest['compute']>;

/** Computes the open segments, in as many processes as `workers`, and passes each result on. */
async function computeSegments(
  request: BacktestRequest,
  jobs: readonly SegmentJob[],
  open: readonly number[],
  workers: number,
  keep: (index: number, result: SegmentResult) => Promise<void>,
): Promise<void> {
  const { panel, progress } = request;
  const pool =
    workers > 1 && !request.compute ? openWorkerPool({ module: WORKER, size: workers }) : null;
  const compute: Compute =
    request.compute ??
    (pool === null
      ? computeHere(request)
      : (job, report) =>
          pool.run<SegmentResult>(job, { onProgress: (sent) => report(sent as SegmentProgress) }));
  const total = open.reduce((sum, i) => sum + segmentUnits(jobs[i] as SegmentJob), 0);
  if (total > 0) progress.start('backtest', total);
  const done = new Map<number, number>();
  const one = async (i: number) => {
    const job = jobs[i] as SegmentJob;
    const result = await compute(job, (sent) => {
      done.set(i, sent.done);
      const sum = [...done.values()].reduce((a, b) => a + b, 0);
      progress.update(Math.min(sum, total), `segment ${i + 1} of ${jobs.length}: ${sent.note}`);
    });
    done.set(i, segmentUnits(job));
    await keep(i, result);
  };
  try {
    // In one process segments follow one another, so that a kill loses at most one.
    if (workers === 1) for (const i of open) await one(i);
    else await Promise.all(open.map(one));
  } finally {
    await pool?.close();
    const fits = jobs.length === 1 ? 'one fit' : `${jobs.length} fits`;
    const cutoffs = jobs.reduce((sum, job) => sum + job.cutoffs.length, 0);
    if (total > 0) progress.stop(`${fits}, ${cutoffs} cutoffs × ${panel.seriesIds.length} series`);
  }
}

/** In this process, where a single fit leaves the other cores to its members. */
function computeHere({
  seed,
  backend,
  cores,
  checkpoints,
  logger,
  clock,
}: BacktestRequest): Compute {
  const fitMembers =
    checkpoints === undefined
      ? undefined
      : membersInWorkers(seed, { backend, cores, folder: checkpoints, logger, now: clock.now() });
  return (job, report) => runSegment(job, report, validatorOf(fitMembers));
}

/**
 * Cutoffs in runs that each reach less than `intervals` past their first; one run where that is
 * null.
 */
export function segmentsOf(cutoffs: readonly number[], intervals: number | null): number[][] {
  const first = cutoffs[0] as number;
  const segments: number[][] = [];
  for (const cutoff of cutoffs) {
    const index = intervals === null ? 0 : Math.floor((cutoff - first) / intervals);
    segments[index] ??= [];
    segments[index].push(cutoff);
  }
  // Cutoffs further apart than the refits leave stretches with none.
  return segments.filter((segment) => segment !== undefined);
}

function totalSeconds(results: readonly SegmentResult[]): Record<string, number> {
  const seconds: Record<string, number> = {};
  for (const result of results) {
    for (const [name, value] of Object.entries(result.seconds))
      seconds[name] = (seconds[name] ?? 0) + value;
  }
  return seconds;
}

function requireCoprime(step: number, day: number): void {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  if (divisor(step, day) === 1) return;
  throw new HeadwayError(
    'SETTINGS_INVALID',
    `cutoffs ${step} intervals apart meet some hours of the day at some steps only`,
    {
      where: '--cutoff-step',
      fix: `Take a number that shares no factor with ${day}, e.g. ${day + 1}.`,
    },
  );
}

/** The mathematics a result depends on: a changed line of it makes another backtest. */
async function hashOfCode(): Promise<string> {
  const texts: string[] = [];
  for (const place of CODE) {
    const path = fileURLToPath(place);
    const names = path.endsWith('.ts')
      ? ['']
      : (await readdir(path, { recursive: true })).filter((name) => name.endsWith('.ts'));
    for (const name of names.sort()) texts.push(name, await readFile(join(path, name), 'utf8'));
  }
  return sha256(JSON.stringify(texts));
}
