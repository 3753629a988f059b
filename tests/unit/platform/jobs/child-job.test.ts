/** Purpose: what a job that was aborted says; processes are in tests/integration. */
import { expect, test } from '@jest/globals';
import { HeadwayError } from '../../../../platform/errors.ts';
import { runChildJob } from '../../../../platform/jobs/child-job.ts';
import { silentLogger as logger } from '../../../../platform/telemetry/logger.ts';

test.each([
  [
    new HeadwayError('RUN_IN_PROGRESS', 'another has it', { where: 'here', fix: 'Wait.' }),
    { code: 'RUN_IN_PROGRESS', where: 'here', fix: 'Wait.' },
    '"features run" was stopped: another has it',
  ],
  [
    new DOMException('late', 'TimeoutError'),
    { code: 'INTERNAL', fix: 'Raise HEADWAY_JOB_MINUTES.' },
    '"features run" was stopped: it took longer than its time limit',
  ],
  [undefined, { code: 'INTERNAL' }, '"features run" was stopped'],
])('an aborted job rejects with the reason of the abort', async (reason, error, message) => {
  const run = runChildJob({ args: ['features', 'run'], logger, signal: AbortSignal.abort(reason) });
  await expect(run).rejects.toMatchObject({ ...error, message });
});
