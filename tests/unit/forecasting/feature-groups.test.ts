/** Purpose: every input is in the group that says what it is about. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createFeatureSource } from '../../../forecasting/features/feature-source.ts';
import {
  type FeatureSpec,
  featureGroups,
  featureSizes,
} from '../../../forecasting/features/feature-spec.ts';
import { createFeatureBatch, writeFeatures } from '../../../forecasting/features/features.ts';
import type { Panel } from '../../../forecasting/panel/panel.ts';
import {
  ONLINE_INTERVALS,
  panelDescription,
  randomPanel,
  toySpec,
} from '../../fixtures/random-panels.ts';

const LENGTH = ONLINE_INTERVALS;
const LAST = LENGTH - 1;

function inputsOf(panel: Panel, spec: FeatureSpec = toySpec) {
  const batch = createFeatureBatch(featureSizes(spec), spec.horizon, 1);
  writeFeatures(createFeatureSource(panel, spec, LAST), 0, LAST, batch, 0);
  return batch;
}

/** The columns in which two windows differ, with their groups. */
function differences(
  a: ReturnType<typeof inputsOf>,
  b: ReturnType<typeof inputsOf>,
  spec: FeatureSpec = toySpec,
) {
  const groups = featureGroups(spec);
  const { stepSize } = featureSizes(spec);
  const window = [...a.window.keys()].filter((i) => a.window[i] !== b.window[i]);
  const step = [
    ...new Set([...a.step.keys()].filter((i) => a.step[i] !== b.step[i]).map((i) => i % stepSize)),
  ];
  return {
    window,
    step,
    groups: new Set([...window.map((i) => groups.window[i]), ...step.map((i) => groups.step[i])]),
  };
}

/**
 * Other signs change every value and leave the level, which is a mean of absolute values, as it is.
 */
const withSigns = (panel: Panel, isChanged: (t: number) => boolean): Panel => ({
  ...panel,
  columns: {
    target: panel.columns.target.map((value, i) => (isChanged(i % panel.length) ? -value : value)),
  },
});
const panels = panelDescription(LENGTH).map((description) =>
  randomPanel({ ...description, zeroShare: 0 }),
);

/** None given is a week's. */
const WINDOWS = [undefined, 1, 30, 48, 96, 336];
const specOf = (windowIntervals: number | undefined): FeatureSpec =>
  windowIntervals === undefined ? toySpec : { ...toySpec, windowIntervals };

test.each(WINDOWS)(
  'every input but the place in the horizon has a group: a window of %p',
  (windowIntervals) => {
    const sizes = featureSizes(specOf(windowIntervals));
    const groups = featureGroups(specOf(windowIntervals));
    expect([groups.window.length, groups.step.length]).toEqual([sizes.windowSize, sizes.stepSize]);
    expect(groups.step.filter((group) => group === null)).toHaveLength(2);
    // The domains here have no exogenous columns; who appends some finds them in that group.
    expect([...groups.window, ...groups.step]).not.toContain('exogenous');
  },
);

test('the last two days change only recent inputs and those declared to mix them in', () => {
  fc.assert(
    fc.property(panels, fc.constantFrom(...WINDOWS).map(specOf), (panel, spec) => {
      const groups = featureGroups(spec);
      const sizes = featureSizes(spec);
      const recent = withSigns(panel, (t) => t > LAST - 48);
      const changed = differences(inputsOf(panel, spec), inputsOf(recent, spec), spec);
      // Every value of them that was known is seen in the window, as far as it reaches.
      const raw = changed.window.filter((i) => i < sizes.windowIntervals);
      expect(raw.every((i) => i >= sizes.windowIntervals - 48)).toBe(true);
      const others = changed.window.filter((i) => groups.window[i] !== 'recent');
      // The mean of the whole week, of the same hour over the last seven days, and, for a holiday,
      // of the last Sundays.
      expect(others.filter((i) => i !== sizes.windowSize - 2)).toEqual([]);
      expect(
        changed.step.filter((i) => groups.step[i] !== 'recent' && i !== 7 && i !== 30),
      ).toEqual([]);
    }),
    { numRuns: 5, seed: 1 },
  );
});

test('the history changes neither the calendar nor the place in the horizon', () => {
  fc.assert(
    fc.property(panels, (panel) => {
      const changed = differences(inputsOf(panel), inputsOf(withSigns(panel, (t) => t % 2 === 0)));
      for (const group of ['calendar', 'series', null] as const)
        expect(changed.groups).not.toContain(group);
    }),
    { numRuns: 5, seed: 2 },
  );
});

test('no raw recent value depends on values older than two days', () => {
  fc.assert(
    fc.property(panels, fc.constantFrom(...WINDOWS).map(specOf), (panel, spec) => {
      const older = withSigns(panel, (t) => t <= LAST - 48);
      const changed = differences(inputsOf(panel, spec), inputsOf(older, spec), spec);
      const raw = changed.window.filter((i) => i < featureSizes(spec).windowIntervals);
      for (const i of raw) expect(featureGroups(spec).window[i]).toBe('weeks');
    }),
    { numRuns: 5, seed: 5 },
  );
});

test('another scale changes only the series group', () => {
  const panel = randomPanel({
    seed: 3,
    series: 1,
    length: LENGTH,
    scale: 3,
    gapShare: 0,
    zeroShare: 0,
    negative: false,
  });
  const doubled = { ...panel, columns: { target: panel.columns.target.map((value) => value * 2) } };
  expect(differences(inputsOf(panel), inputsOf(doubled)).groups).toEqual(new Set(['series']));
});

test('other holidays change the calendar and the means that exclude holidays', () => {
  const panel = randomPanel({
    seed: 4,
    series: 1,
    length: LENGTH,
    scale: 3,
    gapShare: 0,
    zeroShare: 0,
    negative: false,
  });
  const start = Date.UTC(2023, 6, 3, 23) - LAST * 3_600_000; // the horizon holds the Fourth of July
  const without = { ...toySpec, place: { ...toySpec.place, holidays: null } };
  const changed = differences(
    inputsOf({ ...panel, start }),
    inputsOf({ ...panel, start }, without),
  );
  expect(changed.groups).toEqual(new Set(['calendar', 'recent', 'weeks']));
});
