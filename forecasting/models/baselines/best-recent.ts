/**
 * Purpose: the naive baseline that erred least lately, for when no backtest says which is best: a
 * new system, or a history too short for a model.
 * Invariants: reads nothing after the cutoff; the season is the longest up to a week that the
 * history holds twice, so that a week of hours repeats its days; the same panel gives the same
 * baseline.
 * Fails: never; where nothing can be compared it is the mean of seasons.
 */
import { onlySeries, type Panel, targetOf } from '../../panel/panel.ts';
import { type SeasonRules, seasonsOf } from '../../panel/seasons.ts';
import type { Forecaster } from '../forecaster.ts';
import { naiveForecasters } from './naive.ts';

/** Cutoffs that are compared: a day apart, one interval on a coarser grid. */
const CUTOFFS = 14;
/** Series that are compared: of a large panel these, evenly spread, decide for all. */
const MAX_SERIES = 200;

export interface RecentBaseline {
  readonly point: Forecaster;
  /** The season that it repeats, in intervals. */
  readonly season: number;
}

/** @param cutoff grid index of the last observed interval */
export function bestRecentBaseline(
  panel: Panel,
  cutoff: number,
  rules: SeasonRules & { readonly horizon: number },
): RecentBaseline {
  const { day, baseline } = seasonsOf(rules);
  const first = firstObserved(panel, cutoff);
  const known = cutoff + 1 - first;
  const season =
    rules.seasonLengths.findLast((length) => length <= baseline && 2 * length <= known) ?? baseline;
  const candidates = naiveForecasters(season, rules.frequencyMinutes);
  const horizon = Math.min(rules.horizon, Math.max(1, Math.floor(known / 2)));
  const cutoffs = Array.from({ length: CUTOFFS }, (_, i) => cutoff - horizon - i * day).filter(
    (then) => then >= first + Math.min(season, Math.ceil(known / 2)) - 1,
  );
  const errors = candidates.map((candidate) => errorOf(candidate, panel, cutoffs, horizon));
  const least = errors.reduce(
    (best, error, i) => (error < (errors[best] as number) ? i : best),
    candidates.length - 1,
  );
  return { point: candidates[least] as Forecaster, season };
}

/** Mean absolute error over the known targets; infinite where there are none. */
function errorOf(
  candidate: Forecaster,
  panel: Panel,
  cutoffs: readonly number[],
  horizon: number,
): number {
  const count = panel.seriesIds.length;
  const sampled = Math.min(count, MAX_SERIES);
  let sum = 0;
  let targets = 0;
  for (let i = 0; i < sampled; i++) {
    const one = onlySeries(panel, Math.floor((i * count) / sampled));
    const values = targetOf(one, 0);
    for (const then of cutoffs) {
      for (const [k, made] of candidate.predict(one, then, horizon).entries()) {
        const actual = values[then + 1 + k] as number;
        if (Number.isNaN(actual)) continue;
        sum += Math.abs(actual - made);
        targets++;
      }
    }
  }
  return targets > 0 ? sum / targets : Number.POSITIVE_INFINITY;
}

function firstObserved(panel: Panel, cutoff: number): number {
  for (let t = 0; t <= cutoff; t++)
    for (let series = 0; series < panel.seriesIds.length; series++)
      if (!Number.isNaN(targetOf(panel, series)[t] as number)) return t;
  return cutoff + 1;
}
