/**
 * Purpose: an instance that cannot keep up, or is stopping, says so as a problem; its health and
 * figures stay readable.
 * Invariants: no real load: the event loop is blocked once, for longer than the limit.
 * Fails: with the answer that was not expected.
 */
import { describe, expect, test } from '@jest/globals';
import { startServer } from '../../../../services/inference/server.ts';
import { createFixture } from '../../../fakes/inference.ts';

describe('overload', () => {
  test('a blocked event loop: forecasts are 503 with Retry-After, health and figures answer', async () => {
    const { options, build } = createFixture();
    // The least limit there is: any delay at all exceeds it.
    const app = await build({ settings: { ...options.settings, maxEventLoopDelayMs: 0.000001 } });
    await app.ready();
    let response = await app.inject('/v1/series/74/forecast');
    for (let tries = 0; response.statusCode === 200 && tries < 5000; tries++) {
      await new Promise((resolve) => setImmediate(resolve));
      response = await app.inject('/v1/series/74/forecast');
    }
    expect([response.statusCode, response.json().code]).toEqual([503, 'OVERLOADED']);
    expect(response.headers['retry-after']).toBe('2');
    expect((await app.inject('/health/ready')).statusCode).toBe(200);
    expect((await app.inject('/metrics')).statusCode).toBe(200);
    await app.close();
  });

  test('while it stops, a request that still comes is told to go elsewhere', async () => {
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
});
