/**
 * Purpose: a model of others is a Forecaster like any other: what is known at the cutoff goes in,
 * calibrated quantiles that the target can have come out.
 */
import { expect, test } from '@jest/globals';
import { detectLookahead } from '../../../../../forecasting/evaluation/leakage-check.ts';
import { trusting } from '../../../../../forecasting/models/calibration/calibration.ts';
import { anchorForecaster } from '../../../../../forecasting/models/external/anchor.ts';
import type { ExternalCard, RunGraph } from '../../../../../forecasting/models/external/card.ts';
import {
  externalForecaster,
  rawForecaster,
  saveExternal,
} from '../../../../../forecasting/models/external/forecaster.ts';
import { contextOf, isColumn, tableOf } from '../../../../../forecasting/models/external/rows.ts';
import { seededRandom } from '../../../../../platform/random.ts';
import { externalCard, repeatLastDay } from '../../../../fixtures/external-model.ts';
import { newSpec, ONLINE_INTERVALS, panelOf } from '../../../../fixtures/random-panels.ts';

const panel = panelOf(['a', 'b'], ONLINE_INTERVALS, (s, t) => (s + 1) * 100 + (t % 24));
const cutoff = panel.length - 30;
const features = { ...newSpec, horizon: 6 };
const quantiles = [0.1, 0.5, 0.9];
const parts = { card: externalCard, features, quantiles };

test('returns the requested quantiles of the card by series and step', () => {
  const out = rawForecaster(parts, repeatLastDay).predict(panel, cutoff, 6);
  const at = (s: number, k: number) => (s + 1) * 100 + ((cutoff + 1 + k) % 24);
  expect(out).toHaveLength(2 * 3 * 6);
  for (const s of [0, 1])
    for (const [q, share] of [0.8, 1, 1.2].entries())
      for (let k = 0; k < 6; k++) expect(out[(s * 3 + q) * 6 + k]).toBeCloseTo(share * at(s, k), 3);
});

test('gives the same forecasts for any order of axes and number of outputs', () => {
  const expected = rawForecaster(parts, repeatLastDay).predict(panel, cutoff, 6);
  const [Q, H] = [externalCard.quantiles.length, externalCard.horizon];
  const reordered: RunGraph = (inputs, names) => {
    const [{ values }] = repeatLastDay(inputs, names) as [{ values: Float32Array }];
    const at = (q: number, s: number, k: number) => values[(s * Q + q) * H + k] as number;
    if (names.length > 1)
      // Each of one quantile, by step and series.
      return names.map((_, q) => ({
        values: Float32Array.from({ length: 2 * H }, (_, i) => at(q, i % 2, Math.floor(i / 2))),
      }));
    return [
      {
        values: Float32Array.from({ length: 2 * Q * H }, (_, i) =>
          // By step, series and quantile.
          at(i % Q, Math.floor(i / Q) % 2, Math.floor(i / (2 * Q))),
        ),
      },
    ];
  };
  const one: ExternalCard = {
    ...externalCard,
    outputs: [{ name: 'all', axes: ['step', 'series', 'quantile'] }],
  };
  const many: ExternalCard = {
    ...externalCard,
    outputs: externalCard.quantiles.map((q) => ({ name: `q${q}`, axes: ['step', 'series'] })),
  };
  for (const card of [one, many])
    expect(rawForecaster({ ...parts, card }, reordered).predict(panel, cutoff, 6)).toEqual(
      expected,
    );
});

test('does not look ahead, and the leakage check would detect it', () => {
  const options = { horizon: 6, knownInAdvance: [], random: seededRandom(1) };
  const honest = externalForecaster(saveExternal({ ...parts, calibration: null }), repeatLastDay);
  expect(detectLookahead(honest, panel, [cutoff], options)).toBeNull();
  const leaking = {
    ...honest,
    predict: (of: typeof panel, at: number, horizon: number) =>
      honest.predict(of, at + 24, horizon),
  };
  expect(detectLookahead(leaking, panel, [cutoff], options)).not.toBeNull();
});

test('calibration moves the median to the anchor, widens and keeps quantiles valid', () => {
  const calibration = {
    ...trusting({ network: 0.5, linear: 0 }, 6),
    factors: [quantiles.map((q) => Array.from({ length: 6 }, () => (q === 0.5 ? 1 : 2)))],
    edges: [0],
  };
  const saved = saveExternal({ ...parts, features, calibration });
  const out = externalForecaster(saved, repeatLastDay).predict(panel, cutoff, 6);
  const raw = rawForecaster(parts, repeatLastDay).predict(panel, cutoff, 6);
  const anchor = anchorForecaster(features).predict(panel, cutoff, 6);
  expect(out[6]).toBeCloseTo(0.5 * (raw[6] as number) + 0.5 * (anchor[0] as number), 3);
  expect((out[6] as number) - (out[0] as number)).toBeCloseTo(
    2 * ((raw[6] as number) - (raw[0] as number)),
    2,
  );
  const counts = { ...features, integerValued: true };
  const whole = externalForecaster(
    saveExternal({ ...parts, features: counts, calibration: null }),
    () => [{ values: new Float32Array(2 * 5 * 24).fill(-3.4) }],
  ).predict(panel, cutoff, 6);
  expect(new Set(whole)).toEqual(new Set([0]));
});

test('refuses a card that does not match and a graph with another count of values', () => {
  const of = (card: Partial<ExternalCard>, asked = quantiles) =>
    rawForecaster(
      { ...parts, card: { ...externalCard, ...card }, quantiles: asked },
      repeatLastDay,
    );
  expect(() => of({}, [0.05, 0.5])).toThrow(/quantiles 0.1,0.25,0.5,0.75,0.9, not 0.05,0.5/);
  expect(() => of({ horizon: 3 })).toThrow(/3 steps, 6 are needed/);
  expect(() => of({ horizon: 25 }).predict(panel, cutoff, 6)).toThrow(/240 values.*says 250/);
});

test('the context ends at the cutoff and is unknown before the panel', () => {
  const context = contextOf(panel, 2, 4);
  expect([...context]).toEqual([Number.NaN, 100, 101, 102, Number.NaN, 200, 201, 202]);
});

test('the columns of a table match hand calculations', () => {
  const columns = ['lag:24:1', 'lag:24:2', 'recent:0', 'mean:2', 'step', 'series'];
  const shape = { horizon: 26, place: newSpec.place, seriesIds: ['b'] };
  const table = tableOf({ panel, cutoff: 71 }, columns, shape);
  const row = (s: number, k: number) => [
    ...table.subarray((s * 26 + k) * columns.length, (s * 26 + k + 1) * columns.length),
  ];
  // The cutoff is the last interval of a day: the first step is the first of the next.
  expect(row(0, 0)).toEqual([100, 100, 123, 122.5, 1, -1]);
  expect(row(1, 23)).toEqual([223, 223, 223, 222.5, 24, 0]);
  // A day further on the nearest known value is of the same day.
  expect(row(0, 25)).toEqual([101, 101, 123, 122.5, 26, -1]);
  // 2023-02-23 was a Thursday; the grid starts at midnight in UTC, 19:00 in New York.
  const calendar = tableOf({ panel, cutoff: 71 }, ['hour', 'minute', 'weekday', 'holiday'], shape);
  expect([...calendar.subarray(0, 4)]).toEqual([19, 0, 2, 0]);
  expect(isColumn('lag:0:1')).toBe(false);
  expect(() => tableOf({ panel, cutoff: 71 }, ['future:1'], shape)).toThrow(/is not a column/);
});
