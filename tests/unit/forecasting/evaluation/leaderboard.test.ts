/** Purpose: the leaderboard's figures are those of `score`, and its profiles add up to them. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { leaderboardOf } from '../../../../forecasting/evaluation/leaderboard.ts';
import { score } from '../../../../forecasting/evaluation/metrics.ts';
import { timestampAt } from '../../../../forecasting/panel/panel.ts';
import { type ToyLeaderboard, toyLeaderboard } from '../../../fixtures/toy-leaderboard.ts';

let toy: ToyLeaderboard;
beforeAll(async () => {
  toy = await toyLeaderboard(['a', 'b', 'c']);
});

test('figures by group and forecaster equal those of `score`', () => {
  const { result, groups, naiveErrors, leaderboard } = toy;
  expect(leaderboard.groups.map(({ name, seriesCount }) => [name, seriesCount])).toEqual([
    ['all', 3],
    ['mean>=1', 2],
  ]);
  for (const [g, group] of groups.entries()) {
    for (const forecast of result.forecasts) {
      expect(leaderboard.groups[g]?.forecasters[forecast.name]).toEqual(
        score(result, forecast, group, naiveErrors),
      );
    }
  }
});

test('the best naive has the least error over all series', () => {
  const { all } = Object.fromEntries(
    toy.leaderboard.groups.map((group) => [group.name, group.forecasters]),
  );
  const errors = ['last_value', 'seasonal_naive', 'mean_4_weeks'].map((name) => all![name]!.mae);
  expect(all![toy.leaderboard.bestNaive]!.mae).toBe(Math.min(...errors));
});

describe('profiles', () => {
  const count = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

  test('by hour of the week, weighted by counts, give the MAE', () => {
    for (const [name, { mae, counts }] of Object.entries(toy.leaderboard.byHourOfWeek)) {
      const total = count(mae.map((value, i) => (counts[i] === 0 ? 0 : value * counts[i]!)));
      expect(total / count([...counts])).toBeCloseTo(
        toy.leaderboard.groups[0]!.forecasters[name]!.mae,
        9,
      );
    }
  });

  test('by series are sorted by share, sum to one and equal `score` of the series', () => {
    const { leaderboard, result, panel, naiveErrors } = toy;
    expect(count(leaderboard.series.map(({ share }) => share))).toBeCloseTo(1, 9);
    const shares = leaderboard.series.map(({ share }) => share);
    expect(shares).toEqual([...shares].sort((a, b) => b - a));
    const named = (name: string) => result.forecasts.find((forecast) => forecast.name === name)!;
    for (const row of leaderboard.series) {
      const group = { name: 'one', series: [panel.seriesIds.indexOf(row.seriesId)] };
      const own = score(result, named('network'), group, naiveErrors);
      const naive = score(result, named(leaderboard.bestNaive), group, naiveErrors);
      expect(row.mae).toBeCloseTo(own.mae, 9);
      expect(row.mase).toBeCloseTo(own.mase, 9);
      expect(row.skill).toBeCloseTo(1 - own.mae / naive.mae, 9);
    }
  });

  test('by cutoff have one value each, in order of time', () => {
    const { leaderboard, result, panel } = toy;
    expect(leaderboard.byCutoff.timestamps).toEqual(
      result.cutoffs.map((cutoff) => timestampAt(panel, cutoff)),
    );
    for (const values of Object.values(leaderboard.byCutoff.mae))
      expect(values).toHaveLength(result.cutoffs.length);
  });

  test('the worst forecasts match the result, with the days before and the actuals', () => {
    const { leaderboard, result, panel } = toy;
    const worst = leaderboard.worstForecasts[0]!;
    const s = panel.seriesIds.indexOf(worst.seriesId);
    const cutoff = (worst.cutoff - panel.start) / 3_600_000;
    const c = result.cutoffs.indexOf(cutoff);
    expect(worst.cutoffMae).toBe(Math.max(...leaderboard.byCutoff.mae.network!));
    const values = panel.columns.target.subarray(s * panel.length, (s + 1) * panel.length);
    expect(worst.past).toEqual([...values.subarray(cutoff - 71, cutoff + 1)]);
    expect(worst.actual).toEqual([...values.subarray(cutoff + 1, cutoff + 7)]);
    const network = result.forecasts.find(({ name }) => name === 'network')!;
    for (const [q, quantile] of network.quantiles.entries()) {
      const first = ((c * 3 + s) * 3 + q) * 6;
      expect(worst.quantiles[String(quantile)]).toEqual([
        ...network.values.subarray(first, first + 6),
      ]);
    }
  });
});

test('refuses an unknown subject by name', () => {
  const { result, panel, groups, leaderboard } = toy;
  const metrics = Object.fromEntries(
    leaderboard.groups.map((group) => [group.name, group.forecasters]),
  );
  const request = { result, panel, groups, metrics, timeZone: 'UTC', day: 24, season: 168 };
  expect(() => leaderboardOf({ ...request, subject: 'forest' })).toThrow(/no forest/);
  expect(() => leaderboardOf({ ...request, subject: 'network', metrics: {} })).toThrow(
    /no naive baseline/,
  );
});
