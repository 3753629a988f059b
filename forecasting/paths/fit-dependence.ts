/**
 * Purpose: how far series move together: the dependence with which the intervals of the total of
 * all series hold what they say, step by step and over the horizon, at cutoffs that the forecaster
 * has not learnt from.
 * Invariants: many cutoffs and series are thinned out evenly; the same seed gives the same figure.
 * Fails: never; without cutoffs, or with one series, or where nothing is known, it is the usual
 * dependence.
 */
import type { Forecaster } from '../models/forecaster.ts';
import { predictWhole } from '../models/forecaster.ts';
import { type Panel, targetOf } from '../panel/panel.ts';
import { type PathForecast, type PathRandom, SamplePaths } from './sample-paths.ts';
import { addTo, byWindow, quantileOf, sortedByStep } from './totals.ts';

/** Of a forecaster that was not calibrated: what held on earlier windows of loads and counts. */
export const USUAL_DEPENDENCE = 0.6;

/** Finer steps differ by less than two dozen cutoffs show. */
const GRID = [0, 0.2, 0.4, 0.6, 0.8, 1];
const PATHS = 100;
const MAX_CUTOFFS = 24;
const MAX_SERIES = 200;

export type DependenceSpec = Pick<
  PathForecast,
  'horizon' | 'day' | 'week' | 'nonNegative' | 'integerValued'
>;

export function fitDependence(
  panel: Panel,
  forecaster: Forecaster,
  cutoffs: readonly number[],
  spec: DependenceSpec,
  random: PathRandom,
): number {
  const { quantiles } = forecaster;
  if (quantiles.length < 2 || panel.seriesIds.length < 2) return USUAL_DEPENDENCE;
  const rows = thinned([...panel.seriesIds.keys()], MAX_SERIES);
  const cases = thinned(cutoffs, MAX_CUTOFFS).flatMap((cutoff) => {
    const known = rows.filter((row) => isKnown(targetOf(panel, row), cutoff, spec.horizon));
    if (known.length < 2) return [];
    const prediction = predictWhole(forecaster, panel, cutoff, spec.horizon);
    const actual = totalOf(panel, known, cutoff, spec.horizon);
    return [{ forecast: { ...spec, panel, cutoff, quantiles, prediction }, known, actual }];
  });
  if (cases.length === 0) return USUAL_DEPENDENCE;
  const nominal = (quantiles.at(-1) as number) - (quantiles[0] as number);
  const misses = coverageOf(cases, random).map((covered) => Math.abs(covered - nominal));
  return GRID[misses.indexOf(Math.min(...misses))] as number;
}

interface Case {
  readonly forecast: Omit<PathForecast, 'dependence'>;
  /** Rows whose actuals are known. */
  readonly known: readonly number[];
  /** [step]: their total. */
  readonly actual: Float64Array;
}

/**
 * For each dependence of the grid the share of totals inside their interval: of the steps and of
 * whole horizons, on average.
 */
function coverageOf(cases: readonly Case[], random: PathRandom): number[] {
  const covered = GRID.map(() => 0);
  for (const { forecast, known, actual } of cases) {
    const { horizon, quantiles } = forecast;
    const whole = byWindow(actual, horizon, horizon);
    for (const [i, total] of totalsOf(forecast, known, random).entries()) {
      const steps = coveredOf(total, actual, quantiles) / horizon;
      const horizons = coveredOf(byWindow(total, horizon, horizon), whole, quantiles);
      covered[i] = (covered[i] as number) + steps / 2 + horizons / 2;
    }
  }
  return covered.map((sum) => sum / cases.length);
}

/** For each dependence of the grid the sum over series, path by path: [path][step]. */
function totalsOf(
  forecast: Case['forecast'],
  rows: readonly number[],
  random: PathRandom,
): Float64Array[] {
  const paths = new SamplePaths({ ...forecast, dependence: USUAL_DEPENDENCE }, PATHS, random);
  const totals = GRID.map(() => new Float64Array(PATHS * forecast.horizon));
  for (const row of rows)
    for (const [i, own] of paths.ofSeriesWith(row, GRID).entries())
      addTo(totals[i] as Float64Array, own);
  return totals;
}

/** How many of the actuals [step] lie between the outermost quantiles of the totals [path][step]. */
function coveredOf(
  totals: Float64Array,
  actual: Float64Array,
  quantiles: readonly number[],
): number {
  const [low, high] = [quantiles[0] as number, quantiles.at(-1) as number];
  return sortedByStep(totals, actual.length).filter((sorted, k) => {
    const y = actual[k] as number;
    return y >= quantileOf(sorted, low) && y <= quantileOf(sorted, high);
  }).length;
}

const isKnown = (values: Float32Array, cutoff: number, horizon: number): boolean => {
  const ahead = values.subarray(cutoff + 1, cutoff + 1 + horizon);
  return ahead.length === horizon && !ahead.some(Number.isNaN);
};

function totalOf(
  panel: Panel,
  rows: readonly number[],
  cutoff: number,
  horizon: number,
): Float64Array {
  const total = new Float64Array(horizon);
  for (const row of rows) {
    const values = targetOf(panel, row);
    for (let k = 0; k < horizon; k++)
      total[k] = (total[k] as number) + (values[cutoff + 1 + k] as number);
  }
  return total;
}

function thinned<T>(all: readonly T[], most: number): T[] {
  const every = Math.max(1, Math.ceil(all.length / most));
  return all.filter((_, i) => i % every === 0);
}
