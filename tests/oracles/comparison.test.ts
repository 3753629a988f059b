/** Purpose: the comparison of two forecasters against a textbook Diebold–Mariano test computed by hand, and Student's table. */
import { describe, expect, test } from '@jest/globals';
import type { BacktestResult, ForecasterResult } from '../../forecasting/backtest.ts';
import { compare } from '../../forecasting/comparison.ts';

/** One series, one step: at cutoff c the reference errs by reference[c], the challenger by challenger[c]; actuals are 100. */
function resultOf(challenger: number[], reference: number[], actual = 100) {
  const named = (name: string, errors: number[]): ForecasterResult => ({
    name,
    quantiles: [0.5],
    values: Float32Array.from(errors, (error) => 100 + error),
  });
  const forecasts = [named('new', challenger), named('old', reference)];
  const result: BacktestResult = {
    seriesIds: ['a'],
    cutoffs: challenger.map((_, c) => c),
    horizon: 1,
    actuals: new Float32Array(challenger.length).fill(actual),
    forecasts,
  };
  return { result, challenger: forecasts[0] as ForecasterResult, reference: forecasts[1] as ForecasterResult };
}
const comparisonOf = (challenger: number[], reference: number[]) => {
  const { result, ...pair } = resultOf(challenger, reference);
  return compare(result, pair.challenger, pair.reference);
};

describe('by hand', () => {
  test('five cutoffs', () => {
    // d = 3 1 4 1 6, mean 3, deviations 0 −2 1 −2 3. γ0 = 18/5, γ1 = (0 − 2 − 2 − 6)/5 = −2.
    // Bartlett, one lag: 18/5 + 2·½·(−2) = 1.6. s.e. = √(1.6/5). Small-sample factor, h = 2: √((5 + 1 − 4 + 2/5)/5) = √0.48.
    const got = comparisonOf([1, -2, 1, 2, -1], [4, -3, 5, 3, -7]);
    expect(got.difference).toBeCloseTo(3, 10);
    expect(got.standardError).toBeCloseTo(Math.sqrt(0.32), 10);
    expect(got.statistic).toBeCloseTo((3 / Math.sqrt(0.32)) * Math.sqrt(0.48), 10);
    expect(got.skill).toBeCloseTo(1 - 7 / 22, 10);
    expect(got.threshold).toBeCloseTo(2.132, 2);
    expect(got).toMatchObject({ challenger: 'new', reference: 'old', cutoffs: 5, isBetter: true });
  });

  test('turned round: as much worse', () => {
    const got = comparisonOf([4, -3, 5, 3, -7], [1, -2, 1, 2, -1]);
    expect(got.difference).toBeCloseTo(-3, 10);
    expect(got.statistic).toBeLessThan(0);
    expect(got.isBetter).toBe(false);
  });

  test('better on average, but not by more than chance', () => {
    const got = comparisonOf([1, 9, 1, 9, 2, 8], [9, 1, 9, 2, 8, 2]);
    expect(got.difference).toBeCloseTo(1 / 6, 10);
    expect(got.isBetter).toBe(false);
  });

  test('neighbours that move together make it harder to be better', () => {
    const reference = Array(12).fill(3);
    const together = comparisonOf([1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4], reference);
    const apart = comparisonOf([1, 3, 2, 4, 1, 3, 2, 4, 1, 3, 2, 4], reference);
    expect(together.difference).toBeCloseTo(apart.difference, 10);
    expect(together.standardError).toBeGreaterThan(1.5 * apart.standardError);
  });

  test('a forecaster is no better than itself', () => {
    const got = comparisonOf([1, 2, 3, 4], [1, 2, 3, 4]);
    expect(got).toMatchObject({ difference: 0, skill: 0, statistic: 0, isBetter: false });
  });
});

test('the median is compared, unknown actuals are left out, and a cutoff counts once however many series it has', () => {
  const actuals = Float32Array.from([1, 1, Number.NaN, 1, 1, 1, 1, 1]);
  const wide = { name: 'wide', quantiles: [0.1, 0.5, 0.9], values: new Float32Array(24) };
  for (let row = 0; row < 8; row++) wide.values.set([-50, 1 + (row % 3), 50], row * 3);
  const point = { name: 'point', quantiles: [0.5], values: new Float32Array(8).fill(3) };
  const result = { seriesIds: ['a', 'b'], cutoffs: [0, 1, 2, 3], horizon: 1, actuals, forecasts: [wide, point] };
  // Errors of wide per row: 0 1 2 0 1 2 0 1; the third is unknown. Per cutoff: 0.5, 0, 1.5, 0.5. Those of point are 2.
  const got = compare(result, wide, point);
  expect(got.cutoffs).toBe(4);
  expect(got.difference).toBeCloseTo((1.5 + 2 + 0.5 + 1.5) / 4, 10);
});

test('too few cutoffs, and a cutoff after which nothing was observed, are refused', () => {
  expect(() => comparisonOf([1, 2, 3], [2, 3, 4])).toThrow(/at least 4 cutoffs, got 3/);
  const { result, challenger, reference } = resultOf([1, 2, 3, 4], [1, 2, 3, 4], Number.NaN);
  expect(() => compare(result, challenger, reference)).toThrow(/nothing was observed/);
});

test('the threshold is the 95 % point of Student’s t, from 3 to 30 degrees of freedom', () => {
  // Printed in any table of the distribution.
  const table = [
    2.353, 2.132, 2.015, 1.943, 1.895, 1.86, 1.833, 1.812, 1.796, 1.782, 1.771, 1.761, 1.753, 1.746, 1.74, 1.734, 1.729, 1.725,
    1.721, 1.717, 1.714, 1.711, 1.708, 1.706, 1.703, 1.701, 1.699, 1.697,
  ];
  for (const [i, expected] of table.entries()) {
    const cutoffs = i + 4;
    const errors = Array.from({ length: cutoffs }, (_, c) => c % 3);
    expect(Math.abs(comparisonOf(errors, errors).threshold - expected)).toBeLessThan(0.01);
  }
});
