/**
 * Purpose: whatever breaks upstream, there is a response, and it says that it is not the one it
 * should be, why, and since when.
 * Invariants: a fallback never passes for the model's own numbers: another modelVersion or a label,
 * another ETag, a count.
 * Fails: with the unexpected response.
 */
import { describe, expect, test } from '@jest/globals';
import pino from 'pino';
import { meanOfSeasons, seasonalNaive } from '../../../../../forecasting/models/baselines/naive.ts';
import { HeadwayError } from '../../../../../platform/errors.ts';
import type { App } from '../../../../../services/inference/plugins/app.ts';
import {
  FALLBACK_MEANINGS,
  FALLBACK_REASONS,
} from '../../../../../services/inference/serving/fallback.ts';
import {
  CUTOFF,
  createFixture,
  HOUR,
  IDS,
  LENGTH,
  NOW,
  panelOf,
  weeklyNaive,
} from '../../../../fakes/inference.ts';

const iso = (timestamp: number) => new Date(timestamp).toISOString();
const corrupt = () =>
  new HeadwayError('MODEL_CORRUPT', 'weights.bin does not match its hash', { fix: 'Roll back.' });
const forecastOf = async (app: App, id = '74') =>
  (await app.inject(`/v1/series/${encodeURIComponent(id)}/forecast`)).json();
const metric = async (app: App, line: string) =>
  (await app.inject('/metrics')).body.includes(`${line}\n`);

describe('without a usable model the best baseline forecasts', () => {
  const cases = [
    [{ champion: null }, 'NO_CHAMPION', 'NO_CHAMPION'],
    [{ broken: { load: corrupt() } }, 'MODEL_UNAVAILABLE', 'MODEL_CORRUPT'],
    [{ broken: { restore: new RangeError('wrong shape') } }, 'MODEL_UNAVAILABLE', 'MODEL_CORRUPT'],
    [
      { broken: { load: new HeadwayError('MODEL_NOT_FOUND', 'gone') } },
      'MODEL_UNAVAILABLE',
      'MODEL_NOT_FOUND',
    ],
    [
      { broken: { champion: new HeadwayError('STORE_UNAVAILABLE', 'away') } },
      'STORE_UNAVAILABLE',
      'STORE_UNAVAILABLE',
    ],
    [{ makeForecaster: () => weeklyNaive(1, 99_999) }, 'MODEL_UNAVAILABLE', 'HISTORY_TOO_SHORT'],
    [{ makeForecaster: () => weeklyNaive(Number.NaN) }, 'MODEL_UNAVAILABLE', 'MODEL_CORRUPT'],
    [
      { makeForecaster: () => ({ ...weeklyNaive(), predict: () => new Float32Array(5) }) },
      'MODEL_UNAVAILABLE',
      'MODEL_CORRUPT',
    ],
    [
      { makeForecaster: () => ({ ...weeklyNaive(), quantiles: [0.2, 0.5, 0.8] }) },
      'MODEL_UNAVAILABLE',
      'MODEL_INCOMPATIBLE',
    ],
  ] as const;
  test.each(cases)('case %#: %j', async (changes, reason, code) => {
    const app = await createFixture(changes).build();
    const response = await forecastOf(app);
    expect(response).toMatchObject({
      modelVersion: 'baseline-mean_4_weeks',
      snapshotVersion: '1-0f1e2d3c4b5a',
      fallback: { reason, since: iso(NOW) },
    });
    const mean = meanOfSeasons(168).predict(panelOf(IDS, 10), LENGTH - 1, 24);
    expect(response.quantiles['0.5']).toEqual(
      Array.from(mean.subarray(0, 24), (value) => Number(value.toPrecision(6))),
    );
    for (const [k, median] of response.quantiles['0.5'].entries()) {
      expect(response.quantiles['0.1'][k]).toBeLessThan(median);
      expect(response.quantiles['0.9'][k]).toBeGreaterThan(median);
    }
    const ready = await app.inject('/health/ready');
    expect([ready.statusCode, ready.json().status]).toEqual([200, 'degraded']);
    expect(ready.json()).toMatchObject({ fallback: { reason }, refreshFailure: { code } });
    const { model, promotion, fallback } = (await app.inject('/v1/model')).json();
    expect([model, promotion, fallback.reason]).toEqual([null, null, reason]);
    expect(await metric(app, `headway_fallback_total{reason="${reason}"} 1`)).toBe(true);
    expect(await metric(app, `headway_fallback{reason="${reason}"} 1`)).toBe(true);
    await app.close();
  });

  test('starts with the previous model, labelled, if the champion is broken', async () => {
    // Champions in turn: 1, 2, 4, 1. Model 4 is broken too.
    const broken = { models: ['model-1', 'model-4'] };
    const { fixture, build } = createFixture({ broken });
    const app = await build();
    expect(await forecastOf(app)).toMatchObject({
      modelVersion: 'model-2',
      fallback: { reason: 'MODEL_UNAVAILABLE' },
    });
    expect((await app.inject('/health/ready')).json()).toMatchObject({
      status: 'degraded',
      refreshFailure: { code: 'MODEL_CORRUPT' },
    });
    fixture.broken = {};
    expect(await app.serving.refresh()).toBe('changed');
    const healed = await forecastOf(app);
    expect([healed.modelVersion, healed.fallback]).toEqual(['model-1', undefined]);
    await app.close();
  });

  test('takes the best baseline from the model card', async () => {
    const metrics = {
      all: {
        last_value: { mae: 3 },
        seasonal_naive: { mae: 1 },
        mean_4_weeks: { mae: 2 },
        network: { mae: 0.5 },
      },
    };
    const app = await createFixture({
      metrics,
      makeForecaster: () => weeklyNaive(Number.NaN),
    }).build();
    const response = await forecastOf(app);
    const naive = seasonalNaive(168).predict(panelOf(IDS, 10), LENGTH - 1, 24);
    expect(response.modelVersion).toBe('baseline-seasonal_naive');
    expect(response.quantiles['0.5'][3]).toBeCloseTo(naive[3], 4);
    await app.close();
  });

  test('a new model forecasts without a label', async () => {
    const { fixture, build } = createFixture({ champion: null });
    const app = await build();
    const { etag } = (await app.inject('/v1/series/74/forecast')).headers;
    fixture.champion = 'model-1';
    expect(await app.serving.refresh()).toBe('changed');
    const healed = await app.inject('/v1/series/74/forecast');
    expect(healed.json()).toMatchObject({ modelVersion: 'model-1' });
    expect(healed.json().fallback).toBeUndefined();
    expect(healed.headers.etag).not.toBe(etag);
    expect((await app.inject('/health/ready')).json()).toMatchObject({
      status: 'ready',
      refreshFailure: null,
    });
    await app.close();
  });

  test('forecasts ad-hoc histories with the baseline, but explains none', async () => {
    const app = await createFixture({ champion: null }).build();
    const history = {
      start: '2026-01-05T00:00:00Z',
      values: Array.from(panelOf(IDS, 10).columns.target.subarray(0, LENGTH)),
    };
    const own = await app.inject({ method: 'POST', url: '/v1/forecasts', payload: { history } });
    expect(own.json().forecasts[0]).toMatchObject({
      modelVersion: 'baseline-mean_4_weeks',
      fallback: { reason: 'NO_CHAMPION' },
    });
    expect(own.json().forecasts[0].quantiles).toEqual((await forecastOf(app)).quantiles);
    const explanation = await app.inject('/v1/series/74/explanation');
    expect([explanation.statusCode, explanation.json().code]).toEqual([503, 'NO_CHAMPION']);
    await app.close();
  });
});

describe('if something newer cannot be loaded, the last good forecast stays with a label', () => {
  test('serves the previous model for a corrupt challenger until it is repaired', async () => {
    const { fixture, build, clock } = createFixture();
    const app = await build();
    const whole = (await app.inject('/v1/series/74/forecast')).headers.etag;
    Object.assign(fixture, {
      champion: 'model-2',
      promotion: 2,
      snapshot: 2,
      broken: { load: corrupt() },
    });
    await app.serving.refresh();
    const first = await app.inject('/v1/series/74/forecast');
    const since = iso(clock.now());
    expect(first.json()).toMatchObject({
      modelVersion: 'model-1',
      snapshotVersion: '2-0f1e2d3c4b5a',
      fallback: { reason: 'MODEL_UNAVAILABLE', since },
    });
    clock.advance(HOUR);
    await app.serving.refresh();
    expect((await forecastOf(app)).fallback.since).toBe(since);
    const known = await app.inject({
      url: '/v1/series/74/forecast',
      headers: { 'if-none-match': String(first.headers.etag) },
    });
    expect(known.statusCode).toBe(304);
    fixture.broken = {};
    await app.serving.refresh();
    const healed = await app.inject('/v1/series/74/forecast');
    expect(healed.json().fallback).toBeUndefined();
    expect(new Set([whole, first.headers.etag, healed.headers.etag]).size).toBe(3);
    await app.close();
  });

  test('names an unavailable store as the reason, and age only without another cause', async () => {
    const { fixture, build, clock, options } = createFixture();
    const app = await build({ settings: { ...options.settings, staleAfterIntervals: 3 } });
    expect((await forecastOf(app)).fallback).toBeUndefined();
    // The last interval ends an hour after the cutoff; three intervals later it is too old.
    clock.advance(CUTOFF + 4 * HOUR - NOW - 1);
    expect((await forecastOf(app)).fallback).toBeUndefined();
    clock.advance(1);
    const stale = { reason: 'FEATURES_STALE', since: iso(CUTOFF + 4 * HOUR) };
    expect((await forecastOf(app)).fallback).toEqual(stale);
    expect((await app.inject('/health/ready')).json()).toMatchObject({
      status: 'degraded',
      fallback: stale,
    });
    await app.serving.refresh();
    expect((await forecastOf(app)).fallback).toEqual(stale);
    const away = new HeadwayError('STORE_UNAVAILABLE', 'away');
    fixture.broken = { head: away, champion: away };
    await app.serving.refresh();
    expect((await forecastOf(app)).fallback).toEqual({
      reason: 'STORE_UNAVAILABLE',
      since: iso(clock.now()),
    });
    await app.close();
  });

  test('keeps the old forecast while it is fresh, then uses a baseline on the new data', async () => {
    const { fixture, build, clock, options } = createFixture();
    const app = await build({ settings: { ...options.settings, staleAfterIntervals: 3 } });
    const inner = weeklyNaive();
    const blind = { ...inner, predict: () => new Float32Array(5) };
    fixture.makeForecaster = () => blind;
    Object.assign(fixture, { champion: 'model-2', snapshot: 2 });
    // The old model cannot forecast it either: the column it reads is gone.
    Object.assign(app.serving.current()?.model.forecaster as object, { predict: blind.predict });
    await app.serving.refresh();
    expect(await forecastOf(app)).toMatchObject({
      snapshotVersion: '1-0f1e2d3c4b5a',
      fallback: { reason: 'MODEL_UNAVAILABLE' },
    });
    clock.advance(5 * HOUR);
    await app.serving.refresh();
    expect(await forecastOf(app)).toMatchObject({
      modelVersion: 'baseline-mean_4_weeks',
      snapshotVersion: '2-0f1e2d3c4b5a',
      fallback: { reason: 'MODEL_UNAVAILABLE' },
    });
    await app.close();
  });

  test('is not stale by default within two days, and never with 0', async () => {
    const { build, clock, options } = createFixture();
    const app = await build();
    const ever = await build({ settings: { ...options.settings, staleAfterIntervals: 0 } });
    clock.advance(47 * HOUR);
    expect((await forecastOf(app)).fallback).toBeUndefined();
    clock.advance(2 * HOUR);
    expect((await forecastOf(app)).fallback.reason).toBe('FEATURES_STALE');
    clock.advance(20_000 * HOUR);
    expect((await forecastOf(ever)).fallback).toBeUndefined();
    await app.close();
    await ever.close();
  });
});

describe('trouble with one series', () => {
  const troubled = (worst: number) => () => {
    const inner = weeklyNaive();
    return {
      ...inner,
      predict: (...asked: Parameters<typeof inner.predict>) => {
        const out = inner.predict(...asked);
        const [panel, , horizon] = asked;
        const row = panel.seriesIds.indexOf('75');
        if (row >= 0) out.fill(worst, (row * 3 + 2) * horizon, (row * 3 + 3) * horizon);
        return out;
      },
    };
  };
  test.each([
    [1e6, 'FORECAST_OUT_OF_RANGE', ['bounded']],
    [Number.NaN, 'FORECAST_UNUSABLE', undefined],
  ])('gives a baseline to it alone if the model forecasts %d', async (worst, reason, flags) => {
    const { fixture, build, clock } = createFixture({ makeForecaster: troubled(worst) });
    const app = await build();
    const response = await forecastOf(app, '75');
    expect(response).toMatchObject({
      modelVersion: 'baseline-mean_4_weeks',
      fallback: { reason, since: iso(NOW) },
    });
    expect(response.flags).toEqual(flags);
    expect(Math.max(...response.quantiles['0.9'])).toBeLessThan(100);
    const other = await forecastOf(app);
    expect([other.modelVersion, other.fallback, other.flags]).toEqual([
      'model-1',
      undefined,
      undefined,
    ]);
    expect((await app.inject('/health/ready')).json()).toMatchObject({
      status: 'ready',
      rescuedSeries: 1,
    });
    expect(await metric(app, `headway_fallback_total{reason="${reason}"} 1`)).toBe(true);
    expect(await metric(app, 'headway_rescued_series 1')).toBe(true);
    const explanation = await app.inject('/v1/series/75/explanation');
    expect(explanation.statusCode).toBe(worst > 0 ? 409 : 422);
    // Still so with the next snapshot: since the first time.
    clock.advance(HOUR);
    fixture.snapshot = 2;
    await app.serving.refresh();
    expect(await forecastOf(app, '75')).toMatchObject({
      snapshotVersion: '2-0f1e2d3c4b5a',
      fallback: { since: iso(NOW) },
    });
    await app.close();
  });

  test('bounds the forecast of an ad-hoc history by its own values', async () => {
    // Fifty times too much, but only of what it does not know.
    const inner = weeklyNaive();
    const wild = {
      ...inner,
      predict: (...asked: Parameters<typeof inner.predict>) =>
        inner
          .predict(...asked)
          .map((value) => (IDS.includes(asked[0].seriesIds[0]) ? value : 50 * value)),
    };
    const app = await createFixture({ makeForecaster: () => wild }).build();
    const ask = async (values: number[]) => {
      const payload = { history: { start: '2026-01-05T00:00:00Z', values } };
      return (await app.inject({ method: 'POST', url: '/v1/forecasts', payload })).json()
        .forecasts[0];
    };
    const values = Array.from(panelOf(IDS, 10).columns.target.subarray(0, LENGTH));
    expect(await ask(values)).toMatchObject({
      flags: ['bounded'],
      fallback: { reason: 'FORECAST_OUT_OF_RANGE' },
    });
    // Less than a week shows no range to judge by: the numbers are the model's.
    expect((await ask(values.slice(0, 100))).modelVersion).toBe('model-1');
    await app.close();
  });

  test('refuses a forecast for a series without any value', async () => {
    const app = await createFixture({ champion: null }).build();
    const dead = await app.inject('/v1/series/dead/forecast');
    expect([dead.statusCode, dead.json().code]).toEqual([422, 'HISTORY_TOO_SHORT']);
    await app.close();
  });
});

test('logs each change once, whatever the number of refreshes', async () => {
  const lines: { msg: string; reason?: string }[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const { fixture, build, clock } = createFixture();
  const app = await build({ logger });
  for (const broken of [{ load: corrupt() }, {}, {}]) {
    fixture.broken = broken;
    fixture.champion = broken.load ? 'model-2' : 'model-1';
    for (let i = 0; i < 3; i++) {
      clock.advance(HOUR);
      await app.serving.refresh();
    }
  }
  const said = (text: string) => lines.filter(({ msg }) => msg === text).length;
  expect(said('serving a fallback')).toBe(1);
  expect(said('serving recovered')).toBe(1);
  expect(said('refresh failed; the last good state stays')).toBe(1);
  await app.close();
});

test('the OpenAPI document explains each reason', async () => {
  const app = await createFixture().build();
  const text = (await app.inject('/openapi.json')).body;
  for (const reason of FALLBACK_REASONS)
    expect(text).toContain(`\`${reason}\`: ${FALLBACK_MEANINGS[reason]}`);
  await app.close();
});
