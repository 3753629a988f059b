/**
 * Purpose: jobs never overlap, are retried with growing pauses, are reported, and end when told;
 * without waiting for cron.
 */
import { afterEach, describe, expect, test } from '@jest/globals';
import { fixedClock } from '../../../../platform/clock.ts';
import { HeadwayError } from '../../../../platform/errors.ts';
import { type Job, type Scheduler, schedule } from '../../../../platform/jobs/scheduler.ts';
import { silentLogger } from '../../../../platform/telemetry/logger.ts';

const START = Date.UTC(2024, 0, 1);
const open: Scheduler[] = [];
afterEach(async () => {
  for (const scheduler of open.splice(0)) await scheduler.stop({ abort: true });
});

/** A scheduler over `jobs` (cron: once a year) whose pauses are noted and take no time. */
function scheduleNow(...jobs: (Partial<Job> & Pick<Job, 'run'>)[]) {
  const pauses: number[] = [];
  const clock = fixedClock(START);
  const scheduler = schedule({
    jobs: jobs.map((job, index) => ({ name: `job${index + 1}`, cron: '0 0 1 1 *', ...job })),
    clock,
    logger: silentLogger,
    sleep: async (ms) => {
      pauses.push(ms);
      clock.advance(ms);
    },
  });
  open.push(scheduler);
  return { scheduler, pauses, clock };
}

/** A job body that waits until it is let go or aborted. */
function held() {
  let letGo = () => {};
  let signal: AbortSignal | undefined;
  const run = (given: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      signal = given;
      letGo = resolve;
      given.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
    });
  return { run, letGo: () => letGo(), signal: () => signal };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('schedule', () => {
  test('a run that succeeds is counted with its times', async () => {
    const { scheduler, clock } = scheduleNow({ run: async () => clock.advance(1500) });
    expect(await scheduler.trigger('job1')).toBe('ok');
    expect(scheduler.status()).toMatchObject([
      {
        state: 'idle',
        lastStart: START,
        lastEnd: START + 1500,
        lastResult: 'ok',
        lastError: null,
        succeeded: 1,
      },
    ]);
    expect(scheduler.status()[0]!.next).toBeGreaterThan(START);
  });

  test('a second start of the same job is refused and counted, and leaves the first alone', async () => {
    const body = held();
    const { scheduler } = scheduleNow({ run: body.run });
    const first = scheduler.trigger('job1');
    await turn();
    expect(await scheduler.trigger('job1')).toBe('refused');
    expect(scheduler.status()).toMatchObject([{ state: 'running', refused: 1 }]);
    body.letGo();
    expect(await first).toBe('ok');
    const again = scheduler.trigger('job1');
    await turn();
    body.letGo();
    expect(await again).toBe('ok');
  });

  test('a failed run is retried with doubling pauses, then reported as failed', async () => {
    const errors: string[] = [];
    const logger = silentLogger.child({});
    logger.error = ((_fields: object, message: string) =>
      errors.push(message)) as unknown as typeof logger.error;
    const pauses: number[] = [];
    const scheduler = schedule({
      jobs: [
        {
          name: 'features',
          cron: '5 * * * *',
          retries: 3,
          retryDelayMs: 1000,
          run: async () => {
            throw new HeadwayError('SOURCE_UNAVAILABLE', 'the site is down');
          },
        },
      ],
      clock: fixedClock(START),
      logger,
      sleep: async (ms) => void pauses.push(ms),
    });
    open.push(scheduler);
    expect(await scheduler.trigger('features')).toBe('failed');
    expect(pauses).toEqual([1000, 2000, 4000]);
    expect(errors).toHaveLength(4);
    expect(errors[0]).toContain('SOURCE_UNAVAILABLE: the site is down');
    expect(scheduler.status()).toMatchObject([{ lastResult: 'failed', failed: 1, retried: 3 }]);
    expect(scheduler.status()[0]!.lastError).toContain('the site is down');
  });

  test('a retry that succeeds clears the error', async () => {
    let tries = 0;
    const { scheduler, pauses } = scheduleNow({
      retries: 5,
      run: async () => {
        if (++tries < 3) throw new Error(`try ${tries}`);
      },
    });
    expect(await scheduler.trigger('job1')).toBe('ok');
    expect(pauses).toEqual([60_000, 120_000]);
    expect(scheduler.status()).toMatchObject([
      { lastResult: 'ok', lastError: null, succeeded: 1, failed: 0, retried: 2 },
    ]);
  });

  test('a pause never grows past an hour', async () => {
    const { scheduler, pauses } = scheduleNow({
      retries: 9,
      run: async () => {
        throw new Error('no');
      },
    });
    await scheduler.trigger('job1');
    expect(Math.max(...pauses)).toBe(3_600_000);
  });

  test('a run that another process already does is refused, not a failure', async () => {
    const { scheduler, pauses } = scheduleNow({
      retries: 3,
      run: async () => {
        throw new HeadwayError('RUN_IN_PROGRESS', 'process 1 has it');
      },
    });
    expect(await scheduler.trigger('job1')).toBe('refused');
    expect(pauses).toEqual([]);
    expect(scheduler.status()).toMatchObject([{ refused: 1, failed: 0 }]);
  });

  test('jobs of one group run one after the other; others do not wait', async () => {
    const events: string[] = [];
    const body = held();
    const { scheduler } = scheduleNow(
      { group: 'store', run: body.run },
      { group: 'store', run: async () => void events.push('second') },
      { run: async () => void events.push('free') },
    );
    const first = scheduler.trigger('job1');
    const second = scheduler.trigger('job2');
    expect(await scheduler.trigger('job3')).toBe('ok');
    expect(scheduler.status()[1]).toMatchObject({ state: 'queued' });
    expect(events).toEqual(['free']);
    body.letGo();
    expect([await first, await second]).toEqual(['ok', 'ok']);
    expect(events).toEqual(['free', 'second']);
  });

  test('a failure in a group does not hold up the next', async () => {
    const { scheduler } = scheduleNow(
      {
        group: 'store',
        run: async () => {
          throw new Error('no');
        },
      },
      { group: 'store', run: async () => {} },
    );
    expect(await Promise.all([scheduler.trigger('job1'), scheduler.trigger('job2')])).toEqual([
      'failed',
      'ok',
    ]);
  });

  test('stop waits for the running job, and starts nothing after', async () => {
    const body = held();
    const { scheduler } = scheduleNow({ run: body.run });
    const running = scheduler.trigger('job1');
    await turn();
    let stopped = false;
    const stopping = scheduler.stop().then(() => {
      stopped = true;
    });
    await turn();
    expect(stopped).toBe(false);
    expect(body.signal()!.aborted).toBe(false);
    body.letGo();
    await stopping;
    expect(await running).toBe('ok');
    expect(await scheduler.trigger('job1')).toBe('aborted');
    expect(scheduler.status()[0]!.next).toBeNull();
  });

  test('stop with abort tells the running job, and does not retry it', async () => {
    const body = held();
    const { scheduler, pauses } = scheduleNow({ retries: 5, run: body.run });
    const running = scheduler.trigger('job1');
    await turn();
    await scheduler.stop({ abort: true });
    expect(await running).toBe('aborted');
    expect(pauses).toEqual([]);
  });

  test('stop ends a pause between tries at once', async () => {
    let pausing = () => {};
    const reached = new Promise<void>((resolve) => {
      pausing = resolve;
    });
    const scheduler = schedule({
      jobs: [
        {
          name: 'job1',
          cron: '* * * * *',
          retries: 1,
          run: async () => {
            throw new Error('no');
          },
        },
      ],
      clock: fixedClock(START),
      logger: silentLogger,
      sleep: (_ms, signal) =>
        new Promise((_resolve, reject) => {
          signal!.addEventListener('abort', () => reject(signal!.reason));
          pausing();
        }),
    });
    const running = scheduler.trigger('job1');
    await reached;
    await scheduler.stop();
    expect(await running).toBe('aborted');
  });

  test('an unknown job and a wrong cron expression are refused', async () => {
    const { scheduler } = scheduleNow({ run: async () => {} });
    await expect(scheduler.trigger('nothing')).rejects.toMatchObject({
      code: 'USAGE',
      fix: 'Name one of: job1.',
    });
    expect(() => scheduleNow({ cron: 'hourly', run: async () => {} })).toThrow(
      /not a cron expression/,
    );
  });
});
