/**
 * Purpose: `HEADWAY_STORE=s3://…` is all it takes: the end-to-end run through the command line, on the
 * double.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type FakeS3, startFakeS3 } from '../../fakes/fake-s3.ts';
import { type CliWorker, cliWorker, temporaryPlace } from '../../fixtures/cli/cli-worker.ts';
import { headway } from '../../fixtures/cli/headway-process.ts';

let double: FakeS3;
let place: Awaited<ReturnType<typeof temporaryPlace>>;
let warm: CliWorker;
const before = { ...process.env };
beforeAll(async () => {
  double = await startFakeS3();
  place = await temporaryPlace();
  // Where AWS's own chain finds them; what is started here inherits it.
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: double.accessKey,
    AWS_SECRET_ACCESS_KEY: double.secretKey,
  });
  warm = cliWorker();
});
afterAll(async () => {
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) {
    delete process.env[name];
    if (before[name] !== undefined) process.env[name] = before[name];
  }
  await double.close();
  await place.remove();
});

const environment = (more: Record<string, string> = {}) => ({
  ...place.env,
  HEADWAY_STORE: `s3://${double.bucket}/whole/way`,
  HEADWAY_SOURCE: 'city:months=2,places=2',
  AWS_ENDPOINT_URL_S3: double.url,
  ...more,
});
const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await warm.run([...args, '--json'], environment());
  expect([code, stderr.includes('Error')]).toEqual([0, false]);
  return JSON.parse(stdout);
};
const cacheOf = (part: string) => readdir(join(place.folder, 'work', 'cache', part));

test('features, train, promote, forecast and verify', async () => {
  expect(await json('features', 'run')).toMatchObject({
    snapshotVersion: expect.stringMatching(/^1-[0-9a-f]{12}$/),
  });
  const { modelVersion } = await json('train', '--steps', '1', '--test-days', '14');
  await json('models', 'promote', modelVersion, '--reason', 'for the test');
  expect(await json('forecast')).toMatchObject({ modelVersion });

  const asked = double.requests.length;
  expect(await json('store', 'verify')).toMatchObject({ problems: [], features: { manifests: 1 } });
  const read = double.requests.slice(asked).filter(({ method }) => method === 'GET');
  const data = [...double.objects.keys()].filter((key) => key.endsWith('.parquet'));
  // The store itself is checked, though there are copies here.
  expect(read.map(({ key }) => key)).toEqual(expect.arrayContaining(data));
  expect((await cacheOf('objects')).length).toBeGreaterThanOrEqual(data.length);
  await warm.close();
  expect(await cacheOf('in-use')).toEqual([]);
  expect([...double.objects.keys()].filter((key) => !key.startsWith('whole/way/'))).toEqual([]);
}, 240_000);

test('a refusal is one line with what to do, and never a key, also in a log that says everything', async () => {
  const wrong = { AWS_ACCESS_KEY_ID: 'not-the-access-key', HEADWAY_LOG_LEVEL: 'debug' };
  const { code, stdout, stderr } = await headway(['store', 'log'], environment(wrong));
  expect(stderr).toMatch(
    /^STORE_UNAVAILABLE: No valid credentials for s3:\/\/headway-test\/whole\/way .*AWS_PROFILE/,
  );
  expect([code, stdout, stderr.trim().split('\n').length]).toEqual([4, '', 1]);
  for (const key of ['not-the-access-key', double.secretKey]) expect(stderr).not.toContain(key);
}, 60_000);
