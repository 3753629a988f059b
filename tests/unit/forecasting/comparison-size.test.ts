/**
 * Purpose: the size and the power of the comparison, by simulation: how often chance alone looks
 * like an improvement, and whether the promised number of further cutoffs decides as often as
 * promised.
 */
import { describe, expect, test } from '@jest/globals';
import type { BacktestResult } from '../../../forecasting/evaluation/backtest.ts';
import { type Comparison, compare } from '../../../forecasting/evaluation/comparison.ts';
import { seededRandom } from '../../../platform/random.ts';

/** Box & Muller. */
const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/**
 * A comparison whose differences are `effect` and on it an AR(1) of standard deviation 1; the
 * reference errs by `level`.
 */
function drawn(
  random: () => number,
  n: number,
  correlation: number,
  effect: number,
  level: number,
): Comparison {
  const innovation = Math.sqrt(1 - correlation ** 2);
  let last = normal(random);
  const errors = Float32Array.from({ length: n }, () => {
    const error = level - effect - last;
    last = correlation * last + innovation * normal(random);
    return error;
  });
  const forecasts = [
    { name: 'new', quantiles: [0.5], values: errors },
    { name: 'old', quantiles: [0.5], values: new Float32Array(n).fill(level) },
  ] as const;
  const cutoffs = Array.from({ length: n }, (_, c) => c);
  const result: BacktestResult = {
    seriesIds: ['a'],
    cutoffs,
    horizon: 1,
    actuals: new Float32Array(n),
    forecasts,
  };
  return compare(result, forecasts[0], forecasts[1]);
}

function shareBetter(n: number, correlation: number, draws = 4000): number {
  const random = seededRandom(11);
  let better = 0;
  for (let draw = 0; draw < draws; draw++) {
    const { statistic, threshold } = drawn(random, n, correlation, 0, 2000);
    if (statistic > threshold) better++;
  }
  return better / draws;
}

describe('false alarms of the comparison', () => {
  // 4000 draws: the standard error of a share of 0.05 is 0.003.
  test.each([
    [26, 0, 0.042, 0.058],
    [26, 0.3, 0.05, 0.075],
    [26, 0.5, 0.06, 0.088],
    [52, 0.5, 0.05, 0.08],
    [12, 0, 0.042, 0.062],
    [8, 0, 0.042, 0.066],
  ])('with %i cutoffs and correlation %f are between %f and %f', (n, correlation, least, most) => {
    const share = shareBetter(n, correlation);
    expect(share).toBeGreaterThan(least);
    expect(share).toBeLessThan(most);
  });
});

test('at the number of cutoffs asked for, an effect of the same size is found in 80 %', () => {
  const random = seededRandom(6);
  let first = drawn(random, 26, 0, 0.3, 20);
  while (first.outcome !== 'undecided' || first.difference < 0.25)
    first = drawn(random, 26, 0, 0.3, 20);
  // The plan rests on what was seen; the fixture is given that very effect and noise.
  const noise = first.standardError * Math.sqrt(26);
  const total = 26 + (first.moreCutoffs as number);
  let found = 0;
  for (let draw = 0; draw < 1500; draw++) {
    const { statistic, threshold } = drawn(random, total, 0, first.difference / noise, 20);
    if (statistic > threshold) found++;
  }
  expect(found / 1500).toBeGreaterThan(0.7);
  expect(found / 1500).toBeLessThan(0.9);
});
