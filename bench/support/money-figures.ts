/**
 * Purpose: what decisions by a forecast cost more than by the true distribution, where a source
 * knows it: the newsvendor of every series and interval.
 * Invariants: all deciders see the same cutoffs and actuals; an unknown actual is left out.
 * Fails: never.
 */
import type { Domain, Source } from '../../domains/domain.ts';
import { seasonalNaive } from '../../forecasting/models/baselines/naive.ts';
import { predictWhole } from '../../forecasting/models/forecaster.ts';
import { targetOf, timestampAt } from '../../forecasting/panel/panel.ts';
import { seasonsOf } from '../../forecasting/panel/seasons.ts';
import { costOf, newsvendorQuantile, quantityAt } from '../../forecasting/paths/decisions.ts';
import { USUAL_DEPENDENCE } from '../../forecasting/paths/fit-dependence.ts';
import { SamplePaths } from '../../forecasting/paths/sample-paths.ts';
import { sortedByStep } from '../../forecasting/paths/totals.ts';
import { randomStreams } from '../../platform/random.ts';
import type { FittedWindow } from './fitted-windows.ts';

/** What one too few costs where one too many costs 1. */
const RATIOS = [1, 3, 9];
const PATHS = 200;

/** Ratio → decider → its cost over the oracle's, minus 1. */
export function moneyRegret(
  { panel, cutoffs, forecaster }: FittedWindow,
  domain: Domain,
  oracle: NonNullable<Source['oracle']>,
) {
  const { horizon, nonNegative, integerValued } = domain;
  const { day, week, baseline } = seasonsOf(domain);
  const { quantiles } = forecaster;
  const median = quantiles.indexOf(0.5);
  const costs = RATIOS.map(() => ({ naive: 0, median: 0, mean: 0, quantile: 0, oracle: 0 }));
  for (const [c, cutoff] of cutoffs.entries()) {
    const prediction = predictWhole(forecaster, panel, cutoff, horizon);
    const naive = seasonalNaive(baseline).predict(panel, cutoff, horizon);
    const paths = new SamplePaths(
      {
        ...{ panel, cutoff, horizon, day, week, quantiles, prediction },
        ...{ nonNegative, integerValued, dependence: forecaster.dependence ?? USUAL_DEPENDENCE },
      },
      PATHS,
      randomStreams(c),
    );
    for (const [s, id] of panel.seriesIds.entries()) {
      const columns = sortedByStep(Float64Array.from(paths.ofSeries(s)), horizon);
      for (const [k, sorted] of columns.entries()) {
        const actual = targetOf(panel, s)[cutoff + 1 + k] as number;
        if (Number.isNaN(actual)) continue;
        for (const [r, under] of RATIOS.entries()) {
          const share = newsvendorQuantile(under, 1);
          const of = costs[r] as (typeof costs)[number];
          const add = (who: keyof typeof of, quantity: number) => {
            of[who] += costOf(quantity, actual, { under, over: 1 });
          };
          add('naive', naive[s * horizon + k] as number);
          add('median', prediction.values[(s * quantiles.length + median) * horizon + k] as number);
          add('mean', Math.round(prediction.mean[s * horizon + k] as number));
          add('quantile', quantityAt(sorted, share, integerValued));
          add('oracle', oracle(id, timestampAt(panel, cutoff + 1 + k), share));
        }
      }
    }
  }
  return Object.fromEntries(
    RATIOS.map((under, r) => {
      const of = costs[r] as (typeof costs)[number];
      const regret = (cost: number) => Number((cost / of.oracle - 1).toPrecision(3));
      const { oracle: _, ...others } = of;
      return [
        `${under}:1`,
        Object.fromEntries(Object.entries(others).map(([who, cost]) => [who, regret(cost)])),
      ];
    }),
  );
}
