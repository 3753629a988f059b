/**
 * Purpose: the rolling backtest: which cutoffs, what is joined with what, and nothing outside the
 * test span.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  backtestCutoffs,
  joined,
  runBacktest,
} from '../../../../forecasting/evaluation/backtest.ts';
import type { Forecaster } from '../../../../forecasting/models/forecaster.ts';
import { panelUpTo } from '../../../../forecasting/panel/panel.ts';
import { panelOf } from '../../../fixtures/random-panels.ts';

const COPRIME = [1, 5, 7, 11, 13, 17, 19, 23, 25, 29, 31, 35, 49];

describe('backtestCutoffs', () => {
  test('lie evenly inside the span with complete horizons, up to its end', () => {
    const span = fc.record({
      horizon: fc.integer({ min: 1, max: 48 }),
      extra: fc.integer({ min: 0, max: 900 }),
      before: fc.integer({ min: 1, max: 500 }),
    });
    fc.assert(
      fc.property(span, fc.constantFrom(...COPRIME, 24), ({ horizon, extra, before }, stepSize) => {
        const testIntervals = horizon + extra;
        const length = before + testIntervals;
        const cutoffs = backtestCutoffs(length, testIntervals, horizon, stepSize);
        expect(cutoffs[0]).toBe(before - 1);
        for (const [i, cutoff] of cutoffs.entries()) {
          expect(cutoff).toBe(before - 1 + i * stepSize);
          expect(cutoff + horizon).toBeLessThanOrEqual(length - 1);
        }
        expect((cutoffs.at(-1) as number) + stepSize + horizon).toBeGreaterThan(length - 1);
      }),
      { seed: 1 },
    );
  });

  test('combine every hour of the day with every step equally often', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...COPRIME),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 3 }),
        (stepSize, horizon, times) => {
          const count = 24 * times;
          const testIntervals = (count - 1) * stepSize + horizon;
          const cutoffs = backtestCutoffs(1000 + testIntervals, testIntervals, horizon, stepSize);
          expect(cutoffs).toHaveLength(count);
          for (let step = 1; step <= horizon; step++) {
            const met = Array(24).fill(0);
            for (const cutoff of cutoffs) met[(cutoff + step) % 24]++;
            expect(met).toEqual(Array(24).fill(times));
          }
        },
      ),
      { seed: 2 },
    );
  });

  test('refuse a span that does not fit and steps that share a divisor with the day', () => {
    expect(() => backtestCutoffs(100, 20, 24, 25)).toThrow(
      /test span of 20 intervals does not fit 100 intervals/,
    );
    expect(() => backtestCutoffs(100, 100, 24, 25)).toThrow(RangeError);
    expect(() => backtestCutoffs(100, 200, 24, 25)).toThrow(RangeError);
    for (const stepSize of [0, -1, Number.NaN, 0.5])
      expect(() => backtestCutoffs(100, 50, 24, stepSize)).toThrow(RangeError);
  });
});

test('orders values by [cutoff][series][quantile][step], at the same cutoffs for all', async () => {
  const panel = panelOf(['a', 'b'], 60, (s, t) => 100 * s + t);
  const asked: number[] = [];
  const forecaster = (name: string, quantiles: number[]): Forecaster => ({
    name,
    quantiles,
    minimumHistory: 1,
    predict(_panel, cutoff, horizon) {
      asked.push(cutoff);
      return Float32Array.from(
        { length: 2 * quantiles.length * horizon },
        (_, i) => 1000 * cutoff + i,
      );
    },
  });
  const done: number[] = [];
  const result = await runBacktest(
    panel,
    [forecaster('p', [0.5]), forecaster('q', [0.1, 0.9])],
    [10, 20, 30],
    3,
    (d, total) => {
      done.push(d / total);
    },
  );
  expect(asked).toEqual([10, 10, 20, 20, 30, 30]);
  expect(done).toEqual([1 / 3, 2 / 3, 1]);
  expect([...result.actuals]).toEqual([
    11, 12, 13, 111, 112, 113, 21, 22, 23, 121, 122, 123, 31, 32, 33, 131, 132, 133,
  ]);
  expect(result.forecasts.map(({ name }) => name)).toEqual(['p', 'q']);
  expect([...(result.forecasts[0]?.values.subarray(6, 12) ?? [])]).toEqual([
    20000, 20001, 20002, 20003, 20004, 20005,
  ]);
  expect(result.forecasts[1]?.values).toHaveLength(3 * 2 * 2 * 3);
});

describe('parts of a backtest', () => {
  const panel = panelOf(['a', 'b'], 60, (s, t) => 100 * s + t);
  const forecaster: Forecaster = {
    name: 'level',
    quantiles: [0.1, 0.5],
    minimumHistory: 1,
    predict: (at, cutoff, horizon) =>
      Float32Array.from({ length: at.seriesIds.length * 2 * horizon }, (_, i) => 1000 * cutoff + i),
  };

  test('join into the whole', async () => {
    const whole = await runBacktest(panel, [forecaster], [10, 17, 24], 3);
    const parts = [
      await runBacktest(panel, [forecaster], [10], 3),
      await runBacktest(panel, [forecaster], [17, 24], 3),
    ];
    expect(joined(parts)).toEqual(whole);
    const renamed = await runBacktest(panel, [{ ...forecaster, name: 'other' }], [24], 3);
    expect(() => joined([parts[0]!, renamed])).toThrow(/not every result holds level/);
    expect(() => joined([])).toThrow(RangeError);
  });

  test('panelUpTo ends at the cutoff', () => {
    const cut = panelUpTo(panel, 9);
    expect(cut.length).toBe(10);
    expect([...cut.columns.target]).toEqual([
      ...Array(10).keys(),
      ...[...Array(10).keys()].map((t) => 100 + t),
    ]);
    expect(panel.length).toBe(60);
  });
});
