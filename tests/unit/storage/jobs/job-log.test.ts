/** Purpose: leases on every store: of many schedulers one runs a slot, also after a crash. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CLOCK_TOLERANCE_MS, fixedClock } from '../../../../platform/clock.ts';
import { type JobLog, openJobLog } from '../../../../storage/jobs/job-log.ts';
import type { ObjectStore } from '../../../../storage/objects/object-store.ts';
import { memoryObjectStore } from '../../../fakes/memory-object-store.ts';
import { EVERY_STORE } from '../../../fixtures/storage/every-store.ts';

const START = Date.UTC(2024, 0, 1);
const HOUR = 3_600_000;
const LEASE = 10 * 60_000;
const claimOf = (slot: number, owner = 'here') => ({ slot, owner, leaseMs: LEASE });
const inProgress = { code: 'RUN_IN_PROGRESS' };

describe.each(EVERY_STORE)('the lease of a job on %s', (_name, open) => {
  let store: ObjectStore;
  let close: () => Promise<void>;
  let clock: ReturnType<typeof fixedClock>;
  let log: JobLog;
  const another = () => openJobLog({ store, domain: 'toy', job: 'features', clock });
  beforeEach(async () => {
    ({ store, close } = await open());
    clock = fixedClock(START);
    log = another();
  });
  afterEach(() => close());

  test('of many schedulers at once exactly one runs a slot', async () => {
    for (const slot of [START, START + HOUR]) {
      const claims = await Promise.allSettled(
        Array.from({ length: 6 }, (_, i) => another().claim(claimOf(slot, `machine ${i}`))),
      );
      const won = claims.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      expect(won).toHaveLength(1);
      for (const one of claims)
        if (one.status === 'rejected') expect(one.reason).toMatchObject(inProgress);
      expect(await won[0]?.end('ok')).toBe(true);
      await expect(another().claim(claimOf(slot))).rejects.toMatchObject(inProgress);
      clock.advance(HOUR);
    }
    expect(await log.lastDone()).toBe(START + HOUR);
    expect(await log.runs({ now: clock.now() })).toHaveLength(2);
    expect(await log.verify()).toMatchObject({ problems: [], orphans: [] });
  });

  test('a process that dies between lease and run blocks the slot until the lease ends', async () => {
    await log.claim(claimOf(START, 'dead'));
    clock.advance(LEASE + CLOCK_TOLERANCE_MS);
    await expect(another().claim(claimOf(START))).rejects.toMatchObject(inProgress);
    clock.advance(1);
    const lease = await another().claim(claimOf(START, 'alive'));
    expect(lease.attempt).toBe(2);
    clock.advance(5000);
    await lease.end('ok');
    expect(await log.runs({ now: clock.now() })).toMatchObject([
      { state: 'ok', owner: 'alive', attempt: 2, tookMs: 5000 },
      { state: 'lost', owner: 'dead', attempt: 1 },
    ]);
  });

  test('an owner that renews keeps the lease; one that was replaced learns it', async () => {
    const lease = await log.claim(claimOf(START));
    for (let i = 0; i < 3; i++) {
      clock.advance(LEASE);
      expect(await lease.renew()).toBe(true);
      await expect(another().claim(claimOf(START + HOUR))).rejects.toMatchObject(inProgress);
    }
    clock.advance(LEASE + CLOCK_TOLERANCE_MS + 1);
    const next = await another().claim(claimOf(START + HOUR));
    expect(await lease.renew()).toBe(false);
    expect(await lease.end('ok')).toBe(false);
    expect(await next.end('ok')).toBe(true);
    expect(await log.lastDone()).toBe(START + HOUR);
  });

  test('a failed slot may be tried again, an earlier one not', async () => {
    const first = await log.claim(claimOf(START));
    await first.end('failed', 'SOURCE_UNAVAILABLE: the site is down');
    await expect(log.claim(claimOf(START - HOUR))).rejects.toMatchObject(inProgress);
    const second = await log.claim(claimOf(START));
    expect(second.attempt).toBe(2);
    await second.end('stopped', 'time limit');
    expect(await log.lastDone()).toBeNull();
    expect((await log.runs({ now: clock.now() })).map((run) => run.problem)).toEqual([
      'time limit',
      'SOURCE_UNAVAILABLE: the site is down',
    ]);
  });
});

test('whatever schedulers do and whenever they die, no slot ends well twice', async () => {
  const step = fc.record({
    machine: fc.integer({ min: 0, max: 2 }),
    does: fc.constantFrom('claim', 'renew', 'ok', 'failed', 'die', 'wait'),
    minutes: fc.integer({ min: 0, max: 40 }),
  });
  const property = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
    const store = memoryObjectStore();
    const clock = fixedClock(START);
    const logs = [0, 1, 2].map(() => openJobLog({ store, domain: 'toy', job: 'x', clock }));
    const held: (Awaited<ReturnType<JobLog['claim']>> | null)[] = [null, null, null];
    const done: number[] = [];
    for (const { machine, does, minutes } of steps) {
      clock.advance(minutes * 60_000);
      const slot = Math.floor(clock.now() / HOUR) * HOUR;
      const lease = held[machine];
      if (does === 'claim' && !lease)
        held[machine] = await (logs[machine] as JobLog).claim(claimOf(slot)).catch(() => null);
      if (does === 'renew' && lease && !(await lease.renew())) held[machine] = null;
      if (does === 'die') held[machine] = null;
      if (lease && (does === 'ok' || does === 'failed')) {
        const isWritten = await lease.end(does);
        if (isWritten && does === 'ok') done.push(lease.slot);
        held[machine] = null;
      }
    }
    expect(new Set(done).size).toBe(done.length);
    expect(done).toEqual([...done].sort((a, b) => a - b));
  });
  await fc.assert(property, { numRuns: 60, seed: 7 });
});
