/**
 * Purpose: the work of each job: of the schedule, and of what starts a job when there is news.
 * Invariants: each run is a process of its own (docs/decisions/0004) under the lease of its job: of
 * several that begin one at the same time, one runs it.
 * Fails: RUN_IN_PROGRESS where another runs it; as the job's commands do.
 */
import { hostname } from 'node:os';
import { runChildJob } from '../platform/jobs/child-job.ts';
import type { JobName } from '../storage/jobs/job-names.ts';
import { runLeased } from '../storage/jobs/run-leased.ts';
import type { CommandContext } from './context.ts';

export type JobRun = (signal: AbortSignal, slot: number) => Promise<void>;

/**
 * The work of each job, under its lease. Without a champion there is no forecast, which is not a
 * failure.
 */
export function jobRuns(
  context: CommandContext,
  environment: Readonly<Record<string, string>>,
): Readonly<Record<JobName, JobRun>> {
  const { settings, clock, logger } = context;
  const run = (args: string[], signal: AbortSignal) =>
    runChildJob({ args, env: environment, logger, signal });
  const registryHasChampion = async () => (await (await context.registry()).champion()) !== null;
  const leased =
    (name: JobName, work: (signal: AbortSignal) => Promise<void>): JobRun =>
    async (signal, slot) =>
      runLeased(
        {
          ...{ log: await context.jobRuns(name), slot, signal, clock },
          owner: `${hostname()}:${process.pid}`,
          leaseMs: settings.leaseMinutes * 60_000,
          onProblem: (err) => logger.warn({ err, job: name }, `${name}: its lease has a problem`),
        },
        work,
      );
  return {
    features: leased('features', async (signal) => {
      await run(['features', 'run'], signal);
      if (await registryHasChampion()) await run(['forecast'], signal);
    }),
    training: leased('training', (signal) => run(['train'], signal)),
    monitoring: leased('monitoring', async (signal) => {
      await run(['monitor'], signal);
      // Batches and services write a file each time.
      await run(['ledger', 'compact'], signal);
    }),
  };
}
