/** Purpose: closed weekdays are no gaps, and none of them is a step that people see. */
import { expect, test } from '@jest/globals';
import { isClosedDay, openPlaces } from '../../../../forecasting/panel/closed-days.ts';
import { createPanel } from '../../../../forecasting/panel/panel.ts';
import { seriesFlags } from '../../../../forecasting/panel/series-flags.ts';

const DAY = 86_400_000;
/** A Monday. */
const START = Date.UTC(2024, 0, 1);
const weekend = [6, 7];

test('isClosedDay uses the weekday of the date, also before 1970', () => {
  const week = Array.from({ length: 7 }, (_, i) => isClosedDay(START + i * DAY, weekend));
  expect(week).toEqual([false, false, false, false, false, true, true]);
  expect(isClosedDay(Date.UTC(1969, 11, 28), [7])).toBe(true);
  expect(isClosedDay(START, undefined)).toBe(false);
});

test('openPlaces selects ten of fourteen days, and all without closed weekdays', () => {
  const days = Array.from({ length: 14 }, (_, i) => START + i * DAY);
  expect(openPlaces(days, weekend)).toEqual([0, 1, 2, 3, 4, 7, 8, 9, 10, 11]);
  expect(openPlaces(days, undefined)).toHaveLength(14);
});

test('closed weekends are not gaps; missing open days are', () => {
  const length = 70; // ends on a Sunday
  const flagsOf = (isKnown: (t: number) => boolean, closedWeekdays?: number[]) => {
    const target = Float32Array.from({ length }, (_, t) => (isKnown(t) ? 1 + t : Number.NaN));
    const grid = { seriesIds: ['a'], start: START, frequencyMinutes: 1440, length };
    const seasons = { day: 1, week: 7, ...(closedWeekdays ? { closedWeekdays } : {}) };
    // The last Friday.
    return seriesFlags({}, createPanel({ ...grid, columns: { target } }), 0, length - 3, seasons);
  };
  const isWeekday = (t: number) => t % 7 < 5;
  expect(flagsOf(isWeekday, weekend)).toEqual([]);
  expect(flagsOf(isWeekday)).toEqual(['gaps']);
  expect(flagsOf((t) => isWeekday(t) && t % 7 !== 2, weekend)).toEqual(['gaps']);
});
