/** Purpose: the TypeScript client keeps its promises against a service that listens. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type ClientOptions,
  createHeadwayClient,
  dataOf,
  type HeadwayClient,
  HeadwayProblem,
  HeadwayUnreachable,
} from '../../../clients/typescript/headway-client.ts';
import { type InferenceServer, startServer } from '../../../services/inference/server.ts';
import { createFixture, HOUR, IDS, NOW } from '../../fakes/inference.ts';

const listening = {
  host: '127.0.0.1',
  port: 0,
  refreshIntervalMs: 3_600_000,
  closeTimeoutMs: 100,
};
const failure = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error) => error,
  );
const problemOf = async (promise: Promise<unknown>): Promise<HeadwayProblem> => {
  const error = await failure(promise);
  expect(error).toBeInstanceOf(HeadwayProblem);
  return error as HeadwayProblem;
};
const allOf = async <T>(lines: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const line of lines) all.push(line);
  return all;
};

describe('client against the service', () => {
  const { options } = createFixture();
  let server: InferenceServer;
  let statuses: number[];
  beforeAll(async () => {
    const actuals = {
      append: async () => ({ key: 'actuals/demo/5f2c.json', availableAt: NOW, isNew: true }),
    };
    server = await startServer({ ...options, ...listening, actuals });
  });
  afterAll(() => server.close());

  /** A client that does not wait, and records statuses. */
  function clientOf(more: Partial<ClientOptions> = {}): HeadwayClient {
    statuses = [];
    const recording = async (request: Request) => {
      const response = await fetch(request);
      statuses.push(response.status);
      return response;
    };
    return createHeadwayClient({
      baseUrl: `${server.url}/`,
      fetch: recording,
      sleep: async () => {},
      ...more,
    });
  }
  const forecastOf = (client: HeadwayClient, id: string, horizon = 2) =>
    dataOf(
      client.GET('/v1/series/{id}/forecast', { params: { path: { id }, query: { horizon } } }),
    );

  test('every operation returns its declared type', async () => {
    const client = clientOf();
    expect((await dataOf(client.GET('/health/live'))).status).toBe('live');
    expect((await dataOf(client.GET('/health/ready'))).modelVersion).toBe('model-1');
    expect((await dataOf(client.GET('/v1/model'))).model?.horizon).toBe(24);
    const models = await dataOf(client.GET('/v1/models', { params: { query: { limit: 1 } } }));
    expect(models.models).toHaveLength(1);
    const explanation = await dataOf(
      client.GET('/v1/series/{id}/explanation', { params: { path: { id: '74' } } }),
    );
    expect(explanation.parts.length).toBeGreaterThan(0);
    const page = (query: { limit: number; cursor?: string }) =>
      dataOf(client.GET('/v1/series', { params: { query } }));
    const { series, nextCursor } = await page({ limit: 3 });
    const next = await page({ limit: 3, cursor: nextCursor as string });
    expect(next.series[0]?.seriesId).not.toBe(series[0]?.seriesId);
    const body = { seriesIds: ['74', 'a/b'], horizon: 2 };
    const { forecasts } = await dataOf(client.POST('/v1/forecasts', { body }));
    expect(forecasts.map(({ seriesId }) => seriesId)).toEqual(['74', 'a/b']);
    const start = new Date(NOW - 3 * HOUR - 300_000).toISOString();
    const receipt = await dataOf(
      client.POST('/v1/actuals', {
        body: { actuals: [{ seriesId: '74', start, values: [1, null] }] },
        params: { header: { 'idempotency-key': 'x' } },
      }),
    );
    expect(receipt.isNew).toBe(true);
  });

  test('sends an id as one path segment', async () => {
    for (const id of IDS.filter((one) => one !== 'dead'))
      expect((await forecastOf(clientOf(), id, 1)).seriesId).toBe(id);
  });

  test('completes a 304 from a bounded cache', async () => {
    const client = clientOf({ cachedResponses: 1 });
    const first = await forecastOf(client, '74');
    expect(await forecastOf(client, '74')).toEqual(first);
    expect(statuses).toEqual([200, 304]);
    await forecastOf(client, '75');
    await forecastOf(client, '74');
    expect(statuses).toEqual([200, 304, 200, 200]);
  });

  test('throws a typed problem with code and fix, without a retry', async () => {
    const { problem } = await problemOf(forecastOf(clientOf(), 'nope'));
    expect(problem).toMatchObject({ code: 'SERIES_UNKNOWN', status: 404 });
    expect(problem.fix).toMatch(/\w/);
    expect(statuses).toEqual([404]);
  });

  test('streams lines one at a time, and ends the stream if the reader stops', async () => {
    const all = await allOf(clientOf().forecastLines({ horizon: 2 }));
    expect(all.map(({ seriesId }) => seriesId)).toEqual(IDS.filter((id) => id !== 'dead').sort());
    for await (const { seriesId } of clientOf().forecastLines()) {
      expect(seriesId).toBe(all[0]?.seriesId);
      break;
    }
    const { problem } = await problemOf(allOf(clientOf().forecastLines({ horizon: 25 })));
    expect(problem.code).toBe('HORIZON_INVALID');
  });

  test('servingEvents yields what is served and the time to reconnect', async () => {
    const events = await allOf(clientOf().servingEvents(0, new AbortController().signal));
    const [{ retryMs } = {}, { serving } = {}] = events;
    expect([events.length, retryMs]).toEqual([2, 15_000]);
    expect(serving).toEqual(await dataOf(clientOf().GET('/health/ready')));
  });

  test('retries a 503 after Retry-After until it succeeds', async () => {
    const empty = createFixture({ snapshot: 0 });
    const later = await startServer({ ...empty.options, ...listening });
    const waits: number[] = [];
    const client = clientOf({
      baseUrl: later.url,
      sleep: async (ms) => {
        waits.push(ms);
        if (waits.length < 2) return;
        empty.fixture.snapshot = 1;
        await later.app.serving.refresh();
      },
    });
    expect((await dataOf(client.GET('/v1/model'))).snapshot.series).toBe(IDS.length);
    expect(statuses).toEqual([503, 503, 200]);
    for (const ms of waits) expect(ms >= 2000 && ms <= 3000).toBe(true);
    await later.close();
  });

  test('throws the problem of a 429 if the wait exceeds maxWaitMs', async () => {
    const settings = { ...options.settings, rateLimitPerMinute: 1 };
    const strict = await startServer({ ...options, ...listening, settings });
    const client = clientOf({ baseUrl: strict.url, maxWaitMs: 1000 });
    await client.GET('/v1/model');
    const limited = await problemOf(client.GET('/v1/model'));
    expect(limited.problem).toMatchObject({ code: 'RATE_LIMITED', status: 429 });
    expect(limited.retryAfterSeconds).toBeGreaterThan(1);
    const patient = clientOf({ baseUrl: strict.url, maxWaitMs: 120_000, retries: 2 });
    expect((await problemOf(patient.GET('/v1/model'))).problem.code).toBe('RATE_LIMITED');
    expect(statuses).toEqual([429, 429, 429]);
    await strict.close();
  });

  test('fails on a service that does not respond in time, and on abort', async () => {
    const never = createFixture();
    const registry = { ...never.options.registry, list: () => new Promise<never>(() => {}) };
    const hanging = await startServer({ ...never.options, ...listening, registry });
    const client = clientOf({ baseUrl: hanging.url, timeoutMs: 50, retries: 1 });
    const late = await failure(client.GET('/v1/models'));
    expect(late).toBeInstanceOf(HeadwayUnreachable);
    expect(late.message).toContain('no response within 50 ms');
    const caller = new AbortController();
    const aborted = failure(client.GET('/v1/models', { signal: caller.signal }));
    caller.abort(new Error('aborted by the caller'));
    expect((await aborted).message).toBe('aborted by the caller');
    await hanging.close();
    expect(await failure(client.GET('/health/live'))).toBeInstanceOf(HeadwayUnreachable);
  });
});

describe('client against another server', () => {
  let other: Server;
  let url: string;
  let response: { type: string; chunks: (string | Buffer)[]; ends?: boolean; status?: number };
  beforeAll(async () => {
    other = createServer((_request, reply) => {
      const { type, chunks, ends = true, status = 200 } = response;
      reply.writeHead(status, { 'content-type': type });
      for (const chunk of chunks) reply.write(chunk);
      if (ends) reply.end();
      else setImmediate(() => reply.destroy());
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => other.close(resolve)));
  const client = () => createHeadwayClient({ baseUrl: url, retries: 0 });
  const read = async () => (await allOf(client().forecastLines())).map(({ seriesId }) => seriesId);

  test('joins lines however the bytes are split', async () => {
    const bytes = Buffer.from('{"seriesId":"ü ☃"}\n{"seriesId":"b"}\n');
    const chunks = [...bytes].map((byte) => Buffer.from([byte]));
    response = { type: 'application/x-ndjson', chunks };
    expect(await read()).toEqual(['ü ☃', 'b']);
  });

  test('reports a truncated stream as an error', async () => {
    const type = 'application/x-ndjson';
    response = { type, chunks: ['{"seriesId":"a"}\n'], ends: false };
    expect(await failure(read())).toBeInstanceOf(HeadwayUnreachable);
    response = { type, chunks: ['{"seriesId":"a"}\n{"seriesId'] };
    expect((await failure(read())).message).toContain('in the middle of a line');
  });

  test('refuses a page of a proxy', async () => {
    response = { type: 'text/html', chunks: ['<h1>Bad Gateway</h1>'], status: 502 };
    expect((await failure(client().GET('/health/live'))).message).toContain(
      'HTTP 502 from something that is not Headway',
    );
    response = { type: 'text/html', chunks: ['<h1>Welcome</h1>'] };
    expect((await failure(client().GET('/health/live'))).message).toContain('not JSON');
  });
});
