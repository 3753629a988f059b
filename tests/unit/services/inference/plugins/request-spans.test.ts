/**
 * Purpose: traces: a request, what was computed and what was read for it, as a collector gets them.
 * Invariants: the real packages, sent over HTTP to a double on loopback.
 * Fails: with the spans that came.
 */
import { request as httpRequest } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import pino from 'pino';
import { openTelemetry } from '../../../../../platform/telemetry/open-telemetry.ts';
import { openActualsLog } from '../../../../../storage/forecasts/actuals-log.ts';
import { createFixture, HOUR, NOW } from '../../../../fakes/inference.ts';
import { memoryObjectStore } from '../../../../fakes/memory-object-store.ts';
import { attribute, type ReceivedSpan, startCollector } from '../../../../fakes/trace-collector.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';
const sampled = { traceparent: `00-${TRACE}-${CALLER}-01` };

let collector: Awaited<ReturnType<typeof startCollector>>;
let lines: string[];
beforeEach(async () => {
  collector = await startCollector();
  lines = [];
});
afterEach(() => collector.close());

const logger = () => pino({ level: 'info' }, { write: (line: string) => lines.push(line) });
const tracingOf = (share = 1) =>
  openTelemetry({ endpoint: collector.url, share, logger: logger() });

async function traced(requests: InjectOptions[], share = 1) {
  const tracing = tracingOf(share);
  const { build } = createFixture();
  const actuals = openActualsLog({ store: memoryObjectStore(), domain: 'demo' });
  const app = await build({ tracing, actuals, logger: logger() });
  const responses: LightMyRequestResponse[] = [];
  for (const request of requests) responses.push(await app.inject(request));
  await app.close();
  await tracing.close(10_000);
  return responses;
}
const named = (name: string): ReceivedSpan => {
  const found = collector.spans.filter((span) => span.name === name);
  expect([name, found.length, collector.spans.map((span) => span.name)]).toEqual([
    name,
    1,
    expect.anything(),
  ]);
  return found[0] as ReceivedSpan;
};
const post = (url: string, payload: object, headers = {}) => ({
  method: 'POST' as const,
  url,
  payload,
  headers,
});

describe('traces', () => {
  test('a request joins the trace of its caller and contains its computation and storage', async () => {
    const history = { start: '2026-03-01T00:00:00Z', values: [1, 2, 3, 4] };
    const actuals = [
      { seriesId: '74', start: new Date(NOW - 5 * 60_000 - 2 * HOUR).toISOString(), values: [12] },
    ];
    const responses = await traced([
      post('/v1/forecasts', { history }, sampled),
      post('/v1/actuals', { actuals }),
      { url: '/v1/series/nope/forecast' },
      { url: '/nope' },
    ]);
    expect(responses.map(({ statusCode }) => statusCode)).toEqual([200, 200, 404, 404]);
    expect([collector.service, new Set(collector.paths)]).toEqual([
      'headway',
      new Set(['/v1/traces']),
    ]);

    const request = named('POST /v1/forecasts');
    expect(attribute(request.resource, 'telemetry.sdk.language')).toBe('nodejs');
    expect([request.traceId, request.parentSpanId, request.kind]).toEqual([TRACE, CALLER, 2]);
    expect(attribute(request, 'http.route')).toBe('/v1/forecasts');
    expect(attribute(request, 'http.response.status_code')).toBe(200);
    expect(attribute(request, 'headway.request_id')).toBe(responses[0]?.headers['x-request-id']);
    const forecast = collector.spans.find(
      (span) => span.name === 'forecast' && span.traceId === TRACE,
    ) as ReceivedSpan;
    expect([forecast.parentSpanId, attribute(forecast, 'headway.series')]).toEqual([
      request.spanId,
      1,
    ]);

    const received = named('POST /v1/actuals');
    expect([received.parentSpanId, received.traceId === TRACE]).toEqual([undefined, false]);
    const append = named('store actuals append');
    expect([append.traceId, append.parentSpanId]).toEqual([received.traceId, received.spanId]);
    // The start reads the store, and nobody asked for it.
    expect(named('store features online view').parentSpanId).toBeUndefined();

    expect(attribute(named('GET /v1/series/:id/forecast'), 'http.response.status_code')).toBe(404);
    expect(attribute(named('GET'), 'http.response.status_code')).toBe(404);
    expect(collector.text).not.toContain('nope');
    expect(lines.join('')).toContain(`"trace":"${TRACE}"`);
  });

  test('a body over a socket keeps the span of the request', async () => {
    const tracing = tracingOf();
    const app = await createFixture().build({ tracing });
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    const body = JSON.stringify({
      history: { start: '2026-03-01T00:00:00Z', values: [1, 2, 3, 4] },
    });
    // The body is sent when the head has been read, and so comes by itself.
    const headers = { 'content-type': 'application/json', expect: '100-continue', ...sampled };
    const send = () =>
      new Promise<number | undefined>((resolve, reject) => {
        const sent = httpRequest(`${url}/v1/forecasts`, { method: 'POST', headers }, (response) => {
          response.resume().on('end', () => resolve(response.statusCode));
        });
        sent
          .on('continue', () => sent.end(body))
          .on('error', reject)
          .flushHeaders();
      });
    expect(await Promise.all([send(), send(), send()])).toEqual([200, 200, 200]);
    await app.close();
    await tracing.close(10_000);
    const of = (name: string) =>
      collector.spans.filter((span) => span.name === name && span.traceId === TRACE);
    const requests = of('POST /v1/forecasts').map(({ spanId }) => spanId);
    expect([
      requests.length,
      new Set(of('forecast').map(({ parentSpanId }) => parentSpanId)),
    ]).toEqual([3, new Set(requests)]);
  });

  test('a failed request is marked without its text, and probes leave no trace', async () => {
    const tracing = tracingOf();
    const { build, fixture } = createFixture();
    const app = await build({ tracing });
    fixture.broken.list = Object.assign(new Error('secret detail'), { code: 'EIO' });
    expect((await app.inject('/v1/models')).statusCode).toBe(500);
    await app.inject('/health/live');
    await app.inject('/metrics');
    await app.close();
    await tracing.close(10_000);
    expect(named('GET /v1/models').status.code).toBe(2);
    const list = named('store models list');
    expect([list.status.code, attribute(list, 'error.type'), list.parentSpanId]).toEqual([
      2,
      'EIO',
      named('GET /v1/models').spanId,
    ]);
    expect(collector.text).not.toMatch(/secret detail|health|metrics/);
  });

  test('a share of 0 traces only requests that the caller sampled', async () => {
    await traced([{ url: '/v1/model' }, { url: '/v1/models', headers: sampled }], 0);
    expect(new Set(collector.spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
    expect(named('GET /v1/models').parentSpanId).toBe(CALLER);
  });

  test('an invalid traceparent is ignored', async () => {
    await traced([{ url: '/v1/model', headers: { traceparent: '00-zz-1-01' } }]);
    expect(named('GET /v1/model').parentSpanId).toBeUndefined();
  });

  test('a collector that refuses affects no response and is logged once', async () => {
    collector.status = 400;
    const [response] = await traced([{ url: '/v1/model' }]);
    expect(response?.statusCode).toBe(200);
    expect(lines.filter((line) => line.includes('traces cannot be sent'))).toHaveLength(1);
  });

  test('the end does not wait longer than its limit for a collector that hangs', async () => {
    collector.status = 0;
    const tracing = tracingOf();
    tracing.span('refresh', {}, () => undefined);
    const started = performance.now();
    await tracing.close(100);
    expect(performance.now() - started).toBeLessThan(2500);
    expect(lines.filter((line) => line.includes('the last traces were not sent'))).toHaveLength(1);
  });
});
