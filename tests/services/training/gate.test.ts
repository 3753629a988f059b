/** Purpose: the gate by hand: whom a challenger must beat, by how much, and what the verdict says. */
import { describe, expect, test } from '@jest/globals';
import type { BacktestResult } from '../../../forecasting/backtest.ts';
import { judge } from '../../../services/training/gate.ts';

/** Twelve cutoffs, one series, one step; actuals are 0 and forecaster `name` is off by errors[name](cutoff). */
function resultOf(errors: Record<string, (cutoff: number) => number>): BacktestResult {
  const cutoffs = Array.from({ length: 12 }, (_, c) => c);
  return {
    seriesIds: ['a'],
    cutoffs,
    horizon: 1,
    actuals: new Float32Array(12),
    forecasts: Object.entries(errors).map(([name, errorAt]) => ({
      name,
      quantiles: [0.5],
      values: Float32Array.from(cutoffs, errorAt),
    })),
  };
}
const about =
  (size: number, phase = 0) =>
  (cutoff: number) =>
    size + 0.1 * Math.sin(7 * (cutoff + phase));

describe('the gate', () => {
  const naive = { last_value: about(5, 1), seasonal_naive: about(3, 2), mean_4_weeks: about(2, 3) };

  test('beating the best naive is enough where nobody reigns', () => {
    const { promoted, reason, comparisons } = judge(resultOf({ ...naive, network: about(1) }), 'network');
    expect(promoted).toBe(true);
    expect(comparisons.map(({ reference }) => reference)).toEqual(['mean_4_weeks']);
    expect(reason).toMatch(/^promoted: \d+\.\d % better than mean_4_weeks \(t \d+\.\d\d, needs 1\.80\)$/);
  });

  test('beating all naive forecasters but the best is not', () => {
    const { promoted, reason } = judge(resultOf({ ...naive, network: about(2.5) }), 'network');
    expect(promoted).toBe(false);
    expect(reason).toMatch(/^not promoted: \d+\.\d % worse than mean_4_weeks/);
  });

  test('the champion must be beaten too', () => {
    const errors = { ...naive, network: about(1) };
    expect(judge(resultOf({ ...errors, champion: about(1.5, 4) }), 'network')).toMatchObject({ promoted: true });
    const refused = judge(resultOf({ ...errors, champion: about(0.5, 4) }), 'network');
    expect(refused.promoted).toBe(false);
    expect(refused.reason).toMatch(/worse than champion/);
    expect(refused.comparisons.map(({ reference }) => reference)).toEqual(['mean_4_weeks', 'champion']);
  });

  test('better by no more than chance is not better', () => {
    const wild = (cutoff: number) => (cutoff % 2 === 0 ? 0.2 : 3.6);
    const { promoted, comparisons } = judge(resultOf({ ...naive, network: wild }), 'network');
    expect(comparisons[0]?.skill).toBeGreaterThan(0.04);
    expect(promoted).toBe(false);
  });

  test('nobody needs to beat the oracle', () => {
    const { promoted, comparisons } = judge(resultOf({ ...naive, oracle: () => 0, network: about(1) }), 'network');
    expect(promoted).toBe(true);
    expect(comparisons.map(({ reference }) => reference)).not.toContain('oracle');
  });

  test('too few cutoffs say nothing', () => {
    const whole = resultOf({ ...naive, network: about(1) });
    const short = { ...whole, cutoffs: [0, 1, 2] };
    expect(() => judge(short, 'network')).toThrow(/at least 4 cutoffs/);
  });
});
