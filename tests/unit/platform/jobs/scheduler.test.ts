/** Purpose: jobs run one at a time, are retried with growing pauses, and stop; without cron. */
import { afterEach, expect, test } from '@jest/globals';
import { fixedClock } from '../../../../platform/clock.ts';
import { HeadwayError } from '../../../../platform/errors.ts';
import { type Job, Scheduler } from '../../../../platform/jobs/scheduler.ts';
import { silentLogger } from '../../../../platform/telemetry/logger.ts';
import type { Sleep } from '../../../../platform/timers.ts';

const open: Scheduler[] = [];
afterEach(async () => {
  for (const scheduler of open.splice(0)) await scheduler.stop({ abort: true });
});

/** A scheduler (cron: once a year) whose pauses are recorded and take no time. */
function openScheduler(jobs: (Partial<Job> & Pick<Job, 'run'>)[], sleep?: Sleep) {
  const pauses: number[] = [];
  const errors: string[] = [];
  const logger = silentLogger.child({});
  logger.error = ((_fields: object, text: string) =>
    errors.push(text)) as unknown as typeof logger.error;
  const clock = fixedClock(Date.UTC(2024, 0, 1));
  const scheduler = new Scheduler({
    jobs: jobs.map((job, index) => ({ name: `job${index + 1}`, cron: '0 0 1 1 *', ...job })),
    clock,
    logger,
    sleep: sleep ?? (async (ms) => void pauses.push(ms)),
  });
  open.push(scheduler);
  return { scheduler, clock, pauses, errors };
}

/** A job body that runs until it is released or aborted. */
function heldJob() {
  let release = () => {};
  const run = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      release = resolve;
      signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
    });
  return { run, release: () => release() };
}

const failing = async () => {
  throw new HeadwayError('SOURCE_UNAVAILABLE', 'the site is down');
};
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('refuses a second start of a job without affecting the first', async () => {
  const job = heldJob();
  const { scheduler } = openScheduler([job]);
  const first = scheduler.trigger('job1');
  await turn();
  expect(await scheduler.trigger('job1')).toBe('refused');
  job.release();
  expect(await first).toBe('ok');
  const again = scheduler.trigger('job1');
  await turn();
  job.release();
  expect(await again).toBe('ok');
});

test('a failed run is retried with doubling pauses up to an hour, and logged', async () => {
  const { scheduler, pauses, errors } = openScheduler([{ retries: 8, run: failing }]);
  expect(await scheduler.trigger('job1')).toBe('failed');
  expect(pauses.map((ms) => ms / 60_000)).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  expect(errors).toHaveLength(9);
  expect(errors[0]).toContain('SOURCE_UNAVAILABLE: the site is down');
});

test('a retry may succeed', async () => {
  let attempts = 0;
  const run = async () => {
    if (++attempts < 3) throw new TypeError(`attempt ${attempts}`);
  };
  const { scheduler, pauses } = openScheduler([{ retries: 5, run }]);
  expect(await scheduler.trigger('job1')).toBe('ok');
  expect(pauses).toHaveLength(2);
});

test('refuses a run in progress in another process without a retry', async () => {
  const run = async () => {
    throw new HeadwayError('RUN_IN_PROGRESS', 'in process 1');
  };
  const { scheduler, pauses, errors } = openScheduler([{ retries: 3, run }]);
  expect(await scheduler.trigger('job1')).toBe('refused');
  expect([pauses, errors]).toEqual([[], []]);
});

test('jobs run one after the other, also after a failure', async () => {
  const events: string[] = [];
  const job = heldJob();
  const second = { run: async () => void events.push('second') };
  const { scheduler } = openScheduler([job, { run: failing }, second]);
  const results = ['job1', 'job2', 'job3'].map((name) => scheduler.trigger(name));
  await turn();
  expect(events).toEqual([]);
  job.release();
  expect(await Promise.all(results)).toEqual(['ok', 'failed', 'ok']);
  expect(events).toEqual(['second']);
});

test('stop waits for the running job, and starts nothing after', async () => {
  const job = heldJob();
  const { scheduler } = openScheduler([job]);
  const running = scheduler.trigger('job1');
  await turn();
  let isStopped = false;
  const stopping = scheduler.stop().then(() => {
    isStopped = true;
  });
  await turn();
  expect(isStopped).toBe(false);
  job.release();
  await stopping;
  expect(await running).toBe('ok');
  expect(await scheduler.trigger('job1')).toBe('aborted');
});

test('stop with abort aborts the running job, and does not retry it', async () => {
  const { scheduler, pauses } = openScheduler([{ retries: 5, ...heldJob() }]);
  const running = scheduler.trigger('job1');
  await turn();
  await scheduler.stop({ abort: true });
  expect(await running).toBe('aborted');
  expect(pauses).toEqual([]);
});

test('stop ends a pause between attempts immediately', async () => {
  let onPause = () => {};
  const paused = new Promise<void>((resolve) => {
    onPause = resolve;
  });
  const sleep: Sleep = (_ms, signal) =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason));
      onPause();
    });
  const { scheduler } = openScheduler([{ retries: 1, run: failing }], sleep);
  const running = scheduler.trigger('job1');
  await paused;
  await scheduler.stop();
  expect(await running).toBe('aborted');
});

test('refuses an unknown job and an invalid cron expression', async () => {
  const { scheduler } = openScheduler([{ run: failing }]);
  await expect(scheduler.trigger('other')).rejects.toMatchObject({
    code: 'USAGE',
    fix: 'Use one of: job1.',
  });
  expect(() => openScheduler([{ cron: 'hourly', run: failing }])).toThrow(/not a cron expression/);
});

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** An hourly job at minute 5 that ends at once, and how often it ran. */
function countedJob(changes: Partial<Job> = {}) {
  const counted = { runs: 0 };
  const run = async () => void counted.runs++;
  return { counted, job: { cron: '5 * * * *', run, ...changes } };
}

test('makes up for any number of missed times with one run', async () => {
  const { counted, job } = countedJob();
  const { scheduler, clock } = openScheduler([job]);
  const runsAfter = async (ms: number) => {
    clock.advance(ms);
    scheduler.check();
    await turn();
    return counted.runs;
  };
  expect(await runsAfter(4 * MINUTE)).toBe(0);
  expect(await runsAfter(MINUTE + 3000)).toBe(1); // three seconds late
  expect(await runsAfter(1000)).toBe(1);
  expect(await runsAfter(50 * HOUR)).toBe(2); // the machine slept, or the clock was set
  expect(await runsAfter(1000)).toBe(2);
  expect(await runsAfter(HOUR)).toBe(3);
});

test('continues within an hour after the clock is set back by a day', async () => {
  const { counted, job } = countedJob();
  const { scheduler, clock } = openScheduler([job]);
  for (const ms of [6 * MINUTE, -24 * HOUR, HOUR]) {
    clock.advance(ms);
    scheduler.check();
    await turn();
  }
  expect(counted.runs).toBe(2);
});

test('runs a job at start if a time has passed since its last run', async () => {
  const at = (hour: number, minute: number) => Date.UTC(2023, 11, 31, hour, minute);
  for (const [lastRunAt, expected] of [
    [at(23, 10), 0],
    [at(23, 0), 1],
    [at(3, 0), 1],
    [Date.UTC(2030, 0, 1), 0], // by a clock that was ahead
    [undefined, 0],
  ] as const) {
    const { counted, job } = countedJob({ lastRunAt });
    const { scheduler } = openScheduler([job]);
    scheduler.check();
    await turn();
    expect(counted.runs).toBe(expected);
  }
});

test('makes up for a time missed while the job runs, but not while it waits', async () => {
  const held = heldJob();
  let heldRuns = 0;
  const first = {
    cron: '0 * * * *',
    run: (signal: AbortSignal) => {
      heldRuns++;
      return held.run(signal);
    },
  };
  const { counted, job } = countedJob();
  const { scheduler, clock } = openScheduler([first, job]);
  const check = async () => {
    scheduler.check();
    await turn();
  };
  clock.advance(HOUR + 5 * MINUTE);
  await check(); // the second waits for the first
  clock.advance(2 * HOUR);
  await check();
  expect([heldRuns, counted.runs]).toEqual([1, 0]);
  held.release();
  await turn();
  expect(counted.runs).toBe(1);
  await check();
  expect([heldRuns, counted.runs]).toEqual([2, 1]);
});

test('aborts and reports a run over its time limit without a retry', async () => {
  const { scheduler, pauses, errors } = openScheduler([{ ...heldJob(), limitMs: 1, retries: 3 }]);
  expect(await scheduler.trigger('job1')).toBe('late');
  expect(pauses).toEqual([]);
  expect(errors).toEqual(['job1: stopped, it took longer than its time limit']);
});

test('passes the scheduled time to a run and delays its start by the jitter', async () => {
  const clock = fixedClock(Date.UTC(2024, 0, 1, 0, 30));
  const slots: number[] = [];
  const run = async (_signal: AbortSignal, slot: number) => void slots.push(slot);
  const jitter = { ms: 60_000, random: () => 0.5 };
  const jobs = [{ name: 'job', cron: '0 * * * *', run }];
  const scheduler = new Scheduler({ jobs, clock, logger: silentLogger, jitter });
  open.push(scheduler);
  clock.advance(30 * 60_000);
  scheduler.check();
  clock.advance(29_000);
  scheduler.check();
  await turn();
  expect(slots).toEqual([]);
  clock.advance(1000);
  scheduler.check();
  await turn();
  await scheduler.trigger('job');
  expect(slots).toEqual([Date.UTC(2024, 0, 1, 1), clock.now()]);
});

test('a run for a missed time gets that time', async () => {
  const clock = fixedClock(Date.UTC(2024, 0, 1, 5, 30));
  const slots: number[] = [];
  const run = async (_signal: AbortSignal, slot: number) => void slots.push(slot);
  const lastRunAt = Date.UTC(2024, 0, 1, 2);
  const jobs = [{ name: 'job', cron: '0 * * * *', run, lastRunAt }];
  const scheduler = new Scheduler({ jobs, clock, logger: silentLogger });
  open.push(scheduler);
  scheduler.check();
  await turn();
  scheduler.check();
  await turn();
  expect(slots).toEqual([Date.UTC(2024, 0, 1, 3)]);
});
