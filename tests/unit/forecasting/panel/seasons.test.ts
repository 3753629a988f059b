/**
 * Purpose: the roles of seasons follow the frequency, and so do the baselines and the defaults of
 * training.
 */
import { describe, expect, test } from '@jest/globals';
import { naiveForecasters } from '../../../../forecasting/models/baselines/naive.ts';
import { createPanel } from '../../../../forecasting/panel/panel.ts';
import { seasonsOf } from '../../../../forecasting/panel/seasons.ts';
import { defaultConfigOf } from '../../../../services/training/training-config.ts';
import { foldSizes } from '../../../../services/training/tuning/tuning.ts';
import { toyDomain } from '../../../fixtures/toy-store.ts';

const WEEK = 10_080;
const MONTH = 43_200;

test.each([
  ['hours', 60, [24, 168], { short: 24, baseline: 168, day: 24, week: 168 }],
  ['half hours', 30, [48, 336], { short: 48, baseline: 336, day: 48, week: 336 }],
  ['hours with a year', 60, [24, 168, 8760], { short: 24, baseline: 168, day: 24, week: 168 }],
  ['hours without a week', 60, [24], { short: 24, baseline: 24, day: 24, week: 24 }],
  ['days', 1440, [7, 28], { short: 7, baseline: 7, day: 1, week: 7 }],
  ['days with a year', 1440, [7, 365], { short: 7, baseline: 7, day: 1, week: 7 }],
  ['weeks', WEEK, [52], { short: 52, baseline: 52, day: 1, week: 52 }],
  ['months', MONTH, [12], { short: 12, baseline: 12, day: 1, week: 12 }],
])('takes the seasons of %s', (_title, frequencyMinutes, seasonLengths, expected) => {
  expect(seasonsOf({ frequencyMinutes, seasonLengths })).toEqual(expected);
});

test('refuses a domain without a season', () => {
  expect(() => seasonsOf({ frequencyMinutes: 60, seasonLengths: [] })).toThrow(RangeError);
});

describe('naiveForecasters', () => {
  test('repeat the week in daily data: the mean of the same weekday over 4 weeks', () => {
    const rules = { frequencyMinutes: 1440, seasonLengths: [7, 28] };
    const panel = createPanel({
      ...{ seriesIds: ['a'], start: 0, frequencyMinutes: 1440, length: 56 },
      columns: { target: Float32Array.from({ length: 56 }, (_, t) => 100 * (t % 7) + t) },
    });
    const [last, naive, mean] = naiveForecasters(
      seasonsOf(rules).baseline,
      rules.frequencyMinutes,
    ).map(({ name, predict }) => ({ name, values: [...predict(panel, 55, 14)] }));
    expect(last?.name).toBe('last_value');
    expect(naive?.values.slice(0, 7)).toEqual([49, 150, 251, 352, 453, 554, 655]);
    expect(naive?.values.slice(7)).toEqual(naive?.values.slice(0, 7));
    expect(mean?.name).toBe('mean_4_weeks');
    expect(mean?.values[0]).toBe((49 + 42 + 35 + 28) / 4);
  });

  test.each([
    [168, 60, 'mean_4_weeks'],
    [7, 1440, 'mean_4_weeks'],
    [52, WEEK, 'mean_4_years'],
    [12, MONTH, 'mean_4_years'],
    [24, 60, 'mean_4_seasons'],
  ])('for a season of %d intervals of %d minutes end with %s', (season, frequency, name) => {
    expect(naiveForecasters(season, frequency).at(-1)?.name).toBe(name);
  });
});

test.each([
  [60, [24, 168], 24, { span: 336, step: 13 }],
  [60, [24, 168], 240, { span: 480, step: 13 }],
  [1440, [7, 28], 14, { span: 56, step: 2 }],
  [WEEK, [52], 13, { span: 26, step: 1 }],
  [MONTH, [12], 12, { span: 24, step: 1 }],
])('sizes the folds of a search by %d minutes, %j, horizon %d', (...given) => {
  const [frequencyMinutes, seasonLengths, horizon, expected] = given;
  expect(foldSizes({ ...toyDomain, frequencyMinutes, seasonLengths, horizon })).toEqual(expected);
});

describe('default training configuration', () => {
  const configOf = (frequencyMinutes: number, seasonLengths: number[]) => {
    const { network, fit, testDays, cutoffStep } = defaultConfigOf({
      frequencyMinutes,
      seasonLengths,
    });
    return {
      window: network.windowIntervals,
      ...{ stride: fit.stride, calibration: fit.calibrationIntervals, testDays, cutoffStep },
    };
  };

  test.each([
    [60, [24, 168], { window: 48, stride: 7, calibration: 336, testDays: 28, cutoffStep: 25 }],
    [30, [48, 336], { window: 96, stride: 17, calibration: 672, testDays: 28, cutoffStep: 49 }],
    [1440, [7, 28], { window: 28, stride: 1, calibration: 56, testDays: 112, cutoffStep: 3 }],
    [WEEK, [52], { window: 52, stride: 1, calibration: 26, testDays: 546, cutoffStep: 1 }],
    [MONTH, [12], { window: 12, stride: 1, calibration: 6, testDays: 720, cutoffStep: 1 }],
  ])('for intervals of %d minutes', (frequency, seasons, expected) => {
    expect(configOf(frequency, seasons)).toEqual(expected);
  });
});
