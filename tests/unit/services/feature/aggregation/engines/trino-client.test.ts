import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Domain, RawPart, RawRows } from '../../../../../../domains/domain.ts';
import { createHttpClient } from '../../../../../../platform/http/client.ts';
import { silentLogger } from '../../../../../../platform/telemetry/logger.ts';
import { embeddedEngine } from '../../../../../../services/feature/aggregation/aggregate.ts';
import { queryingEngine } from '../../../../../../services/feature/aggregation/engines/query-engine.ts';
import {
  parseTrinoAddress,
  trinoEngine,
} from '../../../../../../services/feature/aggregation/engines/trino-client.ts';
import { type FakeTrino, fakeTrino, type Trouble } from '../../../../../fakes/fake-trino.ts';

const domain = {
  name: 'test',
  frequencyMinutes: 60,
  timeZone: 'America/New_York',
  missing: 'zero',
  nonNegative: true,
} as Domain;
const EVENTS = `(VALUES ('a', '2023-11-05 01:10:00', 1), ('a', '2023-11-05 01:20:00', 2),
  ('a', '2023-11-05 01:20:00', 2),
  ('b', '2023-11-05 03:00:00', 3), ('c', '2023-11-05 04:00:00', 4), ('a', '2023-11-05 05:59:59', 5), (NULL, '2023-11-05 05:00:00', 6),
  ('b', '2023-03-12 02:30:00', 7)) AS raw(series, stamp, event)`;
const TABLES = [
  `CREATE TABLE green AS SELECT *, 's3://raw/green/2023-11.parquet' AS "$path" FROM ${EVENTS}`,
  `INSERT INTO green VALUES ('a', '2023-12-01 00:00:00', 9, 's3://raw/green/2023-12.parquet')`,
];
const rows: RawRows = {
  relation: EVENTS,
  seriesId: 'series',
  localTime: 'TRY_CAST(stamp AS TIMESTAMP)',
  value: null,
  duplicateKey: ['event'],
  rejections: [],
  ranges: [{ name: 'small', value: 'event', atMost: 4 }],
};
const part: RawPart = {
  name: '2023-11.parquet',
  feed: 'green',
  fingerprint: 'x',
  span: null,
  open: async () => rows,
};

let folder: string;
let cluster: FakeTrino;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-test-'));
  cluster = await fakeTrino(TABLES);
});
afterEach(async () => {
  await cluster.close();
  await rm(folder, { recursive: true, force: true });
});

const client = () =>
  createHttpClient({
    logger: silentLogger,
    retries: 2,
    firstDelayMs: 1,
    maximumDelayMs: 2,
    timeoutMs: 5000,
  });
const address = () => ({ origin: cluster.origin, user: 'ada', catalog: 'hive', schema: 'raw' });
const engine = () => queryingEngine(trinoEngine(address(), client()));
const options = (name: string) => ({
  ...{
    domain,
    part,
    rows,
    path: join(folder, name),
    availableAt: Date.UTC(2100, 0, 1),
    tempFolder: folder,
    memoryLimitMb: 256,
  },
});
const aggregate = () => engine().aggregate(options('trino.parquet'));

const respondWith =
  (status: number, body = ''): Trouble =>
  (response) => {
    response.writeHead(status);
    response.end(body);
  };
const cut: Trouble = (response) => response.destroy();
const cutInTheMiddle: Trouble = (response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '5000' });
  response.write('{"data": [[1,');
  setImmediate(() => response.destroy());
};

describe('a part counted by Trino', () => {
  test('equals the file and counts of the embedded engine, over several pages', async () => {
    const ours = await embeddedEngine.aggregate(options('duckdb.parquet'));
    const theirs = await aggregate();
    expect({ ...theirs, path: '' }).toEqual({ ...ours, path: '' });
    expect(theirs.rejected).toEqual({ missing_series: 1, duplicate: 1, nonexistent_local_time: 1 });
    expect((await readFile(theirs.path)).equals(await readFile(ours.path))).toBe(true);
    expect(cluster.seen.filter(({ method }) => method === 'GET').length).toBeGreaterThan(3);
    expect(cluster.statements).toHaveLength(2);
  });

  test('has the same counts of values outside their ranges', async () => {
    const profile = options('a');
    expect(await engine().countOutside(profile)).toEqual(
      await embeddedEngine.countOutside(profile),
    );
    expect(await engine().countOutside(profile)).toEqual([{ range: 'small', rows: 2 }]);
  });

  test('names the session in every request', async () => {
    await aggregate();
    const session = {
      'x-trino-user': 'ada',
      'x-trino-catalog': 'hive',
      'x-trino-schema': 'raw',
      'x-trino-source': 'headway',
    };
    for (const { headers } of cluster.seen) expect(headers).toMatchObject(session);
  });

  test.each<[string, Trouble]>([
    ['busy', respondWith(503)],
    ['cut before the response', cut],
    ['cut in the middle of it', cutInTheMiddle],
  ])('retries a statement and a page if the coordinator is %s', async (_what, trouble) => {
    cluster.trouble.set(0, trouble).set(2, trouble).set(4, trouble);
    expect((await aggregate()).rowsUsed).toBe(5);
    // The statements ran once each, whatever was asked again.
    expect(cluster.statements).toHaveLength(2);
  });
});

describe('Trino errors', () => {
  test('reports a cluster that stays busy', async () => {
    for (let i = 0; i < 10; i++) cluster.trouble.set(i, respondWith(503));
    await expect(aggregate()).rejects.toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
      message: expect.stringContaining('HTTP 503'),
    });
    expect(cluster.seen).toHaveLength(3);
  });

  test('reports an unknown table in the words of the cluster', async () => {
    const wrong = { ...options('a'), part: { ...part, feed: 'yellow' } };
    await expect(engine().aggregate(wrong)).rejects.toMatchObject({
      code: 'SOURCE_INVALID',
      message: expect.stringContaining('yellow'),
      fix: expect.stringContaining('features sql'),
    });
  });

  test('writes nothing after an error between two pages', async () => {
    const body = {
      id: 'q',
      error: {
        message: 'node died',
        errorName: 'PAGE_TRANSPORT_TIMEOUT',
        errorType: 'INTERNAL_ERROR',
      },
    };
    cluster.trouble.set(4, respondWith(200, JSON.stringify(body)));
    await expect(aggregate()).rejects.toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
      message: expect.stringContaining('node died'),
    });
    await expect(readFile(join(folder, 'trino.parquet'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test.each([
    [401, '', 'SETTINGS_INVALID', /refuses this user/],
    [404, '', 'SOURCE_UNAVAILABLE', /HTTP 404/],
    [302, '', 'SOURCE_UNAVAILABLE', /HTTP 302/],
    [200, '<html>', 'SOURCE_UNAVAILABLE', /not JSON/],
    [200, '{"nextUri": "http://169.254.169.254/latest"}', 'SOURCE_UNAVAILABLE', /another address/],
  ])('reports HTTP %d %s as %s', async (status, body, code, message) => {
    cluster.trouble.set(0, respondWith(status, body));
    const failed = aggregate();
    await expect(failed).rejects.toMatchObject({ code });
    await expect(failed).rejects.toThrow(message);
    expect(cluster.seen).toHaveLength(1);
  });

  test('cancels the statement if the reader stops early', async () => {
    for await (const row of trinoEngine(address(), client()).query('SELECT * FROM range(20)')) {
      expect(row).toHaveLength(1);
      break;
    }
    expect(cluster.seen.at(-1)).toMatchObject({ method: 'DELETE' });
  });
});

describe('parseTrinoAddress', () => {
  test.each([
    [
      'trino://localhost:8080/hive/raw',
      { origin: 'http://localhost:8080', user: 'headway', catalog: 'hive', schema: 'raw' },
    ],
    [
      'trinos://ada@trino.example.org/ice/a_b',
      { origin: 'https://trino.example.org', user: 'ada', catalog: 'ice', schema: 'a_b' },
    ],
  ])('parses %s', (text, expected) => {
    expect(parseTrinoAddress(text)).toEqual(expected);
  });

  test.each([
    'trino',
    'trino://host',
    'trino://host/hive',
    'trino://u:secret@host/hive/raw',
    'http://host/hive/raw',
    'trino://h/c/s?x=1',
  ])('refuses %s', (text) => {
    expect(() => parseTrinoAddress(text)).toThrow(/not the address of a Trino cluster/);
  });
});
