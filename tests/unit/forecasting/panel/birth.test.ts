/**
 * Purpose: a series that was zero for weeks and then is busy began there; rare events, short breaks
 * and what comes after the cutoff begin nothing; the shared counts give what the definition gives.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
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

describe('birth of a series', () => {
  test('is found within a day after weeks of zeros, as of that day', () => {
    const values = busyFrom(OPENING);
    expect(birthIn(values)).toBe(OPENING);
    expect(birthIn(values, OPENING + 23)).toBe(OPENING);
    expect(birthIn(values, OPENING - 1)).toBe(0);
    expect(recentBirth(values, LENGTH - 1, WEEK, 3 * WEEK)).toBe(OPENING);
  });

  test('does not depend on values after the cutoff', () => {
    const values = busyFrom(OPENING);
    const other = values.map((value, t) => (t > OPENING + 30 ? 0 : value));
    expect(birthIn(values, OPENING + 30)).toBe(birthIn(other, OPENING + 30));
  });

  test('is found within two weeks in daily data', () => {
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
])('finds no birth with %s', (_title, valueAt) => {
  expect(birthIn(valuesOf(valueAt))).toBe(0);
});

test('finds no birth in random rare events', () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = seededRandom(seed);
    expect(birthIn(valuesOf(() => (random() < 0.01 ? 1 : 0)))).toBe(0);
  }
});

test('baselines take no mean over the zeros before a birth', () => {
  const panel = panelOf(['a'], LENGTH, (_, t) => (t < OPENING ? 0 : 12));
  for (const age of [24, 100, 200])
    expect([...meanOfSeasons(WEEK).predict(panel, OPENING + age - 1, 24)]).toEqual(
      new Array(24).fill(12),
    );
});

/** The definition, counted from the values for one cutoff. */
function plainBirth(values: Float32Array, week: number, cutoff: number): number {
  const isEvent = (value: number) => value !== 0 && !Number.isNaN(value);
  for (let at = cutoff; at > 0; at--) {
    if (!isEvent(values[at] as number)) continue;
    const before = values.slice(0, at);
    const zeros = before.slice(before.findLastIndex(isEvent) + 1).filter((value) => value === 0);
    if (zeros.length < week) continue;
    const known = values
      .slice(at + 1, Math.min(cutoff, at + 4 * week) + 1)
      .filter((value) => !Number.isNaN(value));
    const events = known.filter(isEvent).length;
    const least = events - 2 * Math.sqrt(events) - 1;
    const chance = (1 - least / known.length) ** Math.min(zeros.length, 4 * week);
    if (least > 0 && chance < 1e-3) return at;
  }
  return 0;
}

test('matches the definition at every cutoff of random openings, breaks and gaps', () => {
  const phase = fc.record({
    length: fc.integer({ min: 1, max: 40 }),
    rate: fc.constantFrom(0, 0, 0, 0.02, 0.5, 1),
    unknown: fc.constantFrom(0, 0, 0, 0.2, 1),
  });
  let births = 0;
  fc.assert(
    fc.property(fc.nat(1000), fc.array(phase, { minLength: 1, maxLength: 8 }), (seed, phases) => {
      const random = seededRandom(seed);
      const drawn = ({ rate, unknown }: (typeof phases)[number]) =>
        random() < unknown ? Number.NaN : random() < rate ? 1 + Math.floor(5 * random()) : 0;
      const values = Float32Array.from(
        phases.flatMap((one) => Array.from({ length: one.length }, () => drawn(one))),
      );
      const birthAt = birthsOf(values, 7);
      const cutoffs = [...values.keys()];
      const expected = cutoffs.map((cutoff) => plainBirth(values, 7, cutoff));
      expect(cutoffs.map(birthAt)).toEqual(expected);
      births += new Set(expected).size - 1;
    }),
    { numRuns: 150, seed: 1 },
  );
  expect(births).toBeGreaterThan(20);
});
