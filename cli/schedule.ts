/**
 * Purpose: `headway schedule`, and the schedule inside `headway start`: features hourly, training daily. With `once` the clock is somebody
 * else's (a CronJob, a scheduled task): each job runs once, as it would at its hour.
 * Invariants: each run is a process of its own (docs/decisions/0004); runs of one job do not overlap; a failed run is retried
 * and reported, and whatever serves goes on with the last good model.
 * Fails: SETTINGS_INVALID for a schedule that is no cron expression; with `once`, the exit status 1 where a job failed or was ended by a signal.
 */
import { runChildJob } from '../runtime/child-job.ts';
import { type Job, type Scheduler, schedule } from '../runtime/scheduler.ts';
import type { CommandContext } from './context.ts';
import { type StopSignal, stopSignal } from './serve.ts';

interface Flags {
  readonly only?: 'features' | 'training';
  readonly once?: boolean;
}

const RETRIES = 2;

export async function scheduleCommand(context: CommandContext, { only, once }: Flags): Promise<void> {
  const stop = stopSignal();
  const scheduler = startSchedule(context, { ...(only ? { only } : {}), retries: once ? 0 : RETRIES });
  if (once) return runOnce(scheduler, stop);
  const jobs = scheduler.status().map(({ name, cron }) => `${name} at ${cron}`);
  context.print(`Scheduled (cron, UTC): ${jobs.join('; ') || 'nothing'}. Ctrl-C stops it.`);
  // A first run now, so that a fresh machine need not wait for the hour.
  for (const { name } of scheduler.status()) void scheduler.trigger(name);
  await stop.happened;
  await scheduler.stop({ abort: true });
}

/** Whoever starts it tries again after its own fashion, so a failure ends the process with a status that says so. */
async function runOnce(scheduler: Scheduler, stop: StopSignal): Promise<void> {
  const stopped = stop.happened.then(() => scheduler.stop({ abort: true }));
  const results = await Promise.all(scheduler.status().map(({ name }) => scheduler.trigger(name)));
  if (stop.signal.aborted) await stopped;
  else await scheduler.stop();
  stop.forget();
  // `refused`: the same run is under way elsewhere, which is as good.
  if (results.some((result) => result === 'failed' || result === 'aborted')) process.exitCode = 1;
}

export interface ScheduleChoice {
  readonly only?: 'features' | 'training';
  /** The jobs' settings; this process's own unless told. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Further tries after a failed one. */
  readonly retries?: number;
}

export function startSchedule(
  context: CommandContext,
  { only, environment = context.childEnvironment, retries = RETRIES }: ScheduleChoice,
): Scheduler {
  const { settings, clock, logger } = context;
  const run = (args: string[], signal: AbortSignal) => runChildJob({ args, env: environment, logger, signal });
  const registryHasChampion = async () => (await (await context.registry()).champion()) !== null;
  const jobs: Job[] = [];
  if (settings.featuresSchedule !== null && only !== 'training') {
    jobs.push({
      name: 'features',
      cron: settings.featuresSchedule,
      group: 'headway',
      retries,
      async run(signal) {
        await run(['features', 'run'], signal);
        if (await registryHasChampion()) await run(['forecast'], signal);
      },
    });
  }
  if (settings.trainingSchedule !== null && only !== 'features') {
    jobs.push({
      name: 'training',
      cron: settings.trainingSchedule,
      group: 'headway',
      retries,
      run: (signal) => run(['train'], signal),
    });
  }
  return schedule({ jobs, clock, logger });
}
