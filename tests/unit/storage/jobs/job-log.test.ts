/** Purpose: the log of a job: its contract, and no slot that ends well twice. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fixedClock } from '../../../../platform/clock.ts';
import { type JobLog, openJobLog } from '../../../../storage/jobs/job-log.ts';
import { memoryObjectStore } from '../../../fakes/memory-object-store.ts';
import { NEAR_STORES } from '../../../fixtures/storage/every-store.ts';
import { describeJobLog } from '../../../fixtures/storage/log-contracts.ts';

const START = Date.UTC(2024, 0, 1);
const HOUR = 3_600_000;
const claimOf = (slot: number) => ({ slot, owner: 'here', leaseMs: 600_000 });

for (const [name, open] of NEAR_STORES) describeJobLog(name, open);

test('no slot succeeds twice, whatever schedulers do and whenever they die', async () => {
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

test('a refusal says whether the later run ended well', async () => {
  const clock = fixedClock(START);
  const log = openJobLog({ store: memoryObjectStore(), domain: 'toy', job: 'x', clock });
  const refusal = () => log.claim(claimOf(START)).catch((error: Error) => error.message);
  await (await log.claim(claimOf(START + HOUR))).end('failed', 'the site is down');
  clock.advance(2 * HOUR);
  expect(await refusal()).toBe('x was begun for 2024-01-01T01:00:00.000Z, a later time');
  await (await log.claim(claimOf(START + HOUR))).end('ok');
  expect(await refusal()).toBe('x was run for 2024-01-01T01:00:00.000Z already');
});
