/**
 * Purpose: the child process of a worker pool: loads a module and runs one job at a time.
 * Invariants: it ends when its parent does (the channel closes); an error of `work` goes back with
 * its code, without a stack.
 * Fails: never by itself; a module that cannot be loaded fails the first job.
 */
import { isHeadwayError } from '../errors.ts';
import { sleep } from '../timers.ts';
import type { WorkerError, WorkerMessage } from './worker-pool.ts';

/**
 * `await report(…)` takes a turn of the event loop: without it a worker whose parent was killed
 * would notice only after its job.
 */
type Report = (progress: unknown) => Promise<void>;
type Work = (input: unknown, report: Report) => unknown;

const module = process.argv[2] as string;
const loaded = import(module) as Promise<{ work: Work }>;
// Reported with the first job.
loaded.catch(() => {});

const send = (message: WorkerMessage) => process.send?.(message);
const report: Report = (progress) => {
  send({ kind: 'progress', progress });
  return sleep(0);
};

process.on('message', async ({ input }: { input: unknown }) => {
  try {
    const { work } = await loaded;
    send({ kind: 'done', output: await work(input, report) });
  } catch (error) {
    send({ kind: 'failed', error: described(error) });
  }
});
process.on('disconnect', () => process.exit(0));

function described(error: unknown): WorkerError {
  if (!isHeadwayError(error))
    return { code: 'INTERNAL', message: error instanceof Error ? error.message : String(error) };
  const { code, message, where, fix } = error;
  return { code, message, ...(where ? { where } : {}), ...(fix ? { fix } : {}) };
}
