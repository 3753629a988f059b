/**
 * Purpose: hours by calendar days: the means of local days, also where the clocks change.
 */
import { expect, test } from '@jest/globals';
import { byDay, daysOf } from '../../../bench/evidence/days-of.ts';
import { electricity } from '../../../domains/electricity/definition.ts';
import { createPanel, timestampAt } from '../../../forecasting/panel/panel.ts';

/** Noon in New York on the day before the clocks go back. */
const START = Date.UTC(2025, 10, 1, 16);

const hours = (length: number, valueAt: (t: number) => number) =>
  createPanel({
    seriesIds: ['a'],
    ...{ start: START, frequencyMinutes: 60, length },
    columns: { target: Float32Array.from({ length }, (_, t) => valueAt(t)) },
  });

test('a day of 25 hours is one day with its date', () => {
  // Twelve hours to midnight, then 25, then 24 and the first of the next day.
  const days = daysOf(
    electricity,
    hours(12 + 25 + 24 + 1, (t) => (t < 12 ? 1 : t < 37 ? 2 : t < 61 ? 3 : 4)),
  );
  expect([...days.columns.target]).toEqual([2, 3]);
  expect(new Date(timestampAt(days, 0)).toISOString()).toBe('2025-11-02T00:00:00.000Z');
  expect(days.frequencyMinutes).toBe(1440);
});

test('skips an unknown hour, and a day of unknown hours is unknown', () => {
  const days = daysOf(
    electricity,
    hours(12 + 25 + 24 + 1, (t) => (t === 20 || t >= 37 ? Number.NaN : t < 25 ? 1 : 2)),
  );
  expect(days.columns.target[0]).toBeCloseTo((12 * 1 + 12 * 2) / 24, 6);
  expect(days.columns.target[1]).toBeNaN();
});

test('refuses too few hours for a day', () => {
  const panel = hours(20, () => 1);
  expect(() => daysOf(electricity, panel)).toThrow('no whole day');
});

test('a daily domain has the season of a week and no exogenous columns', () => {
  expect(byDay(electricity, 14)).toMatchObject({
    ...{ frequencyMinutes: 1440, timeZone: 'UTC', seasonLengths: [7], horizon: 14 },
    ...{ pastExogenous: [], futureExogenous: [] },
  });
});
