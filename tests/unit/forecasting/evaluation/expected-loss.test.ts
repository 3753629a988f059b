/** Purpose: the loss that a forecast expects of itself, against an integral over its distribution. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { expectedLossWeights } from '../../../../forecasting/evaluation/expected-loss.ts';
import { pinballLoss } from '../../../../forecasting/evaluation/metrics.ts';

/** The quantile function that joins the given points, at u. */
function quantileAt(quantiles: readonly number[], values: readonly number[], u: number): number {
  const right = quantiles.findIndex((q) => q >= u);
  if (right === 0) return values[0] as number;
  if (right < 0) return values.at(-1) as number;
  const [low, high] = [quantiles[right - 1] as number, quantiles[right] as number];
  const [from, to] = [values[right - 1] as number, values[right] as number];
  return from + ((u - low) / (high - low)) * (to - from);
}

const weighted = (quantiles: readonly number[], values: readonly number[]): number =>
  expectedLossWeights(quantiles).reduce((sum, w, i) => sum + w * (values[i] as number), 0);

test('equals the integral of the pinball loss over the forecast distribution', () => {
  const quantiles = fc
    .uniqueArray(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 6 })
    .map((list) => list.sort((a, b) => a - b).map((q) => q / 100));
  const steps = fc.array(fc.double({ min: 0, max: 9, noNaN: true }), {
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
      const N = 4000;
      let sum = 0;
      for (let i = 0; i < N; i++) {
        const y = quantileAt(levels, values, (i + 0.5) / N);
        for (const [k, q] of levels.entries())
          sum += pinballLoss(q, y - (values[k] as number)) / levels.length / N;
      }
      expect(weighted(levels, values)).toBeCloseTo(sum, 2);
    }),
    { numRuns: 30 },
  );
});

test('is 0 for a point forecast, and does not depend on where the distribution lies', () => {
  expect(expectedLossWeights([0.5])).toEqual([0]);
  const quantiles = [0.1, 0.5, 0.9];
  expect(weighted(quantiles, [11, 12, 15])).toBeCloseTo(weighted(quantiles, [1, 2, 5]), 12);
});
