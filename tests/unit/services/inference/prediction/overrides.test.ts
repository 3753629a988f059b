/**
 * Purpose: a forecast under overrides exogenous values is the one that a snapshot with those values
 * gives, and says that it is overrides.
 * Invariants: what is overrides by one request never reaches another.
 * Fails: with the unexpected response.
 */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Panel } from '../../../../../forecasting/panel/panel.ts';
import type { App } from '../../../../../services/inference/plugins/app.ts';
import { heldSnapshot } from '../../../../../storage/features/online/online-snapshot.ts';
import {
  CUTOFF,
  createFixture,
  HOUR,
  IDS,
  LENGTH,
  manifestOf,
  panelOf,
  START,
  weeklyNaive,
} from '../../../../fakes/inference.ts';

/**
 * What last week was, plus the plan of the step, plus a tenth of the last heat: each input moves
 * the response by a known amount.
 */
const planner = () => {
  const inner = weeklyNaive();
  return {
    ...inner,
    exogenous: { past: ['heat'], future: ['plan'] },
    predict(panel: Panel, cutoff: number, horizon: number) {
      const out = inner.predict(panel, cutoff, horizon);
      const { heat, plan } = panel.exogenous as Record<string, Float32Array>;
      const or0 = (value: number | undefined) =>
        value === undefined || Number.isNaN(value) ? 0 : value;
      return out.map(
        (value, i) => value + or0(plan[cutoff + 1 + (i % horizon)]) + or0(heat[cutoff]) / 10,
      );
    },
  };
};
const exogenous = {
  heat: new Float32Array(LENGTH).fill(10),
  plan: new Float32Array(LENGTH + 24).fill(2),
};
const { options, build } = createFixture({ makeForecaster: planner });
const features = {
  ...options.features,
  openOnline: async () => heldSnapshot({ ...panelOf(IDS, 10), exogenous }, manifestOf(1)),
};
let app: App;
beforeAll(async () => {
  app = await build({ features });
});
afterAll(() => app.close());

const post = async (payload: object) => {
  const response = await app.inject({ method: 'POST', url: '/v1/forecasts', payload });
  return { status: response.statusCode, body: response.json() };
};
const medianOf = (response: { quantiles: Record<string, number[]> }) => response.quantiles['0.5'];
const stored = async (id: string) =>
  (await app.inject(`/v1/series/${id}/forecast?horizon=3`)).json();
const near = (values: number[], expected: number[]) => {
  for (const [i, value] of values.entries()) expect(value).toBeCloseTo(expected[i], 3);
};

describe('overrides of stored series', () => {
  test('a plan changes only its own steps, heat changes all, other columns stay', async () => {
    const usual = medianOf(await stored('74'));
    const { body } = await post({
      seriesIds: ['74', '75'],
      horizon: 3,
      whatIf: { future: { plan: [2, 7] } },
    });
    near(medianOf(body.forecasts[0]), [usual[0], usual[1] + 5, usual[2]]);
    expect(body.forecasts[0]).toMatchObject({
      seriesId: '74',
      snapshotVersion: '1-0f1e2d3c4b5a',
      whatIf: ['plan'],
    });
    near(
      medianOf(body.forecasts[1]),
      [0, 5, 0].map((more, k) => more + medianOf1[k]),
    );
    const hot = await post({ seriesIds: ['74'], horizon: 3, whatIf: { past: { heat: [20, 30] } } });
    near(
      medianOf(hot.body.forecasts[0]),
      usual.map((value) => value + 2),
    );
    expect(medianOf(await stored('74'))).toEqual(usual);
    expect(exogenous.plan.every((value) => value === 2)).toBe(true);
  });
  let medianOf1: number[];
  beforeAll(async () => {
    medianOf1 = medianOf(await stored('75'));
  });

  test('null means unknown and is reported', async () => {
    const { body } = await post({
      seriesIds: ['74'],
      horizon: 3,
      whatIf: { future: { plan: [null] } },
    });
    expect(body.forecasts[0].unknownInputs).toEqual(['plan']);
  });

  test.each([
    [{ future: { heat: [1] } }, 'heat'],
    [{ past: { plan: [1] } }, 'plan'],
    [{ future: { rain: [1] } }, 'rain'],
    [{ future: { __proto__x: [1] } }, '__proto__x'],
    [{ future: { plan: new Array(25).fill(1) } }, '25 values'],
    [{ future: { plan: [1e300] } }, 'not a finite number'],
    [{ past: { heat: new Array(LENGTH + 1).fill(1) } }, 'values for'],
  ])('case %#: refuses it and names the inputs of the model', async (whatIf, words) => {
    const { status, body } = await post({ seriesIds: ['74'], whatIf });
    expect([status, body.code]).toEqual([422, 'EXOGENOUS_INVALID']);
    expect(body.detail).toContain(words);
  });

  test('refuses too many series and an empty override', async () => {
    const many = await post({
      seriesIds: Array.from({ length: 101 }, (_, s) => `s${s}`),
      whatIf: { future: { plan: [1] } },
    });
    expect([many.status, many.body.code]).toEqual([400, 'REQUEST_INVALID']);
    expect((await post({ seriesIds: ['74'], whatIf: {} })).body.code).toBe('REQUEST_INVALID');
    expect((await post({ seriesIds: ['nope'], whatIf: { future: { plan: [1] } } })).body.code).toBe(
      'SERIES_UNKNOWN',
    );
  });

  test('refuses overrides for a baseline, which reads no column', async () => {
    const bare = await createFixture({ champion: null }).build({ features });
    const response = await bare.inject({
      method: 'POST',
      url: '/v1/forecasts',
      payload: { seriesIds: ['74'], whatIf: { future: { plan: [1] } } },
    });
    expect([response.statusCode, response.json().code]).toEqual([422, 'EXOGENOUS_INVALID']);
    await bare.close();
  });
});

describe('columns of an ad-hoc history', () => {
  const values = Array.from(panelOf(IDS, 10).columns.target.subarray(0, LENGTH));
  const start = new Date(START).toISOString();

  test('replace those of the snapshot; columns that are not named stay', async () => {
    const usual = medianOf(await stored('74'));
    const plan = new Array(LENGTH + 3).fill(1);
    const { body } = await post({ history: { start, values, exogenous: { plan } }, horizon: 3 });
    near(
      medianOf(body.forecasts[0]),
      usual.map((value) => value - 1),
    );
    // Four of 24 steps are given, the others are unknown.
    expect(body.forecasts[0].unknownInputs).toEqual(['plan']);
    const heat = new Array(LENGTH).fill(60);
    const hot = await post({
      history: { start, values, exogenous: { heat } },
      whatIf: { future: { plan: [9] } },
      horizon: 3,
    });
    near(medianOf(hot.body.forecasts[0]), [usual[0] + 12, usual[1] + 5, usual[2] + 5]);
    expect(hot.body.forecasts[0].whatIf).toEqual(['plan']);
  });

  test('work for a time before the snapshot', async () => {
    const early = {
      start: new Date(START - 10_000 * HOUR).toISOString(),
      values: values.slice(0, 400),
    };
    const without = await post({ history: early, horizon: 1 });
    expect(without.body.forecasts[0].unknownInputs).toEqual(['heat', 'plan']);
    const exogenous = { heat: new Array(400).fill(10), plan: new Array(424).fill(2) };
    const supplied = await post({ history: { ...early, exogenous }, horizon: 1 });
    expect(supplied.body.forecasts[0].unknownInputs).toBeUndefined();
    near(medianOf(supplied.body.forecasts[0]), [values[400 - 168] + 3]);
    expect(Date.parse(supplied.body.forecasts[0].cutoff)).toBeLessThan(CUTOFF);
  });

  test.each([
    [{ rain: [1] }, 'rain'],
    [{ heat: new Array(LENGTH + 1).fill(1) }, 'values for'],
    [{ plan: new Array(LENGTH + 25).fill(1) }, 'values for'],
  ])('case %#: are refused if they do not fit', async (columns, words) => {
    const { status, body } = await post({ history: { start, values, exogenous: columns } });
    expect([status, body.code]).toEqual([422, 'EXOGENOUS_INVALID']);
    expect(body.detail).toContain(words);
  });
});
