/**
 * Purpose: runs heavy jobs on several cores: child processes that each load one module and call its
 * `work` with an input. Processes and not threads, because the TypeScript loader does not reach
 * worker_threads on Node 20 (docs/decisions/0004).
 * Invariants: at most `size` jobs at once, in the order of the calls; a worker runs one job at
 * a time and is reused; inputs and outputs are copied (structured clone: typed arrays stay typed
 * arrays); no worker outlives the pool or its process.
 * Fails: `run` rejects with the coded error that `work` threw, with INTERNAL where the worker died
 * or the pool is closed; an aborted signal kills the job's worker, and the next job gets a new one.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ERROR_CODES, type ErrorCode, HeadwayError } from '../errors.ts';

export interface WorkerPoolOptions {
  /**
   * The module whose `work(input, report)` the workers call: new URL('./x-worker.ts',
   * import.meta.url).
   */
  readonly module: URL;
  /** How many jobs may run at once, at least 1. */
  readonly size: number;
}

export interface JobOptions {
  /** Gets what `work` passes to `report`. */
  readonly onProgress?: (progress: unknown) => void;
  readonly signal?: AbortSignal;
}

/** From a worker to its pool. */
export type WorkerMessage =
  | { readonly kind: 'progress'; readonly progress: unknown }
  | { readonly kind: 'done'; readonly output: unknown }
  | { readonly kind: 'failed'; readonly error: WorkerError };

export interface WorkerError {
  readonly code: string;
  readonly message: string;
  readonly where?: string;
  readonly fix?: string;
}

interface Job {
  readonly input: unknown;
  readonly options: JobOptions;
  readonly resolve: (output: never) => void;
  readonly reject: (error: Error) => void;
}

interface Worker {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  job: Job | null;
  /** Ends the listening to the signal of the job. */
  unbind: () => void;
}

const ENTRY = new URL('./worker-entry.ts', import.meta.url);

class WorkerPool {
  readonly #module: URL;
  readonly #size: number;
  readonly #waiting: Job[] = [];
  readonly #workers = new Set<Worker>();
  #isClosed = false;

  constructor({ module, size }: WorkerPoolOptions) {
    if (!Number.isInteger(size) || size < 1)
      throw new RangeError(`a pool needs at least 1 worker, got ${size}`);
    this.#module = module;
    this.#size = size;
    process.once('exit', this.#killAll);
  }

  /** Runs one job; waits for a free worker. */
  run<Output>(input: unknown, options: JobOptions = {}): Promise<Output> {
    if (this.#isClosed) return Promise.reject(internal('the worker pool is closed'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ input, options, resolve, reject });
      this.#next();
    });
  }

  /** Ends the workers; jobs that wait or run are rejected. */
  async close(): Promise<void> {
    this.#isClosed = true;
    process.removeListener('exit', this.#killAll);
    for (const job of this.#waiting.splice(0)) job.reject(internal('the worker pool was closed'));
    const ended = [...this.#workers].map((worker) => worker.ended);
    this.#killAll();
    await Promise.all(ended);
  }

  readonly #killAll = (): void => {
    for (const { child } of this.#workers) child.kill('SIGKILL');
  };

  #startWorker(): Worker {
    const child = fork(fileURLToPath(ENTRY), [this.#module.href], {
      execArgv: loaderArguments(),
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const worker: Worker = {
      child,
      job: null,
      unbind: () => undefined,
      ended: new Promise((resolve) => child.once('exit', () => resolve())),
    };
    child.on('message', (message: WorkerMessage) => this.#onMessage(worker, message));
    child.once('error', (cause) => this.#onEnd(worker, `could not be started: ${cause.message}`));
    child.once('exit', (code, signal) =>
      this.#onEnd(worker, `ended with ${signal ? `signal ${signal}` : `exit status ${code}`}`),
    );
    this.#workers.add(worker);
    return worker;
  }

  #next(): void {
    while (this.#waiting.length > 0) {
      let worker = [...this.#workers].find((candidate) => candidate.job === null);
      if (!worker && this.#workers.size < this.#size) worker = this.#startWorker();
      if (!worker) return;
      const job = this.#waiting.shift() as Job;
      if (job.options.signal?.aborted) job.reject(internal(STOPPED));
      else assign(worker, job);
    }
  }

  #onMessage(worker: Worker, message: WorkerMessage): void {
    const { job } = worker;
    if (job === null) return;
    if (message.kind === 'progress') {
      job.options.onProgress?.(message.progress);
      return;
    }
    release(worker);
    if (message.kind === 'done') job.resolve(message.output as never);
    else job.reject(errorFrom(message.error));
    this.#next();
  }

  #onEnd(worker: Worker, how: string): void {
    this.#workers.delete(worker);
    const { job } = worker;
    release(worker);
    const fix = 'If nobody killed it, it may have run out of memory: use fewer workers.';
    if (job?.options.signal?.aborted) job.reject(internal(STOPPED));
    else job?.reject(internal(`a worker ${how}`, fix));
    if (!this.#isClosed) this.#next();
  }
}

export type { WorkerPool };

export const openWorkerPool = (options: WorkerPoolOptions): WorkerPool => new WorkerPool(options);

const STOPPED = 'the job was stopped';

const internal = (message: string, fix?: string): HeadwayError =>
  new HeadwayError('INTERNAL', message, fix ? { fix } : {});

function assign(worker: Worker, job: Job): void {
  const { child } = worker;
  worker.job = job;
  const { signal } = job.options;
  const kill = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', kill, { once: true });
  // One signal may be that of thousands of jobs.
  worker.unbind = () => signal?.removeEventListener('abort', kill);
  // Without a channel there was no file descriptor left for the child; 'error' follows then.
  child.send?.({ input: job.input }, (error) => error && child.kill('SIGKILL'));
}

function release(worker: Worker): void {
  worker.unbind();
  worker.job = null;
}

/** This process's own loader of TypeScript, or tsx where it has none (under a test runner). */
function loaderArguments(): string[] {
  if (process.execArgv.some((argument) => argument.includes('tsx'))) return process.execArgv;
  return ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href];
}

function errorFrom({ code, message, where, fix }: WorkerError): Error {
  const known = code in ERROR_CODES ? (code as ErrorCode) : 'INTERNAL';
  return new HeadwayError(known, message, { ...(where ? { where } : {}), ...(fix ? { fix } : {}) });
}
