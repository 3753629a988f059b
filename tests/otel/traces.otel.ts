/**
 * Purpose: traces of a real service in a real OpenTelemetry Collector, as it wrote them:
 * `npm run test:otel`. Without Go or its modules it is skipped with the reason.
 * Invariants: all processes are on loopback and end with the test. A request must take less than
 * the time limit of an export, and no other time is judged: the machine may be busy.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { attribute, type ReceivedSpan } from '../fakes/trace-collector.ts';
import { temporaryPlace } from '../fixtures/cli/cli-worker.ts';
import { endAll, type Running, startHeadway } from '../fixtures/cli/headway-process.ts';
import { oldStorePlace } from '../fixtures/cli/old-store.ts';
import { skipped } from '../fixtures/skipped.ts';
import { found } from '../fixtures/waiting.ts';
import { startCollector } from './collector.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';
const WAIT_MS = 60_000;
/** EXPORT_TIMEOUT_MS of platform/telemetry/open-telemetry.ts, and how often it sends. */
const [EXPORT_MS, BATCH_MS] = [3000, 5000];

const collector = await startCollector();

if ('unavailable' in collector) skipped(collector.unavailable);
else suite(collector);

function suite(real: Exclude<typeof collector, { unavailable: string }>): void {
  let place: Awaited<ReturnType<typeof oldStorePlace>>;
  beforeAll(async () => {
    place = await oldStorePlace();
  });
  afterAll(async () => {
    await endAll();
    await real.stop();
    await place.remove();
  });

  async function served(env: Readonly<Record<string, string>>) {
    const settings = { ...env, HEADWAY_LOG_LEVEL: 'info' };
    const service = startHeadway(['serve', '--port', '0'], settings);
    const [, url = ''] = await service.until(/on (http:\/\/127\.0\.0\.1:\d+)/);
    const slowest = { ms: 0 };
    return {
      service,
      slowest,
      async ask(path: string, init: RequestInit = {}) {
        const started = performance.now();
        const response = await fetch(`${url}${path}`, init);
        await response.text();
        slowest.ms = Math.max(slowest.ms, performance.now() - started);
        return { status: response.status, id: response.headers.get('x-request-id') };
      },
    };
  }
  const ofRequest = (spans: readonly ReceivedSpan[], id: string | null) =>
    spans.filter((span) => attribute(span, 'headway.request_id') === id);
  const arrived = (id: string | null): Promise<ReceivedSpan> => {
    const look = async () => ofRequest(await real.spans(), id)[0] ?? null;
    return found(`a span of request ${id}`, look, WAIT_MS);
  };
  const post = (body: object, headers: Readonly<Record<string, string>>) => ({
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });

  test('has the requests, their route and status, and the trace of the caller', async () => {
    const began = Date.now();
    const { service, ask } = await served({ ...place.env, HEADWAY_TRACES: real.url });
    const history = { start: '2017-03-01T00:00:00Z', values: Array(400).fill(10) };
    const forecast = await ask('/v1/series/AEP/forecast');
    const unknown = await ask('/v1/series/nope/forecast');
    const unsampled = await ask('/v1/model', {
      headers: { traceparent: `00-${TRACE}-${CALLER}-00` },
    });
    const called = await ask(
      '/v1/forecasts',
      post({ history }, { traceparent: `00-${TRACE}-${CALLER}-01`, tracestate: 'shop=42' }),
    );
    expect([forecast, unknown, unsampled, called].map(({ status }) => status)).toEqual([
      200, 404, 200, 200,
    ]);
    const last = await arrived(called.id);
    const spans = await real.spans();

    const one = (id: string | null) => {
      const found = ofRequest(spans, id);
      expect(found).toHaveLength(1);
      const [span] = found as [ReceivedSpan];
      const { name, kind, parentSpanId, status } = span;
      const code = Number(attribute(span, 'http.response.status_code'));
      const route = attribute(span, 'http.route');
      return { name, kind, parentSpanId, error: status.code === 2, code, route };
    };
    const route = '/v1/series/:id/forecast';
    const root = { name: `GET ${route}`, kind: 2, parentSpanId: undefined, error: false, route };
    expect(one(forecast.id)).toEqual({ ...root, code: 200 });
    // An error of the caller is none of the server.
    expect(one(unknown.id)).toEqual({ ...root, code: 404 });
    expect(ofRequest(spans, unsampled.id)).toEqual([]);
    expect(last).toMatchObject({
      ...{ name: 'POST /v1/forecasts', kind: 2, traceId: TRACE, parentSpanId: CALLER },
      traceState: 'shop=42',
    });
    expect(attribute(last.resource, 'telemetry.sdk.language')).toBe('nodejs');
    const computed = spans.find(({ parentSpanId }) => parentSpanId === last.spanId);
    expect(computed).toMatchObject({ name: 'forecast', traceId: TRACE });
    expect(spans.map(({ name }) => name)).toContain('store features head');
    expect(new Set(spans.map(({ resource }) => attribute(resource, 'service.name')))).toEqual(
      new Set(['headway']),
    );
    expect(JSON.stringify(spans)).not.toContain('nope');
    for (const { startTimeUnixNano, endTimeUnixNano } of spans) {
      const [start, end] = [Number(startTimeUnixNano) / 1e6, Number(endTimeUnixNano) / 1e6];
      expect([start >= began - 1, end >= start, end <= Date.now() + 1]).toEqual([true, true, true]);
    }
    service.kill('SIGTERM');
    const { code, stderr } = await service.ended;
    expect([code, stderr.includes(`"trace":"${TRACE}"`)]).toEqual([0, true]);
    expect(stderr).not.toContain('traces');
  }, 180_000);

  test("follows OpenTelemetry's own variables, and sends the last spans when it stops", async () => {
    const empty = await temporaryPlace();
    const { service, ask } = await served({
      ...empty.env,
      OTEL_EXPORTER_OTLP_ENDPOINT: real.url,
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_SERVICE_NAME: 'forecasts',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    });
    const { status, id } = await ask('/v1/model');
    service.kill('SIGTERM');
    expect([status, (await service.ended).code]).toEqual([503, 0]);
    const span = await arrived(id);
    expect([span.status.code, span.name, Number(attribute(span, 'http.response.status_code'))])
      // Of a problem of the server, the status is an error.
      .toEqual([2, 'GET /v1/model', 503]);
    expect([
      attribute(span.resource, 'service.name'),
      attribute(span.resource, 'deployment.environment.name'),
    ]).toEqual(['forecasts', 'test']);
    await empty.remove();
  }, 180_000);

  test('a collector that hangs, is killed and comes back is reported once', async () => {
    const { service, slowest, ask } = await served({ ...place.env, HEADWAY_TRACES: real.url });
    await arrived((await ask('/v1/model')).id);
    real.signal('SIGSTOP');
    let isReported = false;
    const reported = service.until(/traces cannot be sent/).then(() => {
      isReported = true;
    });
    while (!isReported) {
      expect((await ask('/v1/series/AEP/forecast')).status).toBe(200);
      await pause(200);
    }
    await reported;
    real.signal('SIGKILL');
    // Long enough that another batch is dropped.
    const until = performance.now() + 2 * (BATCH_MS + EXPORT_MS);
    while (performance.now() < until) {
      expect((await ask('/v1/series/AEP/forecast')).status).toBe(200);
      await pause(200);
    }
    await real.start();
    await arrived((await ask('/v1/model')).id);
    await service.until(/traces are sent again/);
    expect(slowest.ms).toBeLessThan(EXPORT_MS);
    process.stderr.write(
      `without a collector a request took ${Math.round(slowest.ms)} ms at most\n`,
    );
    await endsWell(service, 1);
  }, 240_000);

  test('a stop does not wait for a collector that hangs', async () => {
    const { service, ask } = await served({
      ...place.env,
      HEADWAY_TRACES: real.url,
      HEADWAY_STOP_SECONDS: '2',
    });
    real.signal('SIGSTOP');
    expect((await ask('/v1/model')).status).toBe(200);
    await endsWell(service, 0);
  }, 120_000);
}

async function endsWell(service: Running, warnings: number): Promise<void> {
  service.kill('SIGTERM');
  const { code, signal, stderr } = await service.ended;
  expect([code, signal, stderr.match(/traces cannot be sent/g)?.length ?? 0]).toEqual([
    0,
    null,
    warnings,
  ]);
}
