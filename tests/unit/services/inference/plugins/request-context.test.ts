/** Purpose: every response has a request id, and a service that stops refuses requests. */
import { expect, test } from '@jest/globals';
import { requestContext } from '../../../../../services/inference/plugins/request-context.ts';
import { startServer } from '../../../../../services/inference/server.ts';
import { createFixture } from '../../../../fakes/inference.ts';
import { bareApp } from '../../../../fixtures/inference/bare-app.ts';

test('creates unique ids, and uses safe ids of clients', async () => {
  const app = await bareApp(async (app) => app.register(requestContext));
  const idOf = async (given: string) =>
    (await app.inject({ url: '/data', headers: { 'x-request-id': given } })).headers[
      'x-request-id'
    ];
  for (const given of ['a', 'order-7.retry_2', 'x'.repeat(64)])
    expect(await idOf(given)).toBe(given);
  for (const given of ['', 'x'.repeat(65), 'a b', 'a"b', '<b>', 'ä', '$(x)', 'a/../b', 'a\u0007'])
    expect(await idOf(given)).toMatch(/^[\da-z]+-[\da-z]+$/);
  expect(await idOf('')).not.toBe(await idOf(''));
  await app.close();
});

test('refuses a request that arrives while the server stops', async () => {
  const { options } = createFixture();
  const server = await startServer({
    ...options,
    host: '127.0.0.1',
    port: 0,
    refreshIntervalMs: 60_000,
    closeTimeoutMs: 2000,
  });
  let late: unknown;
  // The moment between the decision to stop and the end of listening, stretched for one request.
  const { close } = server.app.server;
  server.app.server.close = function (this: typeof server.app.server, done) {
    void fetch(`${server.url}/v1/model`)
      .then(async (response) => {
        late = {
          status: response.status,
          code: ((await response.json()) as { code: string }).code,
        };
      })
      .finally(() => close.call(this, done));
    return this;
  };
  await server.close();
  expect(late).toEqual({ status: 503, code: 'STOPPING' });
});
