/**
 * Purpose: an ensemble of theirs and ours is the average of their quantiles, by the share that
 * would have lost least where both can be compared before the test span.
 */
import { describe, expect, test } from '@jest/globals';
import {
  ensembleForecaster,
  sharesOf,
} from '../../../../../forecasting/models/external/ensemble.ts';
import type { Forecaster } from '../../../../../forecasting/models/forecaster.ts';
import type { Panel } from '../../../../../forecasting/panel/panel.ts';
import { newSpec, ONLINE_INTERVALS, panelOf } from '../../../../fixtures/random-panels.ts';

const HORIZON = 8;
const spec = { ...newSpec, horizon: HORIZON };
const quantiles = [0.1, 0.5, 0.9];
const valueAt = (s: number, t: number) => (s + 1) * 100 + (t % 24);
const IDS = ['a', 'b', 'c'];
const panel = panelOf(IDS, ONLINE_INTERVALS, valueAt);
const end = panel.length - 30;
const cutoffs = Array.from({ length: 60 }, (_, n) => end - HORIZON - n);

/** What happens, times a factor that depends on the step; quantiles 1 % apart. */
const forecaster = (
  name: string,
  factor: (step: number) => number,
  of = quantiles,
): Forecaster => ({
  name,
  quantiles: of,
  minimumHistory: 24,
  predict: ({ seriesIds }: Panel, cutoff, horizon) =>
    Float32Array.from({ length: seriesIds.length * of.length * horizon }, (_, i) => {
      const [k, q] = [i % horizon, Math.floor(i / horizon) % of.length];
      const s = Math.floor(i / (of.length * horizon));
      const spread = 1 + 0.01 * ((of[q] as number) - 0.5);
      return valueAt(s, cutoff + 1 + k) * factor(k) * spread;
    }),
});
const right = forecaster('right', () => 1);
const high = forecaster('high', () => 1.2);

test('averages each quantile by the share of its step', () => {
  const shares = Array.from({ length: HORIZON }, (_, k) => k / 10);
  const out = ensembleForecaster(high, right, shares).predict(panel, end, HORIZON);
  const theirs = high.predict(panel, end, HORIZON);
  const ours = right.predict(panel, end, HORIZON);
  for (const [i, value] of out.entries()) {
    const share = shares[i % HORIZON] as number;
    expect(value).toBeCloseTo(share * (ours[i] as number) + (1 - share) * (theirs[i] as number), 3);
  }
});

test('our model may have more quantiles than the external one, but not fewer', () => {
  const more = forecaster('more', () => 1, [0.05, 0.1, 0.5, 0.9, 0.95]);
  const all = Array(HORIZON).fill(1);
  const out = ensembleForecaster(high, more, all).predict(panel, end, HORIZON);
  expect(out).toEqual(right.predict(panel, end, HORIZON));
  const fewer = forecaster('fewer', () => 1, [0.5]);
  expect(() => ensembleForecaster(high, fewer, all)).toThrow(
    /fewer has the quantiles 0.5, not 0.1/,
  );
});

describe('shares of an ensemble', () => {
  test('select the more accurate model by groups of steps', () => {
    const early = forecaster('early', (k) => (k < HORIZON / 2 ? 1 : 1.2));
    const late = forecaster('late', (k) => (k < HORIZON / 2 ? 1.2 : 1));
    expect(sharesOf(panel, early, late, cutoffs, spec)).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
    expect(sharesOf(panel, late, early, cutoffs, spec)).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
  });

  test('mix both where their errors cancel', () => {
    const low = forecaster('low', () => 0.8);
    expect(sharesOf(panel, high, low, cutoffs, spec)).toEqual(Array(HORIZON).fill(0.5));
  });

  test('stay with our model with few observations', () => {
    expect(sharesOf(panel, right, high, cutoffs.slice(0, 10), spec)).toEqual(
      Array(HORIZON).fill(1),
    );
    const unknown = panelOf(IDS, ONLINE_INTERVALS, (s, t) =>
      t > end - 80 ? Number.NaN : valueAt(s, t),
    );
    expect(sharesOf(unknown, right, high, cutoffs, spec)).toEqual(Array(HORIZON).fill(1));
  });

  test('use only values that both models forecast', () => {
    const holes = (name: string, factor: number): Forecaster => ({
      ...forecaster(name, () => factor),
      predict: (...of) =>
        forecaster(name, () => factor)
          .predict(...of)
          .map((value, i) => (i < HORIZON ? Number.NaN : value)),
    });
    expect(sharesOf(panel, holes('right', 1), high, cutoffs, spec)).toEqual(Array(HORIZON).fill(0));
    expect(sharesOf(panel, right, holes('none', Number.NaN), cutoffs, spec)).toEqual(
      Array(HORIZON).fill(1),
    );
  });

  test('ignore values after the calibration span', () => {
    const later = panelOf(IDS, ONLINE_INTERVALS, (s, t) => (t > end ? 1e6 : valueAt(s, t)));
    const low = forecaster('low', () => 0.9);
    expect(sharesOf(later, high, low, cutoffs, spec)).toEqual(
      sharesOf(panel, high, low, cutoffs, spec),
    );
  });

  test('are not decided by one large series', () => {
    const ids = ['large', 'a', 'b', 'c', 'd'];
    const scaled = (s: number, t: number) => (s === 0 ? 1e4 : 1) * valueAt(s, t);
    const of = (name: string, isRight: (s: number) => boolean): Forecaster => ({
      ...forecaster(name, () => 1),
      predict: (_, cutoff, horizon) =>
        Float32Array.from({ length: ids.length * quantiles.length * horizon }, (_, i) => {
          const s = Math.floor(i / (quantiles.length * horizon));
          return scaled(s, cutoff + 1 + (i % horizon)) * (isRight(s) ? 1 : 1.2);
        }),
    });
    const large = panelOf(ids, ONLINE_INTERVALS, scaled);
    const theirs = of('theirs', (s) => s > 0);
    const ours = of('ours', (s) => s === 0);
    expect(sharesOf(large, theirs, ours, cutoffs, spec)).toEqual(Array(HORIZON).fill(0));
  });
});
