/** Purpose: forecasts are refused while the event loop is busy; health and metrics respond. */
import { expect, test } from '@jest/globals';
import { createFixture } from '../../../../fakes/inference.ts';

test('a blocked event loop refuses forecasts with 503, but not health and metrics', async () => {
  const { options, build } = createFixture();
  // The least limit there is: any delay at all exceeds it.
  const app = await build({ settings: { ...options.settings, maxEventLoopDelayMs: 0.000001 } });
  await app.ready();
  let response = await app.inject('/v1/series/74/forecast');
  // The delay is looked at once a second; a fast machine responds 5,000 times before.
  const start = performance.now();
  while (response.statusCode === 200 && performance.now() - start < 10_000) {
    await new Promise((resolve) => setImmediate(resolve));
    response = await app.inject('/v1/series/74/forecast');
  }
  expect([response.statusCode, response.json().code]).toEqual([503, 'OVERLOADED']);
  expect(response.headers['retry-after']).toBe('2');
  expect((await app.inject('/health/ready')).statusCode).toBe(200);
  expect((await app.inject('/metrics')).statusCode).toBe(200);
  await app.close();
});
