/**
 * Purpose: the Lambda function as it is shipped: the built bundle, alone in a folder, in a process
 * of its own that is frozen between invocations, on a store on S3.
 * Invariants: the bundle is built once, outside this repository; forecasts are compared with those
 * of the model itself.
 * Fails: with the unexpected response, or with what the function's process wrote.
 */
import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { newSecret } from '../../../platform/secrets.ts';
import { TABLE_TYPES } from '../../../platform/tables/table.ts';
import { makeKey } from '../../../services/inference/access/key.ts';
import { SCOPE_NAMES } from '../../../services/inference/access/scopes.ts';
import { openKeyLog } from '../../../storage/access/key-log.ts';
import { type FakeS3, startFakeS3 } from '../../fakes/fake-s3.ts';
import {
  functionUrlEvent,
  httpApiEvent,
  type LambdaInstance,
  startLambda,
} from '../../fakes/lambda-emulator.ts';
import { rowsOf } from '../../fixtures/inference/table-rows.ts';
import { createLambdaStore, HORIZON, IDS } from '../../fixtures/lambda-store.ts';
import { DAY_START, publish } from '../../fixtures/published.ts';
import { temporaryFolder } from '../../fixtures/storage/features.ts';
import { addressOn, credentialsOf, openOnFakeS3 } from '../../fixtures/storage/s3-stores.ts';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));

let folder: string;
let remove: () => Promise<void>;
let double: FakeS3;
/** Where the bundle lies, as it was built. */
let built: string;
let fixture: Awaited<ReturnType<typeof createLambdaStore>>;
let firstModel: string;

beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
  built = path.join(folder, 'built', 'lambda');
  const args = ['--import', 'tsx', path.join(REPOSITORY, 'infra/lambda/bundle.ts'), '--out', built];
  const building = promisify(execFile)(process.execPath, args, { cwd: REPOSITORY });
  double = await startFakeS3();
  fixture = await createLambdaStore(folder, double);
  firstModel = await fixture.addModel(1);
  await building;
});
afterAll(async () => {
  await double.close();
  await remove();
});

const instances: LambdaInstance[] = [];
let temporaries = 0;
/** An instance that this test's end stops. */
async function start(
  environment: Record<string, string> = {},
  temporary?: string,
): Promise<LambdaInstance> {
  const instance = await open(environment, temporary);
  instances.push(instance);
  return instance;
}

async function open(
  environment: Record<string, string> = {},
  temporary = `tmp-${temporaries++}`,
): Promise<LambdaInstance> {
  await mkdir(path.join(folder, temporary), { recursive: true });
  const { accessKeyId, secretAccessKey } = credentialsOf(double);
  return startLambda({
    folder: built,
    temporary: path.join(folder, temporary),
    environment: {
      ...{
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_REGION: 'eu-west-1',
      },
      ...{
        HEADWAY_STORE: addressOn(double),
        HEADWAY_DOMAIN: 'electricity',
        HEADWAY_STALE_AFTER: '0',
      },
      ...environment,
    },
  });
}
afterEach(async () => {
  double.fault = () => undefined;
  for (const instance of instances.splice(0)) await instance.stop();
});

const get = (instance: LambdaInstance, url: string, changes?: Record<string, unknown>) =>
  instance.invoke(httpApiEvent('GET', url, changes));
function corrupt(key: string): void {
  const name = `some/prefix/${key}`;
  const found = double.objects.get(name);
  if (!found) throw new Error(`there is no ${name}`);
  double.objects.set(name, {
    ...found,
    bytes: Buffer.from(found.bytes.map((byte, i) => (i === 40 ? byte ^ 1 : byte))),
  });
}

const forecast = async (instance: LambdaInstance) =>
  JSON.parse((await get(instance, '/v1/series/AEP/forecast')).body);

describe('Lambda bundle', () => {
  test('is small, contains only what it needs and builds reproducibly', async () => {
    const files = await readdir(built, { recursive: true });
    expect((await stat(`${built}.zip`)).size).toBeLessThan(1_200_000);
    expect(files.filter((name) => /sample|download-source|table-rows|[sS]so/.test(name))).toEqual(
      [],
    );
    expect(files.filter((name) => /\.(node|so|dylib|dll)$/.test(name))).toEqual([]);
    expect(files.filter((name) => name.endsWith('.wasm'))).toEqual(['tfjs-backend-wasm-simd.wasm']);
    const again = path.join(folder, 'again', 'lambda');
    await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', path.join(REPOSITORY, 'infra/lambda/bundle.ts'), '--out', again],
      {
        cwd: REPOSITORY,
      },
    );
    expect((await readFile(`${again}.zip`)).equals(await readFile(`${built}.zip`))).toBe(true);
  });

  test('validates and serializes on every route, with holidays from the table', async () => {
    // A schedule is validated by a library of its own.
    const instance = await start({ HEADWAY_TRAINING_SCHEDULE: '0 4 * * *' });
    const headers = { 'content-type': 'application/json' };
    const post = (body: object) =>
      httpApiEvent('POST', '/v1/forecasts', { headers, body: JSON.stringify(body) });
    const events = [
      '/v1/series/AEP/forecast?levels=80&horizon=24',
      '/v1/series/AEP/explanation',
      '/v1/series?limit=2',
      '/v1/model',
      '/v1/models',
      '/v1/forecasts?format=csv',
      '/openapi.json',
      '/v1/series/AEP/forecast?horizon=a',
    ].map((url) => httpApiEvent('GET', url));
    const statuses: number[] = [];
    for (const event of [...events, post({ seriesIds: 3 }), post({ seriesIds: ['AEP'] })])
      statuses.push((await instance.invoke(event)).statusCode);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 200, 400, 400, 200]);
  });
});

describe('Lambda instance', () => {
  let instance: LambdaInstance;
  beforeAll(async () => {
    instance = await open();
  });
  afterAll(() => instance.stop());

  test('serves what monitoring published without an SQL engine', async () => {
    const read = async (url: string) => JSON.parse((await get(instance, url)).body);
    expect(await read('/v1/monitoring')).toMatchObject({ state: 'none', overview: null });
    expect(await read('/v1/jobs')).toEqual({ runs: [] });
    await publish(openOnFakeS3(double, folder), 'electricity', 'AEP');
    const fresh = await start();
    const shown = JSON.parse((await get(fresh, '/v1/monitoring')).body);
    expect(shown).toMatchObject({ state: 'checked', overview: { check: 7, champion: 'model-1' } });
    const [from, until] = [DAY_START, DAY_START + 86_400_000].map((at) =>
      new Date(at).toISOString(),
    );
    const record = await get(fresh, `/v1/series/AEP/record?from=${from}&until=${until}`);
    const { forecasts, score } = JSON.parse(record.body);
    expect([record.statusCode, forecasts.length, score.pairs]).toEqual([200, 21, 82]);
    const actuals = JSON.parse((await get(fresh, '/v1/actuals?limit=2')).body);
    expect([actuals.total, actuals.timestamps.length]).toEqual([IDS.length, HORIZON]);
  });

  test.each(['arrow', 'parquet'] as const)(
    'sends a whole table in %s as base64',
    async (format) => {
      const { statusCode, headers, body, isBase64Encoded } = await get(
        instance,
        `/v1/forecasts?format=${format}&horizon=2`,
      );
      expect([statusCode, isBase64Encoded]).toEqual([200, true]);
      expect(headers['content-type']).toBe(TABLE_TYPES[format]);
      const rows = await rowsOf(Buffer.from(body, 'base64'), format);
      const csv = await get(instance, '/v1/forecasts?format=csv&horizon=2');
      const [head = '', ...lines] = csv.body.trimEnd().split('\n');
      expect(Object.keys(rows[0] ?? {})).toEqual(head.split(','));
      expect(rows.map(({ unique_id: id }) => id)).toEqual(lines.map((line) => line.split(',')[0]));
    },
  );

  test('serves forecasts for events of an HTTP API and of a Function URL', async () => {
    const url = '/v1/series/AEP/forecast?levels=80&horizon=24';
    const { statusCode, headers, body, isBase64Encoded } = await get(instance, url);
    const response = JSON.parse(body);
    expect({ statusCode, isBase64Encoded }).toEqual({ statusCode: 200, isBase64Encoded: false });
    expect(headers['content-type']).toMatch(/^application\/json/);
    expect(headers).toMatchObject({
      etag: expect.stringMatching(/^W\//),
      'x-content-type-options': 'nosniff',
    });
    for (const name of ['connection', 'keep-alive', 'transfer-encoding'])
      expect(headers).not.toHaveProperty(name);
    expect(response).toMatchObject({
      domain: 'electricity',
      seriesId: 'AEP',
      modelVersion: firstModel,
      horizon: HORIZON,
    });
    expect(response).not.toHaveProperty('fallback');
    for (const [q, name] of ['0.1', '0.5', '0.9'].entries()) {
      const wanted = fixture.expected(firstModel, 'AEP', q);
      for (const [k, value] of response.quantiles[name].entries())
        expect(value).toBeCloseTo(wanted[k] as number, 2);
    }
    const known = await get(instance, url, { headers: { 'if-none-match': headers.etag } });
    expect(known).toMatchObject({ statusCode: 304, body: '' });

    // A Function URL leaves the path as it was sent, an HTTP API decodes it.
    const encoded = await instance.invoke(
      functionUrlEvent('GET', '/v1/series/a%2Fb/forecast?horizon=1'),
    );
    expect(JSON.parse(encoded.body)).toMatchObject({
      seriesId: 'a/b',
      horizon: 1,
      modelVersion: firstModel,
    });
    for (const path of ['/v1/series/ü ☃/forecast', '/v1/series/%C3%BC%20%E2%98%83/forecast'])
      expect(JSON.parse((await get(instance, path)).body)).toMatchObject({ seriesId: 'ü ☃' });
    const staged = await get(instance, '/prod/v1/series/AEP/forecast', {
      requestContext: {
        ...httpApiEvent('GET', '/prod/v1/series/AEP/forecast').requestContext,
        stage: 'prod',
      },
    });
    expect(JSON.parse(staged.body)).toMatchObject({ seriesId: 'AEP' });
    expect(await get(instance, '/')).toMatchObject({
      statusCode: 200,
      body: expect.stringContaining('<html'),
    });
    expect(await get(instance, '/dashboard/page.js')).toMatchObject({ statusCode: 200 });
  });

  test('forecasts an ad-hoc history alike from text and base64', async () => {
    const values = Array.from(fixture.panel.columns.target.subarray(0, fixture.panel.length));
    const body = JSON.stringify({
      history: { start: new Date(fixture.panel.start).toISOString(), values, seriesId: 'AEP' },
    });
    const headers = { 'content-type': 'application/json' };
    const posted = (changes: Record<string, unknown>) =>
      instance.invoke(httpApiEvent('POST', '/v1/forecasts', { headers, ...changes }));
    const plain = await posted({ body });
    const encoded = await posted({
      body: Buffer.from(body).toString('base64'),
      isBase64Encoded: true,
    });
    expect([plain.statusCode, encoded.statusCode]).toEqual([200, 200]);
    const [own, again] = [JSON.parse(plain.body), JSON.parse(encoded.body)].map(
      (response) => response.forecasts?.[0] ?? response,
    );
    expect(again.quantiles).toEqual(own.quantiles);
    const wanted = fixture.expected(firstModel, 'AEP', 1);
    for (const [k, value] of own.quantiles['0.5'].entries())
      expect(value).toBeCloseTo(wanted[k] as number, 2);
  });

  test('serves issued forecasts after a batch, and starts the backend only when needed', async () => {
    const issuedAt = Date.now() - 60_000;
    const takeOut = await fixture.issue(issuedAt);
    const late = await start();
    const served = await forecast(late);
    expect([served.issuedAt, late.output()]).toEqual([
      new Date(issuedAt).toISOString(),
      expect.not.stringContaining('TensorFlow'),
    ]);
    for (const [k, value] of served.quantiles['0.5'].entries())
      expect(value).toBeCloseTo(fixture.expected(firstModel, 'AEP', 1)[k] as number, 2);
    const explained = await get(late, '/v1/series/AEP/explanation');
    expect([explained.statusCode, late.output()]).toEqual([
      200,
      expect.stringContaining('TensorFlow.js runs on the wasm backend'),
    ]);
    takeOut();
  });

  test('returns problems with their code and invocation id, and no more', async () => {
    const id = '8f3c1f4e-6b1d-4d0c-9f57-2a8a0f6f0a11';
    const missing = await instance.invoke(httpApiEvent('GET', '/v1/series/NOWHERE/forecast'), id);
    expect(missing.statusCode).toBe(404);
    expect(missing.headers).toMatchObject({
      'content-type': expect.stringMatching(/^application\/problem\+json/),
      'x-request-id': id,
    });
    expect(JSON.parse(missing.body)).toMatchObject({
      code: 'SERIES_UNKNOWN',
      status: 404,
      instance: `urn:headway:request:${id}`,
    });
    const cases: [unknown, number, string][] = [
      [httpApiEvent('GET', '/nowhere'), 404, 'ROUTE_NOT_FOUND'],
      [httpApiEvent('DELETE', '/v1/forecasts'), 405, 'METHOD_NOT_ALLOWED'],
      [httpApiEvent('GET', '/v1/series/AEP/forecast?levels=80&levels=90'), 400, 'REQUEST_INVALID'],
      [httpApiEvent('GET', '/v1/series/%ZZ/forecast'), 404, 'SERIES_UNKNOWN'],
      [
        httpApiEvent('POST', '/v1/forecasts', {
          headers: { 'content-type': 'application/json' },
          body: '{"a":',
        }),
        400,
        'BODY_INVALID',
      ],
      [
        httpApiEvent('POST', '/v1/forecasts', {
          headers: { 'content-type': 'application/json' },
          body: ' '.repeat(2 << 20),
        }),
        413,
        'BODY_TOO_LARGE',
      ],
      [httpApiEvent('BREW', '/v1/forecasts'), 400, 'REQUEST_MALFORMED'],
      [{ hello: 'fixture' }, 400, 'REQUEST_MALFORMED'],
      [null, 400, 'REQUEST_MALFORMED'],
    ];
    for (const [event, status, code] of cases) {
      const { statusCode, body, headers } = await instance.invoke(event);
      expect({ statusCode, code: JSON.parse(body).code }).toEqual({ statusCode: status, code });
      expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    }
  });

  test('compresses large responses on request, and sends streams whole', async () => {
    const event = (accept: string) =>
      httpApiEvent('GET', '/openapi.json', { headers: { 'accept-encoding': accept } });
    const [plain, packed] = [
      await instance.invoke(event('br')),
      await instance.invoke(event('br, gzip;q=0.8')),
    ];
    expect([plain.isBase64Encoded, packed.isBase64Encoded]).toEqual([false, true]);
    expect(packed.headers).toMatchObject({
      'content-encoding': 'gzip',
      vary: expect.stringContaining('accept-encoding'),
    });
    expect(JSON.parse(gunzipSync(Buffer.from(packed.body, 'base64')).toString())).toEqual(
      JSON.parse(plain.body),
    );
    const { body } = await get(instance, '/v1/forecasts?format=ndjson');
    expect(
      body
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).seriesId),
    ).toEqual([...IDS].sort());
  });

  test('logs to standard output with the invocation id, and nothing of a body', async () => {
    const talking = await start({
      HEADWAY_LOG_LEVEL: 'debug',
      AWS_LAMBDA_FUNCTION_VERSION: '7',
    });
    await talking.invoke(
      httpApiEvent('POST', '/v1/forecasts?a=hush-hush', {
        headers: { 'content-type': 'application/json', cookie: 'hush-hush' },
        body: '{"hush-hush":1}',
      }),
      'the-id',
    );
    await talking.stop();
    const lines = talking
      .output()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toContainEqual(
      expect.objectContaining({
        awsRequestId: 'the-id',
        // The alarms of a rollout count by it.
        functionVersion: '7',
        msg: 'request completed',
        method: 'POST',
        status: 400,
      }),
    );
    expect(lines).toContainEqual(
      expect.objectContaining({ msg: 'now serving', modelVersion: firstModel }),
    );
    expect(talking.output()).not.toContain('hush-hush');
    expect(talking.warnings()).toBe('');
  });
});

describe('Lambda instance with a store that changes', () => {
  /** Invokes until `isThere`: a look for newer parts is due a second after the last. */
  async function invokeUntil<T>(
    ask: () => Promise<T>,
    isThere: (response: T) => boolean,
  ): Promise<T> {
    for (;;) {
      const response = await ask();
      if (isThere(response)) return response;
    }
  }

  test('picks up a new champion between invocations, and reports a corrupt one', async () => {
    const instance = await start({ HEADWAY_REFRESH_SECONDS: '1' });
    expect(await forecast(instance)).toMatchObject({ modelVersion: firstModel });
    const second = await fixture.addModel(2);
    const swapped = await invokeUntil(
      () => forecast(instance),
      ({ modelVersion }) => modelVersion === second,
    );
    expect(swapped.quantiles['0.5'][0]).toBeCloseTo(
      fixture.expected(second, 'AEP', 1)[0] as number,
      2,
    );
    const third = await fixture.addModel(3);
    corrupt(`models/electricity/${third}/weights.bin`);
    const labelled = await invokeUntil(
      () => forecast(instance),
      ({ fallback }) => fallback !== undefined,
    );
    expect(labelled).toMatchObject({
      modelVersion: second,
      fallback: { reason: 'MODEL_UNAVAILABLE' },
    });
    expect(labelled.quantiles).toEqual(swapped.quantiles);
    // A fresh instance has no last good model: it takes the champion before the corrupt one.
    expect(await forecast(await start())).toMatchObject({
      modelVersion: second,
      fallback: { reason: 'MODEL_UNAVAILABLE' },
    });
    await fixture.registry.rollback({ reason: 'the third is corrupt' });
    expect(
      await invokeUntil(
        () => forecast(instance),
        (response) => response.fallback === undefined,
      ),
    ).toMatchObject({ modelVersion: second });
    await fixture.registry.promote({
      modelVersion: firstModel,
      reason: 'as before',
      evidence: null,
    });
  });

  test('responds 503 after a cold start without a store, and recovers', async () => {
    double.fault = () => ({ kind: 'cut' });
    const instance = await start();
    const { statusCode, headers, body } = await get(instance, '/v1/series/AEP/forecast');
    expect(statusCode).toBe(503);
    expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(JSON.parse(body)).toMatchObject({ code: 'STORE_UNAVAILABLE', status: 503 });
    double.fault = () => undefined;
    const healed = await invokeUntil(
      () => get(instance, '/v1/series/AEP/forecast'),
      (response) => response.statusCode === 200,
    );
    expect(JSON.parse(healed.body)).toMatchObject({ modelVersion: firstModel });
  });

  test('keeps the last good forecast with a label if the store fails later', async () => {
    const instance = await start({ HEADWAY_REFRESH_SECONDS: '1' });
    const before = await forecast(instance);
    double.fault = () => ({ kind: 'cut' });
    const after = await invokeUntil(
      () => forecast(instance),
      ({ fallback }) => fallback !== undefined,
    );
    expect(after).toMatchObject({
      modelVersion: firstModel,
      fallback: { reason: 'STORE_UNAVAILABLE' },
    });
    expect(after.quantiles).toEqual(before.quantiles);
  });

  test('keeps fetched objects in the temporary folder and checks them on reuse', async () => {
    const temporary = 'tmp-of-two';
    await forecast(await start({}, temporary));
    const fetched = () =>
      double.requests
        .slice(from)
        .filter(({ method, key }) => method === 'GET' && /\.bin$|model\.json$/.test(key));
    let from = double.requests.length;
    await forecast(await start({}, temporary));
    expect(fetched()).toEqual([]);
    const objects = path.join(folder, temporary, 'headway', 'cache', 'objects');
    const kept = await readdir(objects);
    expect(kept).toHaveLength(3);
    for (const name of kept) {
      await chmod(path.join(objects, name), 0o644);
      await writeFile(path.join(objects, name), 'something else');
    }
    from = double.requests.length;
    const response = await forecast(await start({}, temporary));
    expect(response).toMatchObject({ modelVersion: firstModel });
    expect(response).not.toHaveProperty('fallback');
    expect(fetched()).toHaveLength(3);
  });
});

test('requires keys if the settings hold any', async () => {
  const instance = await start({ HEADWAY_API_KEYS: '{"format":1,"keys":[]}' });
  const { statusCode, headers, body } = await get(instance, '/v1/series/AEP/forecast');
  expect({ statusCode, code: JSON.parse(body).code }).toEqual({
    statusCode: 401,
    code: 'API_KEY_MISSING',
  });
  expect(headers['www-authenticate']).toMatch(/^Bearer/);
});

test('takes keys from the store, and applies a revocation within 30 seconds', async () => {
  const log = openKeyLog({ store: openOnFakeS3(double, folder), domain: 'electricity' });
  const made = { name: 'x', scopes: SCOPE_NAMES, requestsPerMinute: null, expiresAt: null };
  const { key, record } = makeKey({ ...made, createdAt: 0 }, newSecret);
  await log.publish(0, () => [record]);
  const later = path.join(folder, 'half-a-minute-later');
  const shifted = `import { existsSync } from 'node:fs';
    const { now } = Date;
    Date.now = () => now() + (existsSync(${JSON.stringify(later)}) ? 30_000 : 0);`;
  const instance = await start({
    HEADWAY_API_KEYS: 'store',
    NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(shifted)}`,
  });
  const ask = async () => {
    const { headers } = httpApiEvent('GET', '/');
    return get(instance, '/v1/series/AEP/forecast', {
      headers: { ...headers, authorization: `Bearer ${key}` },
    });
  };
  expect((await ask()).statusCode).toBe(200);
  await log.publish(0, () => [{ ...record, revokedAt: '2020-01-01T00:00:00Z' }]);
  await writeFile(later, '');
  const { statusCode, body } = await ask();
  expect([statusCode, JSON.parse(body).code]).toEqual([401, 'API_KEY_REVOKED']);
});

test('invalid settings stop the start and are reported to the Runtime API', async () => {
  const instance = await start({ HEADWAY_DOMAIN: 'nowhere' });
  await expect(instance.invoke(httpApiEvent('GET', '/'))).rejects.toThrow(
    /init: HeadwayError: there is no domain "nowhere"/,
  );
});
