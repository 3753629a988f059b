/** Purpose: the metrics of requests, of the process and of what is served. */
import { expect, test } from '@jest/globals';
import { createFixture } from '../../../../fakes/inference.ts';

test('counts requests by route pattern and status, and shows what is served and its age', async () => {
  const app = await createFixture().build();
  await app.inject('/v1/model');
  await app.inject('/v1/series/no-such-secret/forecast');
  const { body } = await app.inject('/metrics');
  const count = 'headway_http_request_duration_seconds_count';
  for (const line of [
    `${count}{method="GET",route="/v1/model",status="200"} 1`,
    `${count}{method="GET",route="/v1/series/:id/forecast",status="404"} 1`,
    'headway_serving_info{model_version="model-1",snapshot_version="1-0f1e2d3c4b5a"} 1',
    'headway_data_age_seconds 300',
    'headway_forecast_age_seconds 0',
    'headway_refresh_total{outcome="changed"} 1',
    'headway_fallback_total{reason="NO_CHAMPION"} 0',
  ])
    expect(body).toContain(`\n${line}\n`);
  expect(body).toMatch(/nodejs_eventloop_lag_p99_seconds \d/);
  expect(body).not.toContain('no-such-secret');
  await app.close();
});

test('keeps two apps of one process apart and can omit process metrics', async () => {
  const [one, other] = [createFixture(), createFixture()];
  const [first, second] = [await one.build(), await other.build({ hasProcessMetrics: false })];
  await first.inject('/v1/model');
  const { body } = await second.inject('/metrics');
  expect(body).not.toMatch(/\/v1\/model|nodejs_/);
  await first.close();
  await second.close();
});
