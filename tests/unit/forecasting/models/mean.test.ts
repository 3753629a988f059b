/**
 * Purpose: means of quantiles are those of the distributions that the quantiles are of.
 */
import { describe, expect, test } from '@jest/globals';
import { predictWhole } from '../../../../forecasting/models/forecaster.ts';
import { fillMeans, meanOfQuantiles } from '../../../../forecasting/models/mean.ts';
import { panelOf } from '../../../fixtures/random-panels.ts';

const THREE = [0.1, 0.5, 0.9];

describe('meanOfQuantiles', () => {
  test('is the middle of a uniform distribution, however few quantiles there are', () => {
    for (const quantiles of [[0.5], THREE, [0.05, 0.25, 0.5, 0.6]])
      expect(
        meanOfQuantiles(
          quantiles,
          quantiles.map((q) => 10 + 4 * q),
        ),
      ).toBeCloseTo(12, 10);
  });

  test('is near the mean of a skewed distribution, far from its median', () => {
    // Exponential: quantile q is −ln(1 − q), the mean 1, the median 0.69.
    const exponential = THREE.map((q) => -Math.log(1 - q));
    expect(meanOfQuantiles(THREE, exponential)).toBeGreaterThan(0.95);
    expect(meanOfQuantiles(THREE, exponential)).toBeLessThan(1.05);
  });

  test('counts values below the floor as the floor', () => {
    // max(0, U) of U uniform on [-1, 1] has the mean 1/4.
    const uniform = THREE.map((q) => 2 * q - 1);
    expect(meanOfQuantiles(THREE, uniform, 0)).toBeCloseTo(0.25, 10);
    expect(meanOfQuantiles(THREE, [-3, -2, -1.8], 0)).toBe(0);
    expect(meanOfQuantiles([0.5], [-3], 0)).toBe(0);
  });

  test('fills only values that a forecaster left unknown', () => {
    // [series][quantile][step], two series of one step.
    const mean = Float32Array.of(Number.NaN, 7);
    fillMeans(mean, [1, 2, 3, 1, 2, 3], THREE, 1);
    expect([...mean]).toEqual([2, 7]);
  });
});

test('fills the means of a forecaster without them, per series and step', () => {
  const panel = panelOf(['a', 'b'], 30, (s, t) => 100 * s + t);
  const forecaster = {
    ...{ name: 'spread', quantiles: THREE, minimumHistory: 1 },
    predict: () => Float32Array.of(0, 1, 2, 2, 8, 7, 10, 20, 11, 21, 12, 22),
  };
  const { mean, values } = predictWhole(forecaster, panel, 20, 2);
  expect(values).toHaveLength(12);
  // Of the first step of `a`: 0, 2, 8, and nothing below 0.
  expect(mean[0]).toBeGreaterThan(2.5);
  expect([...mean.subarray(2)]).toEqual([11, 21]);
});
