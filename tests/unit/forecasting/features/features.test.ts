/**
 * Purpose: what the network's inputs promise, whatever the series: no look into the future, no
 * dependence on more history.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createFeatureSource } from '../../../../forecasting/features/feature-source.ts';
import { featureSizes } from '../../../../forecasting/features/feature-spec.ts';
import {
  createFeatureBatch,
  type FeatureBatch,
  writeFeatures,
} from '../../../../forecasting/features/features.ts';
import type { Panel } from '../../../../forecasting/panel/panel.ts';
import { runs } from '../../../fixtures/property-runs.ts';
import {
  changedAfter,
  HISTORY,
  lastOf,
  ONLINE_INTERVALS,
  panelDescription,
  panelOf,
  randomPanel,
  toySpec,
} from '../../../fixtures/random-panels.ts';

const LENGTH = ONLINE_INTERVALS + 77;
const sizes = featureSizes(toySpec);
const anyCutoff = fc.integer({ min: sizes.historyIntervals - 1, max: LENGTH - 1 });

/**
 * `first`: from which cutoff on the source tabulates; all of a panel costs much more than one
 * cutoff.
 */
function featuresOf(
  panel: Panel,
  series: number,
  cutoff: number,
  spec = toySpec,
  first = cutoff,
): FeatureBatch {
  const batch = createFeatureBatch(featureSizes(spec), spec.horizon, 1);
  writeFeatures(createFeatureSource(panel, spec, first), series, cutoff, batch, 0);
  return batch;
}
const bits = ({ window, step, base, level }: FeatureBatch) =>
  [window, step, base, level].map((values) => Buffer.from(values.buffer).toString('base64'));

test('reads nothing after the cutoff', () => {
  fc.assert(
    fc.property(
      panelDescription(LENGTH),
      anyCutoff,
      fc.constantFrom(Number.NaN, 0, 1e9),
      (description, cutoff, value) => {
        const panel = randomPanel(description);
        const changed = changedAfter(panel, cutoff, () => value);
        expect(bits(featuresOf(changed, 0, cutoff))).toEqual(bits(featuresOf(panel, 0, cutoff)));
      },
    ),
    { numRuns: runs(20), seed: 1 },
  );
});

test('gives the same bits for a long panel, the serving panel and one cut at the cutoff', () => {
  fc.assert(
    fc.property(
      panelDescription(LENGTH),
      fc.nat(ONLINE_INTERVALS - HISTORY),
      (description, before) => {
        const panel = randomPanel(description);
        const recent = lastOf(panel, ONLINE_INTERVALS);
        const cutoff = LENGTH - 1 - before;
        const series = description.series - 1;
        const whole = bits(featuresOf(panel, series, cutoff, toySpec, 0));
        expect(bits(featuresOf(recent, series, cutoff - (LENGTH - recent.length)))).toEqual(whole);
        const target = panel.columns.target.filter((_, i) => i % LENGTH <= cutoff);
        expect(
          bits(featuresOf({ ...panel, length: cutoff + 1, columns: { target } }, series, cutoff)),
        ).toEqual(whole);
      },
    ),
    { numRuns: runs(15), seed: 2 },
  );
});

/** The longest ones a network may have: serving keeps enough for all of them. */
const anyWindow = fc.constantFrom(1, 48, 168, 336, sizes.trainingHistory);

test('a window of any length needs the history of a week and gives serving the same bits', () => {
  fc.assert(
    fc.property(
      panelDescription(LENGTH),
      anyWindow,
      fc.nat(ONLINE_INTERVALS - HISTORY),
      (description, windowIntervals, before) => {
        const spec = { ...toySpec, windowIntervals };
        const { historyIntervals, trainingHistory } = featureSizes(spec);
        expect([historyIntervals, trainingHistory]).toEqual([
          sizes.historyIntervals,
          sizes.trainingHistory,
        ]);
        const panel = randomPanel(description);
        const recent = lastOf(panel, ONLINE_INTERVALS);
        const cutoff = LENGTH - 1 - before;
        const whole = featuresOf(panel, 0, cutoff, spec);
        expect(bits(featuresOf(recent, 0, cutoff - (LENGTH - recent.length), spec))).toEqual(
          bits(whole),
        );
        const changed = changedAfter(panel, cutoff, () => 1e9);
        expect(bits(featuresOf(changed, 0, cutoff, spec))).toEqual(bits(whole));
      },
    ),
    { numRuns: runs(15), seed: 6 },
  );
});

test('an explicit window of a week equals the default', () => {
  const panel = randomPanel({
    seed: 7,
    series: 1,
    length: LENGTH,
    scale: 4,
    gapShare: 0.05,
    zeroShare: 0.3,
    negative: false,
  });
  const said = featuresOf(panel, 0, LENGTH - 1, { ...toySpec, windowIntervals: 168 });
  expect(bits(said)).toEqual(bits(featuresOf(panel, 0, LENGTH - 1)));
});

test('inputs are finite and the level positive for zeros, gaps and a week-old series', () => {
  fc.assert(
    fc.property(panelDescription(LENGTH), anyCutoff, (description, cutoff) => {
      const panel = randomPanel(description);
      for (let series = 0; series < description.series; series++) {
        const { window, step, base, level } = featuresOf(panel, series, cutoff);
        for (const values of [window, step, base, level])
          expect(values.every(Number.isFinite)).toBe(true);
        expect(level[0]).toBeGreaterThan(0);
      }
    }),
    { numRuns: runs(40), seed: 3 },
  );
});

test('scaling a series scales its level and changes no other input', () => {
  const scale = fc.constantFrom(0.25, 3, 1000);
  fc.assert(
    fc.property(panelDescription(LENGTH), scale, (description, c) => {
      const panel = randomPanel({
        ...description,
        zeroShare: Math.min(description.zeroShare, 0.9),
      });
      const scaled = {
        ...panel,
        columns: { target: panel.columns.target.map((value) => value * c) },
      };
      const [one, other] = [featuresOf(panel, 0, LENGTH - 1), featuresOf(scaled, 0, LENGTH - 1)];
      expect((other.level[0] as number) / (one.level[0] as number)).toBeCloseTo(
        c,
        4 - Math.log10(c),
      );
      const differing = [...one.window].flatMap((x, i) =>
        Math.abs(x - (other.window[i] as number)) > 1e-4 * Math.max(1, Math.abs(x)) ? [i] : [],
      );
      // The only one that may change is the logarithm of the level.
      expect(differing).toEqual([toySpec.week + 2 * toySpec.day]);
      for (const [i, x] of one.step.entries())
        expect(Math.abs(x - (other.step[i] as number))).toBeLessThan(
          1e-4 * Math.max(1, Math.abs(x)),
        );
    }),
    { numRuns: runs(15), seed: 4 },
  );
});

test('rows of a batch are independent', () => {
  const panel = randomPanel({
    seed: 5,
    series: 3,
    length: LENGTH,
    scale: 4,
    gapShare: 0.05,
    zeroShare: 0.3,
    negative: false,
  });
  const source = createFeatureSource(panel, toySpec);
  const batch = createFeatureBatch(sizes, toySpec.horizon, 3);
  for (const row of [2, 0, 1]) writeFeatures(source, row, LENGTH - 1 - row, batch, row);
  for (const row of [0, 1, 2]) {
    const alone = featuresOf(panel, row, LENGTH - 1 - row);
    expect([
      ...batch.window.subarray(row * sizes.windowSize, (row + 1) * sizes.windowSize),
    ]).toEqual([...alone.window]);
    const stepsPerRow = toySpec.horizon * sizes.stepSize;
    expect([...batch.step.subarray(row * stepsPerRow, (row + 1) * stepsPerRow)]).toEqual([
      ...alone.step,
    ]);
  }
});

describe('refusals', () => {
  const panel = panelOf(['a'], sizes.historyIntervals, () => 1);
  const source = createFeatureSource(panel, toySpec);
  const batch = createFeatureBatch(sizes, toySpec.horizon, 1);

  test('states how much history a cutoff needs', () => {
    expect(() => writeFeatures(source, 0, sizes.trainingHistory - 2, batch, 0)).toThrow(
      `needs ${sizes.trainingHistory} intervals`,
    );
    expect(() => writeFeatures(source, 0, sizes.trainingHistory - 1, batch, 0)).not.toThrow();
    const late = createFeatureSource(panel, toySpec, sizes.historyIntervals - 1);
    expect(() => writeFeatures(late, 0, sizes.historyIntervals - 2, batch, 0)).toThrow(
      'before the first tabulated',
    );
    expect(() => writeFeatures(source, 0, sizes.historyIntervals, batch, 0)).toThrow(RangeError);
    expect(() => writeFeatures(source, 0, sizes.historyIntervals - 1, batch, 0)).not.toThrow();
  });

  test.each([0, -24, 1.5, Number.NaN, sizes.trainingHistory + 1])(
    'refuses a window of %p intervals',
    (windowIntervals) => {
      expect(() => createFeatureSource(panel, { ...toySpec, windowIntervals })).toThrow(
        /a window of .* from 1 to 1368/,
      );
    },
  );

  test('refuses another frequency and a horizon beyond the longest season', () => {
    expect(() => createFeatureSource({ ...panel, frequencyMinutes: 30 }, toySpec)).toThrow(
      /frequency is 30 minutes/,
    );
    expect(() => createFeatureSource(panel, { ...toySpec, horizon: 169 })).toThrow(/horizon 169/);
  });
});
