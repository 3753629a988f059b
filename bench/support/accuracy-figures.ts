/**
 * Purpose: the figures of one backtest window, averaged over seeds: metrics by group and
 * forecaster, standard errors over cutoffs, and the same per six steps.
 * Invariants: every seed forecasts the same cutoffs; a standard error respects that neighbouring
 * cutoffs depend on one another, and is of the mean over seeds; an unknown actual is left out.
 * Fails: never.
 */
import type { BacktestResult, ForecasterResult } from '../../forecasting/evaluation/backtest.ts';
import {
  pinballLoss,
  type SeriesGroup,
  score,
  seasonalNaiveErrors,
} from '../../forecasting/evaluation/metrics.ts';
import { type Panel, targetOf } from '../../forecasting/panel/panel.ts';
import { jsonMetrics } from '../../services/training/train.ts';

export type Figures = Record<string, unknown>;
/** Group → forecaster → figures. */
export type FigureTree = Record<string, Record<string, Figures>>;

/** Means of |values| that make a group of their own, in addition to all series. */
const GROUP_MEANS = [0.1, 1];
const STEPS_A_GROUP = 6;
const LOSSES = ['mae', 'pinball', 'coverage'] as const;

/** All series, and those that average at least so much before `end` where they are only some. */
export function namedGroups(panel: Panel, end: number): SeriesGroup[] {
  const all = panel.seriesIds.map((_, s) => s);
  const means = all.map((s) => {
    const known = targetOf(panel, s)
      .subarray(0, end)
      .filter((y) => !Number.isNaN(y));
    return known.reduce((sum, y) => sum + Math.abs(y), 0) / known.length;
  });
  const groups = GROUP_MEANS.map((least) => ({
    name: `mean>=${least}`,
    series: all.filter((s) => (means[s] as number) >= least),
  }));
  const isSome = ({ series }: SeriesGroup) => series.length > 0 && series.length < all.length;
  return [{ name: 'all', series: all }, ...groups.filter(isSome)];
}

/** @param seeds one result a seed, of the same cutoffs and forecasters */
export function figuresOf(
  seeds: readonly BacktestResult[],
  panel: Panel,
  season: number,
): FigureTree {
  const [first] = seeds as readonly [BacktestResult];
  const end = (first.cutoffs[0] as number) + 1;
  const naiveErrors = seasonalNaiveErrors(panel, season, end);
  const tree: FigureTree = {};
  for (const group of namedGroups(panel, end)) {
    const ofGroup: Record<string, Figures> = {};
    for (const [f, { name, quantiles }] of first.forecasts.entries()) {
      const each = seeds.map((result) => {
        const forecaster = result.forecasts[f] as ForecasterResult;
        const metrics = { all: { [name]: score(result, forecaster, group, naiveErrors) } };
        return jsonMetrics({ metrics }).all?.[name] as Figures;
      });
      const losses = (steps: readonly [number, number]) =>
        lossFigures(
          seeds.map((result) => lossesPerCutoff(result, f, group.series, steps)),
          quantiles.length > 1,
        );
      const byStep = stepGroups(first.horizon).map(([from, to]) => ({
        steps: `${from + 1}-${to}`,
        ...losses([from, to]),
      }));
      const { mae, pinball, coverage } = losses([0, first.horizon]);
      ofGroup[name] = {
        ...mean(each),
        mae_by_seed: each.map((one) => one.mae),
        standard_errors: {
          mae: mae?.standard_error,
          pinball: pinball?.standard_error,
          coverage: coverage?.standard_error,
        },
        by_steps: byStep,
      };
    }
    tree[group.name] = ofGroup;
  }
  return tree;
}

/** [from, to) from 0: six steps each, the last group what is left. */
const stepGroups = (horizon: number): [number, number][] =>
  Array.from({ length: Math.ceil(horizon / STEPS_A_GROUP) }, (_, i) => [
    i * STEPS_A_GROUP,
    Math.min(horizon, (i + 1) * STEPS_A_GROUP),
  ]);

interface Losses {
  readonly count: number;
  readonly mae: number;
  readonly pinball: number;
  readonly coverage: number;
}

/** Sums over the series and steps, at each cutoff. */
function lossesPerCutoff(
  { cutoffs, seriesIds, horizon, actuals, forecasts }: BacktestResult,
  forecaster: number,
  series: readonly number[],
  [from, to]: readonly [number, number],
): Losses[] {
  const { quantiles, values } = forecasts[forecaster] as ForecasterResult;
  const Q = quantiles.length;
  const median = quantiles.indexOf(0.5);
  return cutoffs.map((_, c) => {
    const sums = { count: 0, mae: 0, pinball: 0, coverage: 0 };
    for (const s of series) {
      const row = c * seriesIds.length + s;
      for (let k = from; k < to; k++) {
        const y = actuals[row * horizon + k] as number;
        if (Number.isNaN(y)) continue;
        const at = (q: number) => values[(row * Q + q) * horizon + k] as number;
        sums.count++;
        sums.mae += Math.abs(y - at(median));
        if (y >= at(0) && y <= at(Q - 1)) sums.coverage++;
        for (let q = 0; q < Q; q++)
          sums.pinball += pinballLoss(quantiles[q] as number, y - at(q)) / Q;
      }
    }
    return sums;
  });
}

/** The mean and its standard error of each loss; of a point forecaster the absolute error alone. */
function lossFigures(
  seeds: readonly (readonly Losses[])[],
  isDistribution: boolean,
): Partial<Record<(typeof LOSSES)[number], { mean: number; standard_error: number }>> {
  const [first] = seeds as readonly [readonly Losses[]];
  const used = first.flatMap(({ count }, c) => (count > 0 ? [c] : []));
  const meanCount = used.reduce((sum, c) => sum + (first[c]?.count as number), 0) / used.length;
  const wanted = isDistribution ? LOSSES : LOSSES.slice(0, 1);
  return Object.fromEntries(
    wanted.map((loss) => {
      const values = used.map(
        (c) =>
          seeds.reduce((sum, losses) => sum + (losses[c]?.[loss] as number), 0) /
          seeds.length /
          meanCount,
      );
      const center = values.reduce((sum, x) => sum + x, 0) / values.length;
      return [loss, { mean: rounded(center), standard_error: rounded(standardError(values)) }];
    }),
  );
}

/** Of the mean, with Bartlett weights over 1.3 √n lags, as the gate's comparison. */
export function standardError(values: readonly number[]): number {
  const n = values.length;
  const center = values.reduce((sum, x) => sum + x, 0) / n;
  const bandwidth = Math.floor(1.3 * Math.sqrt(n));
  let variance = 0;
  for (let lag = 0; lag < Math.min(n, bandwidth); lag++) {
    let sum = 0;
    for (let i = lag; i < n; i++)
      sum += ((values[i] as number) - center) * ((values[i - lag] as number) - center);
    variance += ((lag === 0 ? 1 : 2) * (1 - lag / bandwidth) * sum) / n;
  }
  return Math.sqrt(Math.max(0, variance) / n);
}

/** Number by number, also within lists. */
function mean(figures: readonly Figures[]): Figures {
  const [first] = figures as readonly [Figures];
  const meanOf = (values: readonly unknown[]): unknown => {
    if (Array.isArray(values[0]))
      return values[0].map((_, i) => meanOf(values.map((list) => (list as unknown[])[i])));
    if (typeof values[0] !== 'number') return values[0];
    return rounded(values.reduce((sum: number, x) => sum + Number(x), 0) / values.length);
  };
  return Object.fromEntries(
    Object.keys(first).map((key) => [key, meanOf(figures.map((one) => one[key]))]),
  );
}

const rounded = (x: number): number => Number(x.toPrecision(6));
