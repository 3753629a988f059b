/** Purpose: calibration by hand: intervals that are too narrow are widened to what held-out actuals ask for, and no more. */
import { describe, expect, test } from '@jest/globals';
import type { Forecaster } from '../../../forecasting/forecaster.ts';
import { calibrate, groupOf } from '../../../forecasting/models/calibration.ts';
import { panelOf } from '../random-panels.ts';

const HORIZON = 3;
/** Forecasts 10 ± 1 for every series and step, whatever the panel. */
const narrow: Forecaster = {
  name: 'narrow',
  quantiles: [0.1, 0.5, 0.9],
  minimumHistory: 1,
  predict: (panel, _cutoff, horizon) =>
    Float32Array.from({ length: panel.seriesIds.length * 3 * horizon }, (_, i) => 9 + (Math.floor(i / horizon) % 3)),
};
const cutoffs = (count: number) => Array.from({ length: count }, (_, i) => 200 + i * HORIZON);
const spec = { horizon: HORIZON, week: 168 };
/** Actuals run evenly through 10 ± width: a tenth of them lies below 10 − 0.8·width, and a tenth above 10 + 0.8·width. */
const even = (width: number, length = 2000) => panelOf(['a'], length, (_s, t) => 10 + width * (2 * ((t * 0.6180339887) % 1) - 1));

describe('calibration', () => {
  test('factors are what makes the intervals cover, on either side; the median stays', () => {
    const { factors, levelBounds } = calibrate(even(2), narrow, cutoffs(500), spec);
    expect(levelBounds).toEqual([1]);
    const [low, median, high] = factors[1] as number[][];
    expect(median).toEqual([1, 1, 1]);
    for (const factor of [...(low as number[]), ...(high as number[])]) expect(factor).toBeCloseTo(1.6, 1);
  });

  test('intervals that are too wide are narrowed', () => {
    const { factors } = calibrate(even(0.625), narrow, cutoffs(500), spec);
    for (const factor of factors[1]?.[2] ?? []) expect(factor).toBeCloseTo(0.5, 1);
  });

  test('a factor stays within its bounds', () => {
    expect(calibrate(even(9), narrow, cutoffs(500), spec).factors[1]?.[2]).toEqual([4, 4, 4]);
    expect(calibrate(even(0.01), narrow, cutoffs(500), spec).factors[1]?.[2]).toEqual([0.3, 0.3, 0.3]);
  });

  test('too few observations leave the intervals alone', () => {
    const untouched = [1, 2, 3].map(() => [1, 1, 1]);
    expect(calibrate(even(2), narrow, cutoffs(20), spec).factors[1]).toEqual(untouched);
    // And there is no sparse series at all.
    expect(calibrate(even(2), narrow, cutoffs(500), spec).factors[0]).toEqual(untouched);
    const unknown = panelOf(['a'], 2000, (_s, t) => (t < 210 ? 10 : Number.NaN));
    expect(calibrate(unknown, narrow, cutoffs(500), spec).factors[1]).toEqual(untouched);
  });

  test('sparse series are a group of their own', () => {
    const both = panelOf(['busy', 'sparse'], 2000, (s, t) => (s === 0 ? (even(2).columns.target[t] as number) : 0.5));
    const factors = calibrate(both, narrow, cutoffs(300), spec).factors;
    expect(factors[1]?.[2]?.[0]).toBeCloseTo(1.6, 1);
    // 9.5 below the median, in units of 1: the bound.
    expect(factors[0]?.[0]).toEqual([4, 4, 4]);
    expect([0, 0.99, 1, 50].map((level) => groupOf({ levelBounds: [1] }, level))).toEqual([0, 0, 1, 1]);
  });
});
