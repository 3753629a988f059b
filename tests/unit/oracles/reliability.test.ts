/**
 * Purpose: the reliability of quantiles by hand, on draws whose distribution is known, and its
 * page.
 */
import { describe, expect, test } from '@jest/globals';
import type { BacktestResult, ForecasterResult } from '../../../forecasting/evaluation/backtest.ts';
import { intervalsOf } from '../../../forecasting/evaluation/intervals.ts';
import { reliability, reliabilityJson } from '../../../forecasting/evaluation/reliability.ts';
import { seededRandom } from '../../../platform/random.ts';
import { reliabilityPage } from '../../../reports/pages/reliability-page.ts';

const all = [{ name: 'all', series: [0] }];

/**
 * One series: actuals[cutoff][step] next to forecasts at `quantiles` that are the same at every
 * cutoff and step.
 */
function resultOf(
  actuals: number[][],
  quantiles: number[],
  levels: number[],
): [BacktestResult, ForecasterResult] {
  const horizon = actuals[0]?.length ?? 0;
  const values = new Float32Array(actuals.length * quantiles.length * horizon);
  for (let i = 0; i < values.length; i++)
    values[i] = levels[Math.floor(i / horizon) % quantiles.length] as number;
  const forecast = { name: 'network', quantiles, values };
  const cutoffs = actuals.map((_, c) => c);
  return [
    {
      seriesIds: ['a'],
      cutoffs,
      horizon,
      actuals: Float32Array.from(actuals.flat()),
      forecasts: [forecast],
    },
    forecast,
  ];
}

test('counts shares below and at or below by step, without unknown actuals', () => {
  // Against a forecast of 2 at 0.5: below are 1 1 0, equal are 2 2, above are 3 5; one is unknown.
  const [result, forecast] = resultOf(
    [
      [1, 2],
      [1, 3],
      [0, 5],
      [2, Number.NaN],
    ],
    [0.5],
    [2],
  );
  const [group] = reliability(result, forecast, all);
  expect(group).toMatchObject({ group: 'all', count: 7, cutoffs: 4 });
  const median = group?.quantiles[0];
  expect(median?.below).toBeCloseTo(3 / 7, 12);
  expect(median?.atMost).toBeCloseTo(5 / 7, 12);
  expect(median?.belowPerStep).toEqual([3 / 4, 0]);
  expect(median?.atMostPerStep[0]).toBe(1);
  expect(median?.atMostPerStep[1]).toBeCloseTo(1 / 3, 12);
  // Middles per cutoff 1.5 1 1 0.5 of counts 2 2 2 1, share 4/7: residuals 2.5/7 −1/7 −1/7 −0.5/7,
  // squares 8.5/49.
  expect(median?.standardError).toBeCloseTo(
    Math.max(Math.sqrt(((4 / 3) * 8.5) / 49) / 7, Math.sqrt(0.25 / 7)),
    12,
  );
  expect(median?.isRight).toBe(true);
});

describe('reliability of a known distribution', () => {
  const random = seededRandom(4);
  const actuals = Array.from({ length: 60 }, () => Array.from({ length: 12 }, random));
  const quantiles = [0.1, 0.25, 0.5, 0.75, 0.9];
  const sharesOf = (levels: number[]) => {
    const [result, forecast] = resultOf(actuals, quantiles, levels);
    return reliability(result, forecast, all)[0]?.quantiles ?? [];
  };

  test('accepts the true quantiles', () => {
    const shares = sharesOf(quantiles);
    expect(shares.map(({ isRight }) => isRight)).toEqual([true, true, true, true, true]);
    for (const { quantile, below, atMost } of shares) {
      expect(below).toBe(atMost);
      expect(Math.abs(below - quantile)).toBeLessThan(0.05);
    }
  });

  test('finds quantiles that are too narrow, with a larger error for correlated cutoffs', () => {
    expect(sharesOf([0.2, 0.35, 0.5, 0.65, 0.8]).map(({ isRight }) => isRight)).toEqual([
      false,
      false,
      true,
      false,
      false,
    ]);
    const together = actuals.map(([first = 0, ...rest]) => [first, ...rest.map(() => first)]);
    const [result, forecast] = resultOf(together, [0.5], [0.5]);
    const apart = sharesOf(quantiles)[2]?.standardError as number;
    expect(reliability(result, forecast, all)[0]?.quantiles[0]?.standardError).toBeGreaterThan(
      2.5 * apart,
    );
  });

  test('accepts quantiles of counts that are mostly zero', () => {
    const counts = actuals.map((row) => row.map((draw) => (draw < 0.7 ? 0 : 1)));
    const [result, forecast] = resultOf(counts, [0.1, 0.5, 0.9], [0, 0, 1]);
    expect(reliability(result, forecast, all)[0]?.quantiles.map(({ isRight }) => isRight)).toEqual([
      true,
      true,
      true,
    ]);
    const [wrong, said] = resultOf(counts, [0.1, 0.5, 0.9], [0, 0, 0]);
    expect(reliability(wrong, said, all)[0]?.quantiles.map(({ isRight }) => isRight)).toEqual([
      true,
      true,
      false,
    ]);
  });

  test('is small on the card, and its page is escaped and self-contained', () => {
    const [result, forecast] = resultOf(actuals, quantiles, quantiles);
    const groups = reliability(result, forecast, [...all, { name: 'mean>=1', series: [] }]);
    expect(JSON.stringify(reliabilityJson(groups)).length).toBeLessThan(1500);
    const page = reliabilityPage({
      title: '<b>',
      subtitle: 'x',
      groups,
      calibrated: false,
      note: 'why "not"',
    });
    expect(page).toContain('Calibration: &lt;b&gt;');
    expect(page).not.toMatch(/<script|NaN|src=|https?:/);
    for (const part of [
      '<svg',
      'Series with mean of at least 1',
      'why &quot;not&quot;',
      '60 cutoffs',
    ])
      expect(page).toContain(part);
  });
});

test('names intervals by their level, outermost first', () => {
  expect(intervalsOf([0.05, 0.25, 0.5, 0.75, 0.95])).toEqual([
    { lower: 0, upper: 4, name: '90 % interval' },
    { lower: 1, upper: 3, name: '50 % interval' },
  ]);
  expect(intervalsOf([0.2, 0.5, 0.9])).toEqual([
    { lower: 0, upper: 2, name: 'quantiles 0.2 to 0.9' },
  ]);
  expect(intervalsOf([0.005, 0.5, 0.995])[0]?.name).toBe('99 % interval');
  expect(intervalsOf([0.5])).toEqual([]);
  expect(intervalsOf([0.5, 0.9])).toEqual([{ lower: 0, upper: 1, name: 'quantiles 0.5 to 0.9' }]);
});
