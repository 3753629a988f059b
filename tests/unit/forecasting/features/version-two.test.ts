/**
 * Purpose: the promises of the inputs of version 2: what those of version 1 promise, and outliers,
 * births, short histories, long horizons and targets that change sign.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createFeatureSource } from '../../../../forecasting/features/feature-source.ts';
import {
  type FeatureSpec,
  featureGroups,
  featureSizes,
  lookBack,
} from '../../../../forecasting/features/feature-spec.ts';
import {
  createFeatureBatch,
  type FeatureBatch,
  knownShareOf,
  writeFeatures,
} from '../../../../forecasting/features/features.ts';
import { historySince } from '../../../../forecasting/features/series-history.ts';
import { createPanel, type Panel } from '../../../../forecasting/panel/panel.ts';
import { seededRandom } from '../../../../platform/random.ts';
import {
  changedAfter,
  lastOf,
  newSpec,
  type PanelDescription,
  panelDescription,
  panelOf,
  randomPanel,
} from '../../../fixtures/random-panels.ts';

const spec = newSpec;
const additive: FeatureSpec = { ...spec, nonNegative: false, isAdditive: true };
const anySpec = fc.constantFrom<FeatureSpec>(
  ...[spec, additive, { ...spec, horizon: 200 }],
  ...[
    { ...spec, hasMovement: true as const },
    { ...spec, hasMovement: true as const, hasHolidayBase: true as const },
    { ...additive, hasMovement: true as const },
  ],
);
const LENGTH = lookBack(spec) + 200;
const anyCutoff = fc.integer({ min: lookBack(spec), max: LENGTH - 1 });

/** With readings that cannot be right, as a share of all. */
const withFaults = (panel: Panel, share: number): Panel => {
  const random = seededRandom(3);
  const target = panel.columns.target.map((value) => (random() < share ? 1e4 * value : value));
  return { ...panel, columns: { target } };
};
const anyPanel = fc
  .tuple(panelDescription(LENGTH), fc.constantFrom(0, 1e-3))
  .map(([description, faults]) => withFaults(randomPanel(description), faults));

function featuresOf(panel: Panel, series: number, cutoff: number, of = spec, first = cutoff) {
  const batch = createFeatureBatch(featureSizes(of), of.horizon, 1);
  writeFeatures(createFeatureSource(panel, of, first), series, cutoff, batch, 0);
  return batch;
}
const bits = ({ window, step, base, level, movement }: FeatureBatch) =>
  [window, step, base, level, movement].map((values) =>
    Buffer.from(values.buffer).toString('base64'),
  );

test('reads nothing after the cutoff, also for a horizon longer than a week', () => {
  fc.assert(
    fc.property(anyPanel, anyCutoff, anySpec, fc.constantFrom(Number.NaN, 0, 1e9), (...given) => {
      const [panel, cutoff, of, value] = given;
      const changed = changedAfter(panel, cutoff, () => value);
      expect(bits(featuresOf(changed, 0, cutoff, of))).toEqual(
        bits(featuresOf(panel, 0, cutoff, of)),
      );
    }),
    { numRuns: 5, seed: 1 },
  );
});

test('a long panel and the serving panel give the same bits', () => {
  fc.assert(
    fc.property(anyPanel, anySpec, fc.nat(160), (panel, of, before) => {
      const kept = lookBack(of) + 168;
      const cutoff = LENGTH - 1 - before;
      const recent = lastOf(panel, kept);
      expect(bits(featuresOf(recent, 0, cutoff - (LENGTH - kept), of))).toEqual(
        bits(featuresOf(panel, 0, cutoff, of, 0 + featureSizes(of).trainingHistory)),
      );
    }),
    { numRuns: 5, seed: 2 },
  );
});

test('inputs are finite, the level is positive and the groups cover all inputs', () => {
  fc.assert(
    fc.property(anyPanel, fc.integer({ min: 400, max: LENGTH - 1 }), anySpec, (...given) => {
      const [panel, cutoff, of] = given;
      const { window, step, base, level, movement } = featuresOf(panel, 0, cutoff, of);
      for (const values of [window, step, base, level, movement])
        expect(values.every(Number.isFinite)).toBe(true);
      expect(level[0]).toBeGreaterThan(0);
      expect(movement[0]).toBeGreaterThan(0);
      const groups = featureGroups(of);
      expect([groups.window.length, groups.step.length * of.horizon]).toEqual([
        window.length,
        step.length,
      ]);
    }),
    { numRuns: 5, seed: 3 },
  );
});

const plain: PanelDescription = {
  ...{ seed: 7, series: 1, length: LENGTH, scale: 40 },
  ...{ gapShare: 0.02, zeroShare: 0, negative: false },
};

test('a shortened history gives the bits of a panel without the earlier values', () => {
  const panel = randomPanel(plain);
  const cutoff = LENGTH - 30;
  const source = createFeatureSource(panel, spec, 1000);
  for (const length of [24, 100, 500, 1344]) {
    const first = cutoff - length + 1;
    const batch = createFeatureBatch(featureSizes(spec), spec.horizon, 1);
    writeFeatures(source, 0, cutoff, batch, 0, historySince(source, 0, cutoff, first));
    const target = panel.columns.target.map((value, t) => (t < first ? Number.NaN : value));
    expect(bits(batch)).toEqual(bits(featuresOf({ ...panel, columns: { target } }, 0, cutoff)));
    expect(knownShareOf(batch, 0, spec)).toBeCloseTo(Math.min(1, length / 672), 1);
  }
});

test('zeros before a birth do not count as history', () => {
  const cutoff = LENGTH - 30;
  const born = cutoff - 47;
  const of = (before: number) =>
    panelOf(['a'], LENGTH, (_, t) => (t < born ? before : 50 + 20 * Math.sin(t / 4)));
  expect(bits(featuresOf(of(0), 0, cutoff))).toEqual(bits(featuresOf(of(Number.NaN), 0, cutoff)));
  const { level, base } = featuresOf(of(0), 0, cutoff);
  // The shape of the last days at their level, not a flat line near zero.
  expect(level[0]).toBeGreaterThan(40);
  const wave = (t: number) => 50 + 20 * Math.sin(t / 4);
  const mean = (wave(cutoff - 18) + wave(cutoff - 42)) / 2;
  expect((level[0] as number) * (base[5] as number)).toBeCloseTo(mean, 3);
});

test('one bad reading counts as unknown and changes nothing else', () => {
  const panel = randomPanel(plain);
  const cutoff = LENGTH - 1;
  const at = cutoff - 30;
  const withValue = (value: number) => ({
    ...panel,
    columns: { target: panel.columns.target.map((y, t) => (t === at ? value : y)) },
  });
  expect(bits(featuresOf(withValue(40_000), 0, cutoff))).toEqual(
    bits(featuresOf(withValue(Number.NaN), 0, cutoff)),
  );
});

describe('a target that changes sign', () => {
  const wave = (offset: number, scale = 1) =>
    panelOf(
      ['a'],
      LENGTH,
      (_, t) => offset + scale * (10 * Math.sin((2 * Math.PI * t) / 24) + 2 * Math.sin(t / 100)),
    );
  const cutoff = LENGTH - 30;

  test('has a base as near for a mean of 0 as for a large mean', () => {
    const { level, base } = featuresOf(wave(0), 0, cutoff, additive);
    const errors = Array.from(base, (value, k) => {
      const t = cutoff + 1 + k;
      const actual = 10 * Math.sin((2 * Math.PI * t) / 24) + 2 * Math.sin(t / 100);
      return Math.abs(value * (level[0] as number) - actual);
    });
    expect(Math.max(...errors)).toBeLessThan(5);
  });

  test('an offset moves only the base, a factor only the level', () => {
    const one = featuresOf(wave(0), 0, cutoff, additive);
    const moved = featuresOf(wave(30), 0, cutoff, additive);
    const scaled = featuresOf(wave(0, 1000), 0, cutoff, additive);
    const center = featureSizes(additive).windowSize - 1;
    const near = (a: Float32Array, b: Float32Array, but: number[] = []) =>
      a.forEach((x, i) => {
        if (!but.includes(i)) expect(Math.abs(x - (b[i] as number))).toBeLessThan(2e-3);
      });
    near(one.window, moved.window, [center]);
    near(one.step, moved.step);
    expect(moved.level[0]).toBeCloseTo(one.level[0] as number, 3);
    near(
      one.base.map((base) => base * (one.level[0] as number)),
      moved.base.map((base) => base * (moved.level[0] as number) - 30),
    );
    // The logarithm of the level is the one input that says its size.
    near(one.window, scaled.window, [168 + 48]);
    near(one.base, scaled.base);
    expect((scaled.level[0] as number) / (one.level[0] as number)).toBeCloseTo(1000, 0);
  });
});

test.each([
  ['days', 1440, 7, 14],
  ['weeks', 10_080, 52, 13],
  ['months', 43_200, 12, 18],
])('by %s: inputs are finite from the first year and know the season', (...given) => {
  const [, frequencyMinutes, week, horizon] = given;
  const of: FeatureSpec = {
    ...{ ...spec, place: { timeZone: 'UTC', holidays: null }, frequencyMinutes },
    ...{ day: 1, week, horizon },
  };
  const length = 6 * week + 10;
  const panel = createPanel({
    ...{ seriesIds: ['a'], start: 0, frequencyMinutes, length },
    columns: { target: Float32Array.from({ length }, (_, t) => 100 + 50 * ((t % week) / week)) },
  });
  const source = createFeatureSource(panel, of);
  const batch = createFeatureBatch(featureSizes(of), horizon, 1);
  for (const cutoff of [featureSizes(of).trainingHistory - 1, length - 1]) {
    writeFeatures(source, 0, cutoff, batch, 0);
    for (const values of [batch.window, batch.step, batch.base, batch.level])
      expect(values.every(Number.isFinite)).toBe(true);
  }
  for (let k = 0; k < horizon; k++) {
    const actual = 100 + 50 * (((length + k) % week) / week);
    const base = (batch.base[k] as number) * (batch.level[0] as number);
    expect(Math.abs(base - actual)).toBeLessThan(3);
  }
});
