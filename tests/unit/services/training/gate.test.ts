/**
 * Purpose: the gate by hand: whom a challenger must beat, by how much, and what the verdict says.
 */
import { describe, expect, test } from '@jest/globals';
import type { BacktestResult } from '../../../../forecasting/evaluation/backtest.ts';
import { judge } from '../../../../services/training/gate.ts';

/**
 * Twelve cutoffs, one series, one step; actuals are 0 and forecaster `name` is off by
 * errors[name](cutoff).
 */
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
    const { promoted, reason, comparisons } = judge(
      resultOf({ ...naive, network: about(1) }),
      'network',
    );
    expect(promoted).toBe(true);
    expect(comparisons.map(({ reference }) => reference)).toEqual(['mean_4_weeks']);
    expect(reason).toMatch(
      /^promoted: \d+\.\d % better than mean_4_weeks \(t \d+\.\d\d, needs 2\.59\)$/,
    );
  });

  test('beating all naive forecasters but the best is not', () => {
    const { promoted, reason } = judge(resultOf({ ...naive, network: about(2.5) }), 'network');
    expect(promoted).toBe(false);
    expect(reason).toMatch(/^not promoted: \d+\.\d % worse than mean_4_weeks/);
  });

  test('the champion must be beaten too', () => {
    const errors = { ...naive, network: about(1) };
    expect(judge(resultOf({ ...errors, champion: about(1.5, 4) }), 'network')).toMatchObject({
      promoted: true,
    });
    const refused = judge(resultOf({ ...errors, champion: about(0.5, 4) }), 'network');
    expect(refused.promoted).toBe(false);
    expect(refused.outcome).toBe('rejected');
    expect(refused.reason).toMatch(/worse than champion/);
    expect(refused.comparisons.map(({ reference }) => reference)).toEqual([
      'mean_4_weeks',
      'champion',
    ]);
  });

  test('better by no more than chance is not better', () => {
    const wild = (cutoff: number) => (cutoff % 2 === 0 ? 0.2 : 3.6);
    const { promoted, comparisons } = judge(resultOf({ ...naive, network: wild }), 'network');
    expect(comparisons[0]?.skill).toBeGreaterThan(0.04);
    expect(promoted).toBe(false);
  });

  test('nobody needs to beat the oracle', () => {
    const { promoted, comparisons } = judge(
      resultOf({ ...naive, oracle: () => 0, network: about(1) }),
      'network',
    );
    expect(promoted).toBe(true);
    expect(comparisons.map(({ reference }) => reference)).not.toContain('oracle');
  });

  test('too few cutoffs say nothing: that is no rejection, and says how many are missing', () => {
    const whole = resultOf({ ...naive, network: about(1) });
    const short = judge({ ...whole, cutoffs: [0, 1, 2] }, 'network');
    expect(short).toMatchObject({
      outcome: 'inconclusive',
      promoted: false,
      moreCutoffs: 5,
      comparisons: [],
    });
    expect(short.reason).toMatch(
      /^inconclusive: only 3 cutoffs .* about 5 more cutoffs would decide it$/,
    );
    const blank = { ...whole, actuals: new Float32Array(12).fill(Number.NaN) };
    expect(judge(blank, 'network')).toMatchObject({ outcome: 'inconclusive', moreCutoffs: 8 });
  });
});

describe('three outcomes', () => {
  const naive = { last_value: about(5, 1), seasonal_naive: about(3, 2), mean_4_weeks: about(2, 3) };

  test('certainly no better than the champion is rejected, also where it is a little better', () => {
    const steady = (size: number) => (cutoff: number) => size + 0.1 * Math.sin(7 * cutoff);
    const twin = judge(resultOf({ ...naive, champion: steady(1), network: steady(1) }), 'network');
    expect(twin).toMatchObject({ outcome: 'rejected', moreCutoffs: null });
    expect(twin.comparisons[1]).toMatchObject({ difference: 0, outcome: 'no-better' });
    const hair = judge(
      resultOf({ ...naive, champion: steady(1), network: steady(0.998) }),
      'network',
    );
    expect(hair.comparisons[1]?.statistic).toBeGreaterThan(3);
    expect(hair).toMatchObject({ outcome: 'rejected' });
    expect(hair.reason).toMatch(
      /^not promoted: 0\.2 % better than champion \(.*\), too little to matter$/,
    );
  });

  test('better, but within what chance does, is inconclusive and says how many cutoffs more would tell', () => {
    const wild = (cutoff: number) => (cutoff % 3 === 0 ? 2.6 : 1);
    const verdict = judge(
      resultOf({ ...naive, champion: about(1.7, 4), network: wild }),
      'network',
    );
    expect(verdict).toMatchObject({ outcome: 'inconclusive', promoted: false });
    expect(verdict.moreCutoffs).toBeGreaterThan(0);
    expect(verdict.moreCutoffs).toBeLessThan(1000);
    expect(verdict.reason).toContain(`about ${verdict.moreCutoffs} more cutoffs would decide it`);
  });

  test('where the difference is next to nothing and the noise great, no feasible number of cutoffs would tell, and it says so', () => {
    const weather = [1, 9, 4, 1, 0, 3, 9, 6, 8, 2, 4, 1];
    const verdict = judge(
      resultOf({ mean_4_weeks: () => 4, network: (c) => weather[c] as number }),
      'network',
    );
    expect(verdict).toMatchObject({ outcome: 'inconclusive', moreCutoffs: null });
    expect(verdict.reason).toMatch(/no feasible number of cutoffs would decide/);
  });

  test('one rejection is enough: it does not matter that the other comparison is thin', () => {
    const wild = (cutoff: number) => (cutoff % 5 < 2 ? 3.1 : 0.5);
    const verdict = judge(
      resultOf({ ...naive, champion: about(0.2, 4), network: wild }),
      'network',
    );
    expect(verdict.comparisons.map(({ outcome }) => outcome)).toEqual(['undecided', 'worse']);
    expect(verdict.outcome).toBe('rejected');
  });

  test('every naive baseline must be beaten, also one that is worse on average but erratic', () => {
    const erratic = (cutoff: number) => (cutoff % 4 === 0 ? 9 : 0.3);
    const verdict = judge(
      resultOf({ ...naive, last_value: erratic, network: about(1.2) }),
      'network',
    );
    expect(verdict.comparisons[0]?.reference).toBe('last_value');
    expect(verdict.outcome).toBe('inconclusive');
  });
});

describe('evidence that is none', () => {
  const better = { mean_4_weeks: about(2, 3), network: about(1) };
  const where = (cutoffs: readonly number[]) => ({
    ...resultOf({ ...better, champion: about(1.5, 4) }),
    cutoffs,
  });
  const days = Array.from({ length: 12 }, (_, c) => 100 + 25 * c);

  test('a challenger that was trained on what it is scored on is rejected; up to the first cutoff it may learn', () => {
    expect(judge(where(days), 'network', { trainedUpTo: { network: 100 } }).outcome).toBe(
      'promoted',
    );
    const verdict = judge(where(days), 'network', { trainedUpTo: { network: 101 } });
    expect(verdict).toMatchObject({ outcome: 'rejected', promoted: false, comparisons: [] });
    expect(verdict.reason).toMatch(/trained on rows that it is scored on/);
  });

  test('a challenger that reads the future is rejected; a champion that does is not compared with', () => {
    const verdict = judge(where(days), 'network', { readTheFuture: ['network'] });
    expect(verdict).toMatchObject({ outcome: 'rejected', comparisons: [] });
    expect(verdict.reason).toMatch(/reads the future/);
    const cheat = { ...resultOf({ ...better, champion: () => 0 }), cutoffs: days };
    expect(judge(cheat, 'network').outcome).toBe('rejected');
    const freed = judge(cheat, 'network', { readTheFuture: ['champion'] });
    expect(freed).toMatchObject({ outcome: 'promoted' });
    expect(freed.comparisons).toHaveLength(1);
    expect(freed.reason).toMatch(/champion was not compared with/);
  });

  test('a champion is compared with only where it has not learnt from the answers', () => {
    const all = judge(where(days), 'network', { trainedUpTo: { champion: 100 } });
    expect(all.comparisons[1]?.cutoffs).toBe(12);
    const some = judge(where(days), 'network', { trainedUpTo: { champion: 160 } });
    expect(some.comparisons.map(({ cutoffs }) => cutoffs)).toEqual([12, 9]);
    expect(some).toMatchObject({ outcome: 'promoted' });
    expect(some.reason).toMatch(/3 cutoffs left out that the champion has learnt from/);
    const none = judge(where(days), 'network', { trainedUpTo: { champion: 300 } });
    expect(none).toMatchObject({ outcome: 'inconclusive', moreCutoffs: 4 });
    expect(none.reason).toMatch(/the champion has learnt from the test span: 4 of 12 cutoffs/);
  });

  test('a challenger that says nothing where it is hard is rejected', () => {
    const silent = resultOf({ ...better, network: (cutoff) => (cutoff === 3 ? Number.NaN : 0.1) });
    expect(judge(silent, 'network')).toMatchObject({
      outcome: 'rejected',
      reason: expect.stringMatching(/no numbers/),
    });
    expect(() => judge(silent, 'forest')).toThrow(/no forecasts of forest/);
  });
});
