/**
 * Purpose: a series that was zero for weeks and then is busy began there; rare events, short breaks
 * and what comes after the cutoff begin nothing.
 */
import { describe, expect, test } from '@jest/globals';
import { meanOfSeasons } from '../../../../forecasting/models/baselines/naive.ts';
import { birthsOf, recentBirth } from '../../../../forecasting/panel/birth.ts';
import { seededRandom } from '../../../../platform/random.ts';
import { panelOf } from '../../../fixtures/random-panels.ts';

const WEEK = 168;
const LENGTH = 8 * WEEK;
const OPENING = 6 * WEEK;
const valuesOf = (valueAt: (t: number) => number) =>
  Float32Array.from({ length: LENGTH }, (_, t) => valueAt(t));
const birthIn = (values: Float32Array, cutoff = LENGTH - 1) => birthsOf(values, WEEK)(cutoff);
const busyFrom = (first: number) => valuesOf((t) => (t < first ? 0 : 1 + (t % 5)));

describe('a birth', () => {
  test('after weeks of zeros, found within a day, as of then', () => {
    const values = busyFrom(OPENING);
    expect(birthIn(values)).toBe(OPENING);
    expect(birthIn(values, OPENING + 23)).toBe(OPENING);
    expect(birthIn(values, OPENING - 1)).toBe(0);
    expect(recentBirth(values, LENGTH - 1, WEEK, 3 * WEEK)).toBe(OPENING);
  });

  test('what comes after the cutoff does not decide', () => {
    const values = busyFrom(OPENING);
    const other = values.map((value, t) => (t > OPENING + 30 ? 0 : value));
    expect(birthIn(values, OPENING + 30)).toBe(birthIn(other, OPENING + 30));
  });

  test('by the day, within two weeks', () => {
    const values = Float32Array.from({ length: 100 }, (_, t) => (t < 60 ? 0 : 5));
    expect(birthsOf(values, 7)(60 + 13)).toBe(60);
  });
});

test.each<[string, (t: number) => number]>([
  ['rare events', (t) => (t % 300 === 299 ? 1 : 0)],
  ['one event after weeks of zeros', (t) => (t === OPENING ? 3 : 0)],
  ['a few days closed', (t) => (t >= OPENING && t < OPENING + 100 ? 0 : 3)],
  ['values from the start on', () => 2],
  ['only zeros', () => 0],
  ['unknown values before', (t) => (t < OPENING ? Number.NaN : 3)],
])('%s: none', (_title, valueAt) => {
  expect(birthIn(valuesOf(valueAt))).toBe(0);
});

test('random rare events are none', () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = seededRandom(seed);
    expect(birthIn(valuesOf(() => (random() < 0.01 ? 1 : 0)))).toBe(0);
  }
});

test('a baseline takes no mean over the zeros before', () => {
  const panel = panelOf(['a'], LENGTH, (_, t) => (t < OPENING ? 0 : 12));
  for (const age of [24, 100, 200])
    expect([...meanOfSeasons(WEEK).predict(panel, OPENING + age - 1, 24)]).toEqual(
      new Array(24).fill(12),
    );
});
