/** Purpose: how a training shrinks to a short history, and from when on there can be one. */
import { expect, test } from '@jest/globals';
import {
  fitToHistory,
  leastHistory,
  modelPossibleFrom,
} from '../../../../services/training/short-history.ts';
import { defaultConfigOf } from '../../../../services/training/training-config.ts';
import { toyDomain } from '../../../fixtures/toy-store.ts';

const HOUR = 3_600_000;
const hourly = { ...toyDomain, horizon: 24 };
const domainOf = (frequencyMinutes: number, seasonLengths: number[], horizon: number) => ({
  ...{ ...toyDomain, frequencyMinutes, seasonLengths, horizon },
});
const fitted = (domain: typeof toyDomain, length: number) =>
  fitToHistory(
    domain,
    { start: 0, length, frequencyMinutes: domain.frequencyMinutes },
    defaultConfigOf(domain),
  );

test('a history that holds the default spans keeps the defaults', () => {
  const defaults = defaultConfigOf(hourly);
  expect(fitted(hourly, 24 * 60)).toEqual(defaults);
});

test('with 30 days of hours scores a week at close cutoffs and calibrates on less', () => {
  const { testDays, cutoffStep, fit } = fitted(hourly, 24 * 30);
  expect({ testDays, cutoffStep }).toEqual({ testDays: 7, cutoffStep: 7 });
  // Of the 14 days of training cutoffs, less than half.
  expect(fit.calibrationIntervals).toBeLessThan(7 * 24);
  expect(fit.calibrationIntervals).toBeGreaterThan(3 * 24);
});

test.each([
  ['5 minutes', 5, [288, 2016], 12],
  ['30 minutes', 30, [48, 336], 48],
  ['hours', 60, [24, 168], 24],
  ['hours, far ahead', 60, [24, 168], 200],
  ['days', 1440, [7, 28], 14],
  ['weeks', 10_080, [52], 13],
])('the minimum history gives whole test days with windows before them: %s', (...given) => {
  const [, frequencyMinutes, seasonLengths, horizon] = given;
  const domain = domainOf(frequencyMinutes, seasonLengths, horizon);
  const least = leastHistory(domain, defaultConfigOf(domain));
  const { testDays, cutoffStep } = fitted(domain, least);
  const test = (testDays * 1440) / frequencyMinutes;
  expect(Number.isInteger(testDays)).toBe(true);
  expect((test - horizon) / cutoffStep + 1).toBeGreaterThanOrEqual(12);
  expect(() => fitted(domain, least - 1)).toThrow(
    expect.objectContaining({ code: 'HISTORY_TOO_SHORT' }),
  );
});

test('with a week of hours states when there will be enough', () => {
  const config = defaultConfigOf(hourly);
  const start = Date.UTC(2024, 0, 1);
  const enough = start + leastHistory(hourly, config) * HOUR;
  expect(modelPossibleFrom(hourly, { start, end: start + 168 * HOUR }, config)).toBe(enough);
  expect(modelPossibleFrom(hourly, { start, end: enough }, config)).toBeNull();
});
