/**
 * Purpose: what the 80 % bands of totals hold, next to what their own paths hold of them (for
 * whole counts more than 80 %), and how wide they are next to the sum of the bands of their series.
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

type Kind = 'hour' | 'day' | 'peak';
type Counts = Record<Kind, number>;
const rounded = (value: number): number => Number(value.toPrecision(3));

class Tally {
  readonly #inside: Counts = { hour: 0, day: 0, peak: 0 };
  /** Shares of the paths that lie inside. */
  readonly #expected: Counts = { hour: 0, day: 0, peak: 0 };
  readonly #count: Counts = { hour: 0, day: 0, peak: 0 };
  /** How often as wide, about the median, each band by hour had to be to hold its actual. */
  readonly #needed: number[] = [];
  #width = 0;
  sumOfWidths = 0;

  add(kind: Kind, sorted: Float64Array, actual: number): void {
    const [low, middle, high] = [0.1, 0.5, 0.9].map((p) => quantileOf(sorted, p)) as [
      number,
      number,
      number,
    ];
    const isInside = (value: number) => value >= low && value <= high;
    this.#count[kind]++;
    if (isInside(actual)) this.#inside[kind]++;
    this.#expected[kind] += sorted.filter(isInside).length / sorted.length;
    if (kind !== 'hour') return;
    this.#width += high - low;
    const half = actual > middle ? high - middle : middle - low;
    this.#needed.push(actual === middle ? 0 : Math.abs(actual - middle) / half);
  }

  figures() {
    const shares = (of: Counts) =>
      Object.fromEntries(
        (['hour', 'day', 'peak'] as const).map((kind) => [
          kind,
          rounded(of[kind] / this.#count[kind]),
        ]),
      );
    const width = this.#width / this.sumOfWidths;
    const needed = quantileOf(Float64Array.from(this.#needed).sort(), 0.8);
    return {
      ...{ ...shares(this.#inside), expected: shares(this.#expected), width: rounded(width) },
      // Known only afterwards: the width that would have held 80 % of the hours.
      widthThatHolds: rounded(width * needed),
      days: this.#count.day,
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
