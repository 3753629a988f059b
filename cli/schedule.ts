/**
 * Purpose: `headway schedule`, and the schedule inside `headway start`: features hourly, training daily.
 * Invariants: each run is a process of its own (docs/decisions/0004); runs of one job do not overlap; a failed run is retried
 * and reported, and whatever serves goes on with the last good model.
 * Fails: SETTINGS_INVALID for a schedule that is no cron expression.
 */
import { runChildJob } from '../runtime/child-job.ts';
import { type Job, type Scheduler, schedule } from '../runtime/scheduler.ts';
import type { CommandContext } from './context.ts';
import { stopSignal } from './serve.ts';

export async function scheduleCommand(context: CommandContext, { only }: { only?: 'features' | 'training' }): Promise<void> {
  const stop = stopSignal();
  const scheduler = startSchedule(context, only ? { only } : {});
  const jobs = scheduler.status().map(({ name, cron }) => `${name} at ${cron}`);
  context.print(`Scheduled (cron, UTC): ${jobs.join('; ') || 'nothing'}. Ctrl-C stops it.`);
  // A first run now, so that a fresh machine need not wait for the hour.
  for (const { name } of scheduler.status()) void scheduler.trigger(name);
  await stop.happened;
  await scheduler.stop({ abort: true });
}

export interface ScheduleChoice {
  readonly only?: 'features' | 'training';
  /** The jobs' settings; this process's own unless told. */
  readonly environment?: Readonly<Record<string, string>>;
}

export function startSchedule(
  context: CommandContext,
  { only, environment = context.childEnvironment }: ScheduleChoice,
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
      retries: 2,
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
      retries: 2,
      run: (signal) => run(['train'], signal),
    });
  }
  return schedule({ jobs, clock, logger });
}
