/** Purpose: the page reads a forecast right where closed days make the times uneven. */
import { expect, test } from '@jest/globals';
import { capacityRange, columnsOf, indexAt, intervalMs } from '../../../web/data/forecast.ts';

const DAY = 86_400_000;
/** Monday to Friday of three weeks; the cutoff is the second Friday. */
const days = Array.from({ length: 15 }, (_, i) => {
  const week = Math.floor(i / 5);
  return Date.UTC(2024, 0, 1) + (7 * week + (i % 5)) * DAY;
});
const iso = (time: number) => new Date(time).toISOString();
const forecast = {
  ...{ cutoff: iso(days[9] as number), frequency: 'PT24H', point: 'median' },
  ...{ timestamps: days.slice(10).map(iso), quantiles: { '0.5': [1, 2, 3, 4, 5] } },
  ...{ mean: [1, 2, 3, 4, 5] },
  history: { timestamps: days.slice(0, 10).map(iso), values: [0, 1, 2, 3, 4, 5, 6, null, 8, 9] },
} as unknown as Parameters<typeof columnsOf>[0];
const domain = { seasonLengths: [7], frequency: 'PT24H' } as Parameters<typeof columnsOf>[1];

test('the interval is that of the forecast, also over a weekend', () => {
  expect(columnsOf(forecast, domain).intervalMs).toBe(DAY);
  expect([intervalMs('PT15M'), intervalMs('PT1H')]).toEqual([DAY / 96, DAY / 24]);
});

test('the seasonal naive of a Monday is the previous Monday', () => {
  expect(columnsOf(forecast, domain).naive).toEqual([5, 6, Number.NaN, 8, 9]);
});

test('indexAt finds the last interval that starts at or before a time', () => {
  const hour = DAY / 24;
  for (const [i, start] of days.entries())
    expect([indexAt(days, start), indexAt(days, start + 23 * hour)]).toEqual([i, i]);
  // A Sunday is shown as the Friday before.
  expect(indexAt(days, (days[5] as number) - hour)).toBe(4);
  expect([indexAt(days, 0), indexAt(days, Date.UTC(2030, 0, 1)), indexAt([], 5)]).toEqual([
    0, 14, -1,
  ]);
});

test('the first capacity is a round step of its slider', () => {
  const of = (median: number, upper: number) =>
    capacityRange({ '0.1': [0], '0.5': [median], '0.9': [upper] });
  expect(of(1.3, 1.6)).toEqual({ low: 0, high: 1.92, step: 0.02, usual: 1.46 });
  expect(of(1.2, 1.7).usual).toBe(1.45); // 29 * 0.05 is 1.4500000000000002
  for (let upper = 1; upper < 300; upper += 0.37) {
    const { usual, step, high } = of(0.8 * upper, upper);
    expect(String(usual).length).toBeLessThanOrEqual(6);
    expect(usual).toBeGreaterThanOrEqual(0.9 * upper);
    expect(usual).toBeLessThanOrEqual(Math.min(high, Math.max(1, 0.9 * upper) + step));
  }
});
