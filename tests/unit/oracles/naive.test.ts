/** Purpose: the naive forecasters by hand, and against a second implementation. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  lastValue,
  meanOfSeasons,
  naiveForecasters,
  seasonalNaive,
} from '../../../forecasting/models/baselines/naive.ts';
import type { Forecaster } from '../../../forecasting/models/forecaster.ts';
import { runs } from '../../fixtures/property-runs.ts';
import { panelOf } from '../../fixtures/random-panels.ts';

const _ = Number.NaN;
const forecast = (forecaster: Forecaster, values: number[], cutoff: number, horizon: number) => [
  ...forecaster.predict(
    panelOf(['a'], values.length, (_series, t) => values[t] as number),
    cutoff,
    horizon,
  ),
];

describe('hand calculations with a season of 3', () => {
  const values = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 99, 99];

  test('last value repeats the last known value', () => {
    expect(forecast(lastValue, values, 6, 4)).toEqual([7, 7, 7, 7]);
    expect(forecast(lastValue, [4, 2, _, _], 3, 2)).toEqual([2, 2]);
    expect(forecast(lastValue, [_, _], 1, 2)).toEqual([0, 0]);
  });

  test('seasonal naive repeats the last season, also beyond it', () => {
    expect(forecast(seasonalNaive(3), values, 13, 3)).toEqual([12, 13, 14]);
    expect(forecast(seasonalNaive(3), values, 13, 8)).toEqual([12, 13, 14, 12, 13, 14, 12, 13]);
  });

  test('seasonal naive uses the season before a gap, then the mean, then 0', () => {
    expect(forecast(seasonalNaive(3), [1, 2, 3, 4, _, 6], 5, 3)).toEqual([4, 2, 6]);
    expect(forecast(seasonalNaive(3), [1, _, 3, 4, _, 6], 5, 3)).toEqual([4, 5, 6]);
    expect(forecast(seasonalNaive(3), [_, _, _], 2, 2)).toEqual([0, 0]);
    expect(forecast(seasonalNaive(3), [5], 0, 3)).toEqual([5, 5, 5]);
  });

  test('mean of four seasons repeats beyond one season', () => {
    // Targets 14, 15, 16 (indices): lags 11 8 5 2 → 12 9 6 3; 12 9 6 3 → 13 10 7 4; 13 10 7 4 → 14
    // 11 8 5.
    expect(forecast(meanOfSeasons(3), values, 13, 7)).toEqual([7.5, 8.5, 9.5, 7.5, 8.5, 9.5, 7.5]);
  });

  test('mean of four seasons skips gaps', () => {
    expect(forecast(meanOfSeasons(3), [1, 2, _, 5, _, _], 5, 3)).toEqual([3, 2, 5]);
    expect(forecast(meanOfSeasons(3), [_, _, _, _], 3, 1)).toEqual([0]);
  });

  test('a zero is a value, not a gap', () => {
    expect(forecast(lastValue, [4, 0], 1, 1)).toEqual([0]);
    expect(forecast(seasonalNaive(3), [1, 2, 3, 0, 0, 0], 5, 3)).toEqual([0, 0, 0]);
  });

  test.each(
    naiveForecasters(3).map((forecaster): [string, Forecaster] => [forecaster.name, forecaster]),
  )('%s refuses a cutoff outside the panel', (_name, forecaster) => {
    expect(() => forecast(forecaster, values, -1, 1)).toThrow(RangeError);
    expect(() => forecast(forecaster, values, values.length, 1)).toThrow(RangeError);
  });
});

test('the three equal a second implementation for any gaps, seasons and horizons', () => {
  const value = fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 64 }) },
    { weight: 1, arbitrary: fc.constant(_) },
  );
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 40 }),
      fc.nat(39),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 25 }),
      (values, at, season, horizon) => {
        const cutoff = Math.min(at, values.length - 1);
        const past = values.slice(0, cutoff + 1);
        const known = (list: number[]) => list.filter((x) => !Number.isNaN(x));
        const mean = (list: number[]) =>
          list.length > 0 ? list.reduce((a, b) => a + b, 0) / list.length : null;
        const recent = mean(known(past.slice(-season))) ?? 0;
        const last = known(past).at(-1) ?? 0;
        for (let k = 1; k <= horizon; k++) {
          // Everything seen so far at the target's place in the season, newest first.
          const place = past.filter((_value, t) => (cutoff + k - t) % season === 0).reverse();
          const expected = [
            last,
            known(place)[0] ?? recent,
            mean(known(place.slice(0, 4))) ?? recent,
          ];
          naiveForecasters(season).forEach((forecaster, i) => {
            expect(forecast(forecaster, values, cutoff, horizon)[k - 1]).toBe(
              Math.fround(expected[i] as number),
            );
          });
        }
      },
    ),
    { numRuns: runs(120), seed: 8 },
  );
});
