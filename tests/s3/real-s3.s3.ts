/**
 * Purpose: the store on a real S3 server: `HEADWAY_TEST_S3=s3://bucket/prefix?endpoint=… npm run
 * test:s3`, with credentials as AWS has them. A bucket that is missing is made; what the tests
 * wrote is removed.
 * Invariants: every test has a prefix of its own, so that runs at once do not meet.
 * Fails: where the server does not do as S3 does.
 */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, test } from '@jest/globals';
import { systemClock } from '../../platform/clock.ts';
import { openFeatureStore } from '../../storage/features/feature-store.ts';
import { openStore } from '../../storage/open-store.ts';
import { parseS3Address } from '../../storage/s3/s3-address.ts';
import { describeObjectStore } from '../fixtures/object-store-contract.ts';
import {
  commitObjects,
  makeObjects,
  schemaOf,
  temporaryFolder,
} from '../fixtures/storage/features.ts';

const url = process.env.HEADWAY_TEST_S3 ?? '';

if (url === '') {
  test.skip('skipped: HEADWAY_TEST_S3 names no S3 server (s3://bucket/prefix?endpoint=http://host:port)', () =>
    undefined);
} else {
  const bucketMade = makeBucket();
  const open = async () => {
    await bucketMade;
    const { folder, remove } = await temporaryFolder();
    const store = openStore(url.replace(/(\?|$)/, `/${randomUUID()}$1`), {
      environment: process.env,
      clock: systemClock,
      cache: { folder: path.join(folder, 'cache'), maxBytes: 1e9 },
    });
    const close = async () => {
      const { list, remove: discard } = store as typeof store & {
        remove(key: string): Promise<void>;
      };
      for (const key of await list('')) await discard(key);
      await remove();
    };
    return { store, folder, close };
  };

  describeObjectStore(`real S3 (${parseS3Address(url, process.env).endpoint ?? 'Amazon'})`, open);

  describe('on real S3', () => {
    test('a file of many parts comes back byte for byte', async () => {
      const { store, folder, close } = await open();
      const bytes = Buffer.alloc(30_000_000, 'some bytes and no others');
      const file = path.join(folder, 'large');
      await writeFile(file, bytes);
      await store.putFile('large/one', file);
      await store.putFile('large/one', file);
      expect(Buffer.compare(Buffer.from(await store.get('large/one')), bytes)).toBe(0);
      await close();
    });

    test('writers at once leave a linear history with nothing lost', async () => {
      const { store, folder, close } = await open();
      const features = () => openFeatureStore({ store, domain: 'toy', clock: systemClock });
      const writers = [0, 1, 2, 3];
      const commits = 3;
      const acknowledged = await Promise.all(
        writers.map(async (writer) => {
          const versions: string[] = [];
          for (let i = 0; i < commits; i++) {
            const at = writer * commits + i;
            const newObjects = await makeObjects(folder, [
              { part: String(at), span: [at, at + 1], rows: [['x', at, at]] },
            ]);
            const { snapshotVersion } = await commitObjects(features(), {
              reason: 'test',
              schema: schemaOf('zero'),
              newObjects,
            });
            versions.push(snapshotVersion);
          }
          return versions;
        }),
      );
      const log = await features().log();
      expect(log.map(({ snapshotVersion }) => snapshotVersion).sort()).toEqual(
        acknowledged.flat().sort(),
      );
      expect([...(await features().readAsOf()).columns.target]).toEqual(
        Array.from({ length: writers.length * commits }, (_, i) => i),
      );
      expect((await features().verify()).problems).toEqual([]);
      await close();
    });
  });
}

async function makeBucket(): Promise<void> {
  const { bucket, endpoint, region, pathStyle } = parseS3Address(url, process.env);
  const client = new S3Client({
    ...(endpoint ? { endpoint } : {}),
    ...(region ? { region } : {}),
    forcePathStyle: pathStyle,
  });
  await client.send(new CreateBucketCommand({ Bucket: bucket })).catch((error: Error) => {
    if (!/^BucketAlready/.test(error.name)) throw error;
  });
  client.destroy();
}
