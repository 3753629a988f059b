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
  ['three ranges beyond what was', [2, 6, 4], { lower: -10, upper: 18 }],
  ['negative values', [-6, -2, NAN, -4], { lower: -18, upper: 10 }],
  ['a series that never moved: its own size', [5, 5, 5], { lower: -10, upper: 20 }],
  ['all zero: nothing says how large an event is', [0, 0, 0], open],
  ['too few known values', [1, NAN, NAN, 9], open],
  ['no value', [NAN, NAN, NAN], open],
])('%s', (_title, values, expected) => {
  expect(bounds(values)).toEqual(expected);
});

test('nothing after the cutoff counts', () => {
  expect(bounds([2, 6, 4, 1000], 2)).toEqual({ lower: -10, upper: 18 });
});

test('a forecast that repeats the past, or doubles it, is never implausible; a thousandfold one is', () => {
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

test('a few bad readings among many do not widen the bounds', () => {
  const values = Float32Array.from({ length: 2000 }, (_, t) => 100 + (t % 10));
  const bounds = plausibilityBounds(values, values.length - 1, 168);
  values[700] = 990_000;
  values[900] = -5000;
  expect(plausibilityBounds(values, values.length - 1, 168)).toEqual(bounds);
});

test('of a series that is zero but for one value, that value is the range', () => {
  const values = new Float32Array(2000);
  values[5] = 4;
  expect(plausibilityBounds(values, values.length - 1, 168)).toEqual({ lower: -12, upper: 16 });
});
