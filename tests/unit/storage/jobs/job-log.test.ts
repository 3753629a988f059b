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

test('a list of runs reads no more entries than it needs', async () => {
  const clock = fixedClock(START);
  let read = 0;
  const inner = memoryObjectStore();
  const store = {
    ...inner,
    get: (key: string) => {
      read++;
      return inner.get(key);
    },
  };
  const log = openJobLog({ store, domain: 'toy', job: 'x', clock });
  for (let hour = 0; hour < 300; hour++) {
    await (await log.claim(claimOf(START + hour * HOUR))).end(hour < 250 ? 'ok' : 'failed');
    clock.advance(HOUR);
  }
  read = 0;
  const runs = await log.runs({ now: clock.now(), limit: 40 });
  expect(runs.map(({ slot }) => (slot - START) / HOUR)).toEqual(
    Array.from({ length: 40 }, (_, i) => 299 - i),
  );
  expect(read).toBeLessThan(200);
  read = 0;
  expect(await log.lastDone()).toBe(START + 249 * HOUR);
  expect(read).toBeLessThan(200);
  expect(await log.runs({ now: clock.now(), at: START, limit: 40 })).toHaveLength(1);
});
