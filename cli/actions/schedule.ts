/**
 * Purpose: `headway schedule`, and the schedule inside `headway start`: features hourly, training
 * daily. With --once the jobs run now, one after the other, for an external scheduler
 * (EventBridge, CronJobs).
 * Invariants: each run is a process of its own (docs/decisions/0004); jobs run one after the
 * other, each within its time limit; a failed run is retried and reported, and the service
 * continues with the last good model. With --once nothing is retried: the caller sees the failure.
 * Fails: SETTINGS_INVALID for a schedule that is not a cron expression; with --once as the job that
 * failed.
 */
import { runChildJob } from '../../platform/jobs/child-job.ts';
import { type Job, Scheduler } from '../../platform/jobs/scheduler.ts';
import type { CommandContext } from '../context.ts';
import { stopOf } from './serve.ts';

export interface ScheduleFlags {
  readonly only?: 'features' | 'training';
  readonly once?: boolean;
}

export async function scheduleCommand(
  context: CommandContext,
  { only, once }: ScheduleFlags,
): Promise<void> {
  const stop = stopOf(context);
  if (once) {
    const { features, training } = jobRuns(context, context.childEnvironment);
    const limitMs = context.settings.jobMinutes * 60_000;
    const limited = () => AbortSignal.any([stop.signal, AbortSignal.timeout(limitMs)]);
    if (only !== 'training') await features(limited());
    if (only !== 'features') await training(limited());
    stop.forget();
    return;
  }
  const scheduler = startSchedule(context, only ? { only } : {});
  const jobs = scheduler.jobs.map(({ name, cron }) => `${name} "${cron}"`).join(', ');
  context.print(`Schedule (cron, UTC): ${jobs || 'no jobs'}. Press Ctrl-C to stop.`);
  // A first run now, so that a new machine does not wait for the schedule.
  for (const { name } of scheduler.jobs) void scheduler.trigger(name);
  await stop.happened;
  await scheduler.stop({ abort: true });
}

export interface ScheduleChoice {
  readonly only?: 'features' | 'training';
  /** Settings of the jobs; default: those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** When a model was trained last: a training that was due since then runs now. */
  readonly lastTraining?: number | undefined;
}

export function startSchedule(
  context: CommandContext,
  { only, environment = context.childEnvironment, lastTraining }: ScheduleChoice,
): Scheduler {
  const { settings, clock, logger } = context;
  const { features, training } = jobRuns(context, environment);
  const common = { retries: 2, limitMs: settings.jobMinutes * 60_000 };
  const jobs: Job[] = [];
  if (settings.featuresSchedule !== null && only !== 'training')
    jobs.push({ ...common, name: 'features', cron: settings.featuresSchedule, run: features });
  if (settings.trainingSchedule !== null && only !== 'features') {
    const { trainingSchedule: cron } = settings;
    jobs.push({ ...common, name: 'training', cron, run: training, lastRunAt: lastTraining });
  }
  return new Scheduler({ jobs, clock, logger });
}

/**
 * The work of each job. Without a champion there is no forecast, which is not a failure.
 */
function jobRuns(context: CommandContext, environment: Readonly<Record<string, string>>) {
  const run = (args: string[], signal: AbortSignal) =>
    runChildJob({ args, env: environment, logger: context.logger, signal });
  const registryHasChampion = async () => (await (await context.registry()).champion()) !== null;
  return {
    async features(signal: AbortSignal): Promise<void> {
      await run(['features', 'run'], signal);
      if (await registryHasChampion()) await run(['forecast'], signal);
    },
    training: (signal: AbortSignal): Promise<void> => run(['train'], signal),
  };
}
