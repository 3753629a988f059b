/**
 * Purpose: the explanation over HTTP is of the forecast that is served, adds up, and refuses what
 * it cannot explain.
 * Invariants: injected requests only; nothing listens.
 * Fails: with the unexpected response.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { naiveForecasters } from '../../../../../forecasting/models/baselines/naive.ts';
import type { ExplanationResponse } from '../../../../../services/inference/openapi/explanation-schemas.ts';
import type { App } from '../../../../../services/inference/plugins/app.ts';
import {
  CUTOFF,
  createFixture,
  HOUR,
  IDS,
  LENGTH,
  panelOf,
  START,
  weeklyNaive,
} from '../../../../fakes/inference.ts';

describe('GET /v1/series/{id}/explanation', () => {
  const { build, fixture, options } = createFixture();
  let app: App;
  beforeAll(async () => {
    app = await build();
  });
  afterAll(() => app.close());
  const iso = (timestamp: number) => new Date(timestamp).toISOString();
  const ask = async (id: string, cutoff?: string, from: App = app) => {
    const query = cutoff === undefined ? '' : `?cutoff=${encodeURIComponent(cutoff)}`;
    const response = await from.inject(`/v1/series/${encodeURIComponent(id)}/explanation${query}`);
    return {
      status: response.statusCode,
      body: response.json() as ExplanationResponse & { code: string; detail: string; fix: string },
    };
  };

  test('has the served forecast, its baseline and parts, which sum at every step', async () => {
    const { status, body } = await ask('74');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      domain: 'demo',
      seriesId: '74',
      title: 'North Harbour',
      unit: 'orders per hour',
      cutoff: iso(CUTOFF),
      modelVersion: 'model-1',
      snapshotVersion: '1-0f1e2d3c4b5a',
      frequency: 'PT1H',
      horizon: 24,
    });
    expect(body.timestamps).toEqual(
      Array.from({ length: 24 }, (_, k) => iso(CUTOFF + (k + 1) * HOUR)),
    );
    expect(body.parts.map(({ name }) => name)).toEqual(['typical', 'recent', 'series', 'rounding']);
    const served = (await app.inject('/v1/series/74/forecast')).json().quantiles['0.5'];
    expect(body.forecast.values.map((value) => Number(value.toPrecision(6)))).toEqual(served);
    for (const [k, value] of body.forecast.values.entries()) {
      const sum = body.parts.reduce(
        (total, { values }) => total + values[k],
        body.baseline.values[k],
      );
      expect(sum).toBeCloseTo(value, 10);
      expect(body.parts[1].values[k]).toBeCloseTo(0.375 * value, 5);
    }
    for (const { values, total } of [body.baseline, ...body.parts, body.forecast])
      expect(total).toBeCloseTo(
        values.reduce((a, b) => a + b, 0),
        10,
      );
  });

  test('lists similar past days and what followed them, nearest first', async () => {
    const { body } = await ask('75');
    expect(body.similarDays).toHaveLength(5);
    const row = panelOf(IDS, 10).columns.target.subarray(LENGTH, 2 * LENGTH);
    for (const { cutoff, values, distance } of body.similarDays) {
      const index = (Date.parse(cutoff) - START) / HOUR;
      expect(index).toBeLessThanOrEqual(LENGTH - 1 - 24);
      expect(values).toEqual([...row.subarray(index + 1, index + 25)]);
      expect(distance).toBeGreaterThanOrEqual(0);
    }
  });

  test('explains an earlier cutoff as of then, and the current one as without a cutoff', async () => {
    expect((await ask('74', iso(CUTOFF))).body).toEqual((await ask('74')).body);
    const { status, body } = await ask('74', iso(CUTOFF - 5 * HOUR).replace(':00.000Z', 'Z'));
    expect([status, body.cutoff, body.timestamps[0]]).toEqual([
      200,
      iso(CUTOFF - 5 * HOUR),
      iso(CUTOFF - 4 * HOUR),
    ]);
    const lastWeek = panelOf(IDS, 10).columns.target[LENGTH - 1 - 4 - 168];
    expect(body.forecast.values[0]).toBe(lastWeek);
  });

  test.each([
    ['off the grid', iso(CUTOFF - HOUR / 2), 400, 'USAGE', 'is not the start of an interval'],
    ['in the future', iso(CUTOFF + HOUR), 400, 'USAGE', 'lies after'],
    ['far in the future', '9999-12-31T23:00:00Z', 400, 'USAGE', 'lies after'],
    [
      'before what the model looks at',
      iso(CUTOFF - 49 * HOUR),
      422,
      'HISTORY_TOO_SHORT',
      '1296 intervals up to the cutoff',
    ],
    ['before the history', '1970-01-01T00:00:00Z', 422, 'HISTORY_TOO_SHORT', 'there are 0'],
    ['a day that does not exist', '2026-02-30T00:00:00Z', 400, 'REQUEST_INVALID', 'is not a time'],
    [
      'an hour that does not exist',
      '2026-02-20T25:00:00Z',
      400,
      'REQUEST_INVALID',
      'is not a time',
    ],
    ['not in UTC', '2026-02-20T00:00:00+01:00', 400, 'REQUEST_INVALID', 'ends in Z'],
    ['a day alone', '2026-02-20', 400, 'REQUEST_INVALID', 'ends in Z'],
    ['empty', '', 400, 'REQUEST_INVALID', 'ends in Z'],
    ['a number', '1767571200000', 400, 'REQUEST_INVALID', 'ends in Z'],
  ])('refuses a cutoff that is %s', async (_title, cutoff, status, code, words) => {
    const { body, ...response } = await ask('74', cutoff);
    expect([response.status, body.code]).toEqual([status, code]);
    expect(body.detail).toContain(words);
    expect(body.fix).toMatch(/\w/);
  });

  test('refuses an unknown series, one without values and an unknown parameter', async () => {
    expect(await ask('nope')).toMatchObject({ status: 404, body: { code: 'SERIES_UNKNOWN' } });
    expect(await ask('__proto__')).toMatchObject({ status: 404, body: { code: 'SERIES_UNKNOWN' } });
    expect(await ask('dead')).toMatchObject({ status: 422, body: { code: 'HISTORY_TOO_SHORT' } });
    const twice = await app.inject('/v1/series/74/explanation?cutof=x');
    expect([twice.statusCode, twice.json().code]).toEqual([400, 'REQUEST_INVALID']);
  });

  test('responds to any cutoff with a status below 500', async () => {
    const cutoff = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    );
    await fc.assert(
      fc.asyncProperty(cutoff, async (text) => {
        expect((await ask('74', text)).status).toBeLessThan(500);
      }),
      { numRuns: 12, seed: 1 },
    );
  });

  test('responds 304 to a known ETag and accepts an id with special characters', async () => {
    const { headers } = await app.inject('/v1/series/74/explanation');
    const again = await app.inject({
      url: '/v1/series/74/explanation',
      headers: { 'if-none-match': String(headers.etag) },
    });
    expect([again.statusCode, again.body]).toEqual([304, '']);
    expect((await ask('a/b')).body.seriesId).toBe('a/b');
  });

  test('responds 503 without a model', async () => {
    const empty = await createFixture({ champion: null }).build();
    expect(await ask('74', undefined, empty)).toMatchObject({
      status: 503,
      body: { code: 'NO_CHAMPION' },
    });
    await empty.close();
  });

  test('refuses a forecaster without inputs at any cutoff', async () => {
    const [naive] = naiveForecasters(168);
    const quantiles = [0.1, 0.5, 0.9];
    const point = { ...naive, quantiles, predict: weeklyNaive().predict };
    const other = await createFixture({ makeForecaster: () => point }).build();
    for (const cutoff of [undefined, iso(CUTOFF - HOUR)])
      expect(await ask('74', cutoff, other)).toMatchObject({
        status: 409,
        body: { code: 'MODEL_INCOMPATIBLE' },
      });
    await other.close();
  });

  test('never sends parts that do not sum to the forecast', async () => {
    const twice = weeklyNaive(2);
    const liar = { ...weeklyNaive(), predictStored: twice.predictStored.bind(twice) };
    const other = await createFixture({ makeForecaster: () => liar }).build();
    expect(await ask('74', undefined, other)).toMatchObject({
      status: 500,
      body: { code: 'INTERNAL' },
    });
    await other.close();
  });

  test('limits explanations to a tenth of the rate of other routes', async () => {
    const settings = { ...options.settings, rateLimitPerMinute: 20 };
    const limited = await build({ settings });
    const statuses: number[] = [];
    for (let i = 0; i < 3; i++)
      statuses.push((await limited.inject('/v1/series/74/explanation')).statusCode);
    expect(statuses).toEqual([200, 200, 429]);
    expect((await limited.inject('/v1/series/74/forecast')).statusCode).toBe(200);
    expect(fixture.snapshot).toBe(1);
    await limited.close();
  });
});
