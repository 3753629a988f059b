/** Purpose: forecasts of many series at once. Values of callers: tests of prediction/. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { App } from '../../../../../services/inference/plugins/app.ts';
import { createFixture } from '../../../../fakes/inference.ts';

let app: App;
beforeAll(async () => {
  app = await createFixture().build();
});
afterAll(() => app.close());

test('returns many series in the order asked, each as if asked alone', async () => {
  const seriesIds = ['75', '74', 'a/b'];
  const { forecasts } = (
    await app.inject({ method: 'POST', url: '/v1/forecasts', payload: { seriesIds, horizon: 5 } })
  ).json();
  expect(forecasts.map((one: { seriesId: string }) => one.seriesId)).toEqual(seriesIds);
  expect(forecasts[1]).toEqual((await app.inject('/v1/series/74/forecast?horizon=5')).json());
});

test('POST /v1/forecasts has no side effect: a repeated post gets the same response', async () => {
  const post = (headers: Record<string, string>) =>
    app.inject({
      method: 'POST',
      url: '/v1/forecasts',
      payload: { seriesIds: ['74'], horizon: 2 },
      headers,
    });
  const first = await post({});
  for (const headers of [{}, { 'idempotency-key': 'order-17' }])
    expect((await post(headers)).body).toBe(first.body);
  expect(first.headers['cache-control']).toBe('no-store');
});
