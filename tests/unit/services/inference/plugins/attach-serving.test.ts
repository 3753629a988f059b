/** Purpose: a request gets one serving state, and 304 where the client has the response already. */
import { expect, test } from '@jest/globals';
import { createFixture } from '../../../../fakes/inference.ts';

const URL = '/v1/series/74/forecast';

test('responds 304 without a body until model or snapshot change', async () => {
  const { fixture, build } = createFixture();
  const app = await build();
  const ask = (known: string) => app.inject({ url: URL, headers: { 'if-none-match': known } });
  const first = await app.inject(URL);
  const etag = String(first.headers.etag);
  expect(first.headers['cache-control']).toBe('no-cache');
  for (const known of [etag, etag.slice(2), `"other", ${etag}`, '*']) {
    const again = await ask(known);
    expect([again.statusCode, again.body, again.headers.etag]).toEqual([304, '', etag]);
  }
  expect((await ask('"other"')).statusCode).toBe(200);
  fixture.snapshot = 2;
  await app.serving.refresh();
  expect((await ask(etag)).statusCode).toBe(200);
  await app.close();
});

test('an ETag of another URL does not pass for a response that does not exist', async () => {
  const app = await createFixture().build();
  const etag = String((await app.inject(URL)).headers.etag);
  for (const known of [etag, `${etag}, *`])
    for (const [url, status] of [
      ['/v1/series/nobody/forecast', 404],
      [`${URL}?horizon=1000`, 400],
    ] as const) {
      const headers = { 'if-none-match': known };
      expect((await app.inject({ url, headers })).statusCode).toBe(status);
    }
  await app.close();
});

test('If-None-Match: * matches only an existing response', async () => {
  const app = await createFixture().build();
  const ask = (url: string, method: 'GET' | 'HEAD' | 'POST' = 'GET', payload?: object) =>
    app.inject({ method, url, headers: { 'if-none-match': '*' }, ...(payload && { payload }) });
  for (const url of [
    URL,
    '/v1/forecasts?format=ndjson',
    '/v1/forecasts?format=arrow',
    '/v1/actuals',
  ])
    for (const method of ['GET', 'HEAD'] as const) {
      const { statusCode, body, headers } = await ask(url, method);
      expect([url, statusCode, body, typeof headers.etag]).toEqual([url, 304, '', 'string']);
      expect(headers['content-type']).toBeUndefined();
    }
  for (const [url, status] of [
    ['/v1/series/nobody/forecast', 404],
    ['/v1/actuals?seriesId=nobody', 404],
    [`${URL}?horizon=1000`, 400],
  ] as const)
    expect((await ask(url)).statusCode).toBe(status);
  expect((await ask('/v1/forecasts', 'POST', { seriesIds: ['74'] })).statusCode).toBe(200);
  await app.close();
});

test('each representation has its own ETag; a POST has none', async () => {
  const app = await createFixture().build();
  const tags: unknown[] = [];
  for (const accept of ['text/csv', 'application/json']) {
    const { headers } = await app.inject({ url: '/v1/forecasts', headers: { accept } });
    expect(headers.vary).toBe('accept');
    tags.push(headers.etag);
  }
  expect(new Set(tags).size).toBe(2);
  const payload = { seriesIds: ['74'] };
  const { headers } = await app.inject({ method: 'POST', url: '/v1/forecasts', payload });
  expect([headers.etag, headers['cache-control']]).toEqual([undefined, 'no-store']);
  await app.close();
});

test('responds 503 with the reason if nothing is served', async () => {
  const app = await createFixture({ snapshot: 0 }).build();
  const response = await app.inject(URL);
  expect([response.statusCode, response.json().code]).toEqual([503, 'SNAPSHOT_EMPTY']);
  await app.close();
});
