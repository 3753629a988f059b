/**
 * Purpose: the process behind a worker pool: loads the module it is told, and answers one job at a time.
 * Invariants: it ends when its parent does (the channel closes); what `work` throws goes back as a coded error, without a stack.
 * Fails: never by itself; a module that cannot be loaded fails the first job.
 */
import { isHeadwayError } from './errors.ts';
import type { WorkerError, WorkerMessage } from './worker-pool.ts';

type Work = (input: unknown, report: (progress: unknown) => void) => unknown;

const module = process.argv[2] as string;
const loaded = import(module) as Promise<{ work: Work }>;
// Told with the first job.
loaded.catch(() => {});

const say = (message: WorkerMessage) => process.send?.(message);

process.on('message', async ({ input }: { input: unknown }) => {
  try {
    const { work } = await loaded;
    say({ kind: 'done', output: await work(input, (progress) => say({ kind: 'progress', progress })) });
  } catch (error) {
    say({ kind: 'failed', error: described(error) });
  }
});
process.on('disconnect', () => process.exit(0));

function described(error: unknown): WorkerError {
  if (!isHeadwayError(error)) return { code: 'INTERNAL', message: error instanceof Error ? error.message : String(error) };
  const { code, message, where, fix } = error;
  return { code, message, ...(where ? { where } : {}), ...(fix ? { fix } : {}) };
}
