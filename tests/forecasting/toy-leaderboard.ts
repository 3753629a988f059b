/**
 * Purpose: a small backtest of every kind of forecaster and its leaderboard, for tests of the
 * leaderboard and its page.
 * Invariants: deterministic; no network is fitted: the "network" is a rule of thumb with an
 * interval.
 * Fails: never.
 */
import { type BacktestResult, backtestCutoffs, runBacktest } from '../../forecasting/backtest.ts';
import type { Forecaster } from '../../forecasting/forecaster.ts';
import { type Leaderboard, leaderboardOf } from '../../forecasting/leaderboard.ts';
import {
  type Metrics,
  type SeriesGroup,
  score,
  seasonalNaiveErrors,
  seriesGroups,
} from '../../forecasting/metrics.ts';
import { meanOfSeasons, naiveForecasters } from '../../forecasting/models/naive.ts';
import type { Panel } from '../../forecasting/panel.ts';
import { seededRandom } from '../../runtime/random.ts';
import { panelOf } from './random-panels.ts';

const HORIZON = 6;

/** The mean of 4 weeks less a tenth, and an interval of half to double. */
function thumb(name: string): Forecaster {
  const mean = meanOfSeasons(168);
  return {
    name,
    quantiles: [0.1, 0.5, 0.9],
    minimumHistory: 1,
    predict(panel, cutoff, horizon) {
      const values = mean.predict(panel, cutoff, horizon);
      const factors = [0.45, 0.9, 1.8];
      return Float32Array.from(
        { length: values.length * 3 },
        (_, i) =>
          factors[Math.floor(i / horizon) % 3]! *
          values[Math.floor(i / (3 * horizon)) * horizon + (i % horizon)]!,
      );
    },
  };
}

export interface ToyLeaderboard {
  readonly panel: Panel;
  readonly result: BacktestResult;
  readonly groups: SeriesGroup[];
  readonly naiveErrors: Float64Array;
  readonly leaderboard: Leaderboard;
}

/** @param seriesIds the last one is sparse; the first has a gap */
export async function toyLeaderboard(seriesIds: readonly string[]): Promise<ToyLeaderboard> {
  const random = seededRandom(2);
  const length = 7 * 168;
  const panel = panelOf(seriesIds, length, (s, t) => {
    const value = 10 + 5 * Math.sin((2 * Math.PI * t) / 24) + 8 * random();
    if (s === 0 && t > length - 40 && t < length - 30) return Number.NaN;
    return s === seriesIds.length - 1 ? Math.floor(value / 22) : value * (s + 1);
  });
  const cutoffs = backtestCutoffs(length, 14 * 24, HORIZON, 25);
  const result = await runBacktest(
    panel,
    [...naiveForecasters(168), thumb('oracle'), thumb('network')],
    cutoffs,
    HORIZON,
  );
  const end = cutoffs[0]! + 1;
  const groups = seriesGroups(panel, end);
  const naiveErrors = seasonalNaiveErrors(panel, 168, end);
  const metrics: Record<string, Record<string, Metrics>> = {};
  for (const group of groups) {
    metrics[group.name] = {};
    for (const forecast of result.forecasts)
      metrics[group.name]![forecast.name] = score(result, forecast, group, naiveErrors);
  }
  const leaderboard = leaderboardOf({
    result,
    panel,
    groups,
    metrics,
    subject: 'network',
    timeZone: 'America/New_York',
    day: 24,
    season: 168,
  });
  return { panel, result, groups, naiveErrors, leaderboard };
}
