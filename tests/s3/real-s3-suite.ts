/**
 * Purpose: what the store needs of an S3 server, as one suite for every real one.
 * Invariants: every test has a prefix of its own, so that runs at once do not meet; a bucket that
 * is missing is made; what the tests wrote is removed.
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

type Environment = Readonly<Record<string, string | undefined>>;

/** @param url s3://bucket/prefix?endpoint=… */
export function describeRealS3(name: string, url: string, environment: Environment): void {
  const bucketMade = makeBucket(url, environment);
  const open = async () => {
    await bucketMade;
    const { folder, remove } = await temporaryFolder();
    const store = openStore(url.replace(/(\?|$)/, `/${randomUUID()}$1`), {
      environment,
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

  describeObjectStore(name, open);

  describe(`on ${name}`, () => {
    test('a file of many parts is read back byte for byte', async () => {
      const { store, folder, close } = await open();
      const bytes = Buffer.alloc(30_000_000, 'some bytes and no others');
      const file = path.join(folder, 'large');
      await writeFile(file, bytes);
      await store.putFile('large/one', file);
      await store.putFile('large/one', file);
      expect(Buffer.compare(Buffer.from(await store.get('large/one')), bytes)).toBe(0);
      await close();
    });

    test('concurrent writers leave a linear history and lose nothing', async () => {
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

/** Those of the environment that is given; without any the SDK looks in its own places. */
function credentialsOf({ AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY }: Environment) {
  if (AWS_ACCESS_KEY_ID === undefined || AWS_SECRET_ACCESS_KEY === undefined) return {};
  return {
    credentials: { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY },
  };
}

export async function makeBucket(url: string, environment: Environment): Promise<void> {
  const { bucket, endpoint, region, pathStyle } = parseS3Address(url, environment);
  const client = new S3Client({
    ...(endpoint ? { endpoint } : {}),
    ...(region ? { region } : {}),
    forcePathStyle: pathStyle,
    ...credentialsOf(environment),
  });
  await client.send(new CreateBucketCommand({ Bucket: bucket })).catch((error: Error) => {
    if (!/^BucketAlready/.test(error.name)) throw error;
  });
  client.destroy();
}
