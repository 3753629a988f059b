/**
 * Purpose: the process behind a worker pool: loads the module it is told, and answers one job at a
 * time.
 * Invariants: it ends when its parent does (the channel closes); what `work` throws goes back as a
 * coded error, without a stack.
 * Fails: never by itself; a module that cannot be loaded fails the first job.
 */
import { isHeadwayError } from '../errors.ts';
import { sleep } from '../timers.ts';
import type { WorkerError, WorkerMessage } from './worker-pool.ts';

/**
 * Whoever awaits `report` takes a turn of the event loop: else a worker whose parent was killed
 * would hear of it only after its job.
 */
type Report = (progress: unknown) => Promise<void>;
type Work = (input: unknown, report: Report) => unknown;

const module = process.argv[2] as string;
const loaded = import(module) as Promise<{ work: Work }>;
// Told with the first job.
loaded.catch(() => {});

const say = (message: WorkerMessage) => process.send?.(message);
const report: Report = (progress) => {
  say({ kind: 'progress', progress });
  return sleep(0);
};

process.on('message', async ({ input }: { input: unknown }) => {
  try {
    const { work } = await loaded;
    say({ kind: 'done', output: await work(input, report) });
  } catch (error) {
    say({ kind: 'failed', error: described(error) });
  }
});
process.on('disconnect', () => process.exit(0));

function described(error: unknown): WorkerError {
  if (!isHeadwayError(error))
    return { code: 'INTERNAL', message: error instanceof Error ? error.message : String(error) };
  const { code, message, where, fix } = error;
  return { code, message, ...(where ? { where } : {}), ...(fix ? { fix } : {}) };
}
