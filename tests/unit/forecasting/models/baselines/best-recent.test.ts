/** Purpose: which naive baseline forecasts where no backtest has said which is best. */
import { expect, test } from '@jest/globals';
import { bestRecentBaseline } from '../../../../../forecasting/models/baselines/best-recent.ts';
import { panelOf } from '../../../../fixtures/random-panels.ts';

const rules = { frequencyMinutes: 60, seasonLengths: [24, 168], horizon: 24 };
const best = (length: number, valueAt: (t: number) => number) => {
  const panel = panelOf(['a'], length, (_, t) => valueAt(t));
  const { point, season } = bestRecentBaseline(panel, length - 1, rules);
  return [point.name, season];
};

test('selects the daily naive for a week of hours, the weekly one for longer', () => {
  const daily = (t: number) => 10 + (t % 24) + Math.floor(t / 24);
  expect(best(168, daily)).toEqual(['seasonal_naive', 24]);
  const weekly = (t: number) => (Math.floor(t / 24) % 7 < 5 ? daily(t) : 1);
  expect(best(3 * 168, weekly)).toEqual(['seasonal_naive', 168]);
});

test('selects the last value for a random walk, the mean of days for noise', () => {
  let walk = 100;
  expect(best(600, (t) => (walk += Math.sin(t * t)))[0]).toBe('last_value');
  expect(best(7 * 24, (t) => 10 * (t % 24) + 5 * Math.sin(t * t))).toEqual(['mean_4_seasons', 24]);
});

test('reads nothing after the cutoff, and names a baseline without known values', () => {
  const panel = panelOf(['a'], 400, (_, t) => (t < 300 ? t % 24 : Number.NaN));
  const cut = panelOf(['a'], 300, (_, t) => t % 24);
  const name = (one: typeof panel) => bestRecentBaseline(one, 299, rules).point.name;
  expect(name(panel)).toBe(name(cut));
  expect(best(30, () => Number.NaN)[0]).toBe('mean_4_weeks');
});
