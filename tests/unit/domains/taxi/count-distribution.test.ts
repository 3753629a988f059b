import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { countQuantile } from '../../../../domains/taxi/count-distribution.ts';
import { seededRandom } from '../../../../platform/random.ts';

/** log Γ(n + size) − log Γ(size) for whole n. */
const logRising = (size: number, n: number) =>
  Array.from({ length: n }, (_, i) => Math.log(size + i)).reduce((a, b) => a + b, 0);
const logFactorial = (n: number) => logRising(1, n);

/** P(X ≤ k), from the textbook formula. */
function cumulative(mean: number, size: number, k: number): number {
  let sum = 0;
  for (let n = 0; n <= k; n++) {
    const log = Number.isFinite(size)
      ? logRising(size, n) -
        logFactorial(n) +
        size * Math.log(size / (size + mean)) +
        n * Math.log(mean / (size + mean))
      : n * Math.log(mean) - mean - logFactorial(n);
    sum += Math.exp(log);
  }
  return sum;
}

describe('countQuantile', () => {
  test('is the smallest count that reaches the quantile', () => {
    const size = fc.oneof(
      fc.constant(Number.POSITIVE_INFINITY),
      fc.double({ min: 0.5, max: 50, noNaN: true }),
    );
    const mean = fc.double({ min: 0.01, max: 80, noNaN: true });
    const quantile = fc.double({ min: 0.001, max: 0.999, noNaN: true });
    fc.assert(
      fc.property(mean, size, quantile, (mean, size, quantile) => {
        const count = countQuantile(mean, size, quantile);
        expect(cumulative(mean, size, count)).toBeGreaterThanOrEqual(quantile - 1e-9);
        if (count > 0)
          expect(cumulative(mean, size, count - 1)).toBeLessThanOrEqual(quantile + 1e-9);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  test.each([
    [3, Number.POSITIVE_INFINITY, 3],
    [20, 8, 70],
  ])('draws of mean %d and size %d have variance %d', (mean, size, variance) => {
    const random = seededRandom(5);
    const draws = Array.from({ length: 20_000 }, () => countQuantile(mean, size, random()));
    const average = draws.reduce((a, b) => a + b, 0) / draws.length;
    const spread = draws.reduce((a, b) => a + (b - average) ** 2, 0) / draws.length;
    expect(average).toBeGreaterThan(mean * 0.98);
    expect(average).toBeLessThan(mean * 1.02);
    expect(spread).toBeGreaterThan(variance * 0.95);
    expect(spread).toBeLessThan(variance * 1.05);
  });

  test('refuses the quantile 1, and draws near it end', () => {
    expect(() => countQuantile(5, 3, 1)).toThrow(RangeError);
    expect(countQuantile(40, 6, 1 - 2 ** -32)).toBeLessThan(500);
  });
});
