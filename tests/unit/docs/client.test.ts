/**
 * Purpose: the generated TypeScript client is up to date, and does what it promises against a
 * service that listens.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateClient } from '../../../clients/typescript/generator/generator.ts';
import { servedDocument } from '../../../clients/typescript/generator/served-document.ts';
import {
  createHeadwayClient,
  type HeadwayClient,
} from '../../../clients/typescript/headway-client.ts';
import {
  HeadwayProblem,
  HeadwayUnreachable,
  type TransportOptions,
} from '../../../clients/typescript/transport.ts';
import { type InferenceServer, startServer } from '../../../services/inference/server.ts';
import { createFixture, HOUR, IDS, NOW } from '../../fakes/inference.ts';
import { ROOT } from '../../tidy/source-tree.ts';

const listening = {
  host: '127.0.0.1',
  port: 0,
  refreshIntervalMs: 3_600_000,
  closeTimeoutMs: 2000,
};
const failure = (promise: Promise<unknown>): Promise<HeadwayProblem & HeadwayUnreachable> =>
  promise.then(
    () => null,
    (e) => e,
  ) as never;

test('it is what the generator makes of the document as served', async () => {
  for (const [name, text] of Object.entries(generateClient(await servedDocument())))
    expect([name, await readFile(join(ROOT, 'docs/client', name), 'utf8')]).toEqual([name, text]);
});

test('the generator refuses what it has no type for', () => {
  const schemas = { Odd: { type: 'object', properties: { one: { type: 'tuple' } } } };
  expect(() => generateClient({ components: { schemas }, paths: {} })).toThrow(
    'Odd.one: there is no type for "tuple"',
  );
});

describe('against the service', () => {
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

  /** A client that waits for nothing, and notes statuses. */
  function clientOf(more: Partial<TransportOptions> = {}): HeadwayClient {
    statuses = [];
    const noting: typeof fetch = async (...request) => {
      const response = await fetch(...request);
      statuses.push(response.status);
      return response;
    };
    return createHeadwayClient({
      baseUrl: `${server.url}/`,
      fetch: noting,
      sleep: async () => {},
      ...more,
    });
  }

  test('every operation is answered as its type says', async () => {
    const client = clientOf();
    expect((await client.live()).status).toBe('live');
    expect((await client.ready()).modelVersion).toBe('model-1');
    expect((await client.servedModel()).model?.horizon).toBe(24);
    expect((await client.listModels({ limit: 1 })).models).toHaveLength(1);
    expect((await client.explainForecast('74')).parts.length).toBeGreaterThan(0);
    const { series, nextCursor } = await client.listSeries({ limit: 3 });
    expect(
      (await client.listSeries({ limit: 3, cursor: nextCursor as string })).series[0]?.seriesId,
    ).not.toBe(series[0]?.seriesId);
    expect((await client.forecastAll({ limit: 2, levels: '80' })).forecasts.length).toBeGreaterThan(
      0,
    );
    const { forecasts } = await client.forecastMany({ seriesIds: ['74', 'a/b'], horizon: 2 });
    expect(forecasts.map(({ seriesId }) => seriesId)).toEqual(['74', 'a/b']);
    const span = {
      seriesId: '74',
      start: new Date(NOW - 3 * HOUR - 300_000).toISOString(),
      values: [1, null],
    };
    expect((await client.postActuals({ actuals: [span] }, { 'idempotency-key': 'x' })).isNew).toBe(
      true,
    );
  });

  test('an awkward id is sent as one segment of the path', async () => {
    for (const id of IDS.filter((one) => one !== 'dead'))
      expect((await clientOf().forecastSeries(id, { horizon: 1 })).seriesId).toBe(id);
  });

  test('what is known is not sent again: a 304 is answered from what was kept, until something changes', async () => {
    const client = clientOf({ cachedResponses: 1 });
    const first = await client.forecastSeries('74', { horizon: 2 });
    expect(await client.forecastSeries('74', { horizon: 2 })).toEqual(first);
    expect(statuses).toEqual([200, 304]);
    await client.forecastSeries('75');
    await client.forecastSeries('74', { horizon: 2 });
    expect(statuses).toEqual([200, 304, 200, 200]);
  });

  test('a problem is typed: its code, what to do, and no second attempt', async () => {
    const problem = await failure(clientOf().forecastSeries('nope', {}, { requestId: 'order-17' }));
    expect(problem).toBeInstanceOf(HeadwayProblem);
    expect([problem.code, problem.status, problem.problem.fix]).toEqual([
      'SERIES_UNKNOWN',
      404,
      expect.stringMatching(/\w/),
    ]);
    expect(problem.problem.instance).toBe('urn:headway:request:order-17');
    expect(statuses).toEqual([404]);
  });

  test('lines come one by one; whoever stops reading ends the stream', async () => {
    const seen: (string | null)[] = [];
    for await (const { seriesId, horizon } of clientOf().forecastAllLines({ horizon: 2 })) {
      expect(horizon).toBe(2);
      seen.push(seriesId);
    }
    expect(seen).toEqual(IDS.filter((id) => id !== 'dead').sort());
    for await (const { seriesId } of clientOf().forecastAllLines()) {
      expect(seriesId).toBe(seen[0]);
      break;
    }
    await expect(clientOf().forecastAllLines({ horizon: 25 }).next()).rejects.toMatchObject({
      code: 'HORIZON_INVALID',
    });
  });

  test('503: asked again after what Retry-After says, until there is an answer', async () => {
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
    expect((await client.servedModel()).snapshot.series).toBe(IDS.length);
    expect(statuses).toEqual([503, 503, 200]);
    for (const ms of waits) expect(ms >= 2000 && ms <= 3000).toBe(true);
    await later.close();
  });

  test('429: a longer wait than the caller wants is the caller’s to decide', async () => {
    const { settings } = options;
    const strict = await startServer({
      ...options,
      ...listening,
      settings: { ...settings, rateLimitPerMinute: 1 },
    });
    const client = clientOf({ baseUrl: strict.url, maxWaitMs: 1000 });
    await client.servedModel();
    const problem = await failure(client.servedModel());
    expect([problem.code, problem.status]).toEqual(['RATE_LIMITED', 429]);
    expect(problem.retryAfterSeconds).toBeGreaterThan(1);
    const patient = clientOf({ baseUrl: strict.url, maxWaitMs: 120_000, retries: 2 });
    expect((await failure(patient.servedModel())).code).toBe('RATE_LIMITED');
    expect(statuses).toEqual([429, 429, 429]);
    await strict.close();
  });

  test('a service that does not answer in time, and a caller who gives up', async () => {
    const never = createFixture();
    const hanging = await startServer({
      ...never.options,
      ...listening,
      registry: { ...never.options.registry, list: () => new Promise(() => {}) },
    });
    const client = clientOf({ baseUrl: hanging.url, timeoutMs: 50, retries: 1 });
    const late = await failure(client.listModels());
    expect(late).toBeInstanceOf(HeadwayUnreachable);
    expect(late.message).toContain('no answer within 50 ms');
    const caller = new AbortController();
    const given = failure(client.listModels({}, { signal: caller.signal, timeoutMs: 60_000 }));
    caller.abort(new Error('given up'));
    expect((await given).message).toBe('given up');
    await hanging.close();
    expect((await failure(client.live())).name).toBe('HeadwayUnreachable');
  });

  test('the example runs', async () => {
    const run = promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', join(ROOT, 'clients/typescript/example.ts'), server.url],
      {
        cwd: ROOT,
      },
    );
    const { stdout } = await run;
    expect(stdout).toContain('7 series, in orders per hour');
    expect(stdout).toContain('6 forecasts streamed');
    expect(stdout).toContain('refused, as it should be: GET /v1/series');
  });
});

describe('against something else', () => {
  let other: Server;
  let url: string;
  let answer: (path: string) => { type: string; pieces: string[]; cut?: boolean; status?: number };
  beforeAll(async () => {
    other = createServer((request, response) => {
      const { type, pieces, cut, status = 200 } = answer(request.url ?? '');
      response.writeHead(status, { 'content-type': type });
      for (const piece of pieces) response.write(piece);
      if (cut) setImmediate(() => response.destroy());
      else response.end();
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => other.close(resolve)));
  const client = () => createHeadwayClient({ baseUrl: url, retries: 0 });
  const read = async () => {
    const seen: unknown[] = [];
    for await (const line of client().forecastAllLines()) seen.push(line.seriesId);
    return seen;
  };

  test('lines are put together however they are cut, and characters too', async () => {
    const bytes = Buffer.from('{"seriesId":"ü ☃"}\n{"seriesId":"b"}\n');
    answer = () => ({
      type: 'application/x-ndjson',
      pieces: [...bytes].map((byte) => Buffer.from([byte]) as never),
    });
    expect(await read()).toEqual(['ü ☃', 'b']);
  });

  test('half a stream is an error, never a shorter list', async () => {
    answer = () => ({ type: 'application/x-ndjson', pieces: ['{"seriesId":"a"}\n'], cut: true });
    expect((await failure(read())).name).toBe('HeadwayUnreachable');
    answer = () => ({ type: 'application/x-ndjson', pieces: ['{"seriesId":"a"}\n{"seriesId'] });
    expect((await failure(read())).message).toContain('in the middle of a line');
  });

  test('an error page of a proxy is no problem of ours', async () => {
    answer = () => ({ type: 'text/html', pieces: ['<h1>Bad Gateway</h1>'], status: 502 });
    expect((await failure(client().live())).message).toContain(
      'HTTP 502 from something that is not Headway',
    );
    answer = () => ({ type: 'text/html', pieces: ['<h1>Welcome</h1>'] });
    expect((await failure(client().live())).message).toContain('no JSON');
  });
});
