/**
 * Purpose: forecasts computed by a worker are batched, bounded, of the model they were asked of,
 * and lost to nobody when the worker ends.
 * Invariants: real worker processes; no test depends on how long anything takes.
 * Fails: with the forecast that was lost, mixed up or computed alone.
 */
import { afterEach, describe, expect, test } from '@jest/globals';
import { predictWhole } from '../../../../forecasting/models/forecaster.ts';
import { createPanel, type Panel } from '../../../../forecasting/panel/panel.ts';
import { fixedClock } from '../../../../platform/clock.ts';
import { silentLogger } from '../../../../platform/telemetry/logger.ts';
import { openPredictQueue } from '../../../../services/inference/prediction/predict-queue.ts';
import {
  backendReady,
  inProcessPredictor,
  type Predictor,
  type PredictorWatch,
  WorkerUnavailableError,
} from '../../../../services/inference/prediction/predictor.ts';
import { startServer } from '../../../../services/inference/server.ts';
import type { LoadedModel } from '../../../../services/inference/serving/load-parts.ts';
import { defaultInferenceSettings } from '../../../../services/inference/settings.ts';
import { createFixture, weeklyNaive } from '../../../fakes/inference.ts';

const MODULE = new URL('../../../fakes/children/last-value-worker.ts', import.meta.url);

const opened: Predictor[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

function open(limits: Partial<typeof defaultInferenceSettings> = {}) {
  const clock = fixedClock(0);
  const batches: number[] = [];
  let failures = 0;
  const queue = openPredictQueue({
    ...{ backend: 'wasm', clock, logger: silentLogger, module: MODULE, startPatienceMs: 60_000 },
    limits: { ...defaultInferenceSettings, ...limits },
  })({
    onBatch: (size) => batches.push(size),
    onFailure: () => {
      failures++;
    },
  });
  opened.push(queue);
  return { queue, clock, batches, failures: () => failures };
}

const modelOf = (scale: number): LoadedModel =>
  ({
    card: { modelVersion: `model-${scale}`, horizon: 2 },
    stored: { model: scale, weights: new Uint8Array() },
  }) as LoadedModel;
const endingIn = (last: number, series = 1): Panel =>
  createPanel({
    seriesIds: Array.from({ length: series }, (_, s) => `s${s}`),
    ...{
      start: 0,
      frequencyMinutes: 60,
      length: 1,
      columns: { target: new Float32Array(series).fill(last) },
    },
  });
const one = modelOf(1);
const ask = (queue: Predictor, last: number, model = one) =>
  queue.predict(model, endingIn(last), 0, 'asked').then(({ values }) => Array.from(values));
const code = (error: unknown) =>
  error instanceof WorkerUnavailableError ? 'gone' : (error as { code?: string }).code;
const outcome = (asked: Promise<unknown>) => asked.catch(code);

describe('prediction queue', () => {
  test('computes concurrent requests in bounded batches, and returns each its own result', async () => {
    const { queue, batches } = open();
    const responses = await Promise.all(Array.from({ length: 40 }, (_, i) => ask(queue, i)));
    expect(responses).toEqual(Array.from({ length: 40 }, (_, i) => [i, i]));
    expect(batches).toEqual([32, 8]);
  });

  test('limits a batch by series, not by requests', async () => {
    const { queue, batches } = open();
    await Promise.all(
      [40, 1, 1].map((series) => queue.predict(one, endingIn(5, series), 0, 'asked')),
    );
    expect(batches).toEqual([1, 2]);
  });

  test('a batch has one model, in any order of requests', async () => {
    const { queue, batches } = open();
    const two = modelOf(2);
    const responses = await Promise.all([
      ask(queue, 10),
      ask(queue, 10, two),
      ask(queue, 20),
      ask(queue, 20, two),
    ]);
    expect(responses).toEqual([10, 20, 20, 40].map((value) => [value, value]));
    expect(batches).toEqual([2, 2]);
  });

  test('refuses requests above the limit at once, and computes those that wait', async () => {
    const { queue } = open({ queueLimit: 3 });
    const asked = [1, 2, 3, 4, 5].map((last) => outcome(ask(queue, last)));
    expect(queue.waiting()).toBe(3);
    expect(await Promise.all(asked)).toEqual([[1, 1], [2, 2], [3, 3], 'OVERLOADED', 'OVERLOADED']);
  });

  test('refuses a request that waited too long without computing it', async () => {
    const { queue, clock, batches } = open({ waitLimitMs: 100 });
    const late = outcome(ask(queue, 1));
    clock.advance(101);
    const fresh = ask(queue, 2);
    expect([await late, await fresh]).toEqual(['OVERLOADED', [2, 2]]);
    expect(batches).toEqual([1]);
  });

  test('alternates chunks of a swap with requests', async () => {
    const { queue } = open();
    const order: string[] = [];
    const asked = [1, 2].map((n) =>
      queue.predict(one, endingIn(n, 40), 0, 'asked').then(() => order.push(`asked ${n}`)),
    );
    const swap = [1, 2].map((n) =>
      queue.predict(one, endingIn(n, 40), 0, 'swap').then(() => order.push(`swap ${n}`)),
    );
    await Promise.all([...swap, ...asked]);
    expect(order).toEqual(['asked 1', 'swap 1', 'asked 2', 'swap 2']);
  });

  test('a worker that ends fails only its batch; the rest gets another worker', async () => {
    const { queue, failures } = open();
    const responses = await Promise.all([outcome(ask(queue, 666)), ask(queue, 3, modelOf(2))]);
    expect(responses).toEqual(['gone', [6, 6]]);
    expect(failures()).toBe(1);
    expect(await ask(queue, 4)).toEqual([4, 4]);
  });

  test('ends a worker that does not respond', async () => {
    const { queue } = open({ batchTimeoutMs: 20 });
    expect(await outcome(ask(queue, 667))).toBe('gone');
  });

  test('a window without a forecast does not affect the others', async () => {
    const { queue, failures } = open();
    const responses = await Promise.allSettled([ask(queue, 668), ask(queue, 5)]);
    expect(responses.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(failures()).toBe(0);
  });

  test('refuses at once during a pause after several failures, then tries again', async () => {
    const { queue, clock, failures } = open();
    for (let end = 0; end < 3; end++) expect(await outcome(ask(queue, 666))).toBe('gone');
    expect(await outcome(ask(queue, 1))).toBe('gone');
    expect(failures()).toBe(3);
    clock.advance(1000);
    expect(await ask(queue, 1)).toEqual([1, 1]);
  });

  test('computes what waits when it closes, and accepts nothing more', async () => {
    const { queue } = open({ batchTimeoutMs: 60_000 });
    const asked = [1, 2, 3].map((last) => ask(queue, last));
    const closed = queue.close();
    expect(await outcome(ask(queue, 4))).toBe('gone');
    expect(await Promise.all(asked)).toEqual([1, 2, 3].map((last) => [last, last]));
    await closed;
  });
});

describe('ad-hoc histories over HTTP, computed by a worker', () => {
  const history = (last: number) => ({
    history: { start: '2026-03-01T00:00:00Z', values: [...new Array<number>(700).fill(7), last] },
  });

  async function build(limits = {}) {
    const {
      options,
      build: make,
      fixture,
    } = createFixture({ makeForecaster: () => ({ ...weeklyNaive(), quantiles: [0.1, 0.5, 0.9] }) });
    const settings = { ...options.settings, ...limits };
    const app = await make({
      settings,
      openPredictor: (watch) => {
        const queue = openPredictQueue({
          backend: 'wasm',
          clock: options.clock,
          logger: silentLogger,
          limits: settings,
          module: MODULE,
          startPatienceMs: 60_000,
        })(watch);
        // The worker's forecasts are for three quantiles alike.
        const predict: Predictor['predict'] = async (model, panel, cutoff, urgency) => {
          if (urgency === 'swap')
            return predictWhole(model.forecaster, panel, cutoff, model.card.horizon);
          const version = {
            ...model,
            card: { ...model.card, horizon: 72 },
            stored: { model: 1, weights: new Uint8Array() },
          };
          return queue.predict(version, panel, cutoff, urgency);
        };
        return { predict, waiting: () => queue.waiting(), close: () => queue.close() };
      },
    });
    const post = (payload: object) => app.inject({ method: 'POST', url: '/v1/forecasts', payload });
    return { app, post, fixture };
  }

  test('a full queue gives 503 with Retry-After, and metrics count the batches', async () => {
    const { app, post } = await build({ queueLimit: 2 });
    const responses = await Promise.all([1, 2, 3].map((last) => post(history(last))));
    expect(responses.map(({ statusCode }) => statusCode)).toEqual([200, 200, 503]);
    const refused = responses[2] as (typeof responses)[0];
    expect(refused.json()).toMatchObject({ code: 'OVERLOADED', status: 503 });
    expect(refused.headers['retry-after']).toBe('2');
    const figures = (await app.inject('/metrics')).body;
    expect(figures).toContain('headway_forecast_queue 0');
    await app.close();
  });

  test('a dead worker gives a labelled baseline, and the next request the model', async () => {
    const { app, post } = await build();
    const fallen = await post(history(666));
    expect(fallen.statusCode).toBe(200);
    expect(fallen.json().forecasts[0]).toMatchObject({
      modelVersion: 'baseline-mean_4_weeks',
      fallback: { reason: 'WORKER_UNAVAILABLE' },
    });
    const next = (await post(history(8))).json().forecasts[0];
    expect(next).toMatchObject({
      modelVersion: 'model-1',
      quantiles: { '0.5': new Array(24).fill(8) },
    });
    expect(next.fallback).toBeUndefined();
    expect((await app.inject('/metrics')).body).toContain('headway_worker_failures_total 1');
    await app.close();
  });
});

describe('while a forecast is computed', () => {
  /** Computes when the test calls `compute`. */
  function gated() {
    let open: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    let arrived: () => void = () => {};
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    let isClosed = false;
    const openPredictor = (watch: PredictorWatch): Predictor => {
      const here = inProcessPredictor(backendReady)(watch);
      return {
        ...here,
        async predict(model, panel, cutoff, urgency) {
          if (urgency === 'asked') {
            arrived();
            await gate;
            if (isClosed) throw new WorkerUnavailableError();
          }
          return here.predict(model, panel, cutoff, urgency);
        },
        async close() {
          isClosed = true;
        },
      };
    };
    return { openPredictor, arrival, open: () => open() };
  }
  const values = new Array<number>(200).fill(7);
  const payload = { history: { start: '2026-03-01T00:00:00Z', values } };

  test('a swap does not change the model of the response', async () => {
    const { openPredictor, arrival, open: openGate } = gated();
    const { fixture, build } = createFixture();
    const app = await build({ openPredictor });
    const before = app.inject({ method: 'POST', url: '/v1/forecasts', payload });
    void before.then(() => {});
    await arrival;
    fixture.champion = 'model-2';
    fixture.promotion++;
    expect(await app.serving.refresh()).toBe('changed');
    openGate();
    const forecast = (await before).json().forecasts[0];
    expect([forecast.modelVersion, forecast.quantiles['0.5'][0]]).toEqual(['model-1', 7]);
    const after = (await app.inject({ method: 'POST', url: '/v1/forecasts', payload })).json()
      .forecasts[0];
    expect([after.modelVersion, after.quantiles['0.5'][0]]).toEqual(['model-2', 14]);
    await app.close();
  });

  test('a stop sends the response first', async () => {
    const { openPredictor, arrival, open: openGate } = gated();
    const { options } = createFixture();
    const listening = {
      host: '127.0.0.1',
      port: 0,
      refreshIntervalMs: 60_000,
      closeTimeoutMs: 20_000,
    };
    const server = await startServer({ ...options, openPredictor, ...listening });
    const headers = { 'content-type': 'application/json' };
    const asked = fetch(`${server.url}/v1/forecasts`, {
      method: 'POST',
      headers,
      body: JSON.stringify(payload),
    });
    await arrival;
    const closed = server.close();
    openGate();
    const response = await asked;
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ forecasts: [{ modelVersion: 'model-1' }] });
    await closed;
  });
});
