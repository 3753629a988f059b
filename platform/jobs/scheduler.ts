/**
 * Purpose: runs jobs at the times of a cron expression (UTC) inside one process.
 * Invariants: a job never overlaps with itself (a second start is refused and counted); jobs of one
 * group run one after the other; a failed run is tried again with growing pauses; a failure never
 * ends the process or another job.
 * Fails: USAGE for an unknown job or a cron expression that is none. A job's own failure is logged,
 * kept in `status()`, and is the result of `trigger`, never an exception.
 */
import cron from 'node-cron';
import type { Clock } from '../clock.ts';
import { describeError, HeadwayError, isHeadwayError } from '../errors.ts';
import type { Logger } from '../telemetry/logger.ts';
import { sleep as realSleep, type Sleep } from '../timers.ts';

export interface Job {
  readonly name: string;
  /** Five fields: minute, hour, day, month, weekday; UTC. */
  readonly cron: string;
  /** Jobs that name the same group wait for one another. */
  readonly group?: string;
  /** Further tries after a failed one; none unless told. */
  readonly retries?: number;
  /** Pause before the first retry (a minute unless told); it doubles with each, up to an hour. */
  readonly retryDelayMs?: number;
  run(signal: AbortSignal): Promise<void>;
}

/**
 * `refused`: it, or the same run in another process, was under way. `aborted`: the scheduler
 * stopped meanwhile.
 */
export type RunResult = 'ok' | 'failed' | 'refused' | 'aborted';

export interface JobStatus {
  readonly name: string;
  readonly cron: string;
  readonly state: 'idle' | 'queued' | 'running' | 'pausing';
  readonly lastStart: number | null;
  readonly lastEnd: number | null;
  readonly lastResult: RunResult | null;
  /** The last failure as one line; null once a run has succeeded. */
  readonly lastError: string | null;
  /** When cron starts it next, epoch milliseconds; null once stopped. */
  readonly next: number | null;
  readonly succeeded: number;
  readonly failed: number;
  readonly refused: number;
  readonly retried: number;
}

export interface Scheduler {
  status(): JobStatus[];
  /** Starts a job now, as cron would; resolves when it has ended. */
  trigger(name: string): Promise<RunResult>;
  /**
   * Starts nothing more, and waits for what runs; with `abort` its signal tells it to give up
   * first.
   */
  stop(options?: { abort?: boolean }): Promise<void>;
}

export interface ScheduleOptions {
  readonly jobs: readonly Job[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** For tests: how to pause between tries. */
  readonly sleep?: Sleep;
}

type MutableStatus = { -readonly [K in keyof JobStatus]: JobStatus[K] };

const MINUTE_MS = 60_000;
const MAX_PAUSE_MS = 60 * MINUTE_MS;

export function schedule({ jobs, clock, logger, sleep = realSleep }: ScheduleOptions): Scheduler {
  for (const job of jobs) {
    if (cron.validate(job.cron)) continue;
    throw new HeadwayError(
      'USAGE',
      `the schedule of ${job.name} is "${job.cron}", which is not a cron expression`,
      {
        where: job.name,
        fix: 'Write five fields: minute hour day month weekday, e.g. "5 * * * *".',
      },
    );
  }
  const stopping = new AbortController();
  const aborting = new AbortController();
  const statuses = new Map<string, MutableStatus>(jobs.map((job) => [job.name, freshStatus(job)]));
  const groups = new Map<string, Promise<unknown>>();
  const underWay = new Map<string, Promise<RunResult>>();

  async function attempt(job: Job, status: MutableStatus): Promise<RunResult> {
    const retries = job.retries ?? 0;
    for (let tries = 1; ; tries++) {
      if (stopping.signal.aborted) return 'aborted';
      status.state = 'running';
      status.lastStart = clock.now();
      logger.info({ job: job.name, attempt: tries }, `${job.name}: started`);
      try {
        await job.run(aborting.signal);
        return 'ok';
      } catch (error) {
        if (aborting.signal.aborted) return 'aborted';
        if (isHeadwayError(error, 'RUN_IN_PROGRESS')) {
          logger.warn({ job: job.name }, `${job.name}: refused, ${error.message}`);
          return 'refused';
        }
        status.lastError = describeError(error);
        const code = isHeadwayError(error) ? error.code : 'INTERNAL';
        logger.error(
          { job: job.name, attempt: tries, code, err: error },
          `${job.name}: failed. ${status.lastError}`,
        );
        if (tries > retries) return 'failed';
      }
      const pauseMs = Math.min((job.retryDelayMs ?? MINUTE_MS) * 2 ** (tries - 1), MAX_PAUSE_MS);
      status.state = 'pausing';
      status.retried++;
      logger.info(
        { job: job.name, pauseMs },
        `${job.name}: next try in ${Math.round(pauseMs / 1000)} s`,
      );
      // A rejected pause means that the scheduler stops; the check at the top of the loop sees it.
      await sleep(pauseMs, stopping.signal).catch(() => {});
    }
  }

  async function run(job: Job, status: MutableStatus): Promise<RunResult> {
    const before = job.group === undefined ? undefined : groups.get(job.group);
    status.state = 'queued';
    const running = (async () => {
      await before;
      return attempt(job, status);
    })();
    if (job.group !== undefined) groups.set(job.group, running);
    const result = await running;
    status.state = 'idle';
    status.lastEnd = clock.now();
    status.lastResult = result;
    if (result === 'ok') {
      status.succeeded++;
      status.lastError = null;
      logger.info(
        { job: job.name, tookMs: status.lastEnd - (status.lastStart ?? status.lastEnd) },
        `${job.name}: done`,
      );
    } else if (result === 'failed') status.failed++;
    else if (result === 'refused') status.refused++;
    return result;
  }

  function start(job: Job): Promise<RunResult> {
    const status = statuses.get(job.name)!;
    if (stopping.signal.aborted) return Promise.resolve('aborted');
    if (underWay.has(job.name)) {
      status.refused++;
      logger.warn(
        { job: job.name, since: status.lastStart },
        `${job.name}: refused, the run before it is still under way`,
      );
      return Promise.resolve('refused');
    }
    const ended = run(job, status).finally(() => underWay.delete(job.name));
    underWay.set(job.name, ended);
    return ended;
  }

  const tasks = new Map(
    jobs.map((job) => [
      job.name,
      cron.schedule(job.cron, () => void start(job), {
        name: job.name,
        timezone: 'UTC',
        logger: cronLogger(logger),
      }),
    ]),
  );

  return {
    status: () =>
      [...statuses.values()].map((status) => ({
        ...status,
        next: stopping.signal.aborted
          ? null
          : (tasks.get(status.name)?.getNextRun()?.getTime() ?? null),
      })),
    trigger: (name) => {
      const job = jobs.find((candidate) => candidate.name === name);
      if (job) return start(job);
      const known = jobs.map((candidate) => candidate.name).join(', ');
      return Promise.reject(
        new HeadwayError('USAGE', `there is no job "${name}"`, { fix: `Name one of: ${known}.` }),
      );
    },
    stop: async ({ abort = false } = {}) => {
      stopping.abort();
      if (abort) aborting.abort();
      for (const task of tasks.values()) await task.destroy();
      await Promise.all(underWay.values());
    },
  };
}

const freshStatus = (job: Job): MutableStatus => ({
  name: job.name,
  cron: job.cron,
  state: 'idle',
  lastStart: null,
  lastEnd: null,
  lastResult: null,
  lastError: null,
  next: null,
  succeeded: 0,
  failed: 0,
  refused: 0,
  retried: 0,
});

/** node-cron's own messages (a start missed because the process was busy) in our log. */
const cronLogger = (logger: Logger) => ({
  info: (message: string) => logger.debug(message),
  warn: (message: string) => logger.warn(message),
  error: (message: string | Error) => logger.error(String(message)),
  debug: (message: string | Error) => logger.trace(String(message)),
});
