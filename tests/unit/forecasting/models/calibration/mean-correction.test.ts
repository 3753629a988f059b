/**
 * Purpose: after the correction means add up to the actuals of the windows they were corrected on.
 */
import { expect, test } from '@jest/globals';
import {
  correctedMean,
  meanBefore,
  meanCorrectionOf,
} from '../../../../../forecasting/models/calibration/mean-correction.ts';
import type { Windows } from '../../../../../forecasting/models/calibration/observations.ts';

const QUANTILES = [0.1, 0.5, 0.9];
const calibrated = { trust: [{ network: 1, linear: 0 }], factors: [[1], [1], [1]] };
const counts = {
  ...{ nonNegative: true, integerValued: true },
  ...{ version: 2 as const, frequencyMinutes: 60, week: 168 },
};

/** Windows of one step: the same three quantiles each, and an actual that is 1 in one of four. */
function windowsOf(count: number, quantiles: readonly number[], level: number): Windows {
  const zeros = new Float32Array(count);
  return {
    ...{ count, horizon: 1, cutoffs: new Int32Array(count), anchor: zeros, linear: zeros },
    levels: new Float64Array(count).fill(level),
    actual: Float32Array.from({ length: count }, (_, w) => (w % 4 === 0 ? 1 : 0)),
    forecast: Float32Array.from({ length: 3 * count }, (_, i) => quantiles[i % 3] as number),
  };
}
const all = (count: number) => Int32Array.from({ length: count }, (_, w) => w);

test.each([
  ['sparse counts, whose median is zero', [0, 0, 1], counts],
  ['quantiles that reach below zero', [-1, 0.1, 1], counts],
  [
    'a scale of two signs',
    [-3, 0.5, 1],
    { ...counts, nonNegative: false, integerValued: false, isAdditive: true as const },
  ],
])('corrects the mean of %s', (_, quantiles, kind) => {
  const windows = windowsOf(400, quantiles, 0.2);
  const correction = meanCorrectionOf(windows, all(400), QUANTILES, kind, calibrated);
  const before = meanBefore(QUANTILES, Float64Array.from(quantiles), kind);
  expect(before).not.toBeCloseTo(0.25, 2);
  const given = { mean: before, anchor: 0, level: 0.2 };
  expect(correctedMean(correction, given)).toBeCloseTo(0.25, 6);
});

test('corrects nothing for few windows or only zeros', () => {
  const few = windowsOf(100, [0, 0, 1], 1);
  const none = { ofQuantiles: 1, ofAnchor: 0, ofLevel: 0 };
  expect(meanCorrectionOf(few, all(100), QUANTILES, counts, calibrated)).toEqual(none);
  const quiet = { ...windowsOf(400, [0, 0, 1], 1), actual: new Float32Array(400) };
  expect(meanCorrectionOf(quiet, all(400), QUANTILES, counts, calibrated)).toEqual(none);
});

test('takes the mean from the anchor where all quantiles are zero', () => {
  // The anchor knows which windows have an event: 0.4 there, else 0.1.
  const windows = {
    ...windowsOf(400, [0, 0, 0], 0.2),
    anchor: Float32Array.from({ length: 400 }, (_, w) => (w % 4 === 0 ? 0.4 : 0.1)),
  };
  const correction = meanCorrectionOf(windows, all(400), QUANTILES, counts, calibrated);
  const meanAt = (anchor: number) => correctedMean(correction, { mean: 0, anchor, level: 0.2 });
  expect((meanAt(0.4) + 3 * meanAt(0.1)) / 4).toBeCloseTo(0.25, 6);
  expect(meanAt(0.4)).toBeCloseTo(4 * meanAt(0.1), 6);
});

test('a factor stays 1 if it varies more between days than it differs from 1', () => {
  // Twenty days of a mean of 10: actuals 10.1 on average, apart by `swing` from one to the next.
  const correctionWith = (swing: number) => {
    const windows = {
      ...windowsOf(400, [9, 10, 11], 10),
      cutoffs: Int32Array.from({ length: 400 }, (_, w) => Math.floor(w / 20) * 2),
      actual: Float32Array.from(
        { length: 400 },
        (_, w) => 10.1 + (Math.floor(w / 20) % 2 ? swing : -swing),
      ),
    };
    return meanCorrectionOf(windows, all(400), QUANTILES, counts, calibrated).ofQuantiles;
  };
  expect(correctionWith(3)).toBe(1);
  expect(correctionWith(0.01)).toBeCloseTo(1.01, 3);
  const between = correctionWith(0.3);
  expect(between).toBeGreaterThan(1.003);
  expect(between).toBeLessThan(1.009);
});
