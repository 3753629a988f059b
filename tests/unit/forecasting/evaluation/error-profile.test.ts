/**
 * Purpose: where a forecaster errs, by hand: by local hour of the week, cutoff and series; and its
 * worst forecasts windows.
 */
import { describe, expect, test } from '@jest/globals';
import type {
  BacktestResult,
  ForecasterResult,
} from '../../../../forecasting/evaluation/backtest.ts';
import {
  errorByCutoff,
  errorByHourOfWeek,
  errorBySeries,
  worstForecasts,
} from '../../../../forecasting/evaluation/error-profile.ts';
import { panelOf } from '../../../fixtures/random-panels.ts';

/** Forecasts of 0 everywhere, so that the errors are the actuals: [cutoff][series][step]. */
function errorsOf(
  cutoffs: number[],
  errors: number[][][],
): { result: BacktestResult; forecast: ForecasterResult } {
  const actuals = Float32Array.from(errors.flat(2));
  const forecast = { name: 'zero', quantiles: [0.5], values: new Float32Array(actuals.length) };
  const seriesIds = errors[0]!.map((_, s) => `s${s}`);
  return {
    result: { seriesIds, cutoffs, horizon: errors[0]![0]!.length, actuals, forecasts: [forecast] },
    forecast,
  };
}
const _ = Number.NaN;

test('errors by cutoff and by series skip unknown actuals; a mean of none is NaN', () => {
  const { result, forecast } = errorsOf(
    [10, 20],
    [
      [
        [1, 3],
        [_, _],
      ],
      [
        [5, _],
        [_, _],
      ],
    ],
  );
  expect(errorByCutoff(result, forecast)).toEqual({ mae: [2, 5], actual: [2, 5], counts: [2, 1] });
  expect(errorBySeries(result, forecast)).toEqual({
    mae: [3, Number.NaN],
    actual: [3, Number.NaN],
    counts: [3, 0],
  });
});

test('errors by local hour of the week use the target time, across a clock change', () => {
  // The panel starts on Monday, 20 February 2023, 00:00 UTC: Sunday, 19:00 in New York. Clocks go
  // forward on Sunday, 12 March.
  const panel = panelOf(['a'], 24 * 28, () => 0);
  // Sunday, 12 March, 06:00 UTC: 01:00 local; an hour later it is 03:00.
  const sunday = 20 * 24 + 6;
  const { result, forecast } = errorsOf([0, sunday], [[[1, 2]], [[4, 8]]]);
  const { mae, counts } = errorByHourOfWeek(result, forecast, panel, 'America/New_York');
  const sundayAt = (hour: number) => 24 * 6 + hour;
  expect(mae[sundayAt(20)]).toBe(1);
  expect(mae[sundayAt(21)]).toBe(2);
  expect(mae[sundayAt(3)]).toBe(4);
  expect(mae[sundayAt(4)]).toBe(8);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(4);
  expect(mae[sundayAt(2)]).toBeNaN();
});

describe('worstForecasts', () => {
  test('orders cutoffs by total error, with the worst series not shown yet at each', () => {
    const { result, forecast } = errorsOf(
      [10, 20, 30],
      [
        [[1], [2]],
        [[9], [4]],
        [[8], [3]],
      ],
    );
    expect(worstForecasts(result, forecast, 2)).toEqual([
      { cutoff: 1, series: 0, cutoffMae: 6.5, mae: 9 },
      { cutoff: 2, series: 1, cutoffMae: 5.5, mae: 3 },
    ]);
    // All were shown: the worst again.
    expect(worstForecasts(result, forecast, 9)[2]).toEqual({
      cutoff: 0,
      series: 1,
      cutoffMae: 1.5,
      mae: 2,
    });
  });

  test('shows overlapping horizons once', () => {
    const { result, forecast } = errorsOf([10, 12, 13], [[[5, 5, 5]], [[9, 9, 9]], [[1, 1, 1]]]);
    expect(worstForecasts(result, forecast, 3).map(({ cutoff }) => cutoff)).toEqual([1]);
  });

  test('skips a cutoff without actuals', () => {
    const { result, forecast } = errorsOf([10, 20], [[[_]], [[2]]]);
    expect(worstForecasts(result, forecast, 5).map(({ cutoff }) => cutoff)).toEqual([1]);
  });
});
