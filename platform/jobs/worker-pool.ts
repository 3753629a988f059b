/**
 * Purpose: runs heavy jobs on several cores: child processes that each load one module and call its
 * `work` with an input. Processes and not threads, because the TypeScript loader does not reach
 * worker_threads on Node 20 (docs/decisions/0004).
 * Invariants: at most `size` jobs at once, in the order they were given; a worker serves one job at
 * a time and is used again; inputs and outputs are copied (structured clone: typed arrays stay what
 * they are); no worker outlives the pool or its process.
 * Fails: `run` rejects with the coded error that `work` threw, with INTERNAL where the worker died
 * or the pool is closed; a signal that aborts ends the job's worker, and the next job gets a new
 * one.
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
  /** What `work` passes to `report`. */
  readonly onProgress?: (progress: unknown) => void;
  readonly signal?: AbortSignal;
}

export interface WorkerPool {
  /** Runs one job; waits for a free worker. */
  run<Output>(input: unknown, options?: JobOptions): Promise<Output>;
  /** Ends the workers; jobs that wait or run are rejected. */
  close(): Promise<void>;
}

/** What a worker says to its pool. */
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
}

const ENTRY = new URL('./worker-entry.ts', import.meta.url);

export function openWorkerPool({ module, size }: WorkerPoolOptions): WorkerPool {
  if (!Number.isInteger(size) || size < 1)
    throw new RangeError(`a pool needs at least 1 worker, got ${size}`);
  const waiting: Job[] = [];
  const workers = new Set<Worker>();
  let isClosed = false;
  const endAll = () => {
    for (const { child } of workers) child.kill('SIGKILL');
  };
  process.once('exit', endAll);

  function start(): Worker {
    const child = fork(fileURLToPath(ENTRY), [module.href], {
      execArgv: loaderArguments(),
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const worker: Worker = {
      child,
      job: null,
      ended: new Promise((resolve) => child.once('exit', () => resolve())),
    };
    child.on('message', (message: WorkerMessage) => hear(worker, message));
    child.once('error', (cause) => gone(worker, `could not be started: ${cause.message}`));
    child.once('exit', (code, signal) =>
      gone(worker, `ended with ${signal ? `signal ${signal}` : `exit status ${code}`}`),
    );
    workers.add(worker);
    return worker;
  }

  function next(): void {
    while (waiting.length > 0) {
      let worker = [...workers].find((candidate) => candidate.job === null);
      if (!worker && workers.size < size) worker = start();
      if (!worker) return;
      const job = waiting.shift() as Job;
      if (job.options.signal?.aborted) {
        job.reject(new HeadwayError('INTERNAL', 'the job was told to stop'));
        continue;
      }
      const { child } = worker;
      worker.job = job;
      job.options.signal?.addEventListener(
        'abort',
        () => worker.job === job && child.kill('SIGKILL'),
        { once: true },
      );
      // Absent where there was no descriptor left to start the child with; 'error' follows then.
      child.send?.({ input: job.input }, (error) => error && child.kill('SIGKILL'));
    }
  }

  function hear(worker: Worker, message: WorkerMessage): void {
    const { job } = worker;
    if (job === null) return;
    if (message.kind === 'progress') {
      job.options.onProgress?.(message.progress);
      return;
    }
    worker.job = null;
    if (message.kind === 'done') job.resolve(message.output as never);
    else job.reject(revived(message.error));
    next();
  }

  function gone(worker: Worker, how: string): void {
    workers.delete(worker);
    const { job } = worker;
    worker.job = null;
    if (job?.options.signal?.aborted)
      job.reject(new HeadwayError('INTERNAL', 'the job was told to stop'));
    else
      job?.reject(
        new HeadwayError('INTERNAL', `a worker ${how}`, {
          fix: 'If nobody killed it, it may have run out of memory: use fewer workers.',
        }),
      );
    if (!isClosed) next();
  }

  return {
    run(input, options = {}) {
      if (isClosed)
        return Promise.reject(new HeadwayError('INTERNAL', 'the worker pool is closed'));
      return new Promise((resolve, reject) => {
        waiting.push({ input, options, resolve, reject });
        next();
      });
    },
    async close() {
      isClosed = true;
      process.removeListener('exit', endAll);
      for (const job of waiting.splice(0))
        job.reject(new HeadwayError('INTERNAL', 'the worker pool was closed'));
      const ended = [...workers].map((worker) => worker.ended);
      endAll();
      await Promise.all(ended);
    },
  };
}

/** This process's own loader of TypeScript, or tsx where it has none (under a test runner). */
function loaderArguments(): string[] {
  if (process.execArgv.some((argument) => argument.includes('tsx'))) return process.execArgv;
  return ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href];
}

function revived({ code, message, where, fix }: WorkerError): Error {
  const known = code in ERROR_CODES ? (code as ErrorCode) : 'INTERNAL';
  return new HeadwayError(known, message, { ...(where ? { where } : {}), ...(fix ? { fix } : {}) });
}
