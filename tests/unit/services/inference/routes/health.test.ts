/** Purpose: what orchestrators ask: alive, ready, and how old the data is. */
import { expect, test } from '@jest/globals';
import { createFixture, HOUR } from '../../../../fakes/inference.ts';

test('reports liveness, readiness and the age of the data by the service clock', async () => {
  const { build, clock } = createFixture();
  const app = await build();
  expect((await app.inject('/health/live')).json()).toEqual({ status: 'live', access: 'open' });
  expect((await app.inject('/health/ready')).json()).toMatchObject({
    status: 'ready',
    dataAgeSeconds: 300,
    refreshFailure: null,
  });
  clock.advance(HOUR);
  expect((await app.inject('/health/ready')).json().dataAgeSeconds).toBe(3900);
  await app.close();
});
