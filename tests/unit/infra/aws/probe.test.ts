import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, jest, test } from '@jest/globals';

interface Probe {
  metricsOf(status: number | null, body: string, latencyMs: number): Record<string, number>;
  metricLine(
    environment: string,
    timestamp: number,
    metrics: Record<string, number>,
    about?: object,
  ): string;
  handler(): Promise<Record<string, number>>;
}
const probe = (await import(
  new URL('../../../../infra/aws/probe/index.mjs', import.meta.url).href
)) as Probe;

const READY = JSON.stringify({ status: 'ready', dataAgeSeconds: 5400, rescuedSeries: 2 });
const DEGRADED = JSON.stringify({
  status: 'degraded',
  dataAgeSeconds: 90_000,
  rescuedSeries: 0,
  fallback: { reason: 'data-stale' },
});

const NO_MODEL = JSON.stringify({
  status: 'degraded',
  dataAgeSeconds: 60,
  rescuedSeries: 0,
  fallback: { reason: 'NO_CHAMPION' },
});

describe('metricsOf', () => {
  test.each([
    [200, READY, { Ready: 1, Fallback: 0, DataAge: 5400, RescuedSeries: 2, ProbeLatency: 7 }],
    [200, DEGRADED, { Ready: 1, Fallback: 1, DataAge: 90_000, RescuedSeries: 0, ProbeLatency: 7 }],
    // Nothing to watch yet: an empty store, and then a baseline until the first training.
    [503, '{"code":"SNAPSHOT_EMPTY"}', { ProbeLatency: 7 }],
    [200, NO_MODEL, { Ready: 1, Fallback: 0, DataAge: 60, RescuedSeries: 0, ProbeLatency: 7 }],
    [503, '{"code":"STORE_UNAVAILABLE"}', { Ready: 0, ProbeLatency: 7 }],
    [200, '<html>', { Ready: 0, ProbeLatency: 7 }],
    [200, '{"status":"fine"}', { Ready: 0, ProbeLatency: 7 }],
    [null, '', { Ready: 0, ProbeLatency: 7 }],
  ])('a response %j %s gives its metrics', (status, body, expected) => {
    expect(probe.metricsOf(status, body, 7)).toEqual(expected);
  });
});

test('a line is in the embedded metric format, with every metric named', () => {
  const line = JSON.parse(
    probe.metricLine('dev', 1_700_000_000_000, probe.metricsOf(200, READY, 7), { status: 200 }),
  );
  const [{ Namespace, Dimensions, Metrics }] = line._aws.CloudWatchMetrics;
  expect({ Namespace, Dimensions, at: line._aws.Timestamp }).toEqual({
    Namespace: 'Headway',
    Dimensions: [['Environment']],
    at: 1_700_000_000_000,
  });
  expect(line.Environment).toBe('dev');
  for (const { Name, Unit } of Metrics)
    expect([Unit, typeof line[Name]]).toEqual([expect.any(String), 'number']);
  expect(Metrics).toHaveLength(5);
});

describe('probe function', () => {
  afterEach(() => {
    delete process.env.PROBE_URL;
    jest.restoreAllMocks();
  });

  async function probed(url: string): Promise<Record<string, unknown>> {
    const lines: string[] = [];
    jest.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
    process.env.PROBE_URL = url;
    process.env.PROBE_ENVIRONMENT = 'dev';
    await probe.handler();
    expect(lines).toHaveLength(1);
    return JSON.parse(lines[0] as string);
  }

  test('requests /health/ready and logs the result', async () => {
    const server = createServer((request, reply) => {
      reply.statusCode = request.url === '/health/ready' ? 200 : 404;
      reply.end(DEGRADED);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const line = await probed(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(line).toMatchObject({
      Ready: 1,
      Fallback: 1,
      DataAge: 90_000,
      status: 200,
      fallbackReason: 'data-stale',
    });
    expect(await probed(`http://127.0.0.1:${1}`)).toMatchObject({ Ready: 0, status: null });
  });
});
