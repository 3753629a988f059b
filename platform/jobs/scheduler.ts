/**
 * Purpose: runs jobs at the times of a cron expression (UTC) inside one process.
 * Invariants: jobs run one after the other; a start of a job that waits or runs is refused; a
 * failed run is retried with growing pauses; a failure never ends the process or another job. The
 * retry loop is our own: p-retry drops the result of a run that ends after `stop`.
 * Fails: USAGE for an unknown job or an invalid cron expression. A job's own failure is logged and
 * is the result of `trigger`, never an exception.
 */
import cron, { type ScheduledTask } from 'node-cron';
import type { Clock } from '../clock.ts';
import { describeError, HeadwayError, isHeadwayError } from '../errors.ts';
import type { Logger } from '../telemetry/logger.ts';
import { sleep as realSleep, type Sleep } from '../timers.ts';

export interface Job {
  readonly name: string;
  /** Five fields: minute, hour, day, month, weekday; UTC. */
  readonly cron: string;
  /** Further attempts after a failed one; default: none. */
  readonly retries?: number;
  run(signal: AbortSignal): Promise<void>;
}

/**
 * `refused`: this job, or the same run in another process, is in progress. `aborted`: the scheduler
 * stopped meanwhile.
 */
export type RunResult = 'ok' | 'failed' | 'refused' | 'aborted';

export interface SchedulerOptions {
  readonly jobs: readonly Job[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** For tests: the pause between attempts. */
  readonly sleep?: Sleep;
}

/** Before the first retry; doubles with each, up to an hour. */
const FIRST_PAUSE_MS = 60_000;
const MAX_PAUSE_MS = 60 * FIRST_PAUSE_MS;

export class Scheduler {
  readonly jobs: readonly Job[];
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #sleep: Sleep;
  readonly #tasks: readonly ScheduledTask[];
  readonly #underWay = new Map<string, Promise<RunResult>>();
  readonly #stopping = new AbortController();
  readonly #aborting = new AbortController();

  constructor({ jobs, clock, logger, sleep = realSleep }: SchedulerOptions) {
    for (const job of jobs) checkCron(job);
    this.jobs = jobs;
    this.#clock = clock;
    this.#logger = logger;
    this.#sleep = sleep;
    this.#tasks = jobs.map((job) =>
      cron.schedule(job.cron, () => void this.#start(job), {
        name: job.name,
        timezone: 'UTC',
        logger: cronLogger(logger),
      }),
    );
  }

  /** Starts a job now, as cron would; resolves when it has ended. */
  async trigger(name: string): Promise<RunResult> {
    const job = this.jobs.find((candidate) => candidate.name === name);
    if (job) return this.#start(job);
    const known = this.jobs.map((candidate) => candidate.name).join(', ');
    throw new HeadwayError('USAGE', `there is no job "${name}"`, { fix: `Use one of: ${known}.` });
  }

  /** Starts nothing more, and waits for the running job; `abort` aborts its signal first. */
  async stop({ abort = false } = {}): Promise<void> {
    this.#stopping.abort();
    if (abort) this.#aborting.abort();
    for (const task of this.#tasks) await task.destroy();
    await Promise.all(this.#underWay.values());
  }

  async #start(job: Job): Promise<RunResult> {
    if (this.#stopping.signal.aborted) return 'aborted';
    if (this.#underWay.has(job.name)) {
      this.#logger.warn({ job: job.name }, `${job.name}: refused, the last run is in progress`);
      return 'refused';
    }
    const before = [...this.#underWay.values()];
    const run = Promise.all(before)
      .then(() => this.#attempts(job))
      .finally(() => this.#underWay.delete(job.name));
    this.#underWay.set(job.name, run);
    return run;
  }

  async #attempts(job: Job): Promise<RunResult> {
    for (let attempt = 1; !this.#stopping.signal.aborted; attempt++) {
      const result = await this.#attempt(job, attempt);
      if (result !== 'failed' || attempt > (job.retries ?? 0)) return result;
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), MAX_PAUSE_MS);
      this.#logger.info({ job: job.name, pauseMs }, `${job.name}: retry in ${pauseMs / 1000} s`);
      // Rejected where the scheduler stops; the loop ends then.
      await this.#sleep(pauseMs, this.#stopping.signal).catch(() => {});
    }
    return 'aborted';
  }

  async #attempt({ name, run }: Job, attempt: number): Promise<RunResult> {
    const started = this.#clock.now();
    const log = this.#logger;
    log.info({ job: name, attempt }, `${name}: started`);
    try {
      await run(this.#aborting.signal);
      log.info({ job: name, tookMs: this.#clock.now() - started }, `${name}: done`);
      return 'ok';
    } catch (error) {
      if (this.#aborting.signal.aborted) return 'aborted';
      if (isHeadwayError(error, 'RUN_IN_PROGRESS')) {
        log.warn({ job: name }, `${name}: refused, ${error.message}`);
        return 'refused';
      }
      const code = isHeadwayError(error) ? error.code : 'INTERNAL';
      log.error({ job: name, attempt, code, err: error }, `${name}: ${describeError(error)}`);
      return 'failed';
    }
  }
}

function checkCron(job: Job): void {
  if (cron.validate(job.cron)) return;
  throw new HeadwayError(
    'USAGE',
    `the schedule of ${job.name} is "${job.cron}", which is not a cron expression`,
    {
      where: job.name,
      fix: 'Write five fields: minute hour day month weekday, e.g. "5 * * * *".',
    },
  );
}

/** node-cron's own messages (a start missed because the process was busy) in our log. */
const cronLogger = (logger: Logger) => ({
  info: (message: string) => logger.debug(message),
  warn: (message: string) => logger.warn(message),
  error: (message: string | Error) => logger.error(String(message)),
  debug: (message: string | Error) => logger.trace(String(message)),
});
