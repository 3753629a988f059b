/**
 * Purpose: forecasts computed in a process of their own, many in one go: requests that come within
 * a moment share a batch, and while one batch is computed the next gathers.
 * Invariants: a batch is of one model; the queue is bounded, and what waited too long is refused
 * rather than computed for nobody; pieces of a swap take turns with what is asked for; a worker
 * that ended is replaced, what it was computing is not tried again (it may be what ended it), what
 * waited stays; after several ends in a row it is left alone for a while.
 * Fails: OVERLOADED with Retry-After; WorkerUnavailableError; an Error of the forecaster's for a window it
 * cannot forecast.
 */
import type { Panel } from '../../../forecasting/panel/panel.ts';
import type { Clock } from '../../../platform/clock.ts';
import { openWorkerPool } from '../../../platform/jobs/worker-pool.ts';
import type { Logger } from '../../../platform/telemetry/logger.ts';
import type { BackendName } from '../../../platform/tensorflow/tensor-backend.ts';
import { sleep, withTimeout } from '../../../platform/timers.ts';
import { HttpProblem } from '../responses/problems.ts';
import type { LoadedModel } from '../serving/load-parts.ts';
import type { InferenceSettings } from '../settings.ts';
import type { PredictJob, PredictOutcome } from './predict-worker.ts';
import {
  type Predictor,
  type PredictorWatch,
  type Urgency,
  WorkerUnavailableError,
} from './predictor.ts';

export interface QueueOptions {
  readonly backend: BackendName;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: Pick<InferenceSettings, 'queueLimit' | 'waitLimitMs' | 'batchTimeoutMs'>;
  /** How long callers wait for a worker that starts; after it baselines answer until it has. */
  readonly startPatienceMs?: number;
  /** The module of the worker; the service's own unless told. */
  readonly module?: URL;
}

/**
 * How long the first of a batch waits for others: less than anybody notices, and enough for what
 * one turn of the network brings.
 */
const GATHER_MS = 1;
/** Some ten milliseconds of work, so that nobody waits long behind a batch. */
const BATCH = 32;
/** A worker that has not started by then will not. */
const START_LIMIT_MS = 60_000;
const RETRY_SECONDS = 1;
/** Ends in a row after which the worker rests, doubling from the first rest to the longest. */
const ENDS_BEFORE_REST = 3;
const [FIRST_REST_MS, MAX_REST_MS] = [1000, 30_000];

interface Waiting {
  readonly model: LoadedModel;
  readonly panel: Panel;
  readonly cutoff: number;
  readonly since: number;
  readonly resolve: (values: Float32Array) => void;
  readonly reject: (error: Error) => void;
}

const WORKER = new URL('./predict-worker.ts', import.meta.url);

const overloaded = (what: string) => new HttpProblem('OVERLOADED', what, RETRY_SECONDS);

export const openPredictQueue =
  (options: QueueOptions) =>
  (watch: PredictorWatch): Predictor => {
    const { backend, clock, logger, limits, startPatienceMs = 2000, module = WORKER } = options;
    const { queueLimit, waitLimitMs, batchTimeoutMs } = limits;
    const pool = openWorkerPool({ module, size: 1 });
    const queues: Record<Urgency, Waiting[]> = { asked: [], swap: [] };
    let lastTurn: Urgency = 'swap';
    let endsInRow = 0;
    let cooldownUntil = 0;
    let isClosing = false;
    let isUp = false;
    /** It starts, and takes longer than callers wait. */
    let isSlow = false;
    let running: Promise<void> | null = null;

    /** The next batch: of one model, the two urgencies in turn. */
    function take(): { batch: Waiting[]; urgency: Urgency } | null {
      const now = clock.elapsedMs();
      // What has waited too long is at the front; its caller has given up, or soon will.
      while (queues.asked[0] && now - queues.asked[0].since > waitLimitMs)
        queues.asked.shift()?.reject(overloaded('the forecast waited too long for its turn'));
      const other = lastTurn === 'asked' ? 'swap' : 'asked';
      const urgency = queues[other].length > 0 ? other : lastTurn;
      const queue = queues[urgency];
      const first = queue[0];
      if (first === undefined) return null;
      lastTurn = urgency;
      const batch: Waiting[] = [];
      const rest: Waiting[] = [];
      let series = 0;
      for (const one of queue) {
        const fits = one.model === first.model && series < BATCH;
        (fits ? batch : rest).push(one);
        if (fits) series += one.panel.seriesIds.length;
      }
      queues[urgency] = rest;
      return { batch, urgency };
    }

    async function runAll(): Promise<void> {
      if (queues.swap.length === 0) await sleep(GATHER_MS);
      for (;;) {
        try {
          await start();
        } catch (error) {
          failed([], error);
          if (queues.asked.length + queues.swap.length > 0) continue;
        }
        const next = take();
        if (next === null) {
          // In the same breath as the look: what comes later starts a run of its own.
          running = null;
          return;
        }
        const { batch, urgency } = next;
        try {
          await run(batch);
          endsInRow = 0;
          if (urgency === 'asked') watch.onBatch(batch.length);
        } catch (error) {
          failed(batch, error);
        }
      }
    }

    /** Starting takes seconds on a busy machine: a batch's own time counts from there. */
    async function start(): Promise<void> {
      if (isUp) return;
      const hello = ask(
        { backend, modelVersion: '', model: null, windows: [], horizon: 0 },
        START_LIMIT_MS,
      ).then(() => {
        isUp = true;
      });
      await withTimeout(startPatienceMs, hello);
      isSlow = !isUp;
      if (isSlow) leaveAll();
      try {
        await hello;
      } finally {
        isSlow = false;
      }
    }

    /** What waits is answered otherwise. */
    function leaveAll(): void {
      for (const one of [...queues.asked.splice(0), ...queues.swap.splice(0)])
        one.reject(new WorkerUnavailableError());
    }

    async function run(batch: readonly Waiting[]): Promise<void> {
      const { model } = batch[0] as Waiting;
      const { modelVersion, horizon } = model.card;
      const windows = batch.map(({ panel, cutoff }) => ({ panel, cutoff }));
      const job = { backend, modelVersion, windows, horizon };
      const outcome =
        (await ask({ ...job, model: null }, batchTimeoutMs)) ??
        (await ask({ ...job, model: model.stored }, batchTimeoutMs));
      if (outcome === null) throw new Error('the worker did not take the model');
      for (const [i, values] of outcome.entries()) {
        const { resolve, reject } = batch[i] as Waiting;
        if ('error' in values) reject(new RangeError(values.error));
        else resolve(values);
      }
    }

    async function ask(job: PredictJob, timeoutMs: number): Promise<PredictOutcome> {
      const late = new AbortController();
      const done = new AbortController();
      const watching = sleep(timeoutMs, done.signal).then(
        () => late.abort(),
        () => {},
      );
      try {
        return await pool.run<PredictOutcome>(job, { signal: late.signal });
      } finally {
        done.abort();
        await watching;
      }
    }

    function failed(batch: readonly Waiting[], error: unknown): void {
      isUp = false;
      watch.onFailure();
      logger.error(
        { err: error, batch: batch.length },
        'the worker that computes forecasts failed; another takes its place',
      );
      if (++endsInRow >= ENDS_BEFORE_REST) {
        const rest = Math.min(MAX_REST_MS, FIRST_REST_MS * 2 ** (endsInRow - ENDS_BEFORE_REST));
        cooldownUntil = clock.elapsedMs() + rest;
        leaveAll();
      }
      for (const { reject } of batch) reject(new WorkerUnavailableError());
    }

    return {
      predict(model, panel, cutoff, urgency) {
        if (isClosing || isSlow || clock.elapsedMs() < cooldownUntil)
          return Promise.reject(new WorkerUnavailableError());
        if (urgency === 'asked' && queues.asked.length >= queueLimit)
          return Promise.reject(overloaded(`${queueLimit} forecasts wait already`));
        return new Promise((resolve, reject) => {
          queues[urgency].push({ model, panel, cutoff, since: clock.elapsedMs(), resolve, reject });
          running ??= runAll();
        });
      },
      waiting: () => queues.asked.length,
      async close() {
        isClosing = true;
        // What waits is computed, unless its worker does not come.
        if (running) await withTimeout(batchTimeoutMs, running);
        await pool.close();
        await running;
      },
    };
  };
