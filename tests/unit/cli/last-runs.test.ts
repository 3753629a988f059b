/** Purpose: what `headway start` knows of earlier runs, also where a job's log is torn. */
import { expect, test } from '@jest/globals';
import { lastRunsOf } from '../../../cli/actions/schedule.ts';
import { fixedClock } from '../../../platform/clock.ts';
import { silentLogger } from '../../../platform/telemetry/logger.ts';
import { openJobLog } from '../../../storage/jobs/job-log.ts';
import { objectKeys } from '../../../storage/objects/object-keys.ts';
import { memoryObjectStore } from '../../fakes/memory-object-store.ts';

const START = Date.UTC(2026, 0, 5);

test('an unreadable log does not stop the start: its job waits for its time', async () => {
  const store = memoryObjectStore();
  const clock = fixedClock(START);
  const jobRuns = async (job: string) => openJobLog({ store, domain: 'toy', job, clock });
  const lease = await (await jobRuns('training')).claim({ slot: START, owner: 'x', leaseMs: 1000 });
  await lease.end('ok');
  await store.put(objectKeys.jobEntry('toy', 'monitoring', 1), Buffer.from('{"torn'));
  const warned: unknown[] = [];
  const logger = { ...silentLogger, warn: (about: object) => warned.push(about) };
  const context = { jobRuns, logger } as unknown as Parameters<typeof lastRunsOf>[0];
  expect(await lastRunsOf(context)).toEqual({ training: START });
  expect(warned).toMatchObject([{ job: 'monitoring', err: { code: 'STORE_CORRUPT' } }]);
});
