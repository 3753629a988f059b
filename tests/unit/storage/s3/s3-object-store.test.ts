/**
 * Purpose: the store on S3 keeps the contract on the double, plainly and while the double fails;
 * and what it adds to it.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { describeError } from '../../../../platform/errors.ts';
import { openActualsLog } from '../../../../storage/forecasts/actuals-log.ts';
import type { ObjectStore } from '../../../../storage/objects/object-store.ts';
import { parseS3Address } from '../../../../storage/s3/s3-address.ts';
import { s3ObjectStore } from '../../../../storage/s3/s3-object-store.ts';
import {
  type FakeS3,
  type FakeS3Request,
  type S3Fault,
  startFakeS3,
} from '../../../fakes/fake-s3.ts';
import { describeObjectStore } from '../../../fixtures/object-store-contract.ts';
import {
  addressOn,
  credentialsOf,
  openOnFakeS3,
  randomFaults,
} from '../../../fixtures/storage/s3-stores.ts';

const bytesOf = (text: string) => Buffer.from(text);
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString();
const PREFIX = 'some/prefix/';
const PART = 65_536;

let double: FakeS3;
let folder: string;
beforeEach(async () => {
  double = await startFakeS3();
  folder = await mkdtemp(path.join(tmpdir(), 'headway-s3-'));
});
afterEach(async () => {
  await double.close();
  await rm(folder, { recursive: true, force: true });
});

describe('object store contract', () => {
  const opened = (faults: () => FakeS3['fault'], partBytes?: number) => async () => {
    const server = await startFakeS3({ pageSize: 3, smallestPartBytes: partBytes ?? 0 });
    server.fault = faults();
    const place = await mkdtemp(path.join(tmpdir(), 'headway-s3-'));
    const close = async () => {
      await server.close();
      await rm(place, { recursive: true, force: true });
    };
    return { store: openOnFakeS3(server, place, partBytes ? { partBytes } : {}), close };
  };
  const none = () => () => undefined;
  let seed = 1;
  describeObjectStore('S3', opened(none));
  describeObjectStore('S3, in parts of 64 kB', opened(none, PART));
  describeObjectStore(
    'S3, one request in five failing',
    opened(() => randomFaults(seed++, 0.2), PART),
  );
});

/** Fails the first `times` requests of a method. */
const failing = (
  fault: S3Fault,
  method: string,
  times = Number.POSITIVE_INFINITY,
): FakeS3['fault'] => {
  let left = times;
  return (request) => (request.method === method && left-- > 0 ? fault : undefined);
};
const asked = (method: string, of: FakeS3 = double) =>
  of.requests.filter((request) => request.method === method).length;
const failureOf = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => new Error('it did not fail'),
    (error: unknown) => error as Error,
  );

describe('createIfAbsent', () => {
  test.each([1, 3, 8])('recognises its own object after %i lost responses', async (times) => {
    double.fault = failing({ kind: 'lost-reply' }, 'PUT', times);
    const store = openOnFakeS3(double, folder);
    expect(await store.createIfAbsent('log/1', bytesOf('mine'))).toBe('created');
    expect(await store.createIfAbsent('log/1', bytesOf('mine'))).toBe('exists');
  });

  test('reports an object of another writer as existing, whatever was lost before', async () => {
    const store = openOnFakeS3(double, folder);
    await store.put('log/1', bytesOf('same bytes'));
    double.fault = failing({ kind: 'lost-reply' }, 'PUT', 2);
    expect(await store.createIfAbsent('log/1', bytesOf('same bytes'))).toBe('exists');
    double.fault = failing({ kind: 'cut' }, 'PUT');
    expect(await store.createIfAbsent('log/1', bytesOf('same bytes'))).toBe('exists');
  });

  test('retries a 409', async () => {
    double.fault = failing(
      { kind: 'status', status: 409, code: 'ConditionalRequestConflict' },
      'PUT',
      3,
    );
    expect(await openOnFakeS3(double, folder).createIfAbsent('log/1', bytesOf('mine'))).toBe(
      'created',
    );
    expect(asked('PUT')).toBe(4);
  });

  test('acknowledges nothing that is not stored; the error has key, place and attempts', async () => {
    double.fault = failing({ kind: 'cut' }, 'PUT');
    const error = {
      code: 'STORE_UNAVAILABLE',
      where: 'log/1',
      fix: expect.stringContaining('endpoint'),
    };
    const failure = await failureOf(
      openOnFakeS3(double, folder).createIfAbsent('log/1', bytesOf('mine')),
    );
    expect(failure).toMatchObject(error);
    expect(failure.message).toMatch(
      /^The store s3:\/\/headway-test\/some\/prefix cannot be used \(\w+, tried 8 times\)$/,
    );
    expect(double.objects.size).toBe(0);
  });

  test('sends a body again that was damaged on the way', async () => {
    double.fault = failing({ kind: 'status', status: 400, code: 'BadDigest' }, 'PUT', 1);
    await openOnFakeS3(double, folder).put('a', bytesOf('whole'));
    expect(double.objects.get(`${PREFIX}a`)?.bytes.toString()).toBe('whole');
    const sent = double.requests.at(-1) as FakeS3Request;
    expect(sent.headers).toMatchObject({
      'if-none-match': '*',
      'x-amz-checksum-sha256': expect.any(String),
    });
  });
});

describe('large objects', () => {
  const large = Buffer.from(
    Uint8Array.from({ length: 3 * PART + 1000 }, (_, i) => (i * 31 + (i >> 8)) % 256),
  );
  let file: string;
  beforeEach(async () => {
    file = path.join(folder, 'large');
    await writeFile(file, large);
  });
  const open = () => openOnFakeS3(double, folder, { partBytes: PART });

  test('are sent in parts with a hash each, and read in ranges', async () => {
    await open().putFile('large', file);
    const parts = double.requests.filter(({ query }) => query.has('partNumber'));
    expect(parts.map(({ body }) => body.length).sort((a, b) => a - b)).toEqual([
      1000,
      PART,
      PART,
      PART,
    ]);
    for (const { headers } of parts) expect(headers['x-amz-checksum-sha256']).toBeDefined();
    expect(Buffer.compare(await open().get('large'), large)).toBe(0);
    expect(asked('GET')).toBe(4);
  });

  test('leave neither an object nor parts if they could not be stored', async () => {
    double.fault = ({ query }) =>
      query.get('partNumber') === '3'
        ? { kind: 'status', status: 403, code: 'AccessDenied' }
        : undefined;
    await expect(open().putFile('large', file)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      where: 'large',
    });
    expect([double.objects.size, double.uploads.size]).toEqual([0, 0]);
  });

  test('succeed if only the last response was lost, and keep another writer’s object', async () => {
    double.fault = ({ method, query }) =>
      method === 'POST' && query.has('uploadId') ? { kind: 'lost-reply' } : undefined;
    await open().putFile('large', file);
    expect([...double.objects.keys(), double.uploads.size]).toEqual([`${PREFIX}large`, 0]);
    double.objects.clear();
    double.fault = ({ method, query }) => {
      // Somebody else is there first, between our last look and the end of our upload.
      if (method === 'POST' && query.has('uploadId'))
        double.objects.set(`${PREFIX}large`, { ...other, writtenAt: 1 });
      return undefined;
    };
    const other = { bytes: bytesOf('other'), etag: '"x"', headers: {} };
    await open().putFile('large', file);
    expect([textOf(await open().get('large')), double.uploads.size]).toEqual(['other', 0]);
  });
});

describe('get and list', () => {
  test.each(['flip', 'short', 'truncate'] as const)(
    'retries a response that is damaged (%s)',
    async (kind) => {
      const store = openOnFakeS3(double, folder);
      await store.put('a', bytesOf('what was written'));
      double.fault = failing({ kind }, 'GET', 2);
      expect(textOf(await store.get('a'))).toBe('what was written');
    },
  );

  test('reports changed bytes as STORE_CORRUPT with the key', async () => {
    const store = openOnFakeS3(double, folder);
    await store.put('a/b', bytesOf('what was written'));
    const stored = double.objects.get(`${PREFIX}a/b`)!;
    double.objects.set(`${PREFIX}a/b`, { ...stored, bytes: bytesOf('what was wristen') });
    const corrupt = { code: 'STORE_CORRUPT', where: 'a/b' };
    await expect(store.get('a/b')).rejects.toMatchObject(corrupt);
    await expect(store.localPath('a/b')).rejects.toMatchObject(corrupt);
  });

  test('gives up on a server that does not respond within the time limit', async () => {
    double.fault = () => ({ kind: 'hang' });
    const retries = { tries: 2, sleep: async () => undefined };
    const store = openOnFakeS3(double, folder, { requestTimeoutMs: 40, retries });
    await expect(store.list('')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('tried 2 times'),
    });
  });

  test('limits the total time of retries on a server that never responds, and logs it', async () => {
    double.fault = () => ({ kind: 'hang' });
    const slow: string[] = [];
    let waitedMs = 0;
    const retries = {
      totalMs: 500,
      onSlow: ({ name }: { name: string }) => void slow.push(name),
      sleep: async (ms: number) => {
        waitedMs += ms;
      },
    };
    const store = openOnFakeS3(double, folder, { idleTimeoutMs: 50, retries });
    const started = performance.now();
    await expect(store.list('')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      fix: expect.stringContaining('HEADWAY_STORE_SECONDS'),
    });
    expect(performance.now() - started).toBeLessThan(5000);
    expect(double.requests.length).toBeGreaterThan(1);
    expect(waitedMs).toBeLessThan(1500);
  });

  test('retries a list that broke off', async () => {
    const store = openOnFakeS3(double, folder);
    await store.put('a', bytesOf('x'));
    const empty: S3Fault = { kind: 'status', status: 200, code: '' };
    double.fault = failing(empty, 'GET', 1);
    expect(await store.list('')).toEqual(['a']);
    double.fault = failing(empty, 'GET');
    await expect(store.list('')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  test('lists only the end of a long list', async () => {
    const store = openOnFakeS3(double, folder) as ObjectStore & {
      list(folder: string, after?: string): Promise<string[]>;
    };
    for (const key of ['b/1', 'b/2', 'b/3']) await store.put(key, bytesOf('x'));
    expect(await store.list('b/', 'b/2')).toEqual(['b/3']);
  });

  test('lists only its own prefix and valid keys', async () => {
    const store = openOnFakeS3(double, folder);
    await store.put('a', bytesOf('x'));
    const object = double.objects.get(`${PREFIX}a`)!;
    for (const key of [
      'some/prefix',
      'some/prefix2/b',
      'other',
      `${PREFIX}../c`,
      `${PREFIX}ä b`,
      `${PREFIX}a/`,
      `${PREFIX}\u0001`,
      `${PREFIX}%41`,
    ])
      double.objects.set(key, object);
    expect(await store.list('')).toEqual(['a']);
  });
});

describe('errors with a fix', () => {
  const status = (code: number, name: string, headers = {}): S3Fault => ({
    kind: 'status',
    status: code,
    code: name,
    headers,
  });
  test.each([
    [
      status(403, 'AccessDenied'),
      /Access to s3:\/\/headway-test\/some\/prefix is denied/,
      /s3:ListBucket/,
    ],
    [status(403, 'InvalidAccessKeyId'), /No valid credentials/, /AWS_PROFILE/],
    [status(403, 'SignatureDoesNotMatch'), /No valid credentials/, /AWS_SECRET_ACCESS_KEY/],
    [status(400, 'ExpiredToken'), /No valid credentials/, /not expired/],
    [status(404, 'NoSuchBucket'), /bucket .* does not exist/, /Create it/],
    [
      status(301, 'PermanentRedirect', { 'x-amz-bucket-region': 'eu-west-1' }),
      /another region/,
      /AWS_REGION=eu-west-1/,
    ],
    [status(400, 'AuthorizationHeaderMalformed'), /another region/, /AWS_REGION/],
    [status(501, 'NotImplemented'), /does not support/, /If-None-Match/],
  ])('reports %j after one request', async (fault, message, fix) => {
    double.fault = () => fault;
    const store = openOnFakeS3(double, folder);
    for (const work of [
      () => store.put('a', bytesOf('x')),
      () => store.list('a/'),
      () => store.get('a'),
    ]) {
      const where = expect.stringMatching(/^a\/?$/);
      const error = {
        code: 'STORE_UNAVAILABLE',
        message: expect.stringMatching(message),
        fix: expect.stringMatching(fix),
        where,
      };
      await expect(work()).rejects.toMatchObject(error);
    }
    expect(double.requests).toHaveLength(3);
  });

  test.each([[status(507, 'XMinioStorageFull')], [status(403, 'QuotaExceeded')]])(
    'reports %j as STORE_FULL',
    async (fault) => {
      double.fault = () => fault;
      await expect(openOnFakeS3(double, folder).put('a', bytesOf('x'))).rejects.toMatchObject({
        code: 'STORE_FULL',
        where: 'a',
      });
    },
  );

  test('reports an endpoint that refuses connections', async () => {
    const store = openOnFakeS3({ ...double, url: 'http://127.0.0.1:1' }, folder);
    await expect(store.get('a')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      fix: expect.stringContaining('endpoint'),
    });
  });

  test('contain no key, secret, token or signature, even if the server repeats them', async () => {
    const credentials = {
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: 'very-secret',
      sessionToken: 'the-session-token',
    };
    const store = openOnFakeS3(double, folder, { credentials });
    for (const code of [
      'SignatureDoesNotMatch',
      'AccessDenied',
      'InvalidAccessKeyId',
      'SlowDown',
    ]) {
      double.fault = ({ headers }) => {
        const sent = JSON.stringify(headers).replaceAll('"', ' ');
        const xml = `<Message>you sent ${sent}</Message><AWSAccessKeyId>${credentials.accessKeyId}</AWSAccessKeyId><CanonicalRequest>${sent}</CanonicalRequest>`;
        return { kind: 'status', status: 403, code, xml };
      };
      const works = [
        () => store.get('a'),
        () => store.put('a', bytesOf('x')),
        () => store.list(''),
        () => store.localPath('a'),
      ];
      for (const work of works) {
        const error = await failureOf(work());
        const reported = `${describeError(error)} ${inspect(error, { depth: 20, showHidden: true })} ${JSON.stringify(error)}`;
        const signature =
          /Signature=([0-9a-f]{64})/.exec(
            double.requests.at(-1)?.headers.authorization ?? '',
          )?.[1] ?? 'none';
        expect(signature).not.toBe('none');
        for (const secret of [...Object.values(credentials), signature])
          expect(reported).not.toContain(secret);
      }
    }
  });
});

describe('encryption', () => {
  test.each([
    ['', {}],
    ['&sse=AES256', { 'x-amz-server-side-encryption': 'AES256' }],
    [
      '&sse=aws:kms&kms-key=alias/mine',
      {
        'x-amz-server-side-encryption': 'aws:kms',
        'x-amz-server-side-encryption-aws-kms-key-id': 'alias/mine',
      },
    ],
  ])('sends the headers of %j', async (parameters, expected) => {
    const cache = { folder, maxBytes: 0 };
    const options = { credentials: credentialsOf(double), cache, partBytes: PART };
    const store = s3ObjectStore(parseS3Address(addressOn(double) + parameters), options);
    const file = path.join(folder, 'large');
    await writeFile(file, Buffer.alloc(PART + 1));
    await store.put('small', bytesOf('x'));
    await store.putFile('large', file);
    for (const { headers } of double.objects.values()) {
      const sent = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-server-side'));
      expect(Object.fromEntries(sent)).toEqual(expected);
    }
    expect(double.objects.size).toBe(2);
  });
});

test('the fake accepts the SDK’s streamed bodies and refuses a wrong trailer', async () => {
  const client = new S3Client({
    endpoint: double.url,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: credentialsOf(double),
    maxAttempts: 1,
  });
  const command = () =>
    new PutObjectCommand({
      Bucket: double.bucket,
      Key: 'k',
      Body: bytesOf('a body in chunks'),
      ChecksumAlgorithm: 'SHA256',
    });
  await client.send(command());
  expect(double.objects.get('k')?.bytes.toString()).toBe('a body in chunks');
  client.destroy();
});

test('reads posted actuals back, whose names are not hashes of their bytes', async () => {
  const log = openActualsLog({ store: openOnFakeS3(double, folder), domain: 'd' });
  const actuals = [{ seriesId: 'a', start: 0, values: [1, null] }];
  await log.append({
    receivedAt: 1,
    frequencyMinutes: 60,
    actuals,
    idempotencyKey: 'x',
    client: null,
  });
  expect(await log.entries()).toMatchObject([{ actuals }]);
});
