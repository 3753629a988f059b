/**
 * Purpose: which targets have a shape that is added to their mean instead of multiplied.
 */
import { expect, test } from '@jest/globals';
import { networkSpecOf } from '../../../../services/training/training-config.ts';
import { panelOf } from '../../../fixtures/random-panels.ts';
import { toyConfig, toyDomain } from '../../../fixtures/toy-store.ts';

const LENGTH = 2000;
const wave = (t: number) => 10 * Math.sin((2 * Math.PI * t) / 24);

test.each<[string, { nonNegative: boolean; scale?: 'interval' }, (t: number) => number, boolean]>([
  ['below zero at times', { nonNegative: false }, wave, true],
  ['below zero always', { nonNegative: false }, () => -5, true],
  ['one reading below zero', { nonNegative: false }, (t) => (t === 9 ? -1 : 5), false],
  ['never below zero', { nonNegative: false }, () => 5, false],
  ['on an interval scale', { nonNegative: false, scale: 'interval' }, () => 290, true],
  ['of counts', { nonNegative: true }, () => 3, false],
  ['below zero later on', { nonNegative: false }, (t) => (t < 1500 ? 5 : wave(t)), false],
])('a target %s gets the matching features', (_title, rules, valueAt, expected) => {
  const panel = panelOf(['a', 'b'], LENGTH, (s, t) => (s === 0 ? 7 : valueAt(t)));
  const { features } = networkSpecOf({ ...toyDomain, ...rules }, panel, toyConfig, 1400);
  expect(features.isAdditive ?? false).toBe(expected);
});
