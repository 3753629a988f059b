/** Purpose: `headway schedule --once`: for EventBridge and CronJobs. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { temporaryPlace } from '../../fixtures/cli/cli-worker.ts';
import { endAll, headway } from '../../fixtures/cli/headway-process.ts';

let place: Awaited<ReturnType<typeof temporaryPlace>>;
beforeAll(async () => {
  place = await temporaryPlace();
});
afterAll(async () => {
  await endAll();
  await place.remove();
});

test('exits with the status of the job, and makes no forecast without a champion', async () => {
  const failed = await headway(['schedule', '--only', 'training', '--once'], place.env);
  expect([failed.code, failed.stderr.trim().split('\n').at(-1)]).toEqual([
    3,
    expect.stringMatching(/^SNAPSHOT_EMPTY: /),
  ]);

  const { code } = await headway(['schedule', '--only', 'features', '--once'], place.env);
  expect(code).toBe(0);
  const written = await readdir(join(place.folder, 'store'), { recursive: true });
  expect(written.filter((name) => /\/log\/0+1\.json$/.test(name))).toHaveLength(1);
  expect(written.filter((name) => name.startsWith('forecasts'))).toEqual([]);
});
