/**
 * Purpose: what the network's inputs promise of exogenous columns: none is read before it was
 * known, and those that are not there change nothing.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fitExogenous, unknownColumns } from '../../../../forecasting/features/exogenous.ts';
import { createFeatureSource } from '../../../../forecasting/features/feature-source.ts';
import { type FeatureSpec, featureSizes } from '../../../../forecasting/features/feature-spec.ts';
import { createFeatureBatch, writeFeatures } from '../../../../forecasting/features/features.ts';
import { type Panel, padHistory, sharedWithin } from '../../../../forecasting/panel/panel.ts';
import { seededRandom } from '../../../../platform/random.ts';
import {
  HISTORY,
  ONLINE_INTERVALS,
  randomPanel,
  toySpec,
} from '../../../fixtures/random-panels.ts';

const LENGTH = ONLINE_INTERVALS + 77;
const { horizon } = toySpec;
const past = [
  { name: 'heat', mean: 10, deviation: 4 },
  { name: 'rain', mean: 1, deviation: 2 },
];
const spec: FeatureSpec = {
  ...toySpec,
  exogenous: { past, future: [{ name: 'plan', mean: 0.5, deviation: 0.5 }] },
};
const plain = featureSizes(toySpec);
const sizes = featureSizes(spec);

/** heat: one value a day; rain: every hour, with gaps; plan: known a horizon past the end. */
function withColumns(seed = 1, length = LENGTH): Panel {
  const random = seededRandom(seed);
  const panel = randomPanel({
    seed,
    series: 2,
    length,
    scale: 3,
    gapShare: 0.05,
    zeroShare: 0.2,
    negative: false,
  });
  const column = (count: number, at: (t: number) => number) =>
    Float32Array.from({ length: count }, (_, t) => at(t));
  return {
    ...panel,
    exogenous: {
      heat: column(length, (t) => (t % 24 === 10 ? 20 * random() : Number.NaN)),
      rain: column(length, () => (random() < 0.3 ? Number.NaN : 5 * random())),
      plan: column(length + horizon, () => Math.round(random())),
    },
  };
}

/**
 * `first`: from which cutoff on the source tabulates; all of a panel costs much more than one
 * cutoff.
 */
function inputs(panel: Panel, cutoff: number, of = spec, series = 1, first = cutoff) {
  const batch = createFeatureBatch(featureSizes(of), horizon, 1);
  writeFeatures(createFeatureSource(panel, of, first), series, cutoff, batch, 0);
  return batch;
}
const bits = (batch: ReturnType<typeof inputs>) =>
  [batch.window, batch.step, batch.base, batch.level].map((values) =>
    Buffer.from(values.buffer).toString('base64'),
  );
const pastInputs = (panel: Panel, cutoff: number) => [
  ...inputs(panel, cutoff).window.subarray(plain.windowSize),
];
const anyCutoff = fc.integer({ min: HISTORY - 1, max: LENGTH - 1 });

const changed = (panel: Panel, isChanged: (name: string, t: number) => boolean): Panel => ({
  ...panel,
  exogenous: Object.fromEntries(
    Object.entries(panel.exogenous ?? {}).map(([name, values]) => [
      name,
      values.map((value, t) =>
        isChanged(name, t) ? (Number.isNaN(value) ? 7 : value + 3) : value,
      ),
    ]),
  ),
});

describe('a network without exogenous columns', () => {
  test('has inputs of the same sizes and bits, whatever columns the panel has', () => {
    const { exogenous: _, ...bare } = withColumns();
    expect(featureSizes({ ...toySpec, exogenous: { past: [], future: [] } })).toEqual(plain);
    expect(bits(inputs(withColumns(), LENGTH - 1, toySpec))).toEqual(
      bits(inputs(bare, LENGTH - 1, toySpec)),
    );
  });

  test('has the same places for all other inputs as one with columns', () => {
    const [read, unread] = [
      inputs(withColumns(), LENGTH - 1),
      inputs(withColumns(), LENGTH - 1, toySpec),
    ];
    expect([...read.window.subarray(0, plain.windowSize)]).toEqual([...unread.window]);
    for (let k = 0; k < horizon; k++) {
      const row = read.step.subarray(k * sizes.stepSize, (k + 1) * sizes.stepSize);
      expect([...row.subarray(0, plain.stepSize)]).toEqual([
        ...unread.step.subarray(k * plain.stepSize, (k + 1) * plain.stepSize),
      ]);
    }
    expect([sizes.windowSize - plain.windowSize, sizes.stepSize - plain.stepSize]).toEqual([4, 1]);
  });
});

describe('a column known afterwards', () => {
  test('depends on values before the cutoff only', () => {
    const panel = withColumns();
    fc.assert(
      fc.property(anyCutoff, (cutoff) => {
        const reported = inputs(panel, cutoff);
        const later = changed(panel, (name, t) => name !== 'plan' && t > cutoff);
        expect(bits(inputs(later, cutoff))).toEqual(bits(reported));
        const earlier = changed(
          panel,
          (name, t) => name === 'heat' && t === cutoff - ((cutoff - 10) % 24),
        );
        expect(pastInputs(earlier, cutoff).slice(0, 2)).not.toEqual([
          ...reported.window.subarray(plain.windowSize, plain.windowSize + 2),
        ]);
        const longAgo = changed(panel, (name, t) => name !== 'plan' && t <= cutoff - 168);
        expect(bits(inputs(longAgo, cutoff))).toEqual(bits(reported));
      }),
      { numRuns: 5, seed: 3 },
    );
  });

  test('gives the mean of the last week and the deviation of the latest value', () => {
    const panel = withColumns();
    for (const cutoff of [HISTORY - 1, HISTORY + 5, LENGTH - 1]) {
      const heat = panel.exogenous?.heat as Float32Array;
      const week = [...heat.subarray(cutoff - 167, cutoff + 1)].filter(
        (value) => !Number.isNaN(value),
      );
      expect(week).toHaveLength(7);
      const mean = week.reduce((sum, value) => sum + value, 0) / 7;
      const [ofWeek, latest] = pastInputs(panel, cutoff);
      expect(ofWeek).toBeCloseTo((mean - 10) / 4, 5);
      expect(latest).toBeCloseTo(((week[6] as number) - mean) / 4, 5);
    }
  });

  test('is unknown after two days of a gap for the latest value, after a week for all', () => {
    const panel = withColumns();
    const silentFor = (hours: number) => {
      const heat = panel.exogenous?.heat.map((value, t) =>
        t > LENGTH - 1 - hours ? Number.NaN : value,
      ) as Float32Array;
      return { ...panel, exogenous: { ...panel.exogenous, heat } };
    };
    const of = (hours: number) =>
      pastInputs(silentFor(hours), LENGTH - 1)
        .slice(0, 2)
        .map((x) => x === 0);
    expect([of(20), of(48), of(168)]).toEqual([
      [false, false],
      [false, true],
      [true, true],
    ]);
    const names = { past: ['heat', 'rain'], future: ['plan'] };
    expect(unknownColumns(silentFor(20), names, LENGTH - 1, 24, horizon)).toEqual([]);
    expect(unknownColumns(silentFor(48), names, LENGTH - 1, 24, horizon)).toEqual(['heat']);
  });
});

describe('a column known in advance', () => {
  test('gives each step its own interval only, also past the end of the panel', () => {
    const panel = withColumns();
    const at = (source: Panel, cutoff: number) => {
      const { step } = inputs(source, cutoff);
      return Array.from({ length: horizon }, (_, k) => step[(k + 1) * sizes.stepSize - 1]);
    };
    for (const cutoff of [HISTORY, LENGTH - 1]) {
      const reported = [
        ...(panel.exogenous?.plan.subarray(cutoff + 1, cutoff + 1 + horizon) ?? []),
      ];
      expect(at(panel, cutoff)).toEqual(reported.map((value) => (value - 0.5) / 0.5));
      const others = changed(
        panel,
        (name, t) => name === 'plan' && (t <= cutoff || t > cutoff + horizon),
      );
      expect(bits(inputs(others, cutoff))).toEqual(bits(inputs(panel, cutoff)));
    }
    const ended = { ...panel, ...sharedWithin(panel, 0, LENGTH) };
    expect(at(ended, LENGTH - 1)).toEqual(new Array(horizon).fill(0));
    expect(unknownColumns(ended, { past: [], future: ['plan'] }, LENGTH - 1, 24, horizon)).toEqual([
      'plan',
    ]);
  });
});

test('gives the same bits for a long, a truncated and a padded panel', () => {
  const panel = withColumns(4);
  const first = LENGTH - ONLINE_INTERVALS;
  const recent = {
    ...panel,
    ...{
      start: panel.start + first * 3_600_000,
      length: ONLINE_INTERVALS,
      ...sharedWithin(panel, first),
    },
    columns: { target: panel.columns.target.filter((_, i) => i % LENGTH >= first) },
  };
  const whole = bits(inputs(panel, LENGTH - 30, spec, 1, 0));
  expect(bits(inputs(panel, LENGTH - 30))).toEqual(whole);
  expect(bits(inputs(recent, ONLINE_INTERVALS - 30))).toEqual(whole);
  expect(bits(inputs(padHistory(panel, 100), LENGTH + 70))).toEqual(whole);
});

test('refuses a panel that lacks a column by name', () => {
  const { rain: _, ...others } = withColumns().exogenous ?? {};
  expect(() => createFeatureSource({ ...withColumns(), exogenous: others }, spec)).toThrow(
    /column rain/,
  );
});

test('standardises columns by the training span, and omits ended, constant and missing ones', () => {
  const panel = withColumns();
  const lastTarget = LENGTH - 200;
  const names = { past: ['heat', 'rain', 'none'], future: ['plan'] };
  const fitted = fitExogenous(panel, names, lastTarget, 24);
  expect([...fitted.past, ...fitted.future].map(({ name }) => name)).toEqual([
    'heat',
    'rain',
    'plan',
  ]);
  expect(
    fitExogenous(
      changed(panel, (_, t) => t > lastTarget),
      names,
      lastTarget,
      24,
    ),
  ).toEqual(fitted);
  const ended = {
    ...panel.exogenous,
    heat: panel.exogenous?.heat.map((v, t) =>
      t > lastTarget - 60 ? Number.NaN : v,
    ) as Float32Array,
  };
  const flat = { ...ended, rain: new Float32Array(LENGTH).fill(2) };
  expect(fitExogenous({ ...panel, exogenous: flat }, names, lastTarget, 24).past).toEqual([]);
});

describe('columns of one series', () => {
  const LAST = HISTORY + 400;
  const base = randomPanel({
    ...{ seed: 4, series: 2, length: LAST + 1, scale: 3 },
    ...{ gapShare: 0, zeroShare: 0, negative: false },
  });
  const column = (at: (t: number) => number) =>
    Float32Array.from({ length: LAST + 1 + horizon }, (_, t) => at(t));
  const panel: Panel = {
    ...base,
    exogenous: { 'plan@s0': column((t) => 100 + (t % 2)), 'plan@s1': column((t) => t % 5) },
  };
  const fitted = fitExogenous(panel, { past: [], future: ['plan'] }, LAST, 24);
  const of: FeatureSpec = { ...toySpec, exogenous: fitted };
  const planOf = (given: Panel, series: number) => {
    const { step } = inputs(given, LAST, of, series);
    const { stepSize } = featureSizes(of);
    return Array.from({ length: horizon }, (_, k) => step[(k + 1) * stepSize - 1] as number);
  };

  test('are read by their series, with its mean and deviation', () => {
    expect(fitted.future).toMatchObject([
      { name: 'plan', own: { s0: { mean: expect.closeTo(100.5, 1) } } },
    ]);
    const [first, second] = [planOf(panel, 0), planOf(panel, 1)];
    for (let k = 0; k < horizon; k++) {
      const t = LAST + 1 + k;
      expect(first[k]).toBeCloseTo(t % 2 === 0 ? -1 : 1, 1);
      expect(second[k]).toBeCloseTo(((t % 5) - 2) / Math.sqrt(2), 1);
    }
  });

  test('other series read the shared column, or unknown', () => {
    const renamed = { ...panel, seriesIds: ['new', 's1'] };
    expect(new Set(planOf(renamed, 0))).toEqual(new Set([0]));
    const shared = { ...renamed, exogenous: { ...panel.exogenous, plan: column(() => 1e3) } };
    expect(planOf(shared, 0)[0]).toBeGreaterThan(5);
    expect(planOf(shared, 1)).toEqual(planOf(panel, 1));
  });

  test('a panel without any of them lacks the column', () => {
    const { exogenous: _, ...bare } = panel;
    expect(() => planOf(bare, 0)).toThrow(/the exogenous column plan/);
    expect(unknownColumns(panel, { past: [], future: ['plan'] }, LAST, 24, horizon)).toEqual([]);
  });
});
