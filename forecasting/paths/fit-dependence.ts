/**
 * Purpose: how far series move together: the dependence with which the intervals of the total of
 * all series hold what they say, step by step and over the horizon, at cutoffs that the forecaster
 * has not learnt from.
 * Invariants: many cutoffs and series are thinned out evenly; the same seed gives the same figure;
 * steps of which no series knows a value, such as closed days, are left out.
 * Fails: never; without cutoffs, or with one series, or where nothing is known, it is the usual
 * dependence.
 */
import type { Forecaster } from '../models/forecaster.ts';
import { predictWhole } from '../models/forecaster.ts';
import { type Panel, targetOf } from '../panel/panel.ts';
import { type PathForecast, type PathRandom, SamplePaths } from './sample-paths.ts';
import { addTo, byWindow, onlySteps, quantileOf, sortedByStep } from './totals.ts';

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
    const steps = stepsWithValues(panel, rows, cutoff, spec.horizon);
    const known = rows.filter((row) => isKnown(targetOf(panel, row), cutoff, steps));
    if (steps.length === 0 || known.length < 2) return [];
    const prediction = predictWhole(forecaster, panel, cutoff, spec.horizon);
    const actual = totalOf(panel, known, cutoff, steps);
    return [{ forecast: { ...spec, panel, cutoff, quantiles, prediction }, known, steps, actual }];
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
  /** Those of the horizon that are judged. */
  readonly steps: readonly number[];
  /** [step]: their total, at each of these. */
  readonly actual: Float64Array;
}

/**
 * For each dependence of the grid the share of totals inside their interval: of the steps and of
 * whole horizons, on average.
 */
function coverageOf(cases: readonly Case[], random: PathRandom): number[] {
  const covered = GRID.map(() => 0);
  for (const { forecast, known, steps, actual } of cases) {
    const { horizon, quantiles } = forecast;
    const count = steps.length;
    const whole = byWindow(actual, count, count);
    for (const [i, all] of totalsOf(forecast, known, random).entries()) {
      const total = count === horizon ? all : onlySteps(all, horizon, steps);
      const ofSteps = coveredOf(total, actual, quantiles) / count;
      const ofWhole = coveredOf(byWindow(total, count, count), whole, quantiles);
      covered[i] = (covered[i] as number) + ofSteps / 2 + ofWhole / 2;
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

/** The steps of which some series knows the value; none where the panel ends before the horizon. */
function stepsWithValues(
  panel: Panel,
  rows: readonly number[],
  cutoff: number,
  horizon: number,
): number[] {
  if (cutoff + horizon >= panel.length) return [];
  return [...Array(horizon).keys()].filter((step) =>
    rows.some((row) => isKnown(targetOf(panel, row), cutoff, [step])),
  );
}

const isKnown = (values: Float32Array, cutoff: number, steps: readonly number[]): boolean =>
  steps.every((step) => !Number.isNaN(values[cutoff + 1 + step]));

function totalOf(
  panel: Panel,
  rows: readonly number[],
  cutoff: number,
  steps: readonly number[],
): Float64Array {
  const total = new Float64Array(steps.length);
  for (const row of rows) {
    const values = targetOf(panel, row);
    for (const [k, step] of steps.entries())
      total[k] = (total[k] as number) + (values[cutoff + 1 + step] as number);
  }
  return total;
}

function thinned<T>(all: readonly T[], most: number): T[] {
  const every = Math.max(1, Math.ceil(all.length / most));
  return all.filter((_, i) => i % every === 0);
}
