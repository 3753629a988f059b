/**
 * Purpose: what the 80 % bands of totals hold, and how wide they are next to the sum of the bands
 * of their series.
 * Invariants: a cutoff at which an actual of the group is unknown is left out of that group.
 * Fails: never.
 */
import type { Domain } from '../../domains/domain.ts';
import { predictWhole } from '../../forecasting/models/forecaster.ts';
import { targetOf } from '../../forecasting/panel/panel.ts';
import { seasonsOf } from '../../forecasting/panel/seasons.ts';
import { USUAL_DEPENDENCE } from '../../forecasting/paths/fit-dependence.ts';
import { SamplePaths } from '../../forecasting/paths/sample-paths.ts';
import {
  byWindow,
  peaksOf,
  quantileOf,
  sortedByStep,
  sumOfPaths,
} from '../../forecasting/paths/totals.ts';
import { randomStreams } from '../../platform/random.ts';
import type { FittedWindow } from './fitted-windows.ts';

export interface BandGroup {
  /** Groups of one name are scored together. */
  readonly name: string;
  readonly rows: readonly number[];
}

const PATHS = 400;

class Tally {
  readonly inside = { hour: 0, day: 0, peak: 0 };
  readonly count = { hour: 0, day: 0, peak: 0 };
  width = 0;
  sumOfWidths = 0;

  add(kind: 'hour' | 'day' | 'peak', sorted: Float64Array, actual: number): void {
    const [low, high] = [quantileOf(sorted, 0.1), quantileOf(sorted, 0.9)];
    this.count[kind]++;
    if (actual >= low && actual <= high) this.inside[kind]++;
    if (kind === 'hour') this.width += high - low;
  }

  figures() {
    const share = (kind: 'hour' | 'day' | 'peak') =>
      Number((this.inside[kind] / this.count[kind]).toPrecision(3));
    return {
      ...{ hour: share('hour'), day: share('day'), peak: share('peak') },
      width: Number((this.width / this.sumOfWidths).toPrecision(3)),
      days: this.count.day,
    };
  }
}

/** Name of the groups → coverage by interval, by horizon and of its peak, and relative width. */
export function totalCoverage(
  { panel, cutoffs, forecaster }: FittedWindow,
  domain: Domain,
  groups: readonly BandGroup[],
) {
  const { horizon, nonNegative, integerValued } = domain;
  const { day, week } = seasonsOf(domain);
  const { quantiles } = forecaster;
  const dependence = forecaster.dependence ?? USUAL_DEPENDENCE;
  const tallies = new Map(groups.map(({ name }) => [name, new Tally()]));
  for (const [c, cutoff] of cutoffs.entries()) {
    const prediction = predictWhole(forecaster, panel, cutoff, horizon);
    const paths = new SamplePaths(
      {
        ...{ panel, cutoff, horizon, day, week, quantiles, prediction },
        ...{ nonNegative, integerValued, dependence },
      },
      PATHS,
      randomStreams(c),
    );
    for (const { name, rows } of groups) {
      const actual = new Float64Array(horizon);
      for (const row of rows)
        for (let k = 0; k < horizon; k++)
          actual[k] = (actual[k] as number) + (targetOf(panel, row)[cutoff + 1 + k] as number);
      if (actual.some(Number.isNaN)) continue;
      const tally = tallies.get(name) as Tally;
      const total = sumOfPaths(paths, rows, horizon);
      for (const [k, sorted] of sortedByStep(total, horizon).entries())
        tally.add('hour', sorted, actual[k] as number);
      tally.add('day', byWindow(total, horizon, horizon).sort(), sumOf(actual));
      tally.add('peak', peaksOf(total, horizon).sizes.sort(), Math.max(...actual));
      const Q = quantiles.length;
      const [low, high] = [quantiles.indexOf(0.1), quantiles.indexOf(0.9)];
      for (const row of rows)
        for (let k = 0; k < horizon; k++)
          tally.sumOfWidths +=
            (prediction.values[(row * Q + high) * horizon + k] as number) -
            (prediction.values[(row * Q + low) * horizon + k] as number);
    }
  }
  return {
    dependence,
    ...Object.fromEntries([...tallies].map(([name, tally]) => [name, tally.figures()])),
  };
}

const sumOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);
