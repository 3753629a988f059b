/** Purpose: the loss that a forecast expects of itself, against an integral over its distribution. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { expectedLossWeights } from '../../../../forecasting/evaluation/expected-loss.ts';
import { pinballLoss } from '../../../../forecasting/evaluation/metrics.ts';

/**
 * The quantile function that joins the given points, at u; beyond them exponential tails as steep
 * as between the last two.
 */
function quantileAt(quantiles: readonly number[], values: readonly number[], u: number): number {
  const last = quantiles.length - 1;
  const p = (i: number) => quantiles[i] as number;
  const x = (i: number) => values[i] as number;
  if (last === 0) return x(0);
  if (u < p(0)) return x(0) - ((x(1) - x(0)) / Math.log(p(1) / p(0))) * Math.log(p(0) / u);
  if (u > p(last)) {
    const scale = (x(last) - x(last - 1)) / Math.log((1 - p(last - 1)) / (1 - p(last)));
    return x(last) + scale * Math.log((1 - p(last)) / (1 - u));
  }
  const right = Math.max(
    1,
    quantiles.findIndex((q) => q >= u),
  );
  return (
    x(right - 1) + ((u - p(right - 1)) / (p(right) - p(right - 1))) * (x(right) - x(right - 1))
  );
}

const weighted = (quantiles: readonly number[], values: readonly number[]): number =>
  expectedLossWeights(quantiles).reduce((sum, w, i) => sum + w * (values[i] as number), 0);

test('equals the integral of the pinball loss over the forecast distribution', () => {
  const quantiles = fc
    .uniqueArray(fc.integer({ min: 5, max: 95 }), { minLength: 2, maxLength: 6 })
    .map((list) => list.sort((a, b) => a - b).map((q) => q / 100));
  const steps = fc.array(fc.double({ min: 0, max: 3, noNaN: true }), {
    minLength: 6,
    maxLength: 6,
  });
  fc.assert(
    fc.property(quantiles, steps, (levels, widths) => {
      let at = -3;
      const values = levels.map((_, i) => {
        at += widths[i] as number;
        return at;
      });
      const N = 20_000;
      let sum = 0;
      for (let i = 0; i < N; i++) {
        const y = quantileAt(levels, values, (i + 0.5) / N);
        for (const [k, q] of levels.entries())
          sum += pinballLoss(q, y - (values[k] as number)) / levels.length / N;
      }
      expect(weighted(levels, values)).toBeCloseTo(sum, 1);
    }),
    { numRuns: 25 },
  );
});

test('is 0 for a point forecast, and does not depend on where the distribution lies', () => {
  expect(expectedLossWeights([0.5])).toEqual([0]);
  const quantiles = [0.1, 0.5, 0.9];
  expect(weighted(quantiles, [11, 12, 15])).toBeCloseTo(weighted(quantiles, [1, 2, 5]), 12);
});
