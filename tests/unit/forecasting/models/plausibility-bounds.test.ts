/**
 * Purpose: the bound is learnt from the series alone, moves with its unit, and lets all that is not
 * implausible pass.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  isWithin,
  plausibilityBounds,
} from '../../../../forecasting/models/plausibility-bounds.ts';

const NAN = Number.NaN;
const open = { lower: Number.NEGATIVE_INFINITY, upper: Number.POSITIVE_INFINITY };
const bounds = (values: number[], cutoff = values.length - 1) =>
  plausibilityBounds(Float32Array.from(values), cutoff, 3);

test.each<[string, number[], { lower: number; upper: number }]>([
  ['at three ranges beyond known values', [2, 6, 4], { lower: -10, upper: 18 }],
  ['for negative values', [-6, -2, NAN, -4], { lower: -18, upper: 10 }],
  ['by the value of a constant series', [5, 5, 5], { lower: -10, upper: 20 }],
  ['nothing for a series of zeros', [0, 0, 0], open],
  ['nothing with too few known values', [1, NAN, NAN, 9], open],
  ['nothing without a value', [NAN, NAN, NAN], open],
])('bounds %s', (_title, values, expected) => {
  expect(bounds(values)).toEqual(expected);
});

test('ignores values after the cutoff', () => {
  expect(bounds([2, 6, 4, 1000], 2)).toEqual({ lower: -10, upper: 18 });
});

test('allows repeated or doubled past values, and not a thousandfold one', () => {
  const series = fc.array(fc.float({ min: 1, max: 1000, noNaN: true }), {
    minLength: 3,
    maxLength: 50,
  });
  fc.assert(
    fc.property(series, (values) => {
      const past = Float32Array.from(values);
      const learnt = bounds(values);
      expect(isWithin(learnt, past)).toBe(true);
      expect(isWithin(learnt, Float32Array.of(Number.NaN))).toBe(false);
      expect(isWithin(learnt, Float32Array.of(1000 * Math.max(...past)))).toBe(false);
      const tenfold = bounds(values.map((value) => value * 8));
      expect(tenfold.upper).toBeCloseTo(8 * learnt.upper, 0);
    }),
    { seed: 2, numRuns: 20 },
  );
});

test('bounds are not widened by a few bad readings', () => {
  const values = Float32Array.from({ length: 2000 }, (_, t) => 100 + (t % 10));
  const bounds = plausibilityBounds(values, values.length - 1, 168);
  values[700] = 990_000;
  values[900] = -5000;
  expect(plausibilityBounds(values, values.length - 1, 168)).toEqual(bounds);
});

test('takes the only non-zero value of a series as its range', () => {
  const values = new Float32Array(2000);
  values[5] = 4;
  expect(plausibilityBounds(values, values.length - 1, 168)).toEqual({ lower: -12, upper: 16 });
});
