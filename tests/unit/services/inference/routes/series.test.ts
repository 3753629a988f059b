/**
 * Purpose: the forecast of one series, and the list of series, from the model and the snapshot that
 * they name.
 * Invariants: injected requests only; nothing listens.
 * Fails: with the unexpected response.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { App } from '../../../../../services/inference/plugins/app.ts';
import {
  CUTOFF,
  createFixture,
  HOUR,
  IDS,
  LENGTH,
  NOW,
  panelOf,
} from '../../../../fakes/inference.ts';

describe('GET /v1/series', () => {
  const { build } = createFixture();
  let app: App;
  beforeAll(async () => {
    app = await build();
  });
  afterAll(() => app.close());
  const iso = (timestamp: number) => new Date(timestamp).toISOString();

  test('a forecast names series, model and snapshot, and has a column per quantile', async () => {
    const response = await app.inject('/v1/series/74/forecast?horizon=3&history=2');
    const { target } = panelOf(IDS, 10).columns;
    const lastWeek = (step: number) => target[LENGTH - 1 + step - 168];
    const forecast = response.json();
    expect(response.statusCode).toBe(200);
    expect(forecast).toMatchObject({
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
    expect(Object.keys(forecast.quantiles)).toEqual(['0.1', '0.5', '0.9']);
    for (const step of [1, 2, 3]) {
      expect(forecast.quantiles['0.5'][step - 1]).toBeCloseTo(lastWeek(step), 4);
      expect(forecast.quantiles['0.1'][step - 1]).toBeCloseTo(0.8 * lastWeek(step), 4);
    }
    expect(forecast.history.values).toHaveLength(2);
  });

  test('a forecast has by default the horizon of the model and no history', async () => {
    const response = (await app.inject('/v1/series/74/forecast')).json();
    expect(response.horizon).toBe(24);
    expect(response.quantiles['0.9']).toHaveLength(24);
    expect(response.history).toBeUndefined();
  });

  test.each(IDS.filter((id) => id !== 'dead'))(
    'an encoded id with special characters works: %j',
    async (id) => {
      const response = (
        await app.inject(`/v1/series/${encodeURIComponent(id)}/forecast?horizon=1`)
      ).json();
      expect(response.seriesId).toBe(id);
    },
  );

  test('pages of series join without a gap or a repeat', async () => {
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

  test('a series has its level and last value, and null without values', async () => {
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
});
