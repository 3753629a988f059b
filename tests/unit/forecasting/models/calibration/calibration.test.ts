/**
 * Purpose: calibrated intervals cover what they say on cutoffs that they were not fitted on, and
 * whole-number medians stay in order.
 */

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { calibrate as calibrateWith } from '../../../../../forecasting/models/calibration/calibrate.ts';
import {
  type Calibration,
  groupOf,
  spreadAbout,
  type Trust,
} from '../../../../../forecasting/models/calibration/calibration.ts';
import { constrainQuantiles } from '../../../../../forecasting/models/calibration/constrain-quantiles.ts';
import { calibratedOf } from '../../../../../forecasting/models/calibration/observations.ts';
import type { Forecaster } from '../../../../../forecasting/models/forecaster.ts';
import type { Panel } from '../../../../../forecasting/panel/panel.ts';
import { seededRandom } from '../../../../../platform/random.ts';
import { changedAfter, panelOf } from '../../../../fixtures/random-panels.ts';

const HORIZON = 6;
const LENGTH = 3000;
const QUANTILES = [0.1, 0.5, 0.9];
const spec = {
  ...{ horizon: HORIZON, day: 24, week: 168, frequencyMinutes: 60 },
  ...{ nonNegative: false, integerValued: false },
};
const cutoffsFrom = (first: number, end: number) =>
  Array.from({ length: Math.floor((end - first) / 5) }, (_, i) => first + 5 * i);
const EARLY = cutoffsFrom(700, 1500);
const FRESH = cutoffsFrom(1600, LENGTH - HORIZON);

/** Every series is its center and noise, spread evenly over one third of it on either side. */
function noisy(centers: readonly number[], seed = 1): Panel {
  const random = seededRandom(seed);
  const ids = centers.map((_, s) => `s${s}`);
  return panelOf(ids, LENGTH, (s) => (centers[s] as number) * (1 + (2 * random() - 1) / 3));
}

/**
 * Knows the center, and is wrong about the width by a factor: per series, and for the upper side
 * apart.
 */
const wrongBy = (
  centers: readonly number[],
  lower: readonly number[],
  upper = lower,
): Forecaster => ({
  name: 'wrong',
  quantiles: QUANTILES,
  minimumHistory: 0,
  predict(_panel, _cutoff, horizon) {
    return Float32Array.from({ length: centers.length * 3 * horizon }, (_, i) => {
      const [s, q] = [Math.floor(i / horizon / 3), Math.floor(i / horizon) % 3];
      const width = (((2 * (QUANTILES[q] as number) - 1) / 3) * (centers[s] as number)) as number;
      return (centers[s] as number) + width * ((q === 0 ? lower[s] : upper[s]) as number);
    });
  },
});

/** The forecaster's own median: there is nothing then to be distrusted. */
const medianOf = (forecaster: Forecaster): Forecaster => ({
  ...forecaster,
  quantiles: [0.5],
  predict(panel, cutoff, horizon) {
    const values = forecaster.predict(panel, cutoff, horizon);
    return values.filter((_, i) => Math.floor(i / horizon) % 3 === 1);
  },
});

const calibrate = (
  panel: Panel,
  forecaster: Forecaster,
  cutoffs: readonly number[],
  of = spec,
): Calibration =>
  calibrateWith(
    panel,
    calibratedOf({ forecaster, anchor: medianOf(forecaster), linear: null }),
    cutoffs,
    of,
  );

const ALONE: Trust = { network: 1, linear: 0 };
const NETWORK_ALONE = Array.from({ length: 6 }, () => ALONE);

/**
 * Shares of the values between the lower and the upper quantile, and below each, as the calibration
 * leaves them.
 */
function coverage(
  panel: Panel,
  { predict }: Forecaster,
  { factors }: Calibration,
  groups: readonly number[],
  only?: number,
) {
  let [inside, below, above, count] = [0, 0, 0, 0];
  for (const cutoff of FRESH) {
    const values = predict(panel, cutoff, HORIZON);
    for (let s = 0; s < panel.seriesIds.length; s++) {
      if (only !== undefined && s !== only) continue;
      for (let k = 0; k < HORIZON; k++) {
        const [low, center, high] = [0, 1, 2].map(
          (q) => values[(s * 3 + q) * HORIZON + k] as number,
        ) as [number, number, number];
        const of = factors[groups[s] as number] as Calibration['factors'][number];
        const y = panel.columns.target[s * LENGTH + cutoff + 1 + k] as number;
        const isBelow = y < center + (low - center) * (of[0]?.[k] as number);
        const isAbove = y > center + (high - center) * (of[2]?.[k] as number);
        below += Number(isBelow);
        above += Number(isAbove);
        inside += Number(!isBelow && !isAbove);
        count++;
      }
    }
  }
  return { inside: inside / count, below: below / count, above: above / count };
}

describe('intervals that are off by a known factor', () => {
  const centers = [10, 20, 30];
  const panel = noisy(centers);
  const groups = [0, 0, 0];
  const untouched: Calibration = {
    ...{ levelBounds: [], trust: [NETWORK_ALONE], edges: [0] },
    factors: [QUANTILES.map(() => Array(HORIZON).fill(1))],
  };

  test.each([
    ['half as wide as they should be', 0.5, 2],
    ['twice as wide', 2, 0.5],
    ['right', 1, 1],
  ])('are corrected if they are %s', (_title, wrong, factor) => {
    const forecaster = wrongBy(centers, [wrong, wrong, wrong]);
    const before = coverage(panel, forecaster, untouched, groups);
    expect(before.inside).toBeCloseTo(Math.min(1, 0.8 * wrong), 1);
    const calibration = calibrate(panel, forecaster, EARLY, spec);
    const after = coverage(panel, forecaster, calibration, groups);
    expect(Math.abs(after.inside - 0.8)).toBeLessThan(0.03);
    expect(Math.abs(after.below - 0.1)).toBeLessThan(0.02);
    expect(Math.abs(after.above - 0.1)).toBeLessThan(0.02);
    for (let k = 0; k < HORIZON; k++) {
      expect(Math.abs((calibration.factors[0]?.[0]?.[k] as number) / factor - 1)).toBeLessThan(
        0.08,
      );
      expect(calibration.factors[0]?.[1]?.[k]).toBe(1);
      expect(Math.abs((calibration.factors[0]?.[2]?.[k] as number) / factor - 1)).toBeLessThan(
        0.08,
      );
    }
  });

  test('get one factor below and one above the median', () => {
    const forecaster = wrongBy(centers, [0.5, 0.5, 0.5], [2, 2, 2]);
    const after = coverage(panel, forecaster, calibrate(panel, forecaster, EARLY, spec), groups);
    expect(Math.abs(after.below - 0.1)).toBeLessThan(0.02);
    expect(Math.abs(after.above - 0.1)).toBeLessThan(0.02);
  });

  test('have bounded factors', () => {
    const bound = (wrong: number) =>
      calibrate(panel, wrongBy(centers, [wrong, wrong, wrong]), EARLY, spec).factors[0]?.[2]?.[3];
    expect(bound(0.01)).toBe(4);
    expect(bound(100)).toBe(0.3);
  });

  test('get the same coverage with half of the values unknown', () => {
    const random = seededRandom(4);
    const target = panel.columns.target.map((y) => (random() < 0.5 ? Number.NaN : y));
    const forecaster = wrongBy(centers, [0.5, 0.5, 0.5]);
    const calibration = calibrate({ ...panel, columns: { target } }, forecaster, EARLY, spec);
    expect(Math.abs(coverage(panel, forecaster, calibration, groups).inside - 0.8)).toBeLessThan(
      0.04,
    );
  });
});

describe('many series', () => {
  /** Three in four are sparse; the bounds of their intervals are wrong the other way. */
  const centers = Array.from({ length: 32 }, (_, s) => (s % 4 === 0 ? 0.5 : 0.01) * (1 + s / 50));
  const isBusy = (s: number) => s % 4 === 0;
  const wrong = centers.map((_, s) => (isBusy(s) ? 2 : 0.5));
  const panel = noisy(centers);
  const calibration = calibrate(panel, wrongBy(centers, wrong), EARLY, spec);

  test('sparse and busy series are calibrated apart, at any scale', () => {
    const groups = centers.map((center) => groupOf(calibration.levelBounds, center));
    const busy = new Set(groups.filter((_, s) => isBusy(s)));
    expect(groups.filter((group, s) => !isBusy(s) && busy.has(group))).toEqual([]);
    for (const s of [0, 4, 1, 2]) {
      const { inside } = coverage(panel, wrongBy(centers, wrong), calibration, groups, s);
      expect(Math.abs(inside - 0.8)).toBeLessThan(0.05);
    }
  });

  test.each([2 ** 10, 2 ** -40])('the unit of the target changes nothing: %d', (unit) => {
    const target = panel.columns.target.map((y) => unit * y);
    const own = centers.map((center) => unit * center);
    const scaled = calibrate({ ...panel, columns: { target } }, wrongBy(own, wrong), EARLY, spec);
    expect(scaled.levelBounds).toEqual(calibration.levelBounds.map((bound) => unit * bound));
    for (const [g, of] of calibration.factors.entries())
      for (const [q, steps] of of.entries())
        for (const [k, factor] of steps.entries())
          expect(scaled.factors[g]?.[q]?.[k]).toBeCloseTo(factor, 4);
  });
});

test('one large series does not decide the trust in the forecasters', () => {
  const centers = [1e6, ...Array.from({ length: 9 }, () => 10)];
  const panel = noisy(centers);
  const right = medianOf(
    wrongBy(
      centers,
      centers.map(() => 1),
    ),
  );
  /** Off by as much as the level, of the large series or of all others. */
  const offFor = (large: boolean): Forecaster => ({
    ...right,
    predict: (...asked) =>
      right
        .predict(...asked)
        .map((y, i) => ((Math.floor(i / asked[2]) === 0) === large ? 2 * y : y)),
  });
  const models = { forecaster: offFor(true), anchor: offFor(true), linear: offFor(false) };
  const { trust } = calibrateWith(panel, calibratedOf(models), EARLY, spec);
  // The linear model is right on the large series alone.
  for (const { linear } of trust[0] as Trust[]) expect(linear).toBeLessThan(0.2);
});

test('a level on a bound belongs to the group above it', () => {
  const levelBounds = [1, 5];
  expect([0, 0.999, 1, 4.9, 5, 1e9].map((level) => groupOf(levelBounds, level))).toEqual([
    0, 0, 1, 1, 2, 2,
  ]);
});

test('factors stay 1 with few or no observations and for intervals of no width', () => {
  const centers = [10];
  const panel = noisy(centers);
  const ones = [QUANTILES.map(() => Array(HORIZON).fill(1))];
  const narrow = wrongBy(centers, [0.5]);
  // The middle steps have five steps' observations: 39 cutoffs give 195, 40 give the 200 that are
  // enough.
  expect(calibrate(panel, narrow, EARLY.slice(0, 39), spec).factors).toEqual(ones);
  expect(calibrate(panel, narrow, EARLY.slice(0, 40), spec).factors[0]?.[2]?.[2]).toBeGreaterThan(
    1.5,
  );
  expect(calibrate(panel, narrow, [], spec).factors).toEqual(ones);
  expect(calibrate(panel, wrongBy(centers, [0]), EARLY, spec).factors).toEqual(ones);
  const unknown = { ...panel, columns: { target: panel.columns.target.map(() => Number.NaN) } };
  expect(calibrate(unknown, narrow, EARLY, spec).factors).toEqual(ones);
});

test('trusts no noise, trusts a correct forecaster, and prefers the better of two', () => {
  const centers = [10];
  const panel = noisy(centers);
  const right = medianOf(wrongBy(centers, [1]));
  const off = (by: (cutoff: number) => number): Forecaster => ({
    ...right,
    predict: (...asked) => right.predict(...asked).map((y) => y + by(asked[1])),
  });
  const wild = off((cutoff) => (cutoff % 2 ? 30 : -30));
  const trust = (forecaster: Forecaster, anchor: Forecaster, linear: Forecaster | null = null) =>
    calibrateWith(panel, calibratedOf({ forecaster, anchor, linear }), EARLY, spec).trust[0]?.[3];
  expect(trust(wild, right)).toEqual({ network: 0, linear: 0 });
  expect(
    trust(
      right,
      off(() => 30),
    ),
  ).toEqual(ALONE);
  expect(
    trust(
      wild,
      off(() => 30),
      right,
    ),
  ).toEqual({ network: 0, linear: 1 });
  // Wrong by as much on either side: the middle of the two.
  const between = trust(
    off(() => 4),
    off(() => 300),
    off(() => -4),
  ) as Trust;
  expect(between.network).toBeCloseTo(0.5);
  expect(between.linear).toBeCloseTo(0.5);
});

describe('counts', () => {
  const random = seededRandom(9);
  // Zero seven times in ten, else one to three: no interval of whole numbers holds 80 %.
  const panel = panelOf(['a', 'b', 'c'], LENGTH, () =>
    random() < 0.7 ? 0 : 1 + Math.floor(3 * random()),
  );
  const bounds = (low: number, high: number): Forecaster => ({
    ...wrongBy([1, 1, 1], [1, 1, 1]),
    predict: (_panel, cutoff, horizon) =>
      Float32Array.from({ length: 9 * horizon }, (_, i) => {
        const wobble = ((cutoff * 7 + i * 13) % 100) / 100;
        return [low, 0.2, high + wobble][Math.floor(i / horizon) % 3] as number;
      }),
  });
  const counts = { ...spec, nonNegative: true, integerValued: true };

  test('bounds that hold too many move next to a count, until the share is right', () => {
    const forecaster = bounds(-0.4, 0.5);
    const calibration = calibrate(panel, forecaster, EARLY, counts);
    const served = (edge: number) => {
      let [inside, count] = [0, 0];
      for (const cutoff of FRESH) {
        const values = forecaster.predict(panel, cutoff, HORIZON);
        for (let s = 0; s < 3; s++)
          for (let k = 0; k < HORIZON; k++) {
            const row = Float64Array.from(
              [0, 1, 2],
              (q) => values[(s * 3 + q) * HORIZON + k] as number,
            );
            spreadAbout(calibration.factors[0], k, row[1] as number, row, 1);
            constrainQuantiles(row, 1, counts, edge);
            const y = panel.columns.target[s * LENGTH + cutoff + 1 + k] as number;
            inside += Number(y >= (row[0] as number) && y <= (row[2] as number));
            count++;
          }
      }
      return inside / count;
    };
    const edge = calibration.edges[0] as number;
    expect(edge).toBeGreaterThan(0);
    expect(Math.abs(served(edge) - 0.8)).toBeLessThan(0.06);
    expect(served(0)).toBeGreaterThan(0.85);
  });

  test.each([
    // [bounds and median, edge, what is possible]
    [[0.4, 1.6, 2.3], 0.25, [0.001, 2, 2]],
    [[0.9, 1.6, 2.2], 0.25, [1.001, 2, 2]],
    [[-0.3, 0.4, 1.2], 0.25, [0, 0, 0.999]],
    [[-0.1, 1.4, 3.9], 0.25, [0.001, 1, 3.999]],
    [[0.5, 0.6, 0.7], 0, [1, 1, 1]],
    [[3, 4, 5], 0, [3, 4, 5]],
  ])('%j with an edge of %f becomes %j', (values, edge, expected) => {
    const row = Float64Array.from(values);
    constrainQuantiles(row, 1, counts, edge);
    for (const [q, value] of expected.entries()) expect(row[q]).toBeCloseTo(value, 6);
  });

  test('bounds move by half a count at most, and hold the counts that they held', () => {
    const bound = fc.double({ min: -3, max: 40, noNaN: true });
    fc.assert(
      fc.property(bound, bound, (a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        const row = Float64Array.of(low, (low + high) / 2, high);
        constrainQuantiles(row, 1, { nonNegative: false, integerValued: true }, 0);
        const [below, median, above] = row as unknown as [number, number, number];
        for (let count = -4; count <= 41; count++)
          if (count !== median)
            expect(count >= below && count <= above).toBe(count >= low && count <= high);
        if (below < median) expect(Math.abs(below - low)).toBeLessThanOrEqual(0.5);
        if (above > median) expect(Math.abs(above - high)).toBeLessThanOrEqual(0.5);
      }),
    );
  });
});

test('reads nothing after the horizon of the last cutoff', () => {
  const centers = [10, 0.5];
  const panel = noisy(centers);
  const forecaster = wrongBy(centers, [0.5, 2]);
  const last = (EARLY.at(-1) as number) + HORIZON;
  const calibration = calibrate(panel, forecaster, EARLY, spec);
  expect(
    calibrate(
      changedAfter(panel, last, () => 1e9),
      forecaster,
      EARLY,
      spec,
    ),
  ).toEqual(calibration);
});

describe('hours with correlated errors', () => {
  const centers = [10, 20, 30];
  /** Sixty cutoffs: 300 intervals, in which the weather changes 25 times. */
  const FEW = cutoffsFrom(700, 1000);

  /**
   * All series are off their centers by the same share, again every 12 intervals: evenly spread as
   * in `noisy`.
   */
  function inSpells(seed: number, scale = 1): Panel {
    const random = seededRandom(seed);
    const spells = Array.from({ length: LENGTH / 12 }, () => (scale * (2 * random() - 1)) / 3);
    return panelOf(
      ['s0', 's1', 's2'],
      LENGTH,
      (s, t) => (centers[s] as number) * (1 + (spells[Math.floor(t / 12)] as number)),
    );
  }

  test('intervals reach their coverage on average with only 25 effective observations', () => {
    const narrow = wrongBy(centers, [0.5, 0.5, 0.5]);
    const seeds = Array.from({ length: 20 }, (_, seed) => inSpells(seed + 1));
    const held = seeds.map(
      (panel) => coverage(panel, narrow, calibrate(panel, narrow, FEW, spec), [0, 0, 0]).inside,
    );
    const mean = held.reduce((sum, inside) => sum + inside, 0) / held.length;
    // Counting 1,080 gives 0.77; whole spells cannot be distinguished finer than 1 in 25, so 0.80
    // exactly is out of reach.
    expect(mean).toBeGreaterThan(0.79);
    expect(mean).toBeLessThan(0.86);
  });

  test('three blocks may widen intervals but never narrow them', () => {
    // A block is two horizons: 30 intervals hold three of them.
    const short = cutoffsFrom(696, 721);
    const wide = Array.from({ length: 60 }, () => 10);
    const factorsWith = (by: number) =>
      calibrate(
        noisy(wide),
        wrongBy(
          wide,
          wide.map(() => by),
        ),
        short,
        spec,
      ).factors[0]?.[2];
    expect(factorsWith(2)).toEqual(new Array(HORIZON).fill(1));
    for (const factor of factorsWith(0.5) as number[]) expect(factor).toBeGreaterThan(1.5);
  });

  test('a quiet fortnight narrows an interval by less than its quietness', () => {
    const right = wrongBy(centers, [1, 1, 1]);
    const factors = Array.from(
      { length: 10 },
      (_, seed) => calibrate(inSpells(seed + 1, 0.7), right, FEW, spec).factors[0]?.[2]?.[3],
    );
    const lower = factors.filter((factor) => (factor as number) < 0.72);
    expect(lower).toEqual([]);
  });
});
