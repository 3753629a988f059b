/**
 * Purpose: every route answers what it promises, from the model and the snapshot it names.
 * Invariants: injected requests only; nothing listens.
 * Fails: with the answer that was not expected.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { App } from '../../../../services/inference/plugins/app.ts';
import {
  CUTOFF,
  createFixture,
  HOUR,
  IDS,
  LENGTH,
  NOW,
  panelOf,
} from '../../../fakes/inference.ts';

describe('routes', () => {
  const { build, clock } = createFixture();
  let app: App;
  beforeAll(async () => {
    app = await build();
  });
  afterAll(() => app.close());
  const iso = (timestamp: number) => new Date(timestamp).toISOString();

  test('a forecast says what it is of, what made it, and gives quantiles as columns', async () => {
    const response = await app.inject('/v1/series/74/forecast?horizon=3&history=2');
    const { target } = panelOf(IDS, 10).columns;
    const lastWeek = (step: number) => target[LENGTH - 1 + step - 168];
    const answer = response.json();
    expect(response.statusCode).toBe(200);
    expect(answer).toMatchObject({
      domain: 'demo',
      seriesId: '74',
      title: 'North Harbour',
      unit: 'orders per hour',
      cutoff: iso(CUTOFF),
      issuedAt: iso(NOW),
      modelVersion: 'model-1',
      snapshotVersion: '1-0f1e2d3c4b5a',
      frequency: 'PT1H',
      horizon: 3,
      timestamps: [1, 2, 3].map((step) => iso(CUTOFF + step * HOUR)),
      history: { timestamps: [iso(CUTOFF - HOUR), iso(CUTOFF)] },
    });
    expect(Object.keys(answer.quantiles)).toEqual(['0.1', '0.5', '0.9']);
    for (const step of [1, 2, 3]) {
      expect(answer.quantiles['0.5'][step - 1]).toBeCloseTo(lastWeek(step), 4);
      expect(answer.quantiles['0.1'][step - 1]).toBeCloseTo(0.8 * lastWeek(step), 4);
    }
    expect(answer.history.values).toHaveLength(2);
  });

  test('without a horizon it is the whole of what the model forecasts, and without history none comes along', async () => {
    const answer = (await app.inject('/v1/series/74/forecast')).json();
    expect(answer.horizon).toBe(24);
    expect(answer.quantiles['0.9']).toHaveLength(24);
    expect(answer.history).toBeUndefined();
  });

  test.each(IDS.filter((id) => id !== 'dead'))(
    'an awkward id works when it is encoded: %j',
    async (id) => {
      const answer = (
        await app.inject(`/v1/series/${encodeURIComponent(id)}/forecast?horizon=1`)
      ).json();
      expect(answer.seriesId).toBe(id);
    },
  );

  test('many series come in the order asked, each the same as asked alone', async () => {
    const seriesIds = ['75', '74', 'a/b'];
    const { forecasts } = (
      await app.inject({ method: 'POST', url: '/v1/forecasts', payload: { seriesIds, horizon: 5 } })
    ).json();
    expect(forecasts.map((one: { seriesId: string }) => one.seriesId)).toEqual(seriesIds);
    expect(forecasts[1]).toEqual((await app.inject('/v1/series/74/forecast?horizon=5')).json());
  });

  test('a post of forecasts changes nothing: sent again, with a key or without, it is answered the same', async () => {
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

  test('pages of series join up without a gap or a repeat', async () => {
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: { series: { seriesId: string }[]; nextCursor: string | null; total: number } = (
        await app.inject(`/v1/series?limit=3${cursor && `&cursor=${cursor}`}`)
      ).json();
      expect(page.total).toBe(IDS.length);
      seen.push(...page.series.map((one) => one.seriesId));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual([...IDS].sort());
  });

  test('a series tells its level and its last value; one without values says so', async () => {
    const { series } = (await app.inject('/v1/series')).json();
    const of = (id: string) => series.find((one: { seriesId: string }) => one.seriesId === id);
    expect(of('74')).toMatchObject({
      title: 'North Harbour',
      lastValueAt: iso(CUTOFF),
      forecast: true,
    });
    expect(of('74').mean).toBeGreaterThan(5);
    expect(of('dead')).toEqual({
      seriesId: 'dead',
      title: 'dead',
      mean: null,
      lastValueAt: null,
      forecast: false,
    });
  });

  test('the model route names champion, promotion, snapshot and figures', async () => {
    const answer = (await app.inject('/v1/model')).json();
    expect(answer.model).toMatchObject({
      modelVersion: 'model-1',
      horizon: 24,
      minimumHistory: 3,
      backend: 'wasm',
    });
    expect(answer.model.metrics.all.network.mae).toBe(0.667);
    expect(answer.promotion).toMatchObject({ number: 1, kind: 'promoted' });
    expect(answer.snapshot).toMatchObject({
      snapshotVersion: '1-0f1e2d3c4b5a',
      cutoff: iso(CUTOFF),
      series: IDS.length,
    });
    expect(answer.domain).toMatchObject({ timeZone: 'America/New_York', seasonLengths: [24, 168] });
  });

  test('health: alive, ready, and how old the data is by our own clock', async () => {
    expect((await app.inject('/health/live')).json()).toEqual({ status: 'live', access: 'open' });
    expect((await app.inject('/health/ready')).json()).toMatchObject({
      status: 'ready',
      dataAgeSeconds: 300,
      refreshFailure: null,
    });
    clock.advance(HOUR);
    expect((await app.inject('/health/ready')).json().dataAgeSeconds).toBe(3900);
    clock.advance(-HOUR);
  });

  test('an answer that is known already is 304, without a body, until model or snapshot change', async () => {
    const first = await app.inject('/v1/series/74/forecast');
    const etag = String(first.headers.etag);
    expect(first.headers['cache-control']).toBe('no-cache');
    for (const known of [etag, etag.slice(2), `"other", ${etag}`]) {
      const again = await app.inject({
        url: '/v1/series/74/forecast',
        headers: { 'if-none-match': known },
      });
      expect([again.statusCode, again.body, again.headers.etag]).toEqual([304, '', etag]);
    }
    const other = await app.inject({
      url: '/v1/series/74/forecast',
      headers: { 'if-none-match': '"other"' },
    });
    expect(other.statusCode).toBe(200);
  });

  test('the page, its files, the docs and the figures are there, under a strict policy', async () => {
    for (const url of [
      '/',
      '/dashboard/page.css',
      '/dashboard/page.js',
      '/dashboard/chart.js',
      '/docs',
      '/metrics',
    ]) {
      const response = await app.inject(url);
      expect([url, response.statusCode]).toEqual([url, 200]);
      expect(String(response.headers['content-security-policy'])).not.toContain('unsafe');
    }
    const page = (await app.inject('/')).body;
    for (const [, url] of page.matchAll(/(?:src|href)="(\/[^"]*)"/g)) {
      expect([url, (await app.inject(url)).statusCode]).toEqual([url, 200]);
    }
    const { etag } = (await app.inject('/')).headers;
    expect(
      (await app.inject({ url: '/', headers: { 'if-none-match': String(etag) } })).statusCode,
    ).toBe(304);
  });

  test('the figures name routes by pattern, and what is served', async () => {
    await app.inject('/v1/series/no-such-secret/forecast');
    const figures = (await app.inject('/metrics')).body;
    expect(figures).toContain('route="/v1/series/:id/forecast",status="404"');
    expect(figures).not.toContain('no-such-secret');
    expect(figures).toContain(
      'headway_serving_info{model_version="model-1",snapshot_version="1-0f1e2d3c4b5a"} 1',
    );
    expect(figures).toContain('headway_data_age_seconds 300');
    expect(figures).toContain('headway_refresh_total{outcome="changed"} 1');
  });

  test('a harmless request id is kept, another is replaced', async () => {
    const id = async (given: string) =>
      (await app.inject({ url: '/health/live', headers: { 'x-request-id': given } })).headers[
        'x-request-id'
      ];
    expect(await id('order-17')).toBe('order-17');
    expect(await id('a b\u0007')).not.toContain(' ');
    expect(await id('x'.repeat(65))).not.toContain('xx');
  });
});
