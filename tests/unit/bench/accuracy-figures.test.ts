/**
 * Purpose: the figures of the accuracy bench: means over seeds, standard errors over cutoffs, the
 * same by steps, and the groups by size whatever the sign.
 */
import { expect, test } from '@jest/globals';
import { figuresOf, namedGroups, standardError } from '../../../bench/support/accuracy-figures.ts';
import type { BacktestResult } from '../../../forecasting/evaluation/backtest.ts';
import { panelOf } from '../../fixtures/random-panels.ts';

const HORIZON = 8;
const CUTOFFS = Array.from({ length: 16 }, (_, c) => 200 + 9 * c);
const panel = panelOf(['large', 'signed', 'small'], 400, (s) => [50, -2, 0.2][s] as number);

/** Every actual is 10, every median off by `error`; the interval holds it from step 7 on. */
const resultOf = (error: number): BacktestResult => {
  const size = CUTOFFS.length * 3 * HORIZON;
  return {
    seriesIds: panel.seriesIds,
    cutoffs: CUTOFFS,
    horizon: HORIZON,
    actuals: new Float32Array(size).fill(10),
    forecasts: [
      {
        name: 'network',
        quantiles: [0.1, 0.5, 0.9],
        values: Float32Array.from({ length: 3 * size }, (_, i) => {
          const [q, step] = [Math.floor(i / HORIZON) % 3, i % HORIZON];
          return 10 + error + (step < 6 ? 0 : (q - 1) * 5);
        }),
      },
      { name: 'naive', quantiles: [0.5], values: new Float32Array(size).fill(13) },
    ],
  };
};

test('groups series by the size of their values, whatever the sign', () => {
  expect(namedGroups(panel, 200).map(({ name, series }) => [name, series])).toEqual([
    ['all', [0, 1, 2]],
    ['mean>=1', [0, 1]],
  ]);
});

test('figures are means over seeds, in total and by six steps', () => {
  const { network, naive } = figuresOf([resultOf(1), resultOf(2)], panel, 24).all as Record<
    string,
    Record<string, unknown>
  >;
  expect(network).toMatchObject({
    mae: 1.5,
    mae_by_seed: [1, 2],
    coverage_80: 0.25,
    standard_errors: { mae: 0, coverage: 0 },
    by_steps: [
      { steps: '1-6', mae: { mean: 1.5 }, coverage: { mean: 0 } },
      { steps: '7-8', mae: { mean: 1.5 }, coverage: { mean: 1 } },
    ],
  });
  expect(network?.mae_per_step).toHaveLength(HORIZON);
  expect(naive).toMatchObject({ mae: 3, standard_errors: { mae: 0 } });
  expect(naive?.by_steps).toEqual([
    { steps: '1-6', mae: { mean: 3, standard_error: 0 } },
    { steps: '7-8', mae: { mean: 3, standard_error: 0 } },
  ]);
});

test('correlated neighbours increase the standard error', () => {
  const apart = Array.from({ length: 16 }, (_, i) => i % 2);
  const together = Array.from({ length: 16 }, (_, i) => (i < 8 ? 0 : 1));
  expect(standardError(together)).toBeGreaterThan(3 * standardError(apart));
});
