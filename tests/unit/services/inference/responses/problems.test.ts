/**
 * Purpose: whatever is wrong with a request, the response is a problem that says what and where,
 * and the service lives on.
 * Invariants: every error body has the members of RFC 9457 and our code; no stack, no path of the
 * disk, no echo of a payload.
 * Fails: with the unexpected response.
 */
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { LightMyRequestResponse } from 'fastify';
import pino from 'pino';
import type { App } from '../../../../../services/inference/plugins/app.ts';
import { createFixture, weeklyNaive } from '../../../../fakes/inference.ts';
import { runs } from '../../../../fixtures/property-runs.ts';

describe('problem documents', () => {
  const { build } = createFixture();
  let app: App;
  beforeAll(async () => {
    app = await build();
  });
  afterAll(() => app.close());

  const post = (payload: string | object, contentType = 'application/json') =>
    app.inject({
      method: 'POST',
      url: '/v1/forecasts',
      payload,
      headers: { 'content-type': contentType },
    });

  function expectProblem(response: LightMyRequestResponse, status: number, code: string) {
    const problem = response.json();
    expect([response.statusCode, problem.status, problem.code]).toEqual([status, status, code]);
    expect(String(response.headers['content-type'])).toMatch(/^application\/problem\+json/);
    expect(response.headers['cache-control']).toBe('no-store');
    expect(response.headers.etag).toBeUndefined();
    expect(problem.type).toBe(`urn:headway:problem:${code.toLowerCase().replaceAll('_', '-')}`);
    expect(problem.instance).toBe(`urn:headway:request:${response.headers['x-request-id']}`);
    if (status === 429 || status === 503)
      expect(Number(response.headers['retry-after'])).toBeGreaterThan(0);
    for (const member of ['title', 'detail', 'fix'])
      expect(problem[member]).toEqual(expect.stringMatching(/\w/));
    expect(response.body).not.toMatch(/ at .*\(|node_modules|\.ts\b/);
    return problem;
  }

  test.each([
    ['/nope', 404, 'ROUTE_NOT_FOUND'],
    ['/v1/series/', 404, 'ROUTE_NOT_FOUND'],
    ['/dashboard/../package.json', 404, 'ROUTE_NOT_FOUND'],
    ['/dashboard/%2e%2e/package.json', 404, 'ROUTE_NOT_FOUND'],
    ['/docs/static/nope', 404, 'ROUTE_NOT_FOUND'],
    ['/v1/series/nope/forecast', 404, 'SERIES_UNKNOWN'],
    ['/v1/series/..%2f..%2fetc%2fpasswd/forecast', 404, 'SERIES_UNKNOWN'],
    ['/v1/series/__proto__/forecast', 404, 'SERIES_UNKNOWN'],
    ['/v1/series/%00/forecast', 404, 'SERIES_UNKNOWN'],
    ['/v1/series/%F0%9F%9A%95/forecast', 404, 'SERIES_UNKNOWN'],
    ['/v1/series/%zz/forecast', 400, 'URL_INVALID'],
    ['/v1/series/%ff/forecast', 400, 'URL_INVALID'],
    ['/v1/series/dead/forecast', 422, 'HISTORY_TOO_SHORT'],
    ['/v1/series/74/forecast?horizon=25', 400, 'HORIZON_INVALID'],
    ['/v1/series?cursor=%2e%2e', 400, 'REQUEST_INVALID'],
    ['/v1/series?cursor=x', 400, 'REQUEST_INVALID'],
  ])('GET %s is %d %s', async (url, status, code) => {
    expectProblem(await app.inject(url), status, code);
  });

  test.each([
    '0',
    '-1',
    '1.5',
    '1e1',
    '0x10',
    ' 5',
    '',
    'NaN',
    'Infinity',
    '10001',
    '99999999999999999999',
    '5&horizon=6',
  ])('refuses horizon=%s with the path of the error', async (horizon) => {
    const problem = expectProblem(
      await app.inject(`/v1/series/74/forecast?horizon=${horizon}`),
      400,
      'REQUEST_INVALID',
    );
    expect(problem.errors[0].path).toBe('querystring/horizon');
  });

  test('refuses an id that is too long, and does not repeat it', async () => {
    expectProblem(
      await app.inject(`/v1/series/${'x'.repeat(129)}/forecast`),
      400,
      'REQUEST_INVALID',
    );
    const problem = expectProblem(
      await app.inject(`/v1/series/${'x'.repeat(5000)}/forecast`),
      400,
      'URL_INVALID',
    );
    expect(problem.detail).not.toContain('xx');
  });

  test('refuses an unknown parameter', async () => {
    const problem = expectProblem(
      await app.inject('/v1/series/74/forecast?horizn=5'),
      400,
      'REQUEST_INVALID',
    );
    expect(problem.errors[0].message).toContain('horizn');
  });

  test.each([
    [{}, 'body', 'either'],
    [
      { seriesIds: ['74'], history: { start: '2026-03-01T00:00:00Z', values: [1, 2, 3] } },
      'body',
      'either',
    ],
    [{ seriesIds: [] }, 'body/seriesIds', 'fewer'],
    [{ seriesIds: ['74', '74'] }, 'body/seriesIds', 'duplicate'],
    [{ seriesIds: [74] }, 'body/seriesIds/0', 'string'],
    [{ seriesIds: '74' }, 'body/seriesIds', 'array'],
    [{ seriesIds: ['74'], horizon: '5' }, 'body/horizon', 'integer'],
    [{ seriesIds: ['74'], horizon: null }, 'body/horizon', 'integer'],
    [{ seriesIds: ['74'], extra: 1 }, 'body', 'extra'],
    [{ seriesIds: ['x'.repeat(129)] }, 'body/seriesIds/0', '128'],
    [
      { history: { start: '2026-03-01T00:00:00Z', values: [1, '2', 3] } },
      'body/history/values/1',
      'number',
    ],
    [
      { history: { start: '2026-03-01T00:00:00+01:00', values: [1, 2, 3] } },
      'body/history/start',
      'ends in Z',
    ],
    [{ history: { values: [1] } }, 'body/history', 'start'],
    [[], 'body', 'object'],
  ])('refuses POST %j at %s', async (payload, path, word) => {
    const problem = expectProblem(await post(payload), 400, 'REQUEST_INVALID');
    expect(problem.errors[0].path).toBe(path);
    expect(problem.errors[0].message).toContain(word);
  });

  test.each([
    ['{"seriesIds": ["74"', 'cut off'],
    ['', 'empty'],
    ['{"seriesIds": ["74"], "horizon": NaN}', 'NaN'],
    ['{"__proto__": {"seriesIds": ["74"]}}', '__proto__'],
    ['{"seriesIds": ["74"], "constructor": {"prototype": {}}}', 'constructor'],
  ])('refuses the body %j (%s)', async (payload) => {
    expectProblem(await post(payload), 400, 'BODY_INVALID');
  });

  test('refuses other charsets and invalid UTF-8', async () => {
    expectProblem(
      await post('{"seriesIds":["74"]}', 'application/json; charset=latin1'),
      415,
      'MEDIA_TYPE_UNSUPPORTED',
    );
    expect(
      (await post('{"seriesIds":["74"]}', 'application/json; charset="UTF-8"')).statusCode,
    ).toBe(200);
    const bytes = Buffer.concat([
      Buffer.from('{"seriesIds":["'),
      Buffer.from([0xfc]),
      Buffer.from('"]}'),
    ]);
    expectProblem(await post(bytes), 400, 'BODY_INVALID');
    expect((await post('\ufeff{"seriesIds":["74"]}')).statusCode).toBe(200);
  });

  test('refuses a compressed body, and names the header', async () => {
    const { detail, ...problem } = (
      await app.inject({
        ...{ method: 'POST', url: '/v1/forecasts', payload: gzipSync('{"seriesIds":["74"]}') },
        headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      })
    ).json();
    expect([problem.status, problem.code]).toEqual([415, 'MEDIA_TYPE_UNSUPPORTED']);
    expect(detail).toContain('Content-Encoding');
  });

  test('refuses 1e999, which JSON.parse reads as infinity', async () => {
    const problem = expectProblem(
      await post('{"history":{"start":"2026-03-01T00:00:00Z","values":[1,2,1e999]}}'),
      400,
      'REQUEST_INVALID',
    );
    expect(problem.errors[0].path).toBe('body/history/values/2');
  });

  test('takes the last of two equal keys, as JSON does', async () => {
    const response = await post('{"seriesIds":["74"],"horizon":1,"horizon":2}');
    expect(response.json().forecasts[0].horizon).toBe(2);
  });

  test('refuses other media types, large bodies and deep nesting', async () => {
    expectProblem(
      await post('seriesIds=74', 'application/x-www-form-urlencoded'),
      415,
      'MEDIA_TYPE_UNSUPPORTED',
    );
    expectProblem(await post('hello', 'text/plain'), 415, 'MEDIA_TYPE_UNSUPPORTED');
    expectProblem(await post(`{"seriesIds":["${'x'.repeat(1_100_000)}"]}`), 413, 'BODY_TOO_LARGE');
    expectProblem(await post(`${'['.repeat(100_000)}${']'.repeat(100_000)}`), 400, 'BODY_INVALID');
    const wrong = await post({
      history: { start: '2026-03-01T00:00:00Z', values: new Array(20_000).fill('x') },
    });
    expectProblem(wrong, 400, 'REQUEST_INVALID');
    expect(wrong.body.length).toBeLessThan(1000);
  });

  test('refuses the whole request for one unknown series', async () => {
    const problem = expectProblem(
      await post({ seriesIds: ['74', 'nope', '75'] }),
      404,
      'SERIES_UNKNOWN',
    );
    expect(problem.detail).toContain('nope');
    expectProblem(await post({ seriesIds: ['74', 'dead'] }), 422, 'HISTORY_TOO_SHORT');
  });

  test('responds to any path and any JSON with a status below 500', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.json(),
        async (id, json) => {
          const got = await app.inject(`/v1/series/${encodeURIComponent(id)}/forecast`);
          expect(got.statusCode).toBeLessThan(500);
          expect((await post(json)).statusCode).toBeLessThan(500);
        },
      ),
      { numRuns: runs(40), seed: 11 },
    );
  }, 30_000);

  test('responds 429 with Retry-After above the rate limit, but never for health', async () => {
    const { options } = createFixture();
    const small = await build({ settings: { ...options.settings, rateLimitPerMinute: 2 } });
    await small.inject('/v1/model');
    await small.inject('/v1/model');
    const refused = await small.inject('/v1/model');
    expectProblem(refused, 429, 'RATE_LIMITED');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await small.inject('/health/live')).statusCode).toBe(200);
    await small.close();
  });

  test('responds 503 with Retry-After if nothing is served', async () => {
    const empty = await createFixture({ snapshot: 0 }).build();
    expectProblem(await empty.inject('/v1/model'), 503, 'SNAPSHOT_EMPTY');
    expectProblem(await empty.inject('/health/ready'), 503, 'SNAPSHOT_EMPTY');
    await empty.close();
  });

  test('logs an unexpected error without a payload and hides it from the response', async () => {
    const lines: string[] = [];
    const logger = pino({ level: 'info' }, { write: (line: string) => lines.push(line) });
    const odd = createFixture({
      makeForecaster: () => {
        const inner = weeklyNaive();
        return {
          ...inner,
          predict: (panel, cutoff, horizon) => {
            if (panel.length < 10) throw new Error('secret internals');
            return inner.predict(panel, cutoff, horizon);
          },
        };
      },
    });
    const broken = await odd.build({ logger });
    const response = await broken.inject({
      method: 'POST',
      url: '/v1/forecasts',
      payload: { history: { start: '2026-03-01T00:00:00Z', values: [4711, 4712, 4713] } },
    });
    expectProblem(response, 500, 'INTERNAL');
    expect(response.body).not.toContain('secret');
    const log = lines.join('');
    expect(log).toContain('secret internals');
    expect(log).toContain(String(response.headers['x-request-id']));
    expect(log).not.toContain('4711');
    await broken.close();
  });
});
