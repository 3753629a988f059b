/**
 * Purpose: figures about sums of forecasts.
 * Invariants: groups of series come from what precedes the window.
 * Fails: never.
 */
import { seriesGroups } from '../../forecasting/evaluation/metrics.ts';
import { predictWhole } from '../../forecasting/models/forecaster.ts';
import { targetOf } from '../../forecasting/panel/panel.ts';
import type { FittedWindow } from './fitted-windows.ts';

/** Group → sum of means, and of medians, over the sum of actuals; unknown actuals left out. */
export function meansOverActuals({ panel, cutoffs, forecaster }: FittedWindow, horizon: number) {
  const median = forecaster.quantiles.indexOf(0.5);
  const S = panel.seriesIds.length;
  const sums = Array.from({ length: S }, () => ({ actual: 0, mean: 0, median: 0 }));
  for (const cutoff of cutoffs) {
    const { values, mean } = predictWhole(forecaster, panel, cutoff, horizon);
    for (let s = 0; s < S; s++) {
      const own = sums[s] as (typeof sums)[number];
      for (let k = 0; k < horizon; k++) {
        const y = targetOf(panel, s)[cutoff + 1 + k] as number;
        if (Number.isNaN(y)) continue;
        own.actual += y;
        own.mean += mean[s * horizon + k] as number;
        own.median += values[(s * forecaster.quantiles.length + median) * horizon + k] as number;
      }
    }
  }
  const groups = seriesGroups(panel, (cutoffs[0] as number) + 1);
  const busy = new Set(groups[1]?.series);
  const quiet = (groups[0]?.series ?? []).filter((s) => busy.size > 0 && !busy.has(s));
  return Object.fromEntries(
    [...groups, ...(quiet.length > 0 ? [{ name: 'mean<1', series: quiet }] : [])].map(
      ({ name, series }) => {
        const sumOf = (key: 'actual' | 'mean' | 'median') =>
          series.reduce((sum, s) => sum + (sums[s] as (typeof sums)[number])[key], 0);
        const actual = sumOf('actual');
        return [name, { mean: sumOf('mean') / actual, median: sumOf('median') / actual, actual }];
      },
    ),
  );
}
