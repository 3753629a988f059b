/** Purpose: a client of KServe's time-series protocol gets what POST /v1/forecasts gives. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { App } from '../../../../../services/inference/plugins/app.ts';
import {
  backendReady,
  inProcessPredictor,
} from '../../../../../services/inference/prediction/predictor.ts';
import { createFixture, domain, HOUR, START } from '../../../../fakes/inference.ts';

let app: App;
beforeAll(async () => {
  app = await createFixture().build();
});
afterAll(() => app.close());

const series = Array.from({ length: 400 }, (_, t) => 10 + (t % 24));
const start = new Date(START).toISOString().replace('.000', '');
const input = {
  ...{ type: 'univariate_time_series', name: '74', series, frequency: 'H' },
  start_timestamp: start,
};
const body = { model: 'champion', inputs: [input], options: { horizon: 3 } };
const ask = (payload: object, of: App = app) =>
  of.inject({ method: 'POST', url: '/v1/timeseries/forecast', payload });

test('returns the forecasts of the ad-hoc history in the format of the protocol', async () => {
  const response = await ask({
    ...body,
    inputs: [input, { ...input, name: 'a stranger', frequency: 'hour' }],
    options: { horizon: 3, quantiles: [0.1, 0.9] },
    metadata: { any: 'thing' },
  });
  expect([response.statusCode, response.body.slice(0, 300)]).toEqual([200, expect.any(String)]);
  const own = await app.inject({
    ...{ method: 'POST', url: '/v1/forecasts' },
    payload: { history: { start, values: series, seriesId: '74' }, horizon: 3 },
  });
  const [expected] = own.json().forecasts;
  const { outputs, ...rest } = response.json();
  expect(rest).toMatchObject({ status: 'completed', model: 'model-1', error: null });
  expect(Number.isInteger(rest.created_at)).toBe(true);
  expect(outputs).toHaveLength(1);
  expect(outputs[0].content[0]).toEqual({
    ...{ type: 'univariate_time_series', name: '74', frequency: 'H', model_version: 'model-1' },
    mean_forecast: expected.mean,
    start_timestamp: new Date(START + 400 * HOUR).toISOString(),
    quantiles: { '0.1': expected.quantiles['0.1'], '0.9': expected.quantiles['0.9'] },
  });
  expect(outputs[0].content[1].name).toBe('a stranger');
});

test.each([
  ['with an offset', new Date(START + 2 * HOUR).toISOString().replace('.000Z', '+02:00'), 200],
  ['in UTC where none is stated', start.replace('Z', ''), 200],
  ['refused where there is no such day', '2023-02-30T00:00:00+02:00', 422],
])('a start is read %s', async (_title, start_timestamp, status) => {
  const [own, other] = [
    await ask(body),
    await ask({ ...body, inputs: [{ ...input, start_timestamp }] }),
  ];
  expect(other.statusCode).toBe(status);
  if (status === 200)
    expect(other.json().outputs[0].content).toEqual(own.json().outputs[0].content);
});

test.each([
  ['another model', { model: 'another' }, /another is not served/],
  ['another quantile', { options: { horizon: 3, quantiles: [0.42] } }, /not 0.42/],
  ['another frequency', { inputs: [{ ...input, frequency: 'day' }] }, /has the frequency day/],
  ['no start', { inputs: [{ ...input, start_timestamp: null }] }, /no start_timestamp/],
  ['several variables', { inputs: [{ ...input, type: 'multivariate_time_series' }] }, /./],
  ['more inputs than are computed at once', { inputs: Array(11).fill(input) }, /./],
  ['too long a horizon', { options: { horizon: 1000 } }, /./],
])('refuses %s', async (_title, change, detail) => {
  const response = await ask({ ...body, ...change });
  expect(response.statusCode).toBeGreaterThanOrEqual(400);
  expect(response.statusCode).toBeLessThan(500);
  expect(response.json().detail).toMatch(detail);
});

test('refuses histories for a domain with closed weekdays', async () => {
  const closed = await createFixture().build({ domain: { ...domain, closedWeekdays: [6, 7] } });
  const response = await ask(body, closed);
  await closed.close();
  expect([response.statusCode, response.json().code]).toEqual([400, 'REQUEST_INVALID']);
  expect(response.json().detail).toMatch(/weekdays are closed: use POST \/v1\/forecasts/);
});

test('computes the inputs of a request in one pass', async () => {
  const { build, options } = createFixture();
  let together = 0;
  let release = () => {};
  const allHaveCome = new Promise<void>((resolve) => {
    release = resolve;
  });
  const batched = await build({
    settings: { ...options.settings, handlerTimeoutMs: 2000 },
    openPredictor: (watch) => {
      const own = inProcessPredictor(backendReady)(watch);
      return {
        ...own,
        predict: async (...of) => {
          if (of[3] === 'asked') {
            if (++together === 3) release();
            await allHaveCome;
          }
          return own.predict(...of);
        },
      };
    },
  });
  const names = ['74', 'a', 'b'];
  const response = await ask(
    { ...body, inputs: names.map((name) => ({ ...input, name })) },
    batched,
  );
  await batched.close();
  expect([response.statusCode, together]).toEqual([200, 3]);
  const { content } = response.json().outputs[0];
  expect(content.map(({ name }: { name: string }) => name)).toEqual(names);
});

test('ends a request after the handler timeout', async () => {
  const { build, options } = createFixture();
  const { settings } = options;
  const slow = await build({
    settings: { ...settings, handlerTimeoutMs: 200 },
    openPredictor: (watch) => {
      const own = inProcessPredictor(backendReady)(watch);
      const never = new Promise<never>(() => undefined);
      return {
        ...own,
        predict: (...of) => (of[3] === 'asked' ? never : own.predict(...of)),
      };
    },
  });
  const response = await ask(body, slow);
  await slow.close();
  expect(response.statusCode).toBe(503);
});
