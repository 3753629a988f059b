/**
 * Purpose: what training learns of new series: histories of all lengths, and nothing of a series
 * that has not begun.
 */
import { expect, test } from '@jest/globals';
import { createFeatureSource } from '../../../../forecasting/features/feature-source.ts';
import { drawHistory, isLearnable } from '../../../../forecasting/features/training-history.ts';
import { seededRandom } from '../../../../platform/random.ts';
import { newSpec, panelOf, toySpec } from '../../../fixtures/random-panels.ts';

const LENGTH = 12 * 168;
const CUTOFF = LENGTH - 30;
const OPENING = CUTOFF - 99;
const panel = panelOf(['old', 'opened', 'never'], LENGTH, (s, t) =>
  s === 2 || (s === 1 && t < OPENING) ? 0 : 10 + (t % 24),
);
const source = createFeatureSource(panel, newSpec);

const lengthsOf = (series: number, seed: number, of = source): number[] => {
  const random = seededRandom(seed);
  return Array.from({ length: 400 }, () => drawHistory(of, series, CUTOFF, random)).flatMap(
    (history) => {
      const first = history?.values.findIndex((value) => !Number.isNaN(value));
      return first === undefined ? [] : [CUTOFF + 1 - first];
    },
  );
};

test('shortens one history in seven to between a day and eight weeks, by the seed', () => {
  const lengths = lengthsOf(0, 1);
  expect(lengths.length / 400).toBeCloseTo(0.15, 1);
  expect(Math.min(...lengths)).toBeGreaterThanOrEqual(24);
  expect(Math.max(...lengths)).toBeLessThanOrEqual(8 * 168);
  // Evenly by order of magnitude: half of them are shorter than eight days.
  const short = lengths.filter((length) => length < 8 * 24).length;
  expect(short / lengths.length).toBeCloseTo(0.5, 0);
  expect(lengthsOf(0, 1)).toEqual(lengths);
});

test('never extends before the birth, and never shortens without a feature version', () => {
  expect(Math.max(...lengthsOf(1, 2))).toBe(100);
  expect(lengthsOf(0, 1, createFeatureSource(panel, toySpec))).toEqual([]);
});

test('trains a series from a day after its birth, and never one of only zeros', () => {
  expect(isLearnable(source, 0, CUTOFF)).toBe(true);
  expect(isLearnable(source, 1, OPENING - 1)).toBe(false);
  expect(isLearnable(source, 1, OPENING + 22)).toBe(false);
  expect(isLearnable(source, 1, OPENING + 23)).toBe(true);
  expect(isLearnable(source, 2, CUTOFF)).toBe(false);
});
