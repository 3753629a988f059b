/**
 * Purpose: what a backtest says, ready to be shown: every forecaster by group, step, hour of the
 * week, cutoff and series, and the windows at which the subject (the network) was worst forecasts.
 * Invariants: every figure is over the test span alone; the figures by group are `score`'s own; the
 * oracle, who knows the truth, competes with nobody.
 * Fails: a RangeError where the subject or every naive baseline is missing.
 */

import { NAIVE_NAMES } from '../models/baselines/naive.ts';
import { type Panel, targetOf, timestampAt } from '../panel/panel.ts';
import type { BacktestResult, ForecasterResult } from './backtest.ts';
import {
  errorByCutoff,
  errorByHourOfWeek,
  errorBySeries,
  type Means,
  worstForecasts,
} from './error-profile.ts';
import { type Metrics, seasonalNaiveErrors } from './metrics.ts';

export interface Leaderboard {
  /** The forecaster that the profiles below are about. */
  readonly subject: string;
  /** The naive baseline with the least MAE over all series. */
  readonly bestNaive: string;
  readonly groups: readonly GroupScores[];
  /** Forecaster → MAE and mean actual at 24 · weekday + hour of local time. */
  readonly byHourOfWeek: Readonly<Record<string, Means>>;
  readonly byCutoff: {
    readonly timestamps: readonly number[];
    /** Forecaster → MAE per cutoff. */
    readonly mae: Readonly<Record<string, readonly number[]>>;
  };
  /** All series, those that make most of the error first. */
  readonly series: readonly SeriesScore[];
  readonly worstForecasts: readonly WrongForecast[];
}

export interface GroupScores {
  readonly name: string;
  readonly seriesCount: number;
  readonly forecasters: Readonly<Record<string, Metrics>>;
}

export interface SeriesScore {
  readonly seriesId: string;
  /** Mean |actual| in the test span. */
  readonly mean: number;
  readonly mae: number;
  /** MAE over the in-sample seasonal naive's MAE. */
  readonly mase: number;
  /** 1 − MAE / MAE of the best naive on this series. */
  readonly skill: number;
  /** Share of all absolute error. */
  readonly share: number;
}

export interface WrongForecast {
  readonly seriesId: string;
  /** UTC start of the last observed interval. */
  readonly cutoff: number;
  readonly mae: number;
  /** Of all series at this cutoff. */
  readonly cutoffMae: number;
  /** The last days up to the cutoff. */
  readonly past: readonly number[];
  readonly actual: readonly number[];
  readonly quantiles: Readonly<Record<string, readonly number[]>>;
  readonly naive: readonly number[];
}

const MAX_WORST = 6;
const DAYS_SHOWN = 3;

export interface LeaderboardRequest {
  readonly result: BacktestResult;
  readonly panel: Panel;
  readonly groups: readonly { readonly name: string; readonly series: readonly number[] }[];
  readonly metrics: Readonly<Record<string, Readonly<Record<string, Metrics>>>>;
  readonly subject: string;
  readonly timeZone: string;
  /** Intervals of a day and of the longest season. */
  readonly day: number;
  readonly season: number;
}

export function leaderboardOf(request: LeaderboardRequest): Leaderboard {
  const { result, panel, groups, metrics, subject, timeZone } = request;
  const all = metrics[groups[0]?.name ?? ''] ?? {};
  const named = (name: string): ForecasterResult => {
    const found = result.forecasts.find((forecast) => forecast.name === name);
    if (!found) throw new RangeError(`the backtest holds no ${name}`);
    return found;
  };
  const naive = NAIVE_NAMES.filter((name) => all[name]);
  if (naive.length === 0) throw new RangeError('the backtest holds no naive baseline');
  const maeOf = (name: string) => all[name]?.mae ?? Number.NaN;
  const bestNaive = naive.reduce((best, name) => (maeOf(name) < maeOf(best) ? name : best));
  const each = <T>(of: (forecaster: ForecasterResult) => T) =>
    Object.fromEntries(result.forecasts.map((forecaster) => [forecaster.name, of(forecaster)]));
  return {
    subject,
    bestNaive,
    groups: groups.map(({ name, series }) => ({
      name,
      seriesCount: series.length,
      forecasters: metrics[name] ?? {},
    })),
    byHourOfWeek: each((forecaster) => errorByHourOfWeek(result, forecaster, panel, timeZone)),
    byCutoff: {
      timestamps: result.cutoffs.map((cutoff) => timestampAt(panel, cutoff)),
      mae: each((forecaster) => errorByCutoff(result, forecaster).mae),
    },
    series: seriesScores(request, named(subject), named(bestNaive)),
    worstForecasts: wrongForecasts(request, named(subject), named(bestNaive)),
  };
}

function seriesScores(
  { result, panel, season }: LeaderboardRequest,
  subject: ForecasterResult,
  naive: ForecasterResult,
): SeriesScore[] {
  const errors = errorBySeries(result, subject);
  const naiveErrors = errorBySeries(result, naive);
  const inSample = seasonalNaiveErrors(panel, season, (result.cutoffs[0] as number) + 1);
  const sums = errors.mae.map((mae, s) => (mae || 0) * (errors.counts[s] as number));
  const total = sums.reduce((sum, one) => sum + one, 0);
  const rows = result.seriesIds.map((seriesId, s) => {
    const mae = errors.mae[s] as number;
    return {
      seriesId,
      mean: errors.actual[s] as number,
      mae,
      mase: mae / (inSample[s] as number),
      skill: 1 - mae / (naiveErrors.mae[s] as number),
      share: (sums[s] as number) / total,
    };
  });
  return rows.filter(({ mae }) => Number.isFinite(mae)).sort((a, b) => b.share - a.share);
}

function wrongForecasts(
  { result, panel, day }: LeaderboardRequest,
  subject: ForecasterResult,
  naive: ForecasterResult,
): WrongForecast[] {
  const { horizon, seriesIds } = result;
  return worstForecasts(result, subject, MAX_WORST).map(({ cutoff: c, series, cutoffMae, mae }) => {
    const cutoff = result.cutoffs[c] as number;
    const row = c * seriesIds.length + series;
    const steps = ({ values, quantiles }: ForecasterResult, q: number) => {
      const first = (row * quantiles.length + q) * horizon;
      return [...values.subarray(first, first + horizon)];
    };
    return {
      seriesId: seriesIds[series] as string,
      cutoff: timestampAt(panel, cutoff),
      mae,
      cutoffMae,
      past: [
        ...targetOf(panel, series).subarray(Math.max(0, cutoff + 1 - DAYS_SHOWN * day), cutoff + 1),
      ],
      actual: [...result.actuals.subarray(row * horizon, (row + 1) * horizon)],
      quantiles: Object.fromEntries(
        subject.quantiles.map((quantile, q) => [String(quantile), steps(subject, q)]),
      ),
      naive: steps(naive, naive.quantiles.indexOf(0.5)),
    };
  });
}
