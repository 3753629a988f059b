/**
 * Purpose: the absolute floor under every model: what it must hold in each group of steps, whoever
 * it is compared with.
 * Invariants: the outermost quantiles hold their nominal share of the actuals, give or take 10
 * points (an actual that equals a bound, as counts do, may count as inside or as outside); the
 * pinball loss is not above that of a baseline with intervals of its own.
 * Fails: never; a forecaster of the median alone, or without anything observed, has no floor.
 */
import type { BacktestResult, ForecasterResult } from '../../forecasting/evaluation/backtest.ts';
import type { Subset } from '../../forecasting/evaluation/comparison.ts';
import { pinballLoss } from '../../forecasting/evaluation/metrics.ts';

/** How far the share inside the interval may be from the nominal one. */
const COVERAGE_TOLERANCE = 0.1;
const STEP_GROUPS = 4;

export interface StepGroup {
  readonly name: string;
  readonly steps: readonly [first: number, end: number];
}

/** The horizon in quarters, each a run of steps; fewer where there are fewer steps. */
export function stepGroups(horizon: number): StepGroup[] {
  const count = Math.min(STEP_GROUPS, horizon);
  return Array.from({ length: count }, (_, i) => {
    const [first, end] = [
      Math.round((i * horizon) / count),
      Math.round(((i + 1) * horizon) / count),
    ];
    const name = end - first === 1 ? `step ${end}` : `steps ${first + 1} to ${end}`;
    return { name, steps: [first, end] };
  });
}

/**
 * What a forecaster lacks, in words; null where it is not below the floor.
 * @param baseline with intervals, at the same cutoffs; null: only the coverage is looked at
 */
export function belowFloor(
  result: BacktestResult,
  forecaster: ForecasterResult,
  baseline: ForecasterResult | null,
  firstCutoff = Number.NEGATIVE_INFINITY,
): string | null {
  const { quantiles } = forecaster;
  if (quantiles.length < 2) return null;
  const nominal = (quantiles.at(-1) as number) - (quantiles[0] as number);
  const interval = `${percent(nominal)} interval`;
  for (const { name, steps } of stepGroups(result.horizon)) {
    const shares = sharesInside(result, forecaster, { steps }, firstCutoff);
    if (shares.count === 0) continue;
    if (shares.closed < nominal - COVERAGE_TOLERANCE)
      return (
        `its ${interval} holds ${percent(shares.closed)} of the actuals at ${name}, ` +
        `${percent(nominal - COVERAGE_TOLERANCE)} is the least`
      );
    if (shares.open > nominal + COVERAGE_TOLERANCE)
      return (
        `its ${interval} holds ${percent(shares.open)} of the actuals at ${name}, ` +
        `${percent(nominal + COVERAGE_TOLERANCE)} is the most`
      );
    if (baseline === null || baseline.quantiles.length < 2) continue;
    const common = quantiles.filter((quantile) => baseline.quantiles.includes(quantile));
    const own = pinballOf(result, forecaster, common, { steps }, firstCutoff);
    const least = pinballOf(result, baseline, common, { steps }, firstCutoff);
    if (own > least)
      return (
        `its pinball loss at ${name} is ${own.toPrecision(3)}, that of ` +
        `${baseline.name} with intervals of its own ${least.toPrecision(3)}`
      );
  }
  return null;
}

/** Without decimals where there are none. */
const percent = (share: number): string => `${Number((100 * share).toFixed(1))} %`;

/** Calls back for every known actual: where it is, in `actuals` and in a forecaster's values. */
function eachActual(
  { actuals, cutoffs, horizon, seriesIds }: BacktestResult,
  { steps = [0, horizon] }: Subset,
  firstCutoff: number,
  visit: (actual: number, row: number, step: number) => void,
): void {
  for (let row = 0; row < cutoffs.length * seriesIds.length; row++) {
    if ((cutoffs[Math.floor(row / seriesIds.length)] as number) < firstCutoff) continue;
    for (let k = steps[0]; k < steps[1]; k++) {
      const actual = actuals[row * horizon + k] as number;
      if (!Number.isNaN(actual)) visit(actual, row, k);
    }
  }
}

/** Shares of actuals between the outermost quantiles, without (open) and with the bounds. */
function sharesInside(
  result: BacktestResult,
  { quantiles, values }: ForecasterResult,
  subset: Subset,
  firstCutoff: number,
): { open: number; closed: number; count: number } {
  const { horizon } = result;
  const Q = quantiles.length;
  let [open, closed, count] = [0, 0, 0];
  eachActual(result, subset, firstCutoff, (actual, row, k) => {
    const low = values[row * Q * horizon + k] as number;
    const high = values[(row * Q + Q - 1) * horizon + k] as number;
    if (actual > low && actual < high) open++;
    if (actual >= low && actual <= high) closed++;
    count++;
  });
  return { open: open / count, closed: closed / count, count };
}

function pinballOf(
  result: BacktestResult,
  { quantiles, values }: ForecasterResult,
  compared: readonly number[],
  subset: Subset,
  firstCutoff: number,
): number {
  const { horizon } = result;
  let [sum, count] = [0, 0];
  const places = compared.map((quantile) => quantiles.indexOf(quantile));
  eachActual(result, subset, firstCutoff, (actual, row, k) => {
    for (const [q, place] of places.entries()) {
      const forecast = values[(row * quantiles.length + place) * horizon + k] as number;
      sum += pinballLoss(compared[q] as number, actual - forecast);
    }
    count += places.length;
  });
  return sum / count;
}
