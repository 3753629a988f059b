/**
 * Purpose: the comparison of two forecasters against a Diebold–Mariano test computed by hand, and
 * the published fixed-b table.
 */
import { describe, expect, test } from '@jest/globals';
import type { BacktestResult, ForecasterResult } from '../../../forecasting/evaluation/backtest.ts';
import { compare } from '../../../forecasting/evaluation/comparison.ts';
import { score } from '../../../forecasting/evaluation/metrics.ts';

/**
 * One series, one step: at cutoff c the reference errs by reference[c], the challenger by
 * challenger[c]; actuals are 100.
 */
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
  return {
    result,
    challenger: forecasts[0] as ForecasterResult,
    reference: forecasts[1] as ForecasterResult,
  };
}
const comparisonOf = (challenger: number[], reference: number[]) => {
  const { result, ...pair } = resultOf(challenger, reference);
  return compare(result, pair.challenger, pair.reference);
};

describe('compare: hand calculations', () => {
  test('five cutoffs give difference, standard error and statistic', () => {
    // d = 3 1 4 1 6, mean 3, deviations 0 −2 1 −2 3. γ0 = 18/5, γ1 = (0 − 2 − 2 − 6)/5 = −2, γ2 =
    // (0 + 4 + 3)/5 = 1.4. Bandwidth ⌈1.3 √5⌉ = 3, weights 2/3 and 1/3: 3.6 + 2·(2/3)·(−2) +
    // 2·(1/3)·1.4 = 28/15. b = 3/5.
    const got = comparisonOf([1, -2, 1, 2, -1], [4, -3, 5, 3, -7]);
    expect(got.difference).toBeCloseTo(3, 10);
    expect(got.standardError).toBeCloseTo(Math.sqrt(28 / 75), 10);
    expect(got.statistic).toBeCloseTo(3 / Math.sqrt(28 / 75), 10);
    expect(got.threshold).toBeCloseTo(1.6449 + 2.1859 * 0.6 + 0.3142 * 0.36 - 0.3427 * 0.216, 10);
    expect(got.interval[0]).toBeCloseTo(3 - got.threshold * got.standardError, 10);
    expect(got.interval[1]).toBeCloseTo(
      3 + (1.2816 + 1.304 * 0.6 + 0.5135 * 0.36 - 0.3386 * 0.216) * got.standardError,
      10,
    );
    expect(got.differences).toEqual([3, 1, 4, 1, 6]);
    expect(got.margin).toBeCloseTo(0.005 * (22 / 5), 10);
    expect(got.skill).toBeCloseTo(1 - 7 / 22, 10);
    expect(got).toMatchObject({
      challenger: 'new',
      reference: 'old',
      cutoffs: 5,
      outcome: 'better',
      isBetter: true,
      moreCutoffs: null,
    });
  });

  test('exchanged forecasters give the opposite result', () => {
    const got = comparisonOf([4, -3, 5, 3, -7], [1, -2, 1, 2, -1]);
    expect(got.difference).toBeCloseTo(-3, 10);
    expect(got.statistic).toBeLessThan(0);
    expect(got).toMatchObject({ outcome: 'worse', isBetter: false });
  });

  test('a lower mean within chance is undecided', () => {
    const got = comparisonOf([1, 9, 1, 9, 2, 8], [9, 1, 9, 2, 8, 2]);
    expect(got.difference).toBeCloseTo(1 / 6, 10);
    expect(got).toMatchObject({ outcome: 'undecided', isBetter: false });
  });

  test('correlated neighbours widen the interval', () => {
    const reference = Array(12).fill(3);
    const together = comparisonOf([1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4], reference);
    const apart = comparisonOf([1, 3, 2, 4, 1, 3, 2, 4, 1, 3, 2, 4], reference);
    expect(together.difference).toBeCloseTo(apart.difference, 10);
    expect(together.standardError).toBeGreaterThan(1.5 * apart.standardError);
    // Differences 2 2 2 1 1 1 0 0 0 −1 −1 −1: n·γ0…γ4 = 15, 11.25, 7.5, 3.75, 1; bandwidth ⌈1.3
    // √12⌉ = 5.
    const variance = (15 + 2 * (0.8 * 11.25 + 0.6 * 7.5 + 0.4 * 3.75 + 0.2 * 1)) / 12;
    expect(together.standardError).toBeCloseTo(Math.sqrt(variance / 12), 10);
  });

  test('a forecaster is not better than itself', () => {
    const got = comparisonOf([1, 2, 3, 4], [1, 2, 3, 4]);
    expect(got).toMatchObject({ difference: 0, skill: 0, statistic: 0, isBetter: false });
  });
});

test('compares medians, skips unknown actuals and weighs cutoffs equally', () => {
  const actuals = Float32Array.from([1, 1, Number.NaN, 1, 1, 1, 1, 1]);
  const wide = { name: 'wide', quantiles: [0.1, 0.5, 0.9], values: new Float32Array(24) };
  for (let row = 0; row < 8; row++) wide.values.set([-50, 1 + (row % 3), 50], row * 3);
  const point = { name: 'point', quantiles: [0.5], values: new Float32Array(8).fill(3) };
  const result = {
    seriesIds: ['a', 'b'],
    cutoffs: [0, 1, 2, 3],
    horizon: 1,
    actuals,
    forecasts: [wide, point],
  };
  // Errors of wide per row: 0 1 2 0 1 2 0 1; the third is unknown. Per cutoff: 0.5, 0, 1.5, 0.5.
  // Those of point are 2.
  const got = compare(result, wide, point);
  expect(got.cutoffs).toBe(4);
  expect(got.difference).toBeCloseTo((1.5 + 2 + 0.5 + 1.5) / 4, 10);
});

test('refuses too few cutoffs, and ignores those without actuals', () => {
  expect(() => comparisonOf([1, 2, 3], [2, 3, 4])).toThrow(/at least 4 cutoffs .* got 3/);
  const { result, challenger, reference } = resultOf([1, 2, 3, 4], [1, 2, 3, 4], Number.NaN);
  expect(() => compare(result, challenger, reference)).toThrow(/got 0/);
  const some = resultOf([1, 9, 2, 1, 2, 1], [4, 1, 4, 3, 4, 5]);
  some.result.actuals[1] = Number.NaN;
  const without = comparisonOf([1, 2, 1, 2, 1], [4, 4, 3, 4, 5]);
  expect(compare(some.result, some.challenger, some.reference)).toEqual(without);
});

test('compares only cutoffs after a given one if a forecaster was trained on the others', () => {
  const { result, challenger, reference } = resultOf([0, 0, 1, 2, 1, 2], [9, 9, 3, 5, 4, 5]);
  expect(compare(result, challenger, reference, { firstCutoff: 2 })).toEqual(
    comparisonOf([1, 2, 1, 2], [3, 5, 4, 5]),
  );
});

test('refuses a forecaster without a median or with a value that is not a number', () => {
  const { result, challenger, reference } = resultOf([1, 2, 3, 4], [1, 2, 3, 4]);
  expect(() => compare(result, { ...challenger, quantiles: [0.4] }, reference)).toThrow(
    /new forecasts no median/,
  );
  const group = { name: 'all', series: [0] };
  expect(() =>
    score(result, { ...challenger, quantiles: [0.4] }, group, new Float64Array(1)),
  ).toThrow(/no median/);
  challenger.values[2] = Number.NaN;
  expect(() => compare(result, challenger, reference)).toThrow(
    /new gives no number for step 1 of a/,
  );
});

describe('moreCutoffs', () => {
  // Mean 0, variance about 1; neighbours hang together a little.
  const draws = [0.4, 0.9, 1.5, 0.7, -0.5, -1.6, -1.3, -0.9, 0.2, -0.3, 1.1, -0.2];
  const twelve = (effect: number, noise: number) =>
    comparisonOf(
      draws.map((draw) => 100 - effect + noise * draw),
      Array(12).fill(100),
    );

  test('is the first number at which the interval is narrow enough for the effect', () => {
    const got = twelve(0.6, 2);
    expect(got.outcome).toBe('undecided');
    const total = 12 + (got.moreCutoffs as number);
    const needed = (n: number) => {
      const b = Math.ceil(1.3 * Math.sqrt(n)) / n;
      const threshold = 1.6449 + 2.1859 * b + 0.3142 * b ** 2 - 0.3427 * b ** 3;
      return (threshold + 0.8416) * got.standardError * Math.sqrt(12 / n);
    };
    expect(needed(total)).toBeLessThanOrEqual(got.difference);
    expect(needed(total - 1)).toBeGreaterThan(got.difference);
  });

  test('grows with more noise and less effect, and is null out of reach', () => {
    const [some, noisier, smaller] = [twelve(0.6, 2), twelve(0.6, 3), twelve(0.45, 2)];
    expect(noisier.moreCutoffs).toBeGreaterThan(some.moreCutoffs as number);
    expect(smaller.moreCutoffs).toBeGreaterThan(some.moreCutoffs as number);
    expect(twelve(0.02, 9)).toMatchObject({ outcome: 'undecided', moreCutoffs: null });
  });

  test('states after how many cutoffs a worse challenger is rejected', () => {
    const got = twelve(-0.3, 2);
    expect(got.outcome).toBe('undecided');
    expect(got.moreCutoffs).toBeLessThan(twelve(-0.1, 2).moreCutoffs as number);
    expect(twelve(-5, 2).outcome).toBe('worse');
  });

  test('is null with the outcome no-better once the interval is inside the margin', () => {
    expect(twelve(0.01, 0.2)).toMatchObject({ outcome: 'no-better', moreCutoffs: null });
    expect(twelve(0.01, 1).outcome).toBe('undecided');
  });
});

test('uses the published threshold: 1.645 for many cutoffs, more for few', () => {
  // Kiefer & Vogelsang 2005, Bartlett kernel, 95 %, at b = bandwidth / n.
  for (const [n, expected] of [
    [26, 2.2495],
    [52, 2.0745],
    [400, 1.7882],
  ] as const) {
    const errors = Array.from({ length: n }, (_, c) => c % 3);
    expect(comparisonOf(errors, errors).threshold).toBeCloseTo(expected, 3);
  }
});
