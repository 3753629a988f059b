/**
 * Purpose: runs jobs at the times of a cron expression (UTC) inside one process.
 * Invariants: jobs run one after the other; a start of a job that waits or runs is refused; a
 * failed run is retried with growing pauses; a run ends within its limit; a failure never ends the
 * process or another job. Times that were missed, because the machine slept, the clock was set or
 * the job itself was still running, are made up for by one run. The retry loop is our own: p-retry
 * drops the result of a run that ends after `stop`.
 * Fails: USAGE for an unknown job or an invalid cron expression. A job's own failure is logged and
 * is the result of `trigger`, never an exception.
 */
import type { Clock } from '../clock.ts';
import { describeError, HeadwayError, isHeadwayError } from '../errors.ts';
import type { Random } from '../random.ts';
import type { Logger } from '../telemetry/logger.ts';
import { sleep as realSleep, type Sleep } from '../timers.ts';
import { CRON_FORMS, type CronTimes, cronTimes } from './cron.ts';

export interface Job {
  readonly name: string;
  /** In UTC; cron.ts has the forms. */
  readonly cron: string;
  /** When it ran last, if that is known: a time since then was missed, and it runs at once. */
  readonly lastRunAt?: number | undefined;
  /** A run that takes longer is aborted, and not retried; default: no limit. */
  readonly limitMs?: number;
  /** Further attempts after a failed one; default: none. */
  readonly retries?: number;
  /** @param slot the time for which it runs: of the schedule, or now where it was triggered */
  run(signal: AbortSignal, slot: number): Promise<void>;
}

/**
 * `refused`: this job, or the same run in another process, is in progress. `aborted`: the scheduler
 * stopped meanwhile. `late`: it took longer than its limit.
 */
export type RunResult = 'ok' | 'failed' | 'refused' | 'aborted' | 'late';

export interface SchedulerOptions {
  readonly jobs: readonly Job[];
  readonly clock: Clock;
  readonly logger: Logger;
  /**
   * A scheduled run starts later than its time by a share of this, so that many schedulers do not
   * meet; default: none.
   */
  readonly jitter?: { readonly ms: number; readonly random: Random };
  /** For tests: the pause between attempts. */
  readonly sleep?: Sleep;
}

/** Before the first retry; doubles with each, up to an hour. */
const FIRST_PAUSE_MS = 60_000;
const MAX_PAUSE_MS = 60 * FIRST_PAUSE_MS;
/**
 * The wall clock is looked at this often: a timer for the next time would stand still while the
 * machine sleeps.
 */
const CHECK_MS = 1000;
/** A run that starts later than this was missed; a clock that goes back by more was set. */
const MISSED_MS = 60_000;
const NO_JITTER = { ms: 0, random: () => 0 };

interface Timetable {
  readonly job: Job;
  readonly times: CronTimes;
  due: number;
  /** By how much later than `due` it starts. */
  delayMs: number;
}

export class Scheduler {
  readonly jobs: readonly Job[];
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #sleep: Sleep;
  readonly #jitter: NonNullable<SchedulerOptions['jitter']>;
  readonly #timetables: readonly Timetable[];
  readonly #timer: NodeJS.Timeout;
  #checkedAt: number;
  /** The job whose turn it is; others that are under way wait for it. */
  #running: Job | null = null;
  readonly #underWay = new Map<string, Promise<RunResult>>();
  readonly #stopping = new AbortController();
  readonly #aborting = new AbortController();

  constructor({ jobs, clock, logger, jitter = NO_JITTER, sleep = realSleep }: SchedulerOptions) {
    this.jobs = jobs;
    this.#clock = clock;
    this.#logger = logger;
    this.#sleep = sleep;
    this.#jitter = jitter;
    const now = clock.now();
    this.#checkedAt = now;
    this.#timetables = jobs.map((job) => {
      const times = timesOf(job);
      const due = times.next(Math.min(job.lastRunAt ?? now, now));
      return { job, times, due, delayMs: this.#delay() };
    });
    this.#timer = setInterval(() => this.check(), CHECK_MS);
  }

  /** Starts the jobs that are due; called every second. */
  check(): void {
    const now = this.#clock.now();
    const wasSetBack = now < this.#checkedAt - MISSED_MS;
    this.#checkedAt = now;
    for (const timetable of this.#timetables) {
      const { job, times } = timetable;
      if (wasSetBack) timetable.due = times.next(now);
      // A run that waits covers this time; one that runs began before it.
      const waits = this.#underWay.has(job.name) && this.#running !== job;
      const { due: slot, delayMs } = timetable;
      if (now < slot + delayMs || this.#running === job) continue;
      const isMissed = now - slot - delayMs > MISSED_MS;
      timetable.due = times.next(now);
      timetable.delayMs = this.#delay();
      if (waits) continue;
      if (isMissed) {
        const missed = new Date(slot).toISOString();
        this.#logger.info({ job: job.name, missed }, `${job.name}: making up for a missed run`);
      }
      void this.#start(job, slot);
    }
  }

  /** Starts a job now, as cron would; resolves when it has ended. */
  async trigger(name: string): Promise<RunResult> {
    const job = this.jobs.find((candidate) => candidate.name === name);
    if (job) return this.#start(job, this.#clock.now());
    const known = this.jobs.map((candidate) => candidate.name).join(', ');
    throw new HeadwayError('USAGE', `there is no job "${name}"`, { fix: `Use one of: ${known}.` });
  }

  /** Starts nothing more, and waits for the running job; `abort` aborts its signal first. */
  async stop({ abort = false } = {}): Promise<void> {
    this.#stopping.abort();
    if (abort) this.#aborting.abort();
    clearInterval(this.#timer);
    await Promise.all(this.#underWay.values());
  }

  #delay(): number {
    return this.#jitter.ms * this.#jitter.random();
  }

  async #start(job: Job, slot: number): Promise<RunResult> {
    if (this.#stopping.signal.aborted) return 'aborted';
    if (this.#underWay.has(job.name)) {
      this.#logger.warn({ job: job.name }, `${job.name}: refused, the last run is in progress`);
      return 'refused';
    }
    const before = [...this.#underWay.values()];
    const run = Promise.all(before)
      .then(() => {
        this.#running = job;
        return this.#attempts(job, slot);
      })
      .finally(() => {
        this.#running = null;
        this.#underWay.delete(job.name);
      });
    this.#underWay.set(job.name, run);
    return run;
  }

  async #attempts(job: Job, slot: number): Promise<RunResult> {
    for (let attempt = 1; !this.#stopping.signal.aborted; attempt++) {
      const result = await this.#attempt(job, slot, attempt);
      if (result !== 'failed' || attempt > (job.retries ?? 0)) return result;
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), MAX_PAUSE_MS);
      this.#logger.info({ job: job.name, pauseMs }, `${job.name}: retry in ${pauseMs / 1000} s`);
      // Rejected where the scheduler stops; the loop ends then.
      await this.#sleep(pauseMs, this.#stopping.signal).catch(() => {});
    }
    return 'aborted';
  }

  async #attempt(job: Job, slot: number, attempt: number): Promise<RunResult> {
    const { name, limitMs } = job;
    const started = this.#clock.elapsedMs();
    const log = this.#logger;
    log.info({ job: name, attempt }, `${name}: started`);
    const limit = limitMs === undefined ? null : AbortSignal.timeout(limitMs);
    const { signal } = this.#aborting;
    try {
      await job.run(limit ? AbortSignal.any([signal, limit]) : signal, slot);
      const tookMs = Math.round(this.#clock.elapsedMs() - started);
      log.info({ job: name, tookMs }, `${name}: done`);
      return 'ok';
    } catch (error) {
      if (this.#aborting.signal.aborted) return 'aborted';
      if (limit?.aborted) {
        log.error({ job: name, limitMs }, `${name}: stopped, it took longer than its time limit`);
        return 'late';
      }
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

function timesOf(job: Job): CronTimes {
  const times = cronTimes(job.cron);
  if (times !== null) return times;
  throw new HeadwayError(
    'USAGE',
    `the schedule of ${job.name} is "${job.cron}", which is not a cron expression`,
    { where: job.name, fix: `Write ${CRON_FORMS}; e.g. "5 * * * *".` },
  );
}
