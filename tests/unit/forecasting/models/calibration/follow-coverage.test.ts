/**
 * Purpose: intervals follow what later forecasts covered, per quarter of the steps, without moving
 * medians or the sum of means, and not where it costs pinball loss.
 */
import { describe, expect, test } from '@jest/globals';
import { levelAt } from '../../../../../forecasting/features/features.ts';
import { followCoverage } from '../../../../../forecasting/models/calibration/follow-coverage.ts';
import {
  correctedMean,
  meanBefore,
} from '../../../../../forecasting/models/calibration/mean-correction.ts';
import {
  type Calibrated,
  calibratedOf,
} from '../../../../../forecasting/models/calibration/observations.ts';
import { type Panel, targetOf } from '../../../../../forecasting/panel/panel.ts';
import { seededRandom } from '../../../../../platform/random.ts';
import { changedAfter, panelOf } from '../../../../fixtures/random-panels.ts';

const HORIZON = 8;
const LENGTH = 1200;
const SERIES = ['a', 'b', 'c', 'd'];
const QUANTILES = [0.1, 0.5, 0.9];
const measured = {
  ...{ horizon: HORIZON, day: 24, week: 168, frequencyMinutes: 60 },
  ...{ nonNegative: false, integerValued: false },
};
const counts = { ...measured, nonNegative: true, integerValued: true };
const CUTOFFS = Array.from({ length: 100 }, (_, i) => 250 + 9 * i);

/** Uniform on 9 to 11. */
function uniform(): Panel {
  const random = seededRandom(1);
  return panelOf(SERIES, LENGTH, () => 9 + 2 * random());
}

/** 1 in one of so many intervals, else 0. */
function rare(every: number): Panel {
  const random = seededRandom(2);
  return panelOf(SERIES, LENGTH, () => (random() * every < 1 ? 1 : 0));
}

/** The same quantiles at all times: `quantileOf` a step, 0 the first. */
function constant(quantileOf: (quantile: number, step: number) => number): Calibrated {
  const of = (quantiles: readonly number[]) => ({
    ...{ name: 'constant', quantiles, minimumHistory: 0 },
    predict: ({ seriesIds }: Panel, _cutoff: number, horizon: number) =>
      Float32Array.from({ length: seriesIds.length * quantiles.length * horizon }, (_, i) =>
        quantileOf(quantiles[Math.floor(i / horizon) % quantiles.length] as number, i % horizon),
      ),
  });
  return calibratedOf({ forecaster: of(QUANTILES), anchor: of([0.5]), linear: null });
}

/** The truth of `uniform`, too wide by a factor. */
const wideBy = (factorOf: (step: number) => number) =>
  constant((quantile, step) => 10 + (2 * quantile - 1) * factorOf(step));

const plain = {
  levelBounds: [],
  trust: [Array.from({ length: HORIZON }, () => ({ network: 1, linear: 0 }))],
  factors: [QUANTILES.map(() => Array.from({ length: HORIZON }, () => 1))],
  edges: [0],
  means: [{ ofQuantiles: 1, ofAnchor: 0, ofLevel: 0 }],
};
const scalesOf = (
  panel: Panel,
  models: Calibrated,
  spec = measured,
  cutoffs: readonly number[] = CUTOFFS,
) => followCoverage(panel, models, cutoffs, spec, plain).calibration.factors[0] as number[][];

describe('followed coverage', () => {
  test.each([
    ['too wide', 1.25, 0.8],
    ['too narrow', 0.8, 1.25],
    ['right', 1, 1],
  ])('corrects intervals that are %s', (_, factor, right) => {
    // A hundred cutoffs, so that most of it is sure.
    const [low, median, high] = scalesOf(
      uniform(),
      wideBy(() => factor),
    ) as [number[], number[], number[]];
    for (const scales of [low, median, high])
      for (const scale of scales) expect(Math.abs(Math.log(scale / right))).toBeLessThan(0.06);
    expect(low).toEqual(high);
  });

  test('scales each quarter of the steps separately', () => {
    const [scales] = scalesOf(
      uniform(),
      wideBy((step) => (step < 2 ? 1.3 : 1)),
    );
    expect(scales?.slice(0, 2)).toEqual([scales?.[0], scales?.[0]]);
    expect(scales?.[0]).toBeLessThan(0.85);
    for (const scale of scales?.slice(2) ?? []) expect(scale).toBeGreaterThan(0.94);
  });

  test('scales less with fewer horizons, and within bounds', () => {
    const wide = wideBy(() => 1.3);
    const [many] = scalesOf(uniform(), wide);
    const [few] = scalesOf(uniform(), wide, measured, CUTOFFS.slice(0, 30));
    expect(many?.[0]).toBeLessThan((few?.[0] as number) - 0.03);
    expect(few?.[0]).toBeLessThan(0.95);
    expect(
      scalesOf(
        uniform(),
        wideBy(() => 9),
      )[0]?.[0],
    ).toBe(0.7);
    expect(
      scalesOf(
        uniform(),
        wideBy(() => 0.1),
      )[0]?.[0],
    ).toBe(1.5);
  });

  test('keeps the factors with few observations', () => {
    const factors = scalesOf(
      uniform(),
      wideBy(() => 2),
      measured,
      CUTOFFS.slice(0, 20),
    );
    expect(factors).toEqual(plain.factors[0]);
  });

  test('keeps the factors if narrowing costs pinball loss, as for counts near 0', () => {
    // 0 is inside whatever the width, so that six of seven are covered at least.
    const models = constant((quantile) => (quantile > 0.5 ? 0.9 : 0));
    expect(scalesOf(rare(7), models, counts)).toEqual(plain.factors[0]);
  });
});

test('reads nothing after the last target', () => {
  const cutoffs = CUTOFFS.filter((cutoff) => cutoff < 900);
  const last = (cutoffs.at(-1) as number) + HORIZON;
  const models = wideBy(() => 1.2);
  const changed = changedAfter(uniform(), last, () => 99);
  expect(scalesOf(changed, models, measured, cutoffs)).toEqual(
    scalesOf(uniform(), models, measured, cutoffs),
  );
});

test.each([
  ['amounts', measured],
  ['a scale of two signs', { ...measured, isAdditive: true as const }],
])('keeps the mean of %s', (_, spec) => {
  // Skewed, and too wide by 1.3: the mean lies above the median, and would move with the width.
  const random = seededRandom(3);
  const skewed = (u: number) => (u < 0.5 ? 9.5 + u : 8 + 4 * u);
  const panel = panelOf(SERIES, LENGTH, () => skewed(random()));
  const quantiles = QUANTILES.map((quantile) => 10 + (skewed(quantile) - 10) * 1.3);
  const models = constant((quantile) => quantiles[QUANTILES.indexOf(quantile)] as number);
  const { calibration } = followCoverage(panel, models, CUTOFFS, spec, plain);
  const scales = calibration.factors[0]?.[0] as number[];
  expect(Math.max(...scales)).toBeLessThan(0.9);
  const meanOf = (scale: number) =>
    meanBefore(
      QUANTILES,
      Float64Array.from(quantiles, (q) => 10 + (q - 10) * scale),
      spec,
    );
  const levels = SERIES.flatMap((_series, s) =>
    CUTOFFS.map((cutoff) => levelAt(targetOf(panel, s), cutoff, spec)),
  );
  const level = average(levels);
  const given = scales.map((scale) => ({ mean: meanOf(scale), anchor: 10, level }));
  expect(average(given.map(({ mean }) => mean))).toBeLessThan(meanOf(1) - 0.01);
  const means = given.map((one) => correctedMean(calibration.means?.[0], one));
  expect(average(means)).toBeCloseTo(meanOf(1), 6);
});

const average = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
