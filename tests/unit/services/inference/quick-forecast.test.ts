/**
 * Purpose: an answer that passes the framework by is the one that the framework gives, to whoever
 * asks, whatever they ask; and what is not the usual question goes to the framework.
 * Invariants: loopback; asked over a socket (where answers may pass the framework by) and by
 * injection (where they never do).
 * Fails: with the request that was answered in two ways.
 */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import pino from 'pino';
import { newSecret } from '../../../../platform/secrets.ts';
import { makeKey } from '../../../../services/inference/access/key.ts';
import { formatKeys, openApiKeys } from '../../../../services/inference/access/key-file.ts';
import { SCOPE_NAMES } from '../../../../services/inference/access/scopes.ts';
import type { AppOptions } from '../../../../services/inference/app.ts';
import type { App } from '../../../../services/inference/routes/context.ts';
import { createFixture, type Fixture, IDS, NOW } from '../../../fakes/inference.ts';

interface Asked {
  readonly method?: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface CompletedRequest {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const FORECAST = '/v1/series/74/forecast';
const HEADERS: Record<string, string>[] = [
  {},
  { 'if-none-match': '*' },
  { 'if-none-match': '"other"' },
  { origin: 'https://elsewhere.example' },
  { accept: 'text/csv' },
  { expect: 'a miracle' },
  { authorization: 'Bearer nonsense' },
  { 'x-forwarded-for': '1.2.3.4' },
  { 'content-type': 'text/html' },
  { 'content-length': '0' },
  { range: 'bytes=0-1' },
  { cookie: 'a=b' },
  { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
];
const opened: App[] = [];
afterEach(() => Promise.all(opened.splice(0).map((app) => app.close())));

/** An app that listens, and what the framework has seen of the requests. */
async function open(
  change: (options: AppOptions) => Partial<AppOptions> | Promise<Partial<AppOptions>> = () => ({}),
  fixture: Partial<Fixture> = {},
) {
  const created = createFixture(fixture);
  const app = await created.build(await change(created.options));
  opened.push(app);
  const seen: string[] = [];
  app.addHook('onRequest', (request, _reply, done) => {
    seen.push(request.url);
    done();
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const ask = ({ method = 'GET', url, headers = {} }: Asked) =>
    new Promise<CompletedRequest>((resolve, reject) => {
      const asked = httpRequest(
        {
          host: '127.0.0.1',
          port,
          method,
          path: url,
          agent: false,
          headers: { host: 'x', ...headers },
        },
        (reply) => {
          let body = '';
          reply.setEncoding('utf8').on('data', (text) => {
            body += text;
          });
          reply.on('end', () =>
            resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body }),
          );
        },
      );
      asked.on('error', reject);
      asked.end();
    });
  const inject = async ({
    method = 'GET',
    url,
    headers = {},
  }: Asked): Promise<CompletedRequest> => {
    const reply = await app.inject({
      method: method as 'GET',
      url,
      headers: { host: 'x', ...headers },
    });
    // Injected, a refused HEAD has the body that a socket would not send.
    const body = method === 'HEAD' ? '' : reply.body;
    return { status: reply.statusCode, headers: reply.headers as IncomingHttpHeaders, body };
  };
  return { ...created, app, seen, ask, inject };
}

/** Without what no two answers have in common, and what is of the connection. */
function comparable({ status, headers, body }: CompletedRequest) {
  const {
    date,
    connection,
    'keep-alive': _keepAlive,
    'x-request-id': id,
    'ratelimit-remaining': remaining,
    ...rest
  } = headers;
  expect([typeof id, date !== undefined || connection !== undefined]).toEqual(['string', true]);
  const told = body
    .replace(/"requestId":"[^"]*"/, '"requestId":""')
    .replace(/"instance":"[^"]*"/, '"instance":""');
  return { status, body: told, headers: rest, isLimited: remaining !== undefined };
}

describe('the usual question', () => {
  test('is answered past the framework from the second time on, and the same', async () => {
    const { ask, inject, seen } = await open();
    const [first, second, third] = [
      await ask({ url: FORECAST }),
      await ask({ url: FORECAST }),
      await ask({ url: FORECAST }),
    ];
    expect(seen).toEqual([FORECAST]);
    const expected = comparable(await inject({ url: FORECAST }));
    expect(expected.status).toBe(200);
    expect([first, second, third].map(comparable)).toEqual([expected, expected, expected]);
    expect(new Set([first, second, third].map(({ headers }) => headers['x-request-id'])).size).toBe(
      3,
    );
  });

  test.each(HEADERS)(
    'with %p it is answered alike over a socket and by injection',
    async (headers) => {
      const { ask, inject } = await open();
      await inject({ url: FORECAST });
      for (const method of ['GET', 'HEAD', 'OPTIONS', 'DELETE']) {
        const asked = { method, url: FORECAST, headers };
        expect(comparable(await ask(asked))).toEqual(comparable(await inject(asked)));
      }
    },
  );

  test('whatever is asked in whatever way, a socket and an injection answer alike', async () => {
    const { ask, inject } = await open();
    for (const id of IDS) await inject({ url: `/v1/series/${encodeURIComponent(id)}/forecast` });
    const id = fc.constantFrom(
      ...IDS.map(encodeURIComponent),
      ...['74', '75', '7%34', 'none', '', '74/', '74;x', 'DEAD'],
    );
    const ending = fc.constantFrom(
      '',
      '',
      '',
      '?',
      '?horizon=3',
      '?levels=50',
      '?history=2',
      '?horizon=x',
      '/',
      '%20',
    );
    const method = fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'OPTIONS', 'DELETE');
    await fc.assert(
      fc.asyncProperty(
        fc.record({ id, ending, headers: fc.constantFrom(...HEADERS), method }),
        async (given) => {
          const asked = {
            method: given.method,
            url: `/v1/series/${given.id}/forecast${given.ending}`,
            headers: given.headers,
          };
          expect(comparable(await ask(asked))).toEqual(comparable(await inject(asked)));
        },
      ),
      { numRuns: 150 },
    );
  });

  test('leaves the same line in the log and the same counts', async () => {
    const lines: Record<string, unknown>[] = [];
    const logger = pino(
      { level: 'info' },
      { write: (line: string) => lines.push(JSON.parse(line)) },
    );
    const { ask, inject, seen, fixture, app } = await open(() => ({ logger }), { champion: null });
    await inject({ url: FORECAST });
    await inject({ url: FORECAST, headers: { 'x-request-id': 'mine' } });
    const answered = () =>
      lines
        .filter(({ msg }) => msg === 'request completed')
        .map(({ time: _time, reqId: _id, ms, ...line }) => ({ ...line, ms: typeof ms }));
    const ids = () =>
      lines.filter(({ msg }) => msg === 'request completed').map(({ reqId }) => reqId);
    const [whole] = answered();
    await ask({ url: FORECAST });
    const { headers } = await ask({ url: FORECAST, headers: { 'x-request-id': 'mine' } });
    const crooked = await ask({ url: FORECAST, headers: { 'x-request-id': 'not "mine"' } });
    expect(seen).toHaveLength(2); // the two injected
    expect(answered()).toEqual([whole, whole, whole, whole, whole]);
    expect([headers['x-request-id'], ids()[3]]).toEqual(['mine', 'mine']);
    expect([crooked.headers['x-request-id'], crooked.headers['x-request-id'] === ids()[4]]).toEqual(
      [expect.not.stringMatching(/mine/), true],
    );
    expect(fixture.champion).toBeNull();
    const { body } = await app.inject('/metrics');
    expect(body).toContain('headway_fallback_total{reason="NO_CHAMPION"} 5');
    expect(body).toMatch(
      /duration_seconds_count\{method="GET",route="\/v1\/series\/:id\/forecast",status="200"\} 5/,
    );
  });

  test('is of what is served now: another snapshot is another answer', async () => {
    const { ask, inject, seen, fixture, app } = await open();
    await ask({ url: FORECAST });
    const before = await ask({ url: FORECAST });
    fixture.snapshot = 2;
    await app.serving.refresh();
    const after = [await ask({ url: FORECAST }), await ask({ url: FORECAST })].map(comparable);
    expect(seen).toHaveLength(2); // the first of each snapshot
    const expected = comparable(await inject({ url: FORECAST }));
    expect(after).toEqual([expected, expected]);
    expect(JSON.parse(expected.body).snapshotVersion).not.toBe(
      JSON.parse(before.body).snapshotVersion,
    );
    expect(expected.headers.etag).not.toBe(before.headers.etag);
  });
});

describe('what every answer is subject to', () => {
  test('the rate limit counts both ways together, and refuses with a problem', async () => {
    const { ask, inject } = await open(({ settings }) => ({
      settings: { ...settings, rateLimitPerMinute: 4 },
    }));
    const answers = [
      await ask({ url: FORECAST }),
      await ask({ url: FORECAST }),
      await inject({ url: FORECAST }),
    ];
    answers.push(
      await ask({ url: FORECAST }),
      await ask({ url: FORECAST }),
      await ask({ url: FORECAST }),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 429, 429]);
    expect(answers.map(({ headers }) => headers['ratelimit-remaining'])).toEqual([
      '3',
      '2',
      '1',
      '0',
      '0',
      '0',
    ]);
    expect(answers[1]?.headers['ratelimit-reset']).toBe(answers[2]?.headers['ratelimit-reset']);
    expect(JSON.parse(answers[5]?.body ?? '').code).toBe('RATE_LIMITED');
  });

  test('behind a proxy that is believed, each client has its own limit', async () => {
    const { ask } = await open(({ settings }) => ({
      settings: { ...settings, rateLimitPerMinute: 2, trustProxy: 1 },
    }));
    const from = (address: string) =>
      ask({ url: FORECAST, headers: { 'x-forwarded-for': address } }).then(({ status }) => status);
    const mine = [await from('10.0.0.1'), await from('10.0.0.1'), await from('10.0.0.1')];
    expect([
      ...mine,
      await from('10.0.0.2'),
      await from('6.6.6.6, 10.0.0.2'),
      await from('10.0.0.2'),
    ]).toEqual([200, 200, 429, 200, 200, 429]);
  });

  test('where origins are named, caches are told that answers differ by them', async () => {
    const corsOrigins = ['https://shop.example'];
    const { ask, inject, seen } = await open(({ settings }) => ({
      settings: { ...settings, corsOrigins },
    }));
    await ask({ url: FORECAST });
    expect(comparable(await ask({ url: FORECAST }))).toEqual(
      comparable(await inject({ url: FORECAST })),
    );
    const named = { url: FORECAST, headers: { origin: 'https://shop.example' } };
    expect(comparable(await ask(named))).toEqual(comparable(await inject(named)));
    expect(seen).toHaveLength(4); // all but the second
  });

  test('where keys are on, nothing passes the framework by', async () => {
    const about = {
      name: 'test',
      scopes: SCOPE_NAMES,
      requestsPerMinute: null,
      createdAt: NOW,
      expiresAt: null,
    };
    const { key, record } = makeKey(about, newSecret);
    const { ask, seen } = await open(async ({ clock, logger }) => ({
      apiKeys: await openApiKeys(formatKeys([record]), { clock, logger }),
    }));
    const mine = { url: FORECAST, headers: { authorization: `Bearer ${key}` } };
    const answers = [
      await ask(mine),
      await ask(mine),
      await ask(mine),
      await ask({ url: FORECAST }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 401]);
    expect(seen).toHaveLength(3);
  });

  test('under pressure it is refused like everything that computes', async () => {
    const { ask } = await open(({ settings }) => ({
      settings: { ...settings, maxEventLoopDelayMs: 0.000001 },
    }));
    let status = 200;
    for (let tries = 0; status === 200 && tries < 5000; tries++)
      ({ status } = await ask({ url: FORECAST }));
    expect(status).toBe(503);
  });
});
