/**
 * Purpose: with `HEADWAY_STORE=s3://…` the commands run end to end on S3 (a fake server).
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type FakeS3, startFakeS3 } from '../../fakes/fake-s3.ts';
import { type CliWorker, cliWorker, temporaryPlace } from '../../fixtures/cli/cli-worker.ts';
import { headway } from '../../fixtures/cli/headway-process.ts';
import { QUICK_TRAINING } from '../../fixtures/cli/quick-training.ts';

let fake: FakeS3;
let place: Awaited<ReturnType<typeof temporaryPlace>>;
let warm: CliWorker;
const before = { ...process.env };
beforeAll(async () => {
  fake = await startFakeS3();
  place = await temporaryPlace();
  // Child processes inherit them; the AWS SDK finds them.
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: fake.accessKey,
    AWS_SECRET_ACCESS_KEY: fake.secretKey,
  });
  warm = cliWorker();
});
afterAll(async () => {
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) {
    delete process.env[name];
    if (before[name] !== undefined) process.env[name] = before[name];
  }
  await warm.close();
  await fake.close();
  await place.remove();
});

const environment = (more: Record<string, string> = {}) => ({
  ...place.env,
  HEADWAY_STORE: `s3://${fake.bucket}/end/to-end`,
  HEADWAY_SOURCE: 'city:months=2,places=2',
  AWS_ENDPOINT_URL_S3: fake.url,
  ...more,
});
const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await warm.run([...args, '--json'], environment());
  expect([code, stderr.includes('Error')]).toEqual([0, false]);
  return JSON.parse(stdout);
};
const cacheOf = (part: string) => readdir(join(place.folder, 'work', 'cache', part));

test('features, train, promote, forecast and verify work on S3', async () => {
  expect(await json('features', 'run')).toMatchObject({
    snapshotVersion: expect.stringMatching(/^1-[0-9a-f]{12}$/),
  });
  const { modelVersion } = await json('train', ...QUICK_TRAINING);
  await json('models', 'promote', modelVersion, '--reason', 'for the test');
  expect(await json('forecast')).toMatchObject({ modelVersion });

  const asked = fake.requests.length;
  expect(await json('store', 'verify')).toMatchObject({ problems: [], features: { manifests: 1 } });
  const read = fake.requests.slice(asked).filter(({ method }) => method === 'GET');
  const data = [...fake.objects.keys()].filter((key) => key.endsWith('.parquet'));
  // The store itself is checked, although there are local copies.
  expect(read.map(({ key }) => key)).toEqual(expect.arrayContaining(data));
  expect((await cacheOf('objects')).length).toBeGreaterThanOrEqual(data.length);
  await warm.close();
  expect(await cacheOf('in-use')).toEqual([]);
  expect([...fake.objects.keys()].filter((key) => !key.startsWith('end/to-end/'))).toEqual([]);
});

test('an S3 error is one line with a fix and no key, also in the debug log', async () => {
  const wrong = { AWS_ACCESS_KEY_ID: 'not-the-access-key', HEADWAY_LOG_LEVEL: 'debug' };
  const { code, stdout, stderr } = await headway(['store', 'log'], environment(wrong));
  expect(stderr).toMatch(
    /^STORE_UNAVAILABLE: No valid credentials for s3:\/\/headway-test\/end\/to-end .*AWS_PROFILE/,
  );
  expect([code, stdout, stderr.trim().split('\n').length]).toEqual([4, '', 1]);
  for (const key of ['not-the-access-key', fake.secretKey]) expect(stderr).not.toContain(key);
});
