/**
 * Purpose: computes forecasts in a child process, in batches: requests that arrive within a moment
 * share a batch, and the next batch gathers while one is computed.
 * Invariants: a batch belongs to one model. The queue is bounded, and a request that waited too
 * long is refused. Chunks of a swap take turns with requests. A worker that ended is replaced; its
 * batch is not retried (it may be the cause), what waits stays. After several ends in a row the
 * worker rests.
 * Fails: OVERLOADED; WorkerUnavailableError; the forecaster's Error for a window
 * that it cannot forecast.
 */
import type { Prediction } from '../../../forecasting/models/forecaster.ts';
import type { Panel } from '../../../forecasting/panel/panel.ts';
import type { Clock } from '../../../platform/clock.ts';
import { openWorkerPool, type WorkerPool } from '../../../platform/jobs/worker-pool.ts';
import type { Logger } from '../../../platform/telemetry/logger.ts';
import type { BackendName } from '../../../platform/tensorflow/tensor-backend.ts';
import { sleep, withTimeout } from '../../../platform/timers.ts';
import { overloaded } from '../overloaded.ts';
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
  /** How long callers wait for a starting worker; then a baseline forecasts until it is up. */
  readonly startPatienceMs?: number;
  /** The module of the worker; default: the service's own. */
  readonly module?: URL;
}

/** How long the first request of a batch waits for others. */
const GATHER_MS = 1;
/** About ten milliseconds of work, so that nobody waits long behind a batch. */
const BATCH = 32;
/** A worker that has not started by then will not. */
const START_LIMIT_MS = 60_000;
/** Ends in a row after which the worker rests, doubling from the first rest to the longest. */
const ENDS_BEFORE_REST = 3;
const [FIRST_REST_MS, MAX_REST_MS] = [1000, 30_000];

interface Waiting {
  readonly model: LoadedModel;
  readonly panel: Panel;
  readonly cutoff: number;
  readonly since: number;
  readonly resolve: (prediction: Prediction) => void;
  readonly reject: (error: Error) => void;
}

const WORKER = new URL('./predict-worker.ts', import.meta.url);

export const openPredictQueue =
  (options: QueueOptions) =>
  (watch: PredictorWatch): Predictor =>
    new PredictQueue(options, watch);

class PredictQueue implements Predictor {
  readonly #options: QueueOptions;
  readonly #watch: PredictorWatch;
  readonly #pool: WorkerPool;
  readonly #queues: Record<Urgency, Waiting[]> = { asked: [], swap: [] };
  #lastTurn: Urgency = 'swap';
  #endsInRow = 0;
  #cooldownUntil = 0;
  #isClosing = false;
  #isUp = false;
  /** The worker is starting, and takes longer than callers wait. */
  #isSlow = false;
  #running: Promise<void> | null = null;

  constructor(options: QueueOptions, watch: PredictorWatch) {
    this.#options = options;
    this.#watch = watch;
    this.#pool = openWorkerPool({ module: options.module ?? WORKER, size: 1 });
  }

  predict(model: LoadedModel, panel: Panel, cutoff: number, urgency: Urgency) {
    const { clock, limits } = this.#options;
    if (this.#isClosing || this.#isSlow || clock.elapsedMs() < this.#cooldownUntil)
      return Promise.reject(new WorkerUnavailableError());
    if (urgency === 'asked' && this.#queues.asked.length >= limits.queueLimit)
      return Promise.reject(overloaded(`${limits.queueLimit} forecasts are already waiting`));
    return new Promise<Prediction>((resolve, reject) => {
      const since = clock.elapsedMs();
      this.#queues[urgency].push({ model, panel, cutoff, since, resolve, reject });
      this.#running ??= this.#runAll();
    });
  }

  waiting(): number {
    return this.#queues.asked.length;
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    // What waits is computed, unless its worker does not start.
    if (this.#running) await withTimeout(this.#options.limits.batchTimeoutMs, this.#running);
    await this.#pool.close();
    await this.#running;
  }

  async #runAll(): Promise<void> {
    if (this.#queues.swap.length === 0) await sleep(GATHER_MS);
    for (;;) {
      try {
        await this.#start();
      } catch (error) {
        this.#failed([], error);
        if (this.#queues.asked.length + this.#queues.swap.length > 0) continue;
      }
      const next = this.#take();
      if (next === null) {
        // In the same turn as the look: what arrives later starts a run of its own.
        this.#running = null;
        return;
      }
      const { batch, urgency } = next;
      try {
        await this.#run(batch);
        this.#endsInRow = 0;
        if (urgency === 'asked') this.#watch.onBatch(batch.length);
      } catch (error) {
        this.#failed(batch, error);
      }
    }
  }

  /** The next batch: of one model, the two urgencies in turn. */
  #take(): { batch: Waiting[]; urgency: Urgency } | null {
    const { clock, limits } = this.#options;
    const { asked } = this.#queues;
    const now = clock.elapsedMs();
    // Those that waited too long are at the front; their callers give up.
    while (asked[0] && now - asked[0].since > limits.waitLimitMs)
      asked.shift()?.reject(overloaded('the forecast waited too long'));
    const other = this.#lastTurn === 'asked' ? 'swap' : 'asked';
    const urgency = this.#queues[other].length > 0 ? other : this.#lastTurn;
    const queue = this.#queues[urgency];
    const first = queue[0];
    if (first === undefined) return null;
    this.#lastTurn = urgency;
    const batch: Waiting[] = [];
    const rest: Waiting[] = [];
    let series = 0;
    for (const one of queue) {
      const joins = one.model === first.model && series < BATCH;
      (joins ? batch : rest).push(one);
      if (joins) series += one.panel.seriesIds.length;
    }
    this.#queues[urgency] = rest;
    return { batch, urgency };
  }

  /** Starting takes seconds on a busy machine, so the time limit of a batch counts from here. */
  async #start(): Promise<void> {
    if (this.#isUp) return;
    const { backend, startPatienceMs = 2000 } = this.#options;
    const empty = { backend, modelVersion: '', model: null, windows: [], horizon: 0 };
    const hello = this.#ask(empty, START_LIMIT_MS).then(() => {
      this.#isUp = true;
    });
    await withTimeout(startPatienceMs, hello);
    this.#isSlow = !this.#isUp;
    if (this.#isSlow) this.#rejectAll();
    try {
      await hello;
    } finally {
      this.#isSlow = false;
    }
  }

  #rejectAll(): void {
    const { asked, swap } = this.#queues;
    for (const one of [...asked.splice(0), ...swap.splice(0)])
      one.reject(new WorkerUnavailableError());
  }

  async #run(batch: readonly Waiting[]): Promise<void> {
    const { backend, limits } = this.#options;
    const { model } = batch[0] as Waiting;
    const { modelVersion, horizon } = model.card;
    const windows = batch.map(({ panel, cutoff }) => ({ panel, cutoff }));
    const job = { backend, modelVersion, windows, horizon };
    // The model is sent only where the worker does not have it.
    const outcome =
      (await this.#ask({ ...job, model: null }, limits.batchTimeoutMs)) ??
      (await this.#ask({ ...job, model: model.stored }, limits.batchTimeoutMs));
    if (outcome === null) throw new Error('the worker did not take the model');
    for (const [i, one] of outcome.entries()) {
      const { resolve, reject } = batch[i] as Waiting;
      if ('error' in one) reject(new RangeError(one.error));
      else resolve(one);
    }
  }

  async #ask(job: PredictJob, timeoutMs: number): Promise<PredictOutcome> {
    const late = new AbortController();
    const done = new AbortController();
    const watching = sleep(timeoutMs, done.signal).then(
      () => late.abort(),
      () => {},
    );
    try {
      return await this.#pool.run<PredictOutcome>(job, { signal: late.signal });
    } finally {
      done.abort();
      await watching;
    }
  }

  #failed(batch: readonly Waiting[], error: unknown): void {
    const { clock, logger } = this.#options;
    this.#isUp = false;
    this.#watch.onFailure();
    logger.error(
      { err: error, batch: batch.length },
      'the prediction worker failed; a new one is started',
    );
    if (++this.#endsInRow >= ENDS_BEFORE_REST) {
      const rest = Math.min(MAX_REST_MS, FIRST_REST_MS * 2 ** (this.#endsInRow - ENDS_BEFORE_REST));
      this.#cooldownUntil = clock.elapsedMs() + rest;
      this.#rejectAll();
    }
    for (const { reject } of batch) reject(new WorkerUnavailableError());
  }
}
