import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { taxi } from '../../../../domains/taxi/definition.ts';
import { openDownloads } from '../../../../domains/taxi/download-source.ts';
import { createHttpClient } from '../../../../platform/http/client.ts';
import { silentLogger } from '../../../../platform/telemetry/logger.ts';
import { tripServer } from '../../../fakes/trip-server.ts';
import {
  type FeatureFixture,
  featureFixture,
  writeParquet,
} from '../../../fixtures/feature-fixture.ts';

// The first run in a file loads danfo, which takes seconds on a busy machine.
jest.setTimeout(60_000);

let bench: FeatureFixture;
let server: Awaited<ReturnType<typeof tripServer>>;
let january: Buffer;
let changed: Buffer;

beforeEach(async () => {
  bench = await featureFixture(taxi);
  server = await tripServer();
  const make = async (rows: number) => {
    const path = join(bench.folder, `${rows}.parquet`);
    await writeParquet(
      path,
      `SELECT 1 AS VendorID, TIMESTAMP '2023-01-10 10:00:00' + to_seconds(i) AS lpep_pickup_datetime, TIMESTAMP '2023-01-10 11:00:00' AS lpep_dropoff_datetime, 1 + i % 200 AS PULocationID, i AS DOLocationID FROM range(${rows}) r(i)`,
    );
    return readFile(path);
  };
  january = await make(3000);
  changed = await make(2999);
  server.files.set('green_tripdata_2023-01.parquet', january);
});
afterEach(async () => {
  await server.close();
  await bench.remove();
});

const open = (spec = 'tlc:green:2023-01', retries = 3) => {
  const client = createHttpClient({
    logger: silentLogger,
    retries,
    firstDelayMs: 1,
    maximumDelayMs: 5,
    timeoutMs: 2000,
  });
  return openDownloads(spec, bench.context, { baseUrl: server.url, client });
};
const kept = () => readFile(join(bench.context.rawFolder, 'green_tripdata_2023-01.parquet'));
const statuses = () => server.requests.map(({ status }) => status);

describe('trip downloads', () => {
  test('fetch a month once, then only revalidate it', async () => {
    const [part] = await (await open()).parts();
    expect(await kept()).toEqual(january);
    expect(part.name).toBe('green_tripdata_2023-01.parquet');
    const [again] = await (await open()).parts();
    expect(statuses()).toEqual([200, 304]);
    expect(again.fingerprint).toBe(part.fingerprint);
    server.files.set('green_tripdata_2023-01.parquet', changed);
    const [newer] = await (await open()).parts();
    expect(await kept()).toEqual(changed);
    expect(newer.fingerprint).not.toBe(part.fingerprint);
    expect((await readdir(bench.context.rawFolder)).sort()).toEqual([
      'green_tripdata_2023-01.parquet',
      'green_tripdata_2023-01.parquet.etag',
    ]);
  });

  test('resume a cut connection at its offset', async () => {
    server.faults.push({ cutAfter: 5000 }, { cutAfter: 3000 });
    await (await open()).parts();
    expect(await kept()).toEqual(january);
    expect(statuses()).toEqual([200, 206, 206]);
    expect(server.requests.slice(1).map(({ range }) => range)).toEqual([
      'bytes=5000-',
      'bytes=8000-',
    ]);
  });

  test('resume what an earlier run gave up', async () => {
    server.faults.push({ cutAfter: 5000 });
    await expect((await open('tlc:green:2023-01', 0)).parts()).rejects.toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
    });
    await (await open()).parts();
    expect(await kept()).toEqual(january);
    expect(server.requests[1]).toMatchObject({ range: 'bytes=5000-', status: 206 });
  });

  test('restart a file that changes between two ranges', async () => {
    server.faults.push({
      cutAfter: 5000,
      andThen: () => server.files.set('green_tripdata_2023-01.parquet', changed),
    });
    await (await open()).parts();
    expect(await kept()).toEqual(changed);
    expect(statuses()).toEqual([200, 200]);
  });

  test('retry 429 with Retry-After and 5xx', async () => {
    server.faults.push({ status: 429, retryAfter: '1' }, { status: 503 }, { status: 500 });
    await (await open()).parts();
    expect(await kept()).toEqual(january);
    expect(statuses()).toEqual([429, 503, 500, 200]);
  });

  test('omit an unpublished month, and fail if there is none', async () => {
    const parts = await (await open('tlc:green:2023-01..2023-03')).parts();
    expect(parts.map(({ name }) => name)).toEqual(['green_tripdata_2023-01.parquet']);
    const error = await (await open('tlc:yellow:2023-01'))
      .parts()
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
      fix: expect.stringContaining('two months'),
    });
  });

  test('fail if the server is down, unless there is a copy', async () => {
    for (let i = 0; i < 4; i++) server.faults.push({ status: 503 });
    await expect((await open()).parts()).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    await (await open()).parts();
    for (let i = 0; i < 4; i++) server.faults.push({ status: 503 });
    expect(await (await open()).parts()).toHaveLength(1);
    server.faults.push({ status: 404 });
    expect(await (await open()).parts()).toHaveLength(1);
  });

  test('refuse a redirect to another host, and follow one on the same host', async () => {
    const other = await tripServer();
    const name = 'green_tripdata_2023-01.parquet';
    other.files.set(name, january);
    server.faults.push({ status: 302, location: `${other.url}/${name}` });
    await expect((await open()).parts()).rejects.toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
      message: expect.stringContaining(`to ${other.url}`),
    });
    expect(other.requests).toEqual([]);
    await other.close();
    server.faults.push({ status: 302, location: `/${name}` });
    expect(await (await open()).parts()).toHaveLength(1);
  });

  test('never replace a good file by a login page', async () => {
    const page = Buffer.from('<html>Please sign in</html>');
    server.faults.push({ body: page });
    await expect((await open()).parts()).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    await (await open()).parts();
    server.files.set('green_tripdata_2023-01.parquet', changed);
    server.faults.push({ body: page });
    expect(await (await open()).parts()).toHaveLength(1);
    expect(await kept()).toEqual(january);
    expect((await readdir(bench.context.rawFolder)).some((name) => name.includes('.part'))).toBe(
      false,
    );
  });

  test('equal the same file in a folder for the store', async () => {
    await (await open()).parts();
    await bench.run(join(bench.context.rawFolder, 'green_tripdata_2023-01.parquet'));
    const [part] = await (await open()).parts();
    const head = await bench.features.head();
    expect(head!.objects[0]).toMatchObject({
      part: part.name,
      fingerprint: part.fingerprint,
      feed: part.feed,
    });
  });

  test.each([
    'tlc:',
    'tlc:green',
    'tlc:blue:2023-01',
    'tlc:green:2023-13',
    'tlc:green:2023-05..2023-01',
    'tlc:green:1900-01..2200-01',
  ])('refuse %s', async (spec) => {
    await expect(taxi.openSource(spec, bench.context)).rejects.toMatchObject({
      code: 'SOURCE_INVALID',
    });
  });
});

test('request all months of two types of trips', async () => {
  server.files.set('yellow_tripdata_2022-12.parquet', january);
  const source = await open('tlc:green,yellow:2022-12..2023-01');
  expect((await source.parts()).map(({ feed, name }) => [feed, name])).toEqual([
    ['green', 'green_tripdata_2023-01.parquet'],
    ['yellow', 'yellow_tripdata_2022-12.parquet'],
  ]);
  expect(server.requests).toHaveLength(4);
});
