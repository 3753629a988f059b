/** Purpose: when the job of closed hours runs: once for each, one at a time, again after a failure. */

import { describe, expect, test } from '@jest/globals';
import { ClosedHours, closedHoursOf } from '../../../cli/actions/stream/closed-hours.ts';
import type { CommandContext } from '../../../cli/context.ts';
import { fixedClock } from '../../../platform/clock.ts';
import type { StreamEntry } from '../../../storage/streams/stream-log.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 10, 1);

/** @param hours how far each partition is */
const headAt = (...hours: (number | null)[]): StreamEntry =>
  ({
    partitions: hours.map((hour) => ({
      eventTime: hour === null ? null : START + hour * HOUR,
      completeTo: null,
      ...{ first: 0, next: 0, used: 0, rejected: 0, markers: 0, gaps: 0, lost: 0 },
    })),
  }) as Partial<StreamEntry> as StreamEntry;

function closedHours(latenessMs = 0) {
  const runs: number[] = [];
  const problems: unknown[] = [];
  const waiting: { end(): void; fail(error: Error): void }[] = [];
  const time = { ms: 0 };
  const hours = new ClosedHours({
    ...{ latenessMs, clock: { elapsedMs: () => time.ms } },
    run: (hour) => {
      runs.push((hour - START) / HOUR);
      return new Promise((resolve, reject) => waiting.push({ end: resolve, fail: reject }));
    },
    onProblem: (error) => problems.push(error),
  });
  const ended = async () => {
    waiting.shift()?.end();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { hours, runs, problems, waiting, ended, time };
}

test('runs once when an hour has closed, and not for events inside an hour', async () => {
  const { hours, runs, ended } = closedHours();
  hours.notice(headAt(2.5));
  await ended();
  hours.notice(headAt(2.9));
  await hours.settled();
  expect(runs).toEqual([2]);
  hours.notice(headAt(3));
  await ended();
  expect(runs).toEqual([2, 3]);
});

test('waits for the slowest partition plus lateness; an unknown partition closes no hour', async () => {
  const { hours, runs, ended } = closedHours(HOUR / 2);
  hours.notice(headAt(7, null));
  hours.notice(headAt(7, 3.4));
  await ended();
  hours.notice(headAt(7, 3.5));
  await ended();
  expect(runs).toEqual([2, 3]);
});

test('runs once more for all hours that close during a run', async () => {
  const { hours, runs, ended } = closedHours();
  for (const hour of [1, 2, 3, 4]) hours.notice(headAt(hour));
  expect(runs).toEqual([1]);
  await ended();
  expect(runs).toEqual([1, 4]);
  await ended();
  await hours.settled();
  expect(runs).toEqual([1, 4]);
});

test('logs a failure and runs again with the next entry', async () => {
  const { hours, runs, problems, waiting, ended } = closedHours();
  hours.notice(headAt(1));
  waiting.shift()?.fail(new Error('the store is away'));
  await hours.settled();
  expect(problems).toEqual([expect.objectContaining({ message: 'the store is away' })]);
  hours.notice(headAt(1.2));
  await ended();
  expect(runs).toEqual([1, 1]);
});

test('runs again a minute after a failure, also where nothing more is landed', async () => {
  const { hours, runs, waiting, ended, time } = closedHours();
  hours.retry();
  hours.notice(headAt(1));
  waiting.shift()?.fail(new Error('the store is away'));
  await hours.settled();
  time.ms = 59_999;
  hours.retry();
  expect(runs).toEqual([1]);
  time.ms = 60_000;
  hours.retry();
  hours.retry();
  await ended();
  time.ms = 180_000;
  hours.retry();
  await hours.settled();
  expect(runs).toEqual([1, 1]);
});

describe('the job of a topic', () => {
  /** Its lease cannot be had, because the store is away. */
  const jobOf = (source: string | null, signal = new AbortController().signal) => {
    const warnings: unknown[] = [];
    const logger = { info: () => {}, warn: (...given: unknown[]) => warnings.push(given) };
    const away = async () => {
      throw new Error('the store is away');
    };
    const context = {
      ...{ settings: { source, jobMinutes: 1, leaseMinutes: 1 }, childEnvironment: {} },
      ...{ logger, clock: fixedClock(START), jobRuns: away },
    };
    return {
      hours: closedHoursOf(context as unknown as CommandContext, 'trips', signal),
      warnings,
    };
  };

  test.each([null, 'stream:trips', 'stream:trips:lateness=5'])(
    'accepts the source %s',
    async (source) => {
      const { hours, warnings } = jobOf(source);
      hours.notice(headAt(2));
      await hours.settled();
      expect(warnings).toEqual([
        [{ error: expect.stringContaining('the store is away') }, 'features failed; trying again'],
      ]);
    },
  );

  test('refuses another source', () => {
    for (const source of ['stream:orders', 'city:places=4'])
      expect(() => jobOf(source)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  test('logs no failure for a run that is stopped with the lander', async () => {
    const { hours, warnings } = jobOf(null, AbortSignal.abort());
    hours.notice(headAt(2));
    await hours.settled();
    expect(warnings).toEqual([]);
  });
});
