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

describe('judge', () => {
  const naive = { last_value: about(5, 1), seasonal_naive: about(3, 2), mean_4_weeks: about(2, 3) };

  test('promotes a challenger that beats the best naive if there is no champion', () => {
    const { promoted, reason, comparisons } = judge(
      resultOf({ ...naive, network: about(1) }),
      'network',
    );
    expect(promoted).toBe(true);
    // Every baseline is kept, the best first; the sentence has no statistics.
    const names = ['mean_4_weeks', 'seasonal_naive', 'last_value'];
    expect(comparisons.map(({ reference }) => reference)).toEqual(names);
    expect(reason).toMatch(
      /^promoted: [\d.]+ % less pinball loss than mean of 4 weeks, [\d.]+ % less than \D+, [\d.]+ % less than last value$/,
    );
  });

  test('rejects a challenger that the best naive beats', () => {
    const { promoted, reason } = judge(resultOf({ ...naive, network: about(2.5) }), 'network');
    expect(promoted).toBe(false);
    expect(reason).toMatch(/^not promoted: \d+\.\d % more pinball loss than mean of 4 weeks/);
  });

  test('promotes only a challenger that also beats the champion', () => {
    const errors = { ...naive, network: about(1) };
    expect(judge(resultOf({ ...errors, champion: about(1.5, 4) }), 'network')).toMatchObject({
      promoted: true,
    });
    const refused = judge(resultOf({ ...errors, champion: about(0.5, 4) }), 'network');
    expect(refused.promoted).toBe(false);
    expect(refused.outcome).toBe('rejected');
    expect(refused.reason).toMatch(/% more than champion/);
    expect(refused.comparisons.map(({ reference }) => reference)).toEqual([
      ...['mean_4_weeks', 'seasonal_naive', 'last_value'],
      'champion',
    ]);
  });

  test('does not promote an improvement within chance', () => {
    const wild = (cutoff: number) => (cutoff % 2 === 0 ? 0.2 : 3.6);
    const { promoted, comparisons } = judge(resultOf({ ...naive, network: wild }), 'network');
    expect(comparisons[0]?.skill).toBeGreaterThan(0.04);
    expect(promoted).toBe(false);
  });

  test('rejects with a finite reason if the naive forecasters make no error', () => {
    const exact = { last_value: () => 0, seasonal_naive: () => 0, mean_4_weeks: () => 0 };
    const equal = judge(resultOf({ ...exact, network: () => 0 }), 'network');
    expect(equal).toMatchObject({ outcome: 'rejected' });
    expect(equal.reason).toMatch(
      /^not promoted: 0\.0 % less pinball loss than last value \(too little to matter\)/,
    );
    const worse = judge(resultOf({ ...exact, network: about(1) }), 'network');
    expect(worse).toMatchObject({ outcome: 'rejected' });
    expect(worse.reason).toMatch(/^not promoted: a pinball loss where last value has none, /);
    expect(`${equal.reason} ${worse.reason}`).not.toMatch(/NaN|Infinity/);
  });

  test('does not compare with the oracle', () => {
    const { promoted, comparisons } = judge(
      resultOf({ ...naive, oracle: () => 0, network: about(1) }),
      'network',
    );
    expect(promoted).toBe(true);
    expect(comparisons.map(({ reference }) => reference)).not.toContain('oracle');
  });

  test('is inconclusive with too few cutoffs, and states how many are missing', () => {
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

test('uses the level given: the same evidence promotes at 5 % and not at 0.1 %', () => {
  const result = resultOf({
    mean_4_weeks: about(1.5, 3),
    network: (c) => 1.1 + 0.9 * Math.sin(1.5 * c),
  });
  const verdicts = [0.05, 0.001].map((level) => judge(result, 'network', { level }));
  expect(verdicts.map(({ outcome }) => outcome)).toEqual(['promoted', 'inconclusive']);
  expect(verdicts.map(({ comparisons }) => comparisons[0]?.level)).toEqual([0.05, 0.001]);
});

test('stores comparisons by group without the differences of each cutoff', () => {
  const errors = { mean_4_weeks: about(2, 3), champion: about(1.5), network: about(1) };
  const { groups } = judge(resultOf(errors), 'network', {
    groups: [{ name: 'mean>=1', series: [0] }],
  });
  expect(groups.map(({ reference, group }) => `${reference} ${group}`)).toEqual([
    'mean_4_weeks the series mean>=1',
    'mean_4_weeks step 1',
    'champion the series mean>=1',
    'champion step 1',
  ]);
  expect(groups[0]).not.toHaveProperty('differences');
});

describe('three outcomes', () => {
  const naive = { last_value: about(5, 1), seasonal_naive: about(3, 2), mean_4_weeks: about(2, 3) };

  test('rejects a challenger whose lead over the champion is certainly below the margin', () => {
    const steady = (size: number) => (cutoff: number) => size + 0.1 * Math.sin(7 * cutoff);
    const twin = judge(resultOf({ ...naive, champion: steady(1), network: steady(1) }), 'network');
    expect(twin).toMatchObject({ outcome: 'rejected', moreCutoffs: null });
    expect(twin.comparisons[3]).toMatchObject({ difference: 0, outcome: 'no-better' });
    const hair = judge(
      resultOf({ ...naive, champion: steady(1), network: steady(0.998) }),
      'network',
    );
    expect(hair.comparisons[3]?.statistic).toBeGreaterThan(3);
    expect(hair).toMatchObject({ outcome: 'rejected' });
    expect(hair.reason).toMatch(
      /^not promoted: .* less pinball loss than mean of 4 weeks, .*, 0\.2 % less than champion \(too little to matter\)$/,
    );
  });

  test('is inconclusive within chance and states how many more cutoffs are needed', () => {
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

  test('is inconclusive without a number where no feasible count of cutoffs would decide', () => {
    const weather = [1, 9, 4, 1, 0, 3, 9, 6, 8, 2, 4, 1];
    const verdict = judge(
      resultOf({ mean_4_weeks: () => 4, network: (c) => weather[c] as number }),
      'network',
    );
    expect(verdict).toMatchObject({ outcome: 'inconclusive', moreCutoffs: null });
    expect(verdict.reason).toMatch(/no feasible number of cutoffs would decide/);
  });

  test('rejects on one lost comparison, even if another is inconclusive', () => {
    const wild = (cutoff: number) => (cutoff % 5 < 2 ? 3.1 : 0.5);
    const verdict = judge(
      resultOf({ ...naive, champion: about(0.2, 4), network: wild }),
      'network',
    );
    expect(verdict.comparisons.map(({ outcome }) => outcome)).toEqual([
      ...['undecided', 'better', 'better'],
      'worse',
    ]);
    expect(verdict.outcome).toBe('rejected');
  });

  test('requires a win over every naive baseline, also an erratic one', () => {
    const erratic = (cutoff: number) => (cutoff % 4 === 0 ? 9 : 0.3);
    const verdict = judge(
      resultOf({ ...naive, last_value: erratic, network: about(1.2) }),
      'network',
    );
    expect(verdict.comparisons).toMatchObject([
      { reference: 'mean_4_weeks', outcome: 'better' },
      { reference: 'last_value', outcome: 'undecided' },
      { reference: 'seasonal_naive', outcome: 'better' },
    ]);
    expect(verdict.outcome).toBe('inconclusive');
  });
});

describe('inadmissible evidence', () => {
  const better = { mean_4_weeks: about(2, 3), network: about(1) };
  const where = (cutoffs: readonly number[]) => ({
    ...resultOf({ ...better, champion: about(1.5, 4) }),
    cutoffs,
  });
  const days = Array.from({ length: 12 }, (_, c) => 100 + 25 * c);

  test('rejects a challenger trained beyond the first cutoff', () => {
    expect(judge(where(days), 'network', { trainedUpTo: { network: 100 } }).outcome).toBe(
      'promoted',
    );
    const verdict = judge(where(days), 'network', { trainedUpTo: { network: 101 } });
    expect(verdict).toMatchObject({ outcome: 'rejected', promoted: false, comparisons: [] });
    expect(verdict.reason).toMatch(/trained on rows that it is scored on/);
  });

  test('rejects a challenger that looks ahead, and ignores such a champion', () => {
    const verdict = judge(where(days), 'network', { lookahead: ['network'] });
    expect(verdict).toMatchObject({ outcome: 'rejected', comparisons: [] });
    expect(verdict.reason).toMatch(/it looks ahead/);
    const cheat = { ...resultOf({ ...better, champion: () => 0 }), cutoffs: days };
    expect(judge(cheat, 'network').outcome).toBe('rejected');
    const freed = judge(cheat, 'network', { lookahead: ['champion'] });
    expect(freed).toMatchObject({ outcome: 'promoted' });
    expect(freed.comparisons).toHaveLength(1);
    expect(freed.reason).toMatch(/champion was not part of the comparison/);
  });

  test('compares with the champion only at cutoffs after its training', () => {
    const all = judge(where(days), 'network', { trainedUpTo: { champion: 100 } });
    expect(all.comparisons[1]?.cutoffs).toBe(12);
    const some = judge(where(days), 'network', { trainedUpTo: { champion: 160 } });
    expect(some.comparisons.map(({ cutoffs }) => cutoffs)).toEqual([12, 9]);
    expect(some).toMatchObject({ outcome: 'promoted' });
    expect(some.reason).toMatch(/3 cutoffs left out, because the champion was trained on them/);
    const none = judge(where(days), 'network', { trainedUpTo: { champion: 300 } });
    expect(none).toMatchObject({ outcome: 'inconclusive', moreCutoffs: 4 });
    expect(none.reason).toMatch(
      /the champion was trained on part of the test span: 4 of 12 cutoffs/,
    );
  });

  test('rejects a challenger that omits difficult forecasts', () => {
    const silent = resultOf({ ...better, network: (cutoff) => (cutoff === 3 ? Number.NaN : 0.1) });
    expect(judge(silent, 'network')).toMatchObject({
      outcome: 'rejected',
      reason: expect.stringMatching(/not numbers/),
    });
    expect(() => judge(silent, 'forest')).toThrow(/no forecasts of forest/);
  });
});

describe('whole distributions', () => {
  /** A forecaster whose median errs by `error`, with a bound at `width` on either side of that. */
  interface Wide {
    readonly error: (cutoff: number) => number;
    readonly width: number;
  }
  const QUANTILES = [0.1, 0.5, 0.9];
  const HORIZON = 8;
  const DAYS = Array.from({ length: 20 }, (_, c) => 9 * c);
  /** Two series, eight steps; at every cutoff one actual in five is 3, the others lie within 1. */
  function wideResult(forecasters: Record<string, Wide>): BacktestResult {
    const actuals = Float32Array.from({ length: DAYS.length * 2 * HORIZON }, (_, i) =>
      i % 5 === 4 ? (i % 2 === 0 ? 3 : -3) : Math.sin(i),
    );
    return {
      seriesIds: ['a', 'b'],
      cutoffs: DAYS,
      horizon: HORIZON,
      actuals,
      forecasts: Object.entries(forecasters).map(([name, { error, width }]) => ({
        name,
        quantiles: QUANTILES,
        values: Float32Array.from({ length: actuals.length * 3 }, (_, i) => {
          const cutoff = Math.floor(i / (2 * 3 * HORIZON));
          return error(cutoff) + ((Math.floor(i / HORIZON) % 3) - 1) * width;
        }),
      })),
    };
  }
  const small = (size: number) => (cutoff: number) => size * Math.sin(3 * cutoff);
  const sound: Wide = { error: small(0.05), width: 1.1 };
  const naive: Wide = { error: small(2), width: 3 };
  const judged = (forecasters: Record<string, Wide>, evidence = {}) =>
    judge(wideResult({ mean_4_weeks: naive, ...forecasters }), 'network', evidence);

  test('promotes a sound challenger by the pinball loss of all quantiles', () => {
    const verdict = judged({ network: sound });
    expect(verdict.reason).toMatch(/^promoted: [\d.]+ % less pinball loss than mean of 4 weeks/);
    expect(verdict.comparisons).toMatchObject([{ loss: 'pinball', outcome: 'better' }]);
  });

  test.each([
    [
      'too wide',
      40,
      /below the floor: its 80 % interval holds 100 % of the actuals, more than 90 %/,
    ],
    ['too narrow', 0.2, /below the floor: its 80 % interval holds [\d.]+ % of .*, less than 70 %/],
  ])('rejects intervals that are %s, however good the median', (_title, width, why) => {
    const verdict = judged({ network: { ...sound, width } });
    expect(verdict).toMatchObject({ outcome: 'rejected', promoted: false });
    expect(verdict.reason).toMatch(why);
    expect(verdict.reason).toMatch(
      /^not promoted: [\d.]+ % (less|more) pinball loss than mean of 4 weeks/,
    );
  });

  test('rejects a challenger that a baseline with intervals beats in a group of steps', () => {
    const baselines = wideResult({ mean_4_weeks: { ...sound, width: 1.05 } }).forecasts;
    const verdict = judged({ network: { error: () => 0.5, width: 1.6 } }, { baselines });
    expect(verdict).toMatchObject({ outcome: 'rejected' });
    expect(verdict.reason).toMatch(
      /its pinball loss at steps \d to \d is [\d.]+ % above that of mean of 4 weeks with intervals of its own/,
    );
  });

  test('replaces a champion below the floor without a comparison', () => {
    const ruined: Wide = { error: small(0), width: 3000 };
    const verdict = judged({ network: sound, champion: ruined });
    expect(verdict).toMatchObject({ outcome: 'promoted' });
    expect(verdict.comparisons.map(({ reference }) => reference)).toEqual(['mean_4_weeks']);
    expect(verdict.reason).toMatch(
      /the champion was not part of the comparison: it is below the floor: its 80 % interval holds/,
    );
    // Nothing below the floor follows it.
    expect(judged({ network: ruined, champion: ruined }).outcome).toBe('rejected');
  });

  test('requires a lower pinball loss than the champion, not only a better median', () => {
    const champion: Wide = { error: small(0.9), width: 1.5 };
    expect(judged({ network: sound, champion })).toMatchObject({ outcome: 'promoted' });
    const refused = judged({ network: champion, champion: sound });
    expect(refused).toMatchObject({ outcome: 'rejected' });
    expect(refused.reason).toMatch(/% more than champion/);
  });

  test('rejects a median more than 2 % worse, even with better intervals', () => {
    const wide: Wide = { error: small(0), width: 40 };
    const verdict = judged({ mean_4_weeks: wide, network: { error: small(0.6), width: 2.1 } });
    expect(verdict).toMatchObject({ outcome: 'rejected' });
    expect(verdict.reason).toMatch(
      /less pinball loss than mean of .*its median errs [\d.]+ % more than .*, at most 2 % is allowed/,
    );
  });

  test('rejects a challenger that is worse in a group of series', () => {
    const result = wideResult({ mean_4_weeks: naive, network: sound, champion: sound });
    // The first series of the challenger is a little worse, the second one much better.
    const worse = (values: Float32Array, series: number, by: number) =>
      values.map((value, i) =>
        Math.floor(i / (3 * HORIZON)) % 2 === series && Math.floor(i / HORIZON) % 3 === 1
          ? value + by
          : value,
      );
    const forecasts = result.forecasts.map((forecast) => ({
      ...forecast,
      values:
        forecast.name === 'network'
          ? worse(forecast.values, 0, 0.4)
          : forecast.name === 'champion'
            ? worse(forecast.values, 1, 1)
            : forecast.values,
    }));
    const groups = [{ name: 'mean>=1', series: [0] }];
    expect(judge({ ...result, forecasts }, 'network').outcome).toBe('promoted');
    const verdict = judge({ ...result, forecasts }, 'network', { groups });
    expect(verdict).toMatchObject({ outcome: 'rejected' });
    expect(verdict.reason).toMatch(
      /at the series mean>=1 it has [\d.]+ % more pinball loss than champion/,
    );
  });

  test('applies the coverage floor with few actuals only if chance is excluded', () => {
    // Of eight actuals five lie inside: 62.5 %, which is no evidence against 80 %.
    const few = (inside: number, cutoffs: number): BacktestResult => ({
      ...{ seriesIds: ['a'], cutoffs: Array.from({ length: cutoffs }, (_, c) => c), horizon: 1 },
      actuals: Float32Array.from({ length: cutoffs }, (_, c) =>
        c % 16 < 16 * inside ? 0.5 * Math.sin(c) : 1.2 * (-1) ** c,
      ),
      forecasts: [
        { name: 'mean_4_weeks', error: 9, width: 5 },
        { name: 'network', error: 0, width: 1 },
      ].map(({ name, error, width }) => ({
        ...{ name, quantiles: QUANTILES },
        values: Float32Array.from({ length: cutoffs * 3 }, (_, i) => error + ((i % 3) - 1) * width),
      })),
    });
    expect(judge(few(5 / 8, 16), 'network').outcome).toBe('promoted');
    for (const share of [1 / 16, 11 / 16, 16 / 16])
      expect(judge(few(share, 1600), 'network')).toMatchObject({
        outcome: 'rejected',
        reason: expect.stringMatching(/below the floor: its 80 % interval holds/),
      });
    expect(judge(few(12 / 16, 1600), 'network').outcome).toBe('promoted');
  });

  test('counts equal to a bound do not make an interval too wide', () => {
    const zeros = wideResult({ mean_4_weeks: naive, network: { error: () => 0, width: 1 } });
    const actuals = zeros.actuals.map((_, i) => (i % 12 === 0 ? 2 : i % 2));
    const network = zeros.forecasts[1] as BacktestResult['forecasts'][number];
    const values = network.values.map((value) => Math.max(0, value));
    const counts = [zeros.forecasts[0], { ...network, values }] as BacktestResult['forecasts'];
    expect(judge({ ...zeros, actuals, forecasts: counts }, 'network').reason).toMatch(/^promoted/);
  });
});
