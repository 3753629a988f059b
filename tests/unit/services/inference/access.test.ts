/**
 * Purpose: who may do what: keys, scopes, limits, refusals, and that no route is open by oversight.
 * Invariants: through requests alone; time is a clock that stands still.
 * Fails: with the unexpected response.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { isHeadwayError } from '../../../../platform/errors.ts';
import { newSecret } from '../../../../platform/secrets.ts';
import { silentLogger } from '../../../../platform/telemetry/logger.ts';
import { type KeyRecord, makeKey, type NewKey } from '../../../../services/inference/access/key.ts';
import { formatKeys, parseKeys } from '../../../../services/inference/access/key-file.ts';
import { openApiKeys } from '../../../../services/inference/access/open-keys.ts';
import { SCOPE_NAMES, type Scope } from '../../../../services/inference/access/scopes.ts';
import type { App } from '../../../../services/inference/plugins/app.ts';
import { openActualsLog } from '../../../../storage/forecasts/actuals-log.ts';
import { createFixture, NOW } from '../../../fakes/inference.ts';
import { memoryObjectStore } from '../../../fakes/memory-object-store.ts';

const make = (changes: Partial<NewKey> = {}) =>
  makeKey(
    {
      name: 'test',
      scopes: SCOPE_NAMES,
      requestsPerMinute: null,
      createdAt: NOW,
      expiresAt: null,
      ...changes,
    },
    newSecret,
  );
/** The same key but for its last character. */
const nearly = (key: string) => `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`;
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

async function keyedApp(records: readonly KeyRecord[], rateLimitPerMinute = 0) {
  const { build, clock, options } = createFixture();
  const apiKeys = await openApiKeys(formatKeys(records), { clock, logger: silentLogger });
  const actuals = openActualsLog({ store: memoryObjectStore(), domain: 'demo' });
  const app = await build({
    apiKeys,
    actuals,
    settings: { ...options.settings, rateLimitPerMinute },
  });
  return { app, clock };
}

describe('API key', () => {
  const whole = make();
  const reader = make({ scopes: ['forecasts:read'] });
  const old = make({ expiresAt: NOW - 1 });
  const ending = make({ expiresAt: NOW + 3_600_000 });
  const revoked = make();
  let app: App;
  let clock: { advance(ms: number): void };
  beforeAll(async () => {
    const gone = { ...revoked.record, revokedAt: new Date(NOW - 1000).toISOString() };
    ({ app, clock } = await keyedApp([
      whole.record,
      reader.record,
      old.record,
      ending.record,
      gone,
    ]));
  });
  afterAll(() => app.close());

  test.each([
    ['no header', {}, 401, 'API_KEY_MISSING', 'Bearer realm="headway"'],
    [
      'another scheme',
      { authorization: `Basic ${whole.key}` },
      401,
      'API_KEY_MISSING',
      'Bearer realm="headway"',
    ],
    [
      'a custom header',
      { 'x-api-key': whole.key },
      401,
      'API_KEY_MISSING',
      'Bearer realm="headway"',
    ],
    ['no token', { authorization: 'Bearer ' }, 401, 'API_KEY_', 'Bearer realm="headway"'],
    ['an unknown key', bearer(make().key), 401, 'API_KEY_UNKNOWN', 'error="invalid_token"'],
    [
      'not in the format of a key',
      bearer('hunter2'),
      401,
      'API_KEY_UNKNOWN',
      'error="invalid_token"',
    ],
    [
      'a good id, another secret',
      bearer(nearly(whole.key)),
      401,
      'API_KEY_UNKNOWN',
      'error="invalid_token"',
    ],
    [
      'another id, a good secret',
      bearer(`hw_${reader.record.id}${whole.key.slice(15)}`),
      401,
      'API_KEY_UNKNOWN',
      'invalid',
    ],
    [
      'the stored hash instead of the secret',
      bearer(`hw_${whole.record.id}_${whole.record.hash}`),
      401,
      'API_KEY_UNKNOWN',
      'invalid',
    ],
    [
      'an extra character at the end',
      bearer(`${whole.key}0`),
      401,
      'API_KEY_UNKNOWN',
      'error="invalid_token"',
    ],
    ['an expired key', bearer(old.key), 401, 'API_KEY_EXPIRED', 'error="invalid_token"'],
    ['a revoked key', bearer(revoked.key), 401, 'API_KEY_REVOKED', 'error="invalid_token"'],
    [
      'a key without the scope',
      bearer(reader.key),
      403,
      'SCOPE_MISSING',
      'error="insufficient_scope", scope="models:read"',
    ],
  ])('is refused: %s', async (_title, headers, status, code, challenge) => {
    const response = await app.inject({
      url: '/v1/model',
      headers: headers as Record<string, string>,
    });
    expect([response.statusCode, response.json().status]).toEqual([status, status]);
    expect(response.json().code).toContain(code);
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(response.headers['www-authenticate']).toContain(challenge);
    expect(response.headers['cache-control']).toBe('no-store');
    expect(response.body).not.toMatch(/[0-9a-f]{64}/);
  });

  test('is accepted in any letter case of the scheme, until it expires', async () => {
    for (const headers of [
      bearer(whole.key),
      { authorization: `bearer  ${whole.key}` },
      bearer(ending.key),
    ])
      expect((await app.inject({ url: '/v1/model', headers })).statusCode).toBe(200);
    expect((await app.inject({ url: '/v1/series', headers: bearer(reader.key) })).statusCode).toBe(
      200,
    );
    clock.advance(3_600_000);
    const late = await app.inject({ url: '/v1/model', headers: bearer(ending.key) });
    expect([late.statusCode, late.json().code]).toEqual([401, 'API_KEY_EXPIRED']);
  });

  test('cannot be recovered from its stored record', () => {
    const file = formatKeys([whole.record]);
    expect(file).not.toContain(whole.key.slice(16));
    expect(parseKeys(file, 'x')).toEqual([whole.record]);
    expect(make().key).not.toBe(make().key);
  });

  test('is ignored in the address', async () => {
    expect((await app.inject(`/v1/model?access_token=${whole.key}`)).statusCode).toBe(401);
  });
});

/** Operations that ask for no key → why. */
const OPEN: Record<string, string> = {
  'get /health/live': 'orchestrators have no key',
  'get /health/ready': 'the same',
};

describe('access of routes', () => {
  const keys = Object.fromEntries(SCOPE_NAMES.map((scope) => [scope, make({ scopes: [scope] })]));
  let app: App;
  // biome-ignore lint/suspicious/noExplicitAny: a JSON document of any shape is walked.
  let document: any;
  beforeAll(async () => {
    ({ app } = await keyedApp(Object.values(keys).map(({ record }) => record)));
    document = (await app.inject('/openapi.json')).json();
  });
  afterAll(() => app.close());

  const operations = () =>
    Object.entries<Record<string, { security?: Record<string, string[]>[] }>>(
      document.paths,
    ).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { security }]) => ({
        name: `${method} ${path}`,
        path,
        method,
        security,
      })),
    );

  test('each operation names one existing scope or is on the list of open routes', () => {
    expect(operations().length).toBeGreaterThan(8);
    for (const { name, security } of operations()) {
      if (name in OPEN) expect([name, security]).toEqual([name, []]);
      else {
        expect([name, security?.length, Object.keys(security?.[0] ?? {})]).toEqual([
          name,
          1,
          ['apiKey'],
        ]);
        expect(security?.[0]?.apiKey).toEqual([
          expect.stringMatching(new RegExp(`^(${SCOPE_NAMES.join('|')})$`)),
        ]);
      }
    }
    expect(
      Object.keys(OPEN).filter((open) => !operations().some(({ name }) => name === open)),
    ).toEqual([]);
    const scheme = document.components.securitySchemes.apiKey;
    expect([scheme.type, scheme.scheme]).toEqual(['http', 'bearer']);
    for (const scope of SCOPE_NAMES) expect(scheme.description).toContain(scope);
  });

  test('each operation refuses a request without a key, or without its scope', async () => {
    const paths = operations().map(({ path }) => path);
    const ask = (path: string, method: string, headers = {}) =>
      app.inject({
        method: method.toUpperCase() as 'GET',
        url: path.replace('{id}', path.startsWith('/v1/groups') ? 'all' : '74'),
        headers,
        // A client of its own: one that is refused often is slowed down.
        remoteAddress: `10.0.0.${paths.indexOf(path) + 2}`,
        ...(method === 'post' ? { payload: {} } : {}),
      });
    const metrics = {
      name: 'get /metrics',
      path: '/metrics',
      method: 'get',
      security: [{ apiKey: ['metrics:read'] }],
    };
    const used = new Set<string>();
    for (const { name, path, method, security = [] } of [...operations(), metrics]) {
      const [scope] = security[0]?.apiKey ?? [];
      const status = async (headers = {}) => (await ask(path, method, headers)).statusCode;
      expect([name, await status()]).toEqual([name, scope === undefined ? 200 : 401]);
      if (scope === undefined) continue;
      used.add(scope);
      for (const [other, { key }] of Object.entries(keys)) {
        const got = await status(bearer(key));
        if (other === scope)
          expect([name, other, [200, 400].includes(got)]).toEqual([name, other, true]);
        else expect([name, other, got]).toEqual([name, other, 403]);
      }
      // HEAD is guarded as GET is.
      if (method === 'get')
        expect([name, (await ask(path, 'head')).statusCode]).toEqual([name, 401]);
    }
    expect([...used].sort()).toEqual([...SCOPE_NAMES].sort());
  });

  test('pages, documentation and unknown paths are open', async () => {
    for (const url of [
      '/',
      '/dashboard/page.js',
      '/docs/',
      '/docs/static/swagger-ui.css',
      '/openapi.json',
      '/health/live',
    ])
      expect([url, (await app.inject(url)).statusCode]).toEqual([url, 200]);
    expect((await app.inject('/health/live')).json().access).toBe('api-keys');
    expect((await app.inject('/nope')).statusCode).toBe(404);
    expect((await app.inject({ method: 'DELETE', url: '/v1/model' })).statusCode).toBe(405);
  });

  test('a route that declares no access stops the start', async () => {
    for (const records of [[], null]) {
      const { build, clock } = createFixture();
      const apiKeys =
        records && (await openApiKeys(formatKeys(records), { clock, logger: silentLogger }));
      const fresh = await build({ apiKeys });
      expect(() => fresh.get('/v1/secret', async () => 'x')).toThrow(
        'GET /v1/secret does not declare its access',
      );
      expect(() => fresh.get('/docsecret', async () => 'x')).toThrow('does not declare its access');
      await fresh.close();
    }
  });

  test('no spelling of a path bypasses the check', async () => {
    const fragments = [
      '',
      '/',
      '//',
      '.',
      '/./',
      '/../',
      '%2e',
      '%2f',
      '%2F',
      '%00',
      ';',
      ';x=1',
      '\\',
      '?',
      '#',
      '%20',
      '%6d',
      'V1',
      '..',
    ];
    const target = fc.constantFrom(
      '/v1/model',
      '/v1/models',
      '/v1/series',
      '/v1/forecasts',
      '/v1/series/74/forecast',
      '/metrics',
    );
    await fc.assert(
      fc.asyncProperty(
        target,
        fc.array(fc.record({ at: fc.nat(25), fragment: fc.constantFrom(...fragments) }), {
          maxLength: 3,
        }),
        fc.constantFrom('GET', 'HEAD', 'OPTIONS', 'POST'),
        fc.constantFrom('', '/docs', '/docs/..', '/health/live/..', '/dashboard/..'),
        async (path, edits, method, prefix) => {
          const url =
            prefix +
            edits.reduce<string>(
              (text, { at, fragment }) => text.slice(0, at) + fragment + text.slice(at),
              path,
            );
          const response = await app.inject({
            method: method as 'GET',
            url: url.startsWith('/') ? url : `/${url}`,
          });
          if (response.statusCode < 300)
            expect(response.body).not.toMatch(/modelVersion|seriesId|headway_/);
        },
      ),
      { numRuns: 60, seed: 5 },
    );
  });
});

describe('open mode', () => {
  test('needs no key, ignores one, and is reported by /health/live', async () => {
    const app = await createFixture().build();
    expect((await app.inject({ url: '/v1/model', headers: bearer('nonsense') })).statusCode).toBe(
      200,
    );
    expect((await app.inject('/health/live')).json().access).toBe('open');
    const document = (await app.inject('/openapi.json')).json();
    expect(document.info.description).toContain('open mode');
    expect(document.paths['/v1/model'].get.security).toEqual([{ apiKey: ['models:read'] }, {}]);
    await app.close();
  });
});

describe('key file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'headway-keys-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('is read again: new and revoked keys take effect within seconds', async () => {
    const file = join(folder, 'keys.json');
    const [first, second] = [make(), make()];
    await writeFile(file, formatKeys([first.record]));
    const { build, clock } = createFixture();
    const app = await build({ apiKeys: await openApiKeys(file, { clock, logger: silentLogger }) });
    const status = async ({ key }: { key: string }) =>
      (await app.inject({ url: '/v1/model', headers: bearer(key) })).statusCode;
    expect([await status(first), await status(second)]).toEqual([200, 401]);
    await writeFile(file, formatKeys([first.record, second.record]));
    clock.advance(2000);
    expect([await status(first), await status(second)]).toEqual([200, 200]);
    await writeFile(
      file,
      formatKeys([{ ...first.record, revokedAt: new Date(NOW).toISOString() }, second.record]),
    );
    clock.advance(2000);
    // Those that ask while the file is read wait for it.
    expect(await Promise.all([status(first), status(first), status(second)])).toEqual([
      401, 401, 200,
    ]);
    for (const broken of [() => writeFile(file, '{"format":1'), () => rm(file)]) {
      await broken();
      clock.advance(2000);
      expect([
        await status(first),
        await status(second),
        (await app.inject('/v1/model')).statusCode,
      ]).toEqual([401, 200, 401]);
    }
    await writeFile(file, formatKeys([]));
    clock.advance(2000);
    expect(await status(second)).toBe(401);
    await app.close();
  });

  const good = make().record;
  test.each([
    ['nothing', ''],
    ['no JSON', 'hw_secret'],
    ['a list', '[]'],
    ['another format', '{"format":2,"keys":[]}'],
    ['an unknown member', '{"format":1,"keys":[],"open":true}'],
    ['a key in the clear', JSON.stringify({ format: 1, keys: [{ ...good, key: 'hw_secret' }] })],
    ['an unknown scope', formatKeys([{ ...good, scopes: ['all' as Scope] }])],
    ['no scope', formatKeys([{ ...good, scopes: [] }])],
    ['a day that does not exist', formatKeys([{ ...good, expiresAt: '2026-13-01T00:00:00Z' }])],
    ['a time in words', formatKeys([{ ...good, revokedAt: 'tomorrow' }])],
    ['an invalid hash', formatKeys([{ ...good, hash: 'hw_secret' }])],
    ['the same id twice', formatKeys([good, good])],
    ['a missing member', '{"format":1,"keys":[{"id":"0123456789ab"}]}'],
  ])('stops the start if it holds %s, without repeating it', async (_title, text) => {
    const file = join(folder, 'wrong.json');
    await writeFile(file, text);
    const refused = await openApiKeys(file, {
      clock: createFixture().clock,
      logger: silentLogger,
    }).catch((error: unknown) => error);
    expect(isHeadwayError(refused, 'SETTINGS_INVALID')).toBe(true);
    expect(String(refused)).not.toContain('secret');
  });

  test('stops the start if it is absent', async () => {
    const missing = openApiKeys(join(folder, 'none.json'), {
      clock: createFixture().clock,
      logger: silentLogger,
    });
    await expect(missing).rejects.toThrow('ENOENT');
  });
});

describe('rate limits', () => {
  test('are per key, from its record or the default, and headers state what is left', async () => {
    const [small, usual, free] = [
      make({ requestsPerMinute: 2 }),
      make(),
      make({ requestsPerMinute: 0 }),
    ];
    const { app } = await keyedApp([small.record, usual.record, free.record], 5);
    const ask = ({ key }: { key: string }) =>
      app.inject({ url: '/v1/model', headers: bearer(key) });
    const responses = [await ask(small), await ask(small), await ask(small)];
    expect(responses.map(({ statusCode }) => statusCode)).toEqual([200, 200, 429]);
    expect(responses[0]?.headers).toMatchObject({
      'ratelimit-limit': '2',
      'ratelimit-remaining': '1',
    });
    expect(Number(responses[0]?.headers['ratelimit-reset'])).toBeGreaterThan(0);
    expect(responses[2]?.json()).toMatchObject({ code: 'RATE_LIMITED', status: 429 });
    expect(Number(responses[2]?.headers['retry-after'])).toBeGreaterThan(0);
    for (let i = 0; i < 5; i++) expect((await ask(usual)).statusCode).toBe(200);
    expect((await ask(usual)).statusCode).toBe(429);
    for (let i = 0; i < 20; i++) expect((await ask(free)).statusCode).toBe(200);
    await app.close();
  });

  test('of a key hold if the service has none; explanations get a tenth of it', async () => {
    const key = make({ requestsPerMinute: 20 });
    const { app } = await keyedApp([key.record], 0);
    const ask = () => app.inject({ url: '/v1/series/74/explanation', headers: bearer(key.key) });
    expect([(await ask()).statusCode, (await ask()).statusCode, (await ask()).statusCode]).toEqual([
      200, 200, 429,
    ]);
    expect((await app.inject({ url: '/v1/model', headers: bearer(key.key) })).statusCode).toBe(200);
    await app.close();
  });

  test('refuse a flood of bad keys from one address, and nobody else', async () => {
    const key = make();
    const { app } = await keyedApp([key.record]);
    const ask = (headers: Record<string, string>, remoteAddress = '192.0.2.7') =>
      app.inject({ url: '/v1/model', headers, remoteAddress });
    const wrong = () => bearer(make().key);
    for (let i = 0; i < 60; i++) expect((await ask(i % 2 ? wrong() : {})).statusCode).toBe(401);
    for (const headers of [wrong(), {}, bearer(nearly(key.key)), bearer('x')]) {
      const refused = await ask(headers);
      expect([refused.statusCode, refused.json().code]).toEqual([429, 'RATE_LIMITED']);
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    }
    expect((await ask(bearer(key.key))).statusCode).toBe(200);
    expect((await ask(wrong(), '192.0.2.8')).statusCode).toBe(401);
    // One customer of IPv6 is one address, however many he has.
    for (let i = 0; i < 60; i++) await ask({}, `2001:db8::${i.toString(16)}`);
    expect((await ask({}, '2001:db8::ffff')).statusCode).toBe(429);
    expect((await ask({}, '2001:db8:0:1::1')).statusCode).toBe(401);
    const figures = createMetrics(await app.inject({ url: '/metrics', headers: bearer(key.key) }));
    expect(figures('headway_access_refused_total{reason="flood"}')).toBeGreaterThanOrEqual(5);
    expect(figures('headway_access_refused_total{reason="unknown"}')).toBeGreaterThan(30);
    const now = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 60_000);
    expect((await ask({})).statusCode).toBe(401);
    now.mockRestore();
    await app.close();
  });

  test('use the address seen by the stated number of proxies', async () => {
    const { build, options } = createFixture();
    const settings = { ...options.settings, rateLimitPerMinute: 1, trustProxy: 1 };
    const app = await build({ settings });
    const ask = (forwarded: string) =>
      app.inject({ url: '/v1/model', headers: { 'x-forwarded-for': forwarded } });
    expect((await ask('203.0.113.1')).statusCode).toBe(200);
    expect((await ask('203.0.113.2')).statusCode).toBe(200);
    // What a client wrote before its proxy did is not its address.
    expect((await ask('198.51.100.9, 203.0.113.1')).statusCode).toBe(429);
    await app.close();
  });
});

const createMetrics =
  ({ body }: { body: string }) =>
  (name: string) =>
    Number(
      body
        .split('\n')
        .find((line) => line.startsWith(name))
        ?.split(' ')
        .at(-1),
    );
