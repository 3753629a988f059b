/**
 * Purpose: a caller's ad-hoc history is forecast as a stored series would be, and a wrong one is
 * refused by its index.
 * Invariants: what is unknown is never taken for zero.
 * Fails: with the unexpected response.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { App } from '../../../../../services/inference/plugins/app.ts';
import {
  createFixture,
  HOUR,
  IDS,
  LENGTH,
  NOW,
  panelOf,
  START,
  weeklyNaive,
} from '../../../../fakes/inference.ts';

describe('ad-hoc history', () => {
  const { build } = createFixture({ makeForecaster: () => weeklyNaive(1, 24) });
  let app: App;
  beforeAll(async () => {
    app = await build();
  });
  afterAll(() => app.close());

  const start = '2026-03-01T00:00:00Z';
  const flat = (count: number) => new Array<number | null>(count).fill(7);
  const ask = async (history: object, horizon?: number) => {
    const payload = horizon === undefined ? { history } : { history, horizon };
    const response = await app.inject({ method: 'POST', url: '/v1/forecasts', payload });
    return { status: response.statusCode, body: response.json() };
  };

  test('of a stored series gives the forecast of that series', async () => {
    const values = Array.from(panelOf(IDS, 10).columns.target.subarray(0, LENGTH));
    const { body } = await ask({ start: new Date(START).toISOString(), values, seriesId: '74' });
    const stored = (await app.inject('/v1/series/74/forecast')).json();
    expect(body.forecasts).toEqual([
      { ...stored, snapshotVersion: null, issuedAt: new Date(NOW).toISOString() },
    ]);
  });

  test('without an id has no title and no snapshot; trailing nulls move the cutoff back', async () => {
    const { status, body } = await ask({ start, values: [...flat(30), null, null] }, 2);
    expect(status).toBe(200);
    expect(body.forecasts[0]).toMatchObject({
      seriesId: null,
      title: null,
      snapshotVersion: null,
      modelVersion: 'model-1',
      cutoff: new Date(Date.parse(start) + 29 * HOUR).toISOString(),
      quantiles: { '0.5': [7, 7] },
    });
  });

  test('that is too short is refused with the required length', async () => {
    for (const values of [flat(23), [...flat(23), null, null], [null]]) {
      const { status, body } = await ask({ start, values });
      expect([status, body.code]).toEqual([422, 'HISTORY_TOO_SHORT']);
      expect(body.detail).toContain('24 values');
    }
  });

  test.each([
    [3, 1e308, 'not a finite number'],
    [5, -1, 'negative'],
    [23, -1e-9, 'negative'],
  ])('with a bad value %d of %d is refused by its index', async (index, value, words) => {
    const values = flat(24);
    values[index] = value;
    const { status, body } = await ask({ start, values });
    expect([status, body.code]).toEqual([422, 'HISTORY_INVALID']);
    expect(body.detail).toContain(`value ${index} `);
    expect(body.detail).toContain(words);
  });

  test.each([
    '2026-03-01T00:30:00Z',
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '9999-01-01T00:00:00Z',
    '1969-12-31T23:00:00Z',
  ])('with start %s is refused', async (wrong) => {
    const { status, body } = await ask({ start: wrong, values: flat(24) });
    expect([status, body.code]).toEqual([422, 'HISTORY_INVALID']);
  });

  test('without a finite forecast gets a labelled baseline or a refusal, never null', async () => {
    const values = [...flat(200)];
    values[200 - 168] = null;
    const { status, body } = await ask({ start, values }, 2);
    expect(status).toBe(200);
    expect(body.forecasts[0]).toMatchObject({
      modelVersion: 'baseline-mean_4_weeks',
      quantiles: { '0.1': [7, 7], '0.5': [7, 7], '0.9': [7, 7] },
      fallback: { reason: 'FORECAST_UNUSABLE', since: new Date(NOW).toISOString() },
    });
    const few = new Array<number | null>(200).fill(null);
    few[199] = 7;
    few[0] = 7;
    const refused = await ask({ start, values: few });
    expect([refused.status, refused.body.code]).toEqual([422, 'HISTORY_INVALID']);
  });

  test('with an unknown series id is refused', async () => {
    const { status, body } = await ask({ start, values: flat(24), seriesId: 'typo' });
    expect([status, body.code]).toEqual([404, 'SERIES_UNKNOWN']);
  });
});
