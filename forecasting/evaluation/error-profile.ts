/**
 * Purpose: where a forecaster errs: by hour of the local week, by cutoff, by series, and its most
 * wrong windows.
 * Invariants: absolute errors of the median, in the target's unit; an unknown actual is left out; a
 * mean of nothing is NaN.
 * Fails: never.
 */

import { createCalendar } from '../features/calendar.ts';
import type { Panel } from '../panel/panel.ts';
import type { BacktestResult, ForecasterResult } from './backtest.ts';

export interface Means {
  /** Mean absolute error per place; NaN where nothing was scored. */
  readonly mae: readonly number[];
  /** Mean |actual| per place. */
  readonly actual: readonly number[];
  readonly counts: readonly number[];
}

/** By the local weekday and hour of the target: place 24 · weekday + hour, Monday first. */
export function errorByHourOfWeek(
  result: BacktestResult,
  forecaster: ForecasterResult,
  panel: Panel,
  timeZone: string,
): Means {
  const { minuteOfDay, weekday } = createCalendar(
    panel.start,
    panel.frequencyMinutes,
    panel.length,
    {
      timeZone,
      holidays: null,
    },
  );
  const place = Int32Array.from(
    minuteOfDay,
    (minute, t) => 24 * (weekday[t] as number) + Math.floor(minute / 60),
  );
  return meansBy(
    result,
    forecaster,
    168,
    (c, _s, k) => place[(result.cutoffs[c] as number) + 1 + k] as number,
  );
}

/** By cutoff, over all series and steps. */
export const errorByCutoff = (result: BacktestResult, forecaster: ForecasterResult): Means =>
  meansBy(result, forecaster, result.cutoffs.length, (c) => c);

/** By series, over all cutoffs and steps. */
export const errorBySeries = (result: BacktestResult, forecaster: ForecasterResult): Means =>
  meansBy(result, forecaster, result.seriesIds.length, (_c, s) => s);

export interface WrongWindow {
  /** Index into the result's cutoffs. */
  readonly cutoff: number;
  /** Index into the result's series. */
  readonly series: number;
  /** The mean absolute error of all series at this cutoff, and of this series. */
  readonly cutoffMae: number;
  readonly mae: number;
}

/**
 * The cutoffs at which a forecaster was worst forecasts over all series, worst first, and at each
 * the series that erred most there and was not shown yet (else one large series would stand for
 * all). Cutoffs whose horizons overlap would show the same hours twice: of those only the worst is
 * taken.
 */
export function worstForecasts(
  result: BacktestResult,
  forecaster: ForecasterResult,
  count: number,
): WrongWindow[] {
  const { mae } = errorByCutoff(result, forecaster);
  const order = [...mae.keys()]
    .filter((c) => Number.isFinite(mae[c]))
    .sort((a, b) => (mae[b] as number) - (mae[a] as number));
  const seriesCount = result.seriesIds.length;
  const windows = meansBy(
    result,
    forecaster,
    result.cutoffs.length * seriesCount,
    (c, s) => c * seriesCount + s,
  );
  const chosen: WrongWindow[] = [];
  for (const c of order) {
    if (chosen.length === count) break;
    const isNear = (other: WrongWindow) =>
      Math.abs((result.cutoffs[c] as number) - (result.cutoffs[other.cutoff] as number)) <
      result.horizon;
    if (chosen.some(isNear)) continue;
    const errors = windows.mae.slice(c * seriesCount, (c + 1) * seriesCount);
    const sums = errors.map(
      (error, s) => (error || 0) * (windows.counts[c * seriesCount + s] as number),
    );
    const fresh = [...sums.keys()].filter((s) => chosen.every((other) => other.series !== s));
    const from = fresh.length > 0 ? fresh : [...sums.keys()];
    const series = from.reduce((worst, s) =>
      (sums[s] as number) > (sums[worst] as number) ? s : worst,
    );
    chosen.push({ cutoff: c, series, cutoffMae: mae[c] as number, mae: errors[series] as number });
  }
  return chosen;
}

function meansBy(
  result: BacktestResult,
  { quantiles, values }: ForecasterResult,
  places: number,
  placeOf: (cutoff: number, series: number, step: number) => number,
): Means {
  const { horizon, actuals, seriesIds } = result;
  const errors = new Float64Array(places);
  const sums = new Float64Array(places);
  const counts = new Float64Array(places);
  const Q = quantiles.length;
  const median = quantiles.indexOf(0.5);
  for (let c = 0; c < result.cutoffs.length; c++) {
    for (let s = 0; s < seriesIds.length; s++) {
      const row = c * seriesIds.length + s;
      for (let k = 0; k < horizon; k++) {
        const y = actuals[row * horizon + k] as number;
        if (Number.isNaN(y)) continue;
        const place = placeOf(c, s, k);
        errors[place] =
          (errors[place] as number) +
          Math.abs((values[(row * Q + median) * horizon + k] as number) - y);
        sums[place] = (sums[place] as number) + Math.abs(y);
        counts[place] = (counts[place] as number) + 1;
      }
    }
  }
  const over = (totals: Float64Array) =>
    Array.from(totals, (total, i) => total / (counts[i] as number));
  return { mae: over(errors), actual: over(sums), counts: [...counts] };
}
