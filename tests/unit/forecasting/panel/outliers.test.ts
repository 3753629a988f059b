/**
 * Purpose: what is an outlier and what is none: bad readings are found, changes of demand are not;
 * a long and a short panel agree, and the short cuts find what the definition finds.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { outlierMemory, outliersOf } from '../../../../forecasting/panel/outliers.ts';
import { seededRandom } from '../../../../platform/random.ts';
import { START } from '../../../fixtures/random-panels.ts';

const HOURLY = { day: 24, week: 168 };
const LENGTH = 10 * 168;
const grid = { start: START, frequencyMinutes: 60 };

/** A load with a daily wave and noise, and what `change` makes of it. */
function loadWith(change: (value: number, t: number) => number): Float32Array {
  const random = seededRandom(5);
  return Float32Array.from({ length: LENGTH }, (_, t) =>
    change(100 + 40 * Math.sin((2 * Math.PI * t) / 24) + 5 * random(), t),
  );
}
const at = 1500;
const outliersIn = (change: (value: number, t: number) => number) =>
  outliersOf(loadWith(change), grid, HOURLY);

describe('outliersOf on bad readings', () => {
  test.each<[string, (value: number, t: number) => number, number[]]>([
    ['250 times the load', (y, t) => (t === at ? 250 * y : y), [at]],
    ['four times the load', (y, t) => (t === at ? 4 * y : y), [at]],
    ['a reading below zero', (y, t) => (t === at ? -3 * y : y), [at]],
    ['four in a row', (y, t) => (t >= at && t < at + 4 ? 20 * y : y), [at, at + 1, at + 2, at + 3]],
    ['two days apart', (y, t) => (t === at || t === at - 50 ? 50 * y : y), [at - 50, at]],
  ])('finds %s', (_title, change, expected) => {
    expect(outliersIn(change)).toEqual(expected);
  });
});

describe('outliersOf on changes of demand', () => {
  test.each<[string, (value: number, t: number) => number]>([
    ['an unchanged load', (y) => y],
    ['a day with half as much more', (y, t) => (t >= at && t < at + 24 ? 1.5 * y : y)],
    ['growth', (y, t) => y * (1 + t / LENGTH)],
    ['unknown values', (y, t) => (t % 5 === 0 ? Number.NaN : y)],
    ['a heat wave that comes hour by hour', (y, t) => y + Math.max(0, Math.min(t - at, 12)) * 30],
    ['a constant series', () => 7],
    ['a wave without noise', (_, t) => Math.sin((2 * Math.PI * t) / 24)],
    ['zeros', () => 0],
  ])('finds nothing for %s', (_title, change) => {
    expect(outliersIn(change)).toEqual([]);
  });

  test('accepts a permanent change after a quarter of a day', () => {
    const found = outliersIn((y, t) => (t >= at ? 8 * y : y));
    expect(found.length).toBeLessThanOrEqual(6);
    expect(found.every((t) => t < at + 6)).toBe(true);
  });

  test('finds nothing in the rare events of a sparse series', () => {
    const random = seededRandom(9);
    const counts = Float32Array.from({ length: LENGTH }, () =>
      random() < 0.05 ? 1 + Math.floor(3 * random()) : 0,
    );
    expect(outliersOf(counts, grid, HOURLY)).toEqual([]);
  });
});

test('does not depend on the unit or offset of a series', () => {
  const values = loadWith((y, t) => (t === at ? 990_000 : y));
  for (const change of [(y: number) => 1000 * y, (y: number) => y - 100])
    expect(outliersOf(values.map(change), grid, HOURLY)).toEqual([at]);
});

test('finds a bad day in daily data, but not a holiday', () => {
  const daily = { day: 1, week: 7 };
  const values = Float32Array.from({ length: 200 }, (_, t) => 100 + 20 * (t % 7) + (t % 3));
  values[150] = 0.6 * (values[150] as number);
  values[180] = 9000;
  expect(outliersOf(values, { start: START, frequencyMinutes: 1440 }, daily)).toEqual([180]);
});

test('values older than the memory or later change nothing', () => {
  const memory = outlierMemory(HOURLY);
  const share = fc.constantFrom(0, 0.01, 0.1);
  fc.assert(
    fc.property(fc.nat(1000), share, fc.nat(300), (seed, outliers, cut) => {
      const random = seededRandom(seed);
      const values = loadWith((y) => (random() < outliers ? 100 * random() * y : y));
      const whole = outliersOf(values, grid, HOURLY);
      const start = START + cut * 3_600_000;
      const short = outliersOf(values.subarray(cut, LENGTH - 100), { ...grid, start }, HOURLY);
      const kept = (t: number) => t >= cut + memory && t < LENGTH - 100;
      expect(short.map((t) => t + cut).filter(kept)).toEqual(whole.filter(kept));
    }),
    { numRuns: 6, seed: 1 },
  );
});

/** The definition: every distance and every limit, counted again for each reading. */
function plainOutliers(
  values: Float32Array,
  start: number,
  interval: number,
  seasons: typeof HOURLY,
) {
  const { day, week } = seasons;
  const size = day > 1 ? day : Math.min(7, week);
  const back = day > 1 ? [Math.ceil(day / 4), day, week] : [1, 2, 3, 4, 5, 6, 7];
  const far: boolean[] = [];
  const distance = Array.from(values, (value, t) => {
    const all = back.map((steps) => Math.abs(value - (values[t - steps] ?? Number.NaN)));
    const known = all.filter((one) => !Number.isNaN(one));
    return known.length === 0 ? null : Math.fround(Math.min(...known));
  });
  const blockAt = (t: number) => Math.floor((start / interval + t) / size);
  const places = new Map<number, number[]>();
  for (const [t, one] of distance.entries())
    if (one !== null) places.set(blockAt(t), [...(places.get(blockAt(t)) ?? []), t]);
  const ascending = (list: number[]) => list.sort((a, b) => a - b);
  const limitAt = (block: number): number => {
    const blocks = Array.from({ length: 28 }, (_, i) => places.get(block - 28 + i) ?? []).filter(
      (one) => one.length > 0,
    );
    if (blocks.length < 7) return Number.POSITIVE_INFINITY;
    const of = (one: number[]) => one.map((t) => distance[t] as number);
    const middle = (list: number[]) => ascending(list)[list.length >> 1] as number;
    const largest = ascending(blocks.map((one) => Math.max(...of(one))));
    const means = blocks.map((one) => of(one).reduce((a, b) => a + b, 0) / one.length);
    const ranges = blocks.map((one) => {
      const own = one.map((t) => values[t] as number);
      return Math.max(...own) - Math.min(...own);
    });
    const limit = Math.max(20 * middle(means), 4 * (largest.at(-3) as number), middle(ranges));
    return limit > 0 ? limit : Number.POSITIVE_INFINITY;
  };
  const limits = new Map<number, number>();
  const lasting = Math.ceil(day / 4);
  return [...values.keys()].filter((t) => {
    const block = blockAt(t);
    if (!limits.has(block)) limits.set(block, limitAt(block));
    const limit = limits.get(block) as number;
    far[t] = distance[t] !== null && (distance[t] as number) > limit;
    if (!far[t]) return false;
    if (far.slice(Math.max(0, t - day), t).filter(Boolean).length >= lasting) return false;
    for (let from = t; from > t - lasting && far[from]; from--)
      if (!(Math.abs((values[from] as number) - (values[from - 1] ?? Number.NaN)) <= limit))
        return true;
    return false;
  });
}

test.each([
  ['by the hour', 60, { day: 24, week: 168 }, 1000],
  ['by the day', 1440, { day: 1, week: 7 }, 350],
  ['every six hours', 360, { day: 4, week: 28 }, 300],
])(
  'matches the definition %s with random readings, gaps and steps',
  (_name, minutes, seasons, length) => {
    const share = fc.constantFrom(0.01, 0.03);
    let found = 0;
    fc.assert(
      fc.property(fc.nat(1000), share, share, fc.nat(30), (seed, outliers, gaps, ahead) => {
        const random = seededRandom(seed);
        const values = Float32Array.from({ length }, (_, t) => {
          const usual =
            50 + 20 * Math.sin((2 * Math.PI * t) / Math.max(seasons.day, 7)) + 5 * random();
          if (random() < gaps) return Number.NaN;
          return random() < outliers ? usual * 200 * (random() - 0.3) : usual;
        });
        const start = START + ahead * minutes * 60_000;
        const expected = plainOutliers(values, start, minutes * 60_000, seasons);
        expect(outliersOf(values, { start, frequencyMinutes: minutes }, seasons)).toEqual(expected);
        found += expected.length;
      }),
      { numRuns: 16, seed: 1 },
    );
    expect(found).toBeGreaterThan(10);
  },
);
