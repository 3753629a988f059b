/**
 * Purpose: the server listens, stops gracefully, and responds even to what is no HTTP with a
 * problem.
 * Invariants: loopback and free ports only.
 * Fails: with the response, or by not ending.
 */
import { connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { isHeadwayError } from '../../../../platform/errors.ts';
import { createLogger } from '../../../../platform/telemetry/logger.ts';
import { buildApp } from '../../../../services/inference/app.ts';
import { requireFreePort, startServer } from '../../../../services/inference/server.ts';
import { createFixture, type Fixture, weeklyNaive } from '../../../fakes/inference.ts';

const start = (changes: Partial<Fixture> = {}, port = 0) => {
  const { options, fixture } = createFixture(changes);
  return startServer({
    ...options,
    host: '127.0.0.1',
    port,
    refreshIntervalMs: 20,
    closeTimeoutMs: 2000,
  }).then((server) => ({
    server,
    fixture,
  }));
};

const raw = (port: number, bytes: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let response = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (chunk) => {
      response += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(response));
  });

describe('startServer', () => {
  test('responds over HTTP, finds a new snapshot, and close leaves nothing open', async () => {
    const { server, fixture } = await start();
    expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
    fixture.snapshot = 2;
    let version = '';
    while (version !== '2-0f1e2d3c4b5a') {
      const ready = (await (await fetch(`${server.url}/health/ready`)).json()) as {
        snapshotVersion: string;
      };
      version = ready.snapshotVersion;
    }
    await Promise.all([server.close(), server.close()]);
    await expect(fetch(`${server.url}/health/live`)).rejects.toThrow();
  });

  test('computes totals before the first request; an app without a server does not', async () => {
    const { options } = createFixture();
    const grouped: string[] = [];
    const domain = {
      ...options.domain,
      groupsOf(id: string) {
        grouped.push(id);
        return [];
      },
    };
    const app = await buildApp({ ...options, domain });
    expect(grouped).toEqual([]);
    await app.close();
    const address = { host: '127.0.0.1', port: 0, refreshIntervalMs: 60_000, closeTimeoutMs: 2000 };
    const server = await startServer({ ...options, domain, ...address });
    const before = [...grouped];
    expect(before).not.toEqual([]);
    expect((await fetch(`${server.url}/v1/groups/all/forecast`)).status).toBe(200);
    expect(grouped).toEqual(before);
    await server.close();
  });

  test('listens without being ready if the store never replies, and stops in time', async () => {
    const { options } = createFixture();
    const never = () => new Promise<never>(() => {});
    const server = await startServer({
      ...options,
      registry: { ...options.registry, champion: never },
      ...{ host: '127.0.0.1', port: 0, refreshIntervalMs: 1, closeTimeoutMs: 50 },
      startPatienceMs: 1,
    });
    expect((await fetch(`${server.url}/health/live`)).status).toBe(200);
    const ready = await fetch(`${server.url}/health/ready`);
    expect([ready.status, await ready.json()]).toMatchObject([503, { code: 'STORE_UNAVAILABLE' }]);
    await server.close();
    await expect(fetch(`${server.url}/health/live`)).rejects.toThrow();
  });

  test('serves while it drains, and each response closes its connection', async () => {
    const { options } = createFixture();
    const server = await startServer({
      ...options,
      ...{ host: '127.0.0.1', port: 0, refreshIntervalMs: 60_000 },
      ...{ drainMs: 60_000, closeTimeoutMs: 60_000 },
    });
    const request = 'GET /v1/model HTTP/1.1\r\nHost: x\r\n\r\n';
    const kept = connect(server.port, '127.0.0.1');
    const next = () =>
      new Promise<string>((resolve) => kept.once('data', (data) => resolve(String(data))));
    const first = next();
    kept.write(request);
    expect(await first).toMatch(/connection: keep-alive/i);
    const closed = server.close();
    expect(await raw(server.port, request)).toMatch(/^HTTP\/1\.1 200 [\s\S]*connection: close/i);
    const last = next();
    kept.write(request);
    expect(await last).toMatch(/^HTTP\/1\.1 200 [\s\S]*connection: close/i);
    await closed; // no connection is left, so the drain ends
  });

  test('reports a port in use with a code and a fix', async () => {
    const { server } = await start();
    const refused = await start({}, server.port).catch((error: unknown) => error);
    expect(isHeadwayError(refused, 'SETTINGS_INVALID')).toBe(true);
    const busy = { code: 'SETTINGS_INVALID', message: expect.stringContaining('EADDRINUSE') };
    await expect(requireFreePort('127.0.0.1', server.port)).rejects.toMatchObject(busy);
    await requireFreePort('127.0.0.1', 0);
    await server.close();
    const foreign = { code: 'SETTINGS_INVALID', fix: expect.stringContaining('--host') };
    await expect(requireFreePort('192.0.2.1', 0)).rejects.toMatchObject(foreign);
  });

  test('responds with a problem to bytes that are not HTTP and to endless headers', async () => {
    const { server } = await start();
    const nonsense = await raw(server.port, 'HELLO\r\n\r\n');
    expect(nonsense).toMatch(/^HTTP\/1\.1 400 /);
    expect(JSON.parse(nonsense.split('\r\n\r\n')[1])).toMatchObject({
      code: 'REQUEST_MALFORMED',
      status: 400,
    });
    const nobody = await raw(server.port, 'GET /v1/model HTTP/1.1\r\nConnection: close\r\n\r\n');
    expect(nobody).toMatch(/^HTTP\/1\.1 400 [\s\S]*"code":"REQUEST_MALFORMED"/);
    const hoping = await raw(
      server.port,
      'GET /health/live HTTP/1.1\r\nHost: x\r\nExpect: a miracle\r\nConnection: close\r\n\r\n',
    );
    expect(hoping).toMatch(/^HTTP\/1\.1 200 /);
    const outside = await raw(
      server.port,
      'GET /docs/static/.. HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
    expect(outside).toMatch(/^HTTP\/1\.1 404 [\s\S]*"code":"ROUTE_NOT_FOUND"/);
    const endless = await raw(
      server.port,
      `GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`,
    );
    expect(endless).toMatch(/^HTTP\/1\.1 431 /);
    await server.close();
  });

  test('cuts off a slow body at the request timeout', async () => {
    const { options } = createFixture();
    const server = await startServer({
      ...options,
      settings: { ...options.settings, requestTimeoutMs: 100 },
      ...{ host: '127.0.0.1', port: 0, refreshIntervalMs: 60_000, closeTimeoutMs: 2000 },
    });
    const head = 'POST /v1/forecasts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
    expect(await raw(server.port, `${head}Content-Length: 100\r\n\r\n{`)).toMatch(
      /^HTTP\/1\.1 408 [\s\S]*"REQUEST_TIMED_OUT"/,
    );
    await server.close();
  });

  test('responds to a body that is too large, and keeps the connection', async () => {
    const { server } = await start();
    const body = 'x'.repeat(3_000_000);
    const headers = ['Host: x', 'Content-Type: application/json', `Content-Length: ${body.length}`];
    const head = `POST /v1/forecasts HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`;
    const responses = await raw(
      server.port,
      `${head}${body}GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    );
    expect(responses.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 200']);
    const endless = head.replace(/Content-Length: \d+/, `Content-Length: ${1e12}`);
    expect(await raw(server.port, endless)).toMatch(/^HTTP\/1\.1 413 [\s\S]*connection: close/i);
    await server.close();
  });

  test('responds while the log disk is full, counts lost lines, and logs again later', async () => {
    let isFull = false;
    let log = '';
    const logger = createLogger({
      ...{ level: 'info', pretty: false },
      writeBytes(_fd, bytes, offset) {
        if (isFull) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
        log += bytes.subarray(offset);
        return bytes.length - offset;
      },
    });
    const app = await createFixture().build({ logger });
    const ask = async () => (await app.inject('/v1/model')).statusCode;
    const dropped = async () =>
      /^headway_log_lines_dropped_total .*$/m.exec((await app.inject('/metrics')).payload)?.[0];
    expect([await ask(), await dropped()]).toEqual([200, 'headway_log_lines_dropped_total 0']);
    isFull = true;
    log = '';
    expect([await ask(), await ask(), log]).toEqual([200, 200, '']);
    expect(await dropped()).toBe('headway_log_lines_dropped_total 2');
    isFull = false;
    expect(await ask()).toBe(200);
    expect(log).toMatch(
      /"msg":"request completed"}\n.*"dropped":2,"msg":"log lines were dropped .*"}\n$/,
    );
    await app.close();
  });

  test('closes and counts connections beyond the maximum', async () => {
    const { options } = createFixture();
    const server = await startServer({
      ...options,
      ...{ host: '127.0.0.1', port: 0, refreshIntervalMs: 60_000, closeTimeoutMs: 2000 },
      maxConnections: 1,
    });
    const held = connect(server.port, '127.0.0.1');
    await new Promise((resolve) => {
      held.once('data', resolve);
      held.write('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n');
    });
    expect(await raw(server.port, '')).toBe('');
    expect((await server.app.inject('/metrics')).payload).toContain(
      'headway_connections_closed_total 1',
    );
    const closed = new Promise((resolve) => held.once('close', resolve));
    held.destroy();
    await closed;
    let response = '';
    while (response === '')
      response = await raw(
        server.port,
        'GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      ).catch(() => '');
    expect(response).toMatch(/^HTTP\/1\.1 200 /);
    await server.close();
  });

  test('a kept-alive connection does not delay the stop', async () => {
    const { server } = await start({ makeForecaster: () => weeklyNaive() });
    const socket = connect(server.port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.write('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await server.close();
    await closed;
  });
});
