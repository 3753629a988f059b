/**
 * Purpose: what the service gives away and to whom: security headers, CORS, its log, and requests
 * that are made to hurt.
 * Invariants: loopback only.
 * Fails: with the header, the line or the response that was not expected.
 */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pino from 'pino';
import { newSecret } from '../../../../platform/secrets.ts';
import { makeKey } from '../../../../services/inference/access/key.ts';
import { formatKeys } from '../../../../services/inference/access/key-file.ts';
import { openApiKeys } from '../../../../services/inference/access/open-keys.ts';
import { SCOPE_NAMES } from '../../../../services/inference/access/scopes.ts';
import type { App } from '../../../../services/inference/plugins/app.ts';
import { startServer } from '../../../../services/inference/server.ts';
import { createFixture, NOW, weeklyNaive } from '../../../fakes/inference.ts';

const newKey = () =>
  makeKey(
    { name: 'test', scopes: SCOPE_NAMES, requestsPerMinute: null, createdAt: NOW, expiresAt: null },
    newSecret,
  );

describe('response headers', () => {
  test('forbid frames, sniffing and foreign sources, and do not name the software', async () => {
    const app = await createFixture().build();
    for (const url of ['/', '/docs/', '/v1/model', '/nope', '/v1/series/%zz/forecast']) {
      const { headers } = await app.inject(url);
      expect([url, headers['x-powered-by'], headers.server]).toEqual([url, undefined, undefined]);
      // What is refused before there is a route passes no hook, and is JSON that nobody renders.
      if (url.includes('%zz')) continue;
      expect([url, headers['x-content-type-options']]).toEqual([url, 'nosniff']);
      expect(headers['content-security-policy']).toMatch(
        /default-src 'none'.*frame-ancestors 'none'/,
      );
      expect(headers['content-security-policy']).not.toMatch(/unsafe|\*|https?:/);
      expect(headers['strict-transport-security']).toMatch(/max-age=\d+/);
      expect(headers['referrer-policy']).toBe('no-referrer');
    }
    await app.close();
  });
});

describe('CORS', () => {
  const origin = 'https://shop.example';
  const preflight = {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization',
  };
  const { key, record } = newKey();
  let app: App;
  beforeAll(async () => {
    const { build, options, clock, fixture } = createFixture();
    fixture.snapshot = 1;
    const apiKeys = await openApiKeys(formatKeys([record]), { clock, logger: options.logger });
    app = await build({
      apiKeys,
      settings: { ...options.settings, corsOrigins: [origin, 'http://localhost:3000'] },
    });
  });
  afterAll(() => app.close());
  test('lets a named origin send a key and read headers and errors', async () => {
    const asked = await app.inject({ method: 'OPTIONS', url: '/v1/forecasts', headers: preflight });
    expect([asked.statusCode, asked.body]).toEqual([204, '']);
    expect(asked.headers['access-control-allow-origin']).toBe(origin);
    expect(asked.headers['access-control-allow-headers']).toContain('authorization');
    expect(asked.headers['access-control-allow-methods']).toContain('POST');
    const got = await app.inject({
      url: '/v1/model',
      headers: { origin, authorization: `Bearer ${key}` },
    });
    expect([got.statusCode, got.headers['access-control-allow-origin']]).toEqual([200, origin]);
    expect(got.headers['access-control-expose-headers']).toContain('retry-after');
    const refused = await app.inject({ url: '/v1/model', headers: { origin } });
    expect([refused.statusCode, refused.headers['access-control-allow-origin']]).toEqual([
      401,
      origin,
    ]);
    for (const { headers } of [asked, got, refused]) {
      expect(headers['access-control-allow-credentials']).toBeUndefined();
      expect(headers.vary).toMatch(/Origin/);
    }
  });

  test('adds Origin to a Vary header that names Accept', async () => {
    const response = await app.inject({
      url: '/v1/forecasts?limit=1',
      headers: { authorization: `Bearer ${key}` },
    });
    expect([response.statusCode, response.headers.vary]).toEqual([200, 'Origin, accept']);
  });
});

describe('request log', () => {
  test('holds caller and status, but no key and nothing of a body', async () => {
    const lines: string[] = [];
    const logger = pino({ level: 'trace' }, { write: (line: string) => lines.push(line) });
    const { build, clock } = createFixture({
      makeForecaster: () => {
        const inner = weeklyNaive();
        const predict: typeof inner.predict = (panel, cutoff, horizon) => {
          if (panel.length < 10) throw new Error('out of order');
          return inner.predict(panel, cutoff, horizon);
        };
        return { ...inner, predict };
      },
    });
    const [good, bad, stolen] = [newKey(), newKey(), newKey()];
    const revoked = { ...stolen.record, revokedAt: new Date(NOW).toISOString() };
    const apiKeys = await openApiKeys(formatKeys([good.record, revoked]), { clock, logger });
    const app = await build({ logger, apiKeys });
    const statuses: number[] = [];
    for (const { key } of [good, bad, stolen]) {
      const headers = {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        cookie: 'crumb-4711',
      };
      const post = (payload: string) => ({
        method: 'POST' as const,
        url: '/v1/forecasts',
        payload,
        headers,
      });
      for (const request of [
        { url: '/v1/model', headers },
        { url: `/v1/model?key=${key}`, headers },
        { url: `/v1/series/${key}/forecast`, headers },
        { url: `/${key}`, headers },
        { url: `/%zz${key}`, headers },
        post('{"seriesIds":["74"]}'),
        post('{"seriesIds":["crumb-4711"]}'),
        post('{"history":{"start":"2026-03-01T00:00:00Z","values":[47110815,1,2]}}'),
        post('{"history":"crumb-4711"}'),
        post('{"crumb-4711'),
        post(`{"seriesIds":["${'crumb-4711'.repeat(200_000)}"]}`),
        {
          ...post('{}'),
          url: '/v1/actuals',
          payload: '{"actuals":[{"seriesId":"crumb-4711","start":"x","values":[]}]}',
        },
      ])
        statuses.push((await app.inject(request)).statusCode);
    }
    await app.close();
    expect(new Set(statuses)).toEqual(new Set([200, 400, 401, 404, 413, 500]));
    const log = lines.join('');
    expect(lines.length).toBeGreaterThan(30);
    expect(log).toContain('out of order');
    expect(log).toContain(`"key":"${good.record.id}"`);
    for (const { key, record } of [good, bad, stolen]) {
      expect(log).not.toContain(key);
      expect(log).not.toContain(key.slice(16));
      expect(log).not.toContain(record.hash);
    }
    expect(log).not.toMatch(/crumb-4711|47110815|[Bb]earer hw_/);
  });

  test.each([
    ['127.0.0.1', false, 30],
    ['0.0.0.0', false, 40],
    ['0.0.0.0', true, null],
  ])(
    'on %s, keys %s: logs how open the service is, and warns if others reach it',
    async (host, isGuarded, level) => {
      const lines: string[] = [];
      const logger = pino({ level: 'info' }, { write: (line: string) => lines.push(line) });
      const { options, clock } = createFixture();
      const apiKeys = isGuarded ? await openApiKeys(formatKeys([]), { clock, logger }) : null;
      const started = {
        ...options,
        apiKeys,
        logger,
        host,
        port: 0,
        refreshIntervalMs: 60_000,
        closeTimeoutMs: 2000,
      };
      await (await startServer(started)).close();
      const said = lines
        .map((line) => JSON.parse(line))
        .filter(({ msg }) => msg.startsWith('open mode'));
      expect(said.map((line) => line.level)).toEqual(level === null ? [] : [level]);
    },
  );
});

describe('hostile requests', () => {
  const { key, record } = newKey();
  let server: Awaited<ReturnType<typeof startServer>>;
  beforeAll(async () => {
    const { options, clock } = createFixture();
    const apiKeys = await openApiKeys(formatKeys([record]), { clock, logger: options.logger });
    server = await startServer({
      ...options,
      apiKeys,
      ...{ host: '127.0.0.1', port: 0, refreshIntervalMs: 60_000, closeTimeoutMs: 2000 },
    });
  });
  afterAll(() => server.close());

  /** Sends bytes as they are and reads until the other side hangs up. */
  const raw = (head: string): Promise<string> =>
    new Promise((resolve) => {
      let response = '';
      const socket = connect(server.port, '127.0.0.1', () => socket.write(head));
      socket.on('data', (chunk) => {
        response += chunk;
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve(response));
    });
  const headers = (extra: string) => `Host: x\r\nConnection: close\r\n${extra}\r\n`;
  const authorization = `Authorization: Bearer ${key}\r\n`;

  test.each([
    [
      'many headers',
      `GET /v1/model HTTP/1.1\r\n${headers(Array.from({ length: 3000 }, (_, i) => `A${i}: b\r\n`).join(''))}`,
      431,
    ],
    [
      'one long header',
      `GET /v1/model HTTP/1.1\r\n${headers(`Authorization: Bearer ${'a'.repeat(20_000)}\r\n`)}`,
      431,
    ],
    [
      'a key behind more headers than Node reads',
      `GET /v1/model HTTP/1.1\r\n${headers(`${'A: b\r\n'.repeat(1500)}${authorization}`)}`,
      401,
    ],
    [
      'a long key',
      `GET /v1/model HTTP/1.1\r\n${headers(`Authorization: Bearer ${key}${'a'.repeat(8000)}\r\n`)}`,
      401,
    ],
    [
      'two keys, the wrong one first',
      `GET /v1/model HTTP/1.1\r\n${headers(`Authorization: Bearer x\r\n${authorization}`)}`,
      401,
    ],
    ['a long path', `GET /v1/${'a'.repeat(8000)} HTTP/1.1\r\n${headers(authorization)}`, 404],
    [
      'a long id',
      `GET /v1/series/${'a'.repeat(8000)}/forecast HTTP/1.1\r\n${headers(authorization)}`,
      400,
    ],
    [
      'a long query',
      `GET /v1/series?cursor=${'a'.repeat(8000)} HTTP/1.1\r\n${headers(authorization)}`,
      400,
    ],
    ['a path without end', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n${headers('')}`, 431],
    [
      'another host as the address',
      `GET http://evil.example/v1/model HTTP/1.1\r\n${headers('')}`,
      401,
    ],
    [
      'two lengths',
      `POST /v1/forecasts HTTP/1.1\r\n${headers(`${authorization}Content-Length: 2\r\nContent-Length: 3\r\n`)}{}`,
      400,
    ],
    [
      'a length and chunks',
      `POST /v1/forecasts HTTP/1.1\r\n${headers(`${authorization}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n`)}{}`,
      400,
    ],
    [
      'a line that is folded',
      `GET /v1/model HTTP/1.1\r\n${headers(`Authorization: Bearer\r\n ${key}\r\n`)}`,
      400,
    ],
    [
      'a null in a header',
      `GET /v1/model HTTP/1.1\r\n${headers(`Authorization: Bearer ${key}\0\r\n`)}`,
      400,
    ],
  ])('get a plain refusal: %s', async (_title, bytes, status) => {
    const response = await raw(bytes);
    expect(response.split('\r\n')[0]).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(response).toMatch(/content-type: application\/problem\+json/i);
    expect(response).not.toMatch(/a{600}/);
  });
});
