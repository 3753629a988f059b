/**
 * Purpose: `headway schedule`, and the schedule inside `headway start`: features and monitoring
 * hourly, training daily. With --once the jobs run now, one after the other, for an external
 * scheduler (EventBridge, CronJobs).
 * Invariants: each run is a process of its own (docs/decisions/0004); jobs run one after the
 * other, each within its time limit; of several schedulers on one store one runs a job for a time
 * of its schedule; a failed run is retried and reported, and the service continues with the last
 * good model. With --once nothing is retried: the caller sees the failure.
 * Fails: SETTINGS_INVALID for a schedule that is not a cron expression; with --once as the job that
 * failed.
 */
import { hostname } from 'node:os';
import { type Job, Scheduler } from '../../platform/jobs/scheduler.ts';
import { seededRandom, seedFrom } from '../../platform/random.ts';
import { JOB_NAMES, type JobName } from '../../storage/jobs/job-names.ts';
import type { CommandContext } from '../context.ts';
import { jobRuns } from '../job-runs.ts';
import { stopOf } from '../stop.ts';

export interface ScheduleFlags {
  readonly only?: JobName;
  readonly once?: boolean;
}

export async function scheduleCommand(
  context: CommandContext,
  { only, once }: ScheduleFlags,
): Promise<void> {
  const stop = stopOf(context);
  if (once) {
    const runs = jobRuns(context, context.childEnvironment);
    const limitMs = context.settings.jobMinutes * 60_000;
    for (const name of only ? [only] : JOB_NAMES) {
      const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(limitMs)]);
      await runs[name](signal, context.clock.now());
    }
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
  readonly only?: JobName;
  /** Settings of the jobs; default: those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** When a job ran last: a time of its schedule since then runs now. */
  readonly lastRuns?: Readonly<Partial<Record<JobName, number | undefined>>>;
}

export function startSchedule(
  context: CommandContext,
  { only, environment = context.childEnvironment, lastRuns = {} }: ScheduleChoice,
): Scheduler {
  const { settings, clock, logger } = context;
  const runs = jobRuns(context, environment);
  const common = { retries: 2, limitMs: settings.jobMinutes * 60_000 };
  const schedules: Readonly<Record<JobName, string | null>> = {
    features: settings.featuresSchedule,
    training: settings.trainingSchedule,
    monitoring: settings.monitoringSchedule,
  };
  const jobs = JOB_NAMES.flatMap((name): Job[] => {
    const cron = schedules[name];
    if (cron === null || (only ?? name) !== name) return [];
    return [{ ...common, name, cron, run: runs[name], lastRunAt: lastRuns[name] }];
  });
  const random = seededRandom(seedFrom(hostname(), process.pid));
  const jitter = { ms: settings.jobJitterSeconds * 1000, random };
  return new Scheduler({ jobs, clock, logger, jitter });
}

/** When each job ended well last; what the store cannot say is left out, with a warning. */
export async function lastRunsOf({
  jobRuns: logOf,
  logger,
}: Pick<CommandContext, 'jobRuns' | 'logger'>): Promise<Partial<Record<JobName, number>>> {
  const last: Partial<Record<JobName, number>> = {};
  for (const job of JOB_NAMES) {
    try {
      const done = await (await logOf(job)).lastDone();
      if (done !== null) last[job] = done;
    } catch (err) {
      logger.warn({ err, job }, `${job}: its last run cannot be read; it waits for its next time`);
    }
  }
  return last;
}
