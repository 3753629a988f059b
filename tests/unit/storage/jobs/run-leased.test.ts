/**
 * Purpose: a job under its lease: renewed while it runs, aborted when lost, written down at its
 * end.
 */
import { expect, test } from '@jest/globals';
import { CLOCK_TOLERANCE_MS, fixedClock } from '../../../../platform/clock.ts';
import { HeadwayError } from '../../../../platform/errors.ts';
import { openJobLog } from '../../../../storage/jobs/job-log.ts';
import { type LeasedRun, runLeased } from '../../../../storage/jobs/run-leased.ts';
import { memoryObjectStore } from '../../../fakes/memory-object-store.ts';

const START = Date.UTC(2024, 0, 1);
/** Renewed every millisecond of real time. */
const LEASE = 3;

function fixture() {
  const store = memoryObjectStore();
  const clock = fixedClock(START);
  const log = openJobLog({ store, domain: 'toy', job: 'features', clock });
  const problems: unknown[] = [];
  const stopping = new AbortController();
  const options: LeasedRun = {
    ...{ log, clock, slot: START, owner: 'here', leaseMs: LEASE, signal: stopping.signal },
    onProblem: (error) => problems.push(error),
  };
  const runs = () => log.runs({ now: clock.now() });
  return { store, clock, log, options, problems, stopping, runs };
}

/** Ends when it is aborted, with the reason. */
const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((_, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
  });

test('records a run that succeeds, one that fails and one that is stopped', async () => {
  const { options, runs, clock, stopping } = fixture();
  const broken = new HeadwayError('SOURCE_UNAVAILABLE', 'the site is down');
  await expect(runLeased(options, () => Promise.reject(broken))).rejects.toBe(broken);
  await runLeased(options, async () => clock.advance(2000));
  const next = runLeased({ ...options, slot: START + 1 }, untilAborted);
  stopping.abort();
  await expect(next).rejects.toThrow('aborted');
  expect(await runs()).toMatchObject([
    { state: 'stopped', slot: START + 1 },
    { state: 'ok', attempt: 2, tookMs: 2000, problem: null },
    { state: 'failed', attempt: 1, problem: 'SOURCE_UNAVAILABLE: the site is down' },
  ]);
});

test('refuses a slot that another owner runs, and does not start the work', async () => {
  const { options, log } = fixture();
  await log.claim({ slot: START, owner: 'other', leaseMs: 1000 });
  const work = () => Promise.reject(new Error('begun'));
  await expect(runLeased(options, work)).rejects.toMatchObject({ code: 'RUN_IN_PROGRESS' });
});

test('aborts a run whose lease was taken over, and leaves the new lease alone', async () => {
  const { options, log, clock, runs } = fixture();
  let isTaken = Promise.resolve();
  const work = async (signal: AbortSignal) => {
    clock.advance(LEASE + CLOCK_TOLERANCE_MS + 1);
    isTaken = log.claim({ slot: START + 1, owner: 'other', leaseMs: 1000 }).then(() => undefined);
    await untilAborted(signal);
  };
  await expect(runLeased(options, work)).rejects.toMatchObject({
    ...{ code: 'RUN_IN_PROGRESS', where: 'here', fix: expect.any(String) },
  });
  await isTaken;
  expect(await runs()).toMatchObject([{ state: 'running', owner: 'other' }, { state: 'lost' }]);
});

test('aborts a run if the store is away for longer than the lease, and only then', async () => {
  const { store, options, clock, problems } = fixture();
  const work = async (signal: AbortSignal) => {
    store.fault = (operation) => (operation === 'createIfAbsent' ? 'before' : undefined);
    clock.advance(LEASE + 1);
    await untilAborted(signal);
  };
  await expect(runLeased(options, work)).rejects.toMatchObject({
    ...{ code: 'STORE_UNAVAILABLE', where: 'here', fix: expect.any(String) },
  });
  expect(problems[0]).toMatchObject({ code: 'STORE_UNAVAILABLE' });
});

test('a successful run stays successful if its end cannot be written', async () => {
  const { store, options, problems, runs, clock } = fixture();
  await runLeased({ ...options, leaseMs: 60_000 }, async () => {
    store.fault = (operation) => (operation === 'createIfAbsent' ? 'before' : undefined);
  });
  store.fault = () => undefined;
  expect(problems).toHaveLength(1);
  expect(await runs()).toMatchObject([{ state: 'running' }]);
  clock.advance(60_000 + CLOCK_TOLERANCE_MS + 1);
  expect(await runs()).toMatchObject([{ state: 'lost' }]);
});
