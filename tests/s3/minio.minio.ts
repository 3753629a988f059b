/**
 * Purpose: the store on a real MinIO, by the suite of every S3 server, and a command from end to
 * end: `npm run test:minio`. A real server that ignores conditional writes is refused at the start.
 */
import { afterAll, expect, test } from '@jest/globals';
import { temporaryPlace } from '../fixtures/cli/cli-worker.ts';
import { headway } from '../fixtures/cli/headway-process.ts';
import { skipped } from '../fixtures/skipped.ts';
import { type S3Server, startMinio, startS3rver } from './own-servers.ts';
import { describeRealS3, makeBucket } from './real-s3-suite.ts';

const [minio, s3rver] = await Promise.all([startMinio(), startS3rver()]);

/** The features of the demo into a store on the server. */
async function runFeatures({ url, environment }: S3Server) {
  await makeBucket(url, environment);
  const place = await temporaryPlace();
  const store = { HEADWAY_STORE: 's3://forecasts/command', ...environment };
  const ended = await headway(['features', 'run'], { ...place.env, ...store });
  await place.remove();
  return ended;
}

if ('unavailable' in minio) skipped(minio.unavailable);
else {
  // The SDK finds the credentials there.
  Object.assign(process.env, minio.environment);
  afterAll(() => minio.stop());
  describeRealS3('MinIO', minio.url, minio.environment);

  test('MinIO: a command commits without a warning about the server', async () => {
    const { code, stdout, stderr } = await runFeatures(minio);
    expect([code, /If-None-Match/.exec(stderr)]).toEqual([0, null]);
    expect(stdout).toMatch(/^Snapshot 1-[0-9a-f]{12} committed/m);
  });
}

if ('unavailable' in s3rver) skipped(s3rver.unavailable);
else {
  afterAll(() => s3rver.stop());

  test('a real server that ignores If-None-Match is refused before any commit', async () => {
    const { code, stdout, stderr } = await runFeatures(s3rver);
    expect([code, /Snapshot .* committed/.exec(stdout)]).toEqual([4, null]);
    expect(stderr).toMatch(/^STORE_UNAVAILABLE: .*If-None-Match/m);
  });
}
