/**
 * Purpose: the base of a holiday goes from its weekday towards a Sunday times what past holidays
 * were, as far as these agree; other days and models from before stay as they are.
 */
import { describe, expect, test } from '@jest/globals';
import { createCalendar } from '../../../../forecasting/features/calendar.ts';
import { createFeatureSource } from '../../../../forecasting/features/feature-source.ts';
import { type FeatureSpec, featureSizes } from '../../../../forecasting/features/feature-spec.ts';
import { createFeatureBatch, writeFeatures } from '../../../../forecasting/features/features.ts';
import { targetOf } from '../../../../forecasting/panel/panel.ts';
import { newSpec, panelOf, START } from '../../../fixtures/random-panels.ts';

const LENGTH = 30 * 168;
const spec: FeatureSpec = { ...newSpec, hasMovement: true, hasHolidayBase: true };
const before: FeatureSpec = { ...newSpec, hasMovement: true };
const { holiday, weekday, minuteOfDay } = createCalendar(START, 60, LENGTH, newSpec.place);

/** Starts of the local holidays. */
const starts = [...holiday.keys()].filter((t) => holiday[t] === 1 && t > 0 && !holiday[t - 1]);
/** Labor Day, a Monday: less than 26 weeks after Memorial Day, Juneteenth and Independence Day. */
const LABOR_DAY = starts[starts.length - 1] as number;
const MEMORIAL_DAY = starts[1] as number;

/** A week of working days and weekends, on holidays a Sunday times a factor of that holiday. */
const town = (factorOf: (holiday: number) => number, scale = 1, isSunday = true) => {
  let current = 0;
  let factor = 1;
  return panelOf(['a'], LENGTH, (_series, t) => {
    const isHoliday = holiday[t] === 1;
    if (isHoliday && starts.includes(t)) factor = factorOf(current++);
    const hour = (minuteOfDay[t] as number) / 60;
    const isQuiet = (isHoliday && isSunday) || weekday[t] === 6;
    const usual = isQuiet ? 40 + hour : 100 + 30 * Math.sin(hour / 4);
    return scale * usual * (isHoliday ? factor : 1);
  });
};

function featuresAt(panel: ReturnType<typeof town>, cutoff: number, of = spec) {
  const batch = createFeatureBatch(featureSizes(of), of.horizon, 1);
  writeFeatures(createFeatureSource(panel, of, cutoff), 0, cutoff, batch, 0);
  return batch;
}

/** The greatest distance of the base from the actual values of a day, as a share of these. */
function distance(panel: ReturnType<typeof town>, first: number, of = spec): number {
  const { base, level } = featuresAt(panel, first - 1, of);
  return Math.max(
    ...Array.from(base, (value, k) => {
      const actual = targetOf(panel, 0)[first + k] as number;
      return Math.abs(value * (level[0] as number) - actual) / actual;
    }),
  );
}

describe('the base of a holiday', () => {
  test('is that of a Sunday, times what holidays have in common', () => {
    expect(
      distance(
        town(() => 0.6),
        LABOR_DAY,
      ),
    ).toBeLessThan(0.05);
    expect(
      distance(
        town(() => 1.3),
        LABOR_DAY,
      ),
    ).toBeLessThan(0.05);
    expect(
      distance(
        town(() => 0.6),
        LABOR_DAY,
        before,
      ),
    ).toBeGreaterThan(1);
  });

  test('is that of its weekday where no two holidays are known', () => {
    const panel = town(() => 0.6);
    expect(featuresAt(panel, MEMORIAL_DAY - 1).base).toEqual(
      featuresAt(panel, MEMORIAL_DAY - 1, before).base,
    );
  });

  test('is that of its weekday where holidays are no Sundays', () => {
    expect(
      distance(
        town(() => 1, 1, false),
        LABOR_DAY,
      ),
    ).toBeLessThan(0.05);
  });

  test('lies between the two where past holidays do not agree', () => {
    const factors = [1, 0.8, 1.8, 1, 1];
    const panel = town((n) => factors[n] as number);
    const [now, then] = [spec, before].map((of) => featuresAt(panel, LABOR_DAY - 1, of));
    const level = now?.level[0] as number;
    const at = 12;
    const sunday = 40 + at;
    expect((now?.base[at] as number) * level).toBeLessThan((then?.base[at] as number) * level - 5);
    expect((now?.base[at] as number) * level).toBeGreaterThan(sunday + 5);
  });

  test('does not depend on the unit', () => {
    const [one, large] = [1, 1024].map((scale) =>
      featuresAt(
        town(() => 0.6, scale),
        LABOR_DAY - 1,
      ),
    );
    expect(large?.base).toEqual(one?.base);
  });

  test('is that of any day where the target changes sign', () => {
    const additive: FeatureSpec = { ...spec, nonNegative: false, isAdditive: true };
    const { hasHolidayBase: __, ...plain } = additive;
    const panel = town(() => 0.6);
    expect(featuresAt(panel, LABOR_DAY - 1, additive).base).toEqual(
      featuresAt(panel, LABOR_DAY - 1, plain).base,
    );
  });
});

test('other inputs, and bases of other days, are those of models from before', () => {
  const panel = town(() => 0.6);
  // A day and a half before: half of the horizon is a working day.
  const cutoff = LABOR_DAY - 1 - 12;
  const [now, then] = [featuresAt(panel, cutoff), featuresAt(panel, cutoff, before)];
  expect(now.window).toEqual(then.window);
  const sizes = [spec, before].map((of) => featureSizes(of).stepSize) as [number, number];
  for (let k = 0; k < spec.horizon; k++) {
    const inputs = now.step.subarray(k * sizes[0], (k + 1) * sizes[0]);
    expect(inputs.subarray(0, -1)).toEqual(then.step.subarray(k * sizes[1], (k + 1) * sizes[1]));
    // The last one says how far the base went.
    expect(inputs.at(-1) !== 0).toBe(k >= 12);
  }
  expect(now.base.subarray(0, 12)).toEqual(then.base.subarray(0, 12));
  expect(now.base[12]).not.toBe(then.base[12]);
});

test('days are a grid like hours', () => {
  const days = LENGTH / 24;
  const daily: FeatureSpec = { ...spec, frequencyMinutes: 1440, day: 1, week: 7, horizon: 7 };
  const calendar = createCalendar(START, 1440, days, newSpec.place);
  const hours = panelOf(['a'], days, (_series, t) => {
    const isQuiet = calendar.holiday[t] === 1 || calendar.weekday[t] === 6;
    return (isQuiet ? 40 : 100) * (calendar.holiday[t] === 1 ? 0.6 : 1);
  });
  const panel = { ...hours, frequencyMinutes: 1440 };
  const last = calendar.holiday.lastIndexOf(1);
  const { base, level } = featuresAt(panel, last - 3, daily);
  expect((base[2] as number) * (level[0] as number)).toBeCloseTo(24, 0);
});
