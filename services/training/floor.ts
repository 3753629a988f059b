/**
 * Purpose: the absolute floor under every model, whoever it is compared with.
 * Invariants: the outermost quantiles hold their nominal share of the actuals, give or take 10
 * points: over all steps as observed, in each group of steps by more than two standard errors (an
 * actual that equals a bound, as counts do, may count as inside or as outside); in no group of
 * steps is the pinball loss certainly above that of a baseline with intervals of its own. Few
 * actuals reject no model by chance.
 * Fails: never; a forecaster of the median alone, or without anything observed, has no floor.
 */
import {
  type BacktestResult,
  type ForecasterResult,
  observedCutoffs,
  type Subset,
} from '../../forecasting/evaluation/backtest.ts';
import { compare, MIN_COMPARED_CUTOFFS } from '../../forecasting/evaluation/comparison.ts';
import { forecasterName } from '../../forecasting/evaluation/forecaster-names.ts';
import { type IntervalShares, intervalShares } from '../../forecasting/evaluation/reliability.ts';

/** How far the share inside the interval may be from the nominal one. */
const COVERAGE_TOLERANCE = 0.1;
/** What may be chance in a group of steps: standard errors, and a bound on them. */
const CHANCE_ERRORS = 2;
const MAX_CHANCE = 0.1;
/** From here on the share over all steps is taken as observed. */
const MANY_ACTUALS = 1000;
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
  firstCutoff = 0,
): string | null {
  if (forecaster.quantiles.length < 2) return null;
  const all = intervalShares(result, forecaster, { firstCutoff });
  const problem = coverageProblem(all, chanceOfFew(all), '');
  if (problem !== null) return problem;
  for (const { name, steps } of stepGroups(result.horizon)) {
    const subset = { steps, firstCutoff };
    const shares = intervalShares(result, forecaster, subset);
    const chance = Math.min(CHANCE_ERRORS * shares.standardError, MAX_CHANCE);
    const lack =
      coverageProblem(shares, Math.max(chance, chanceOfFew(shares)), ` at ${name}`) ??
      pinballProblem(result, forecaster, baseline, name, subset);
    if (lack !== null) return lack;
  }
  return null;
}

/** How far a share of so few independent draws may lie from the nominal one; 0 where many. */
const chanceOfFew = ({ nominal, count }: IntervalShares): number =>
  count >= MANY_ACTUALS ? 0 : CHANCE_ERRORS * Math.sqrt((nominal * (1 - nominal)) / count);

function coverageProblem(
  { open, closed, nominal, count }: IntervalShares,
  chance: number,
  where: string,
): string | null {
  if (count === 0) return null;
  const share = (inside: number, bound: number, word: string) =>
    `its ${percent(nominal)} interval holds ${percent(inside)} of the actuals${where}, ` +
    `${word} than ${percent(bound)}`;
  const [least, most] = [nominal - COVERAGE_TOLERANCE, nominal + COVERAGE_TOLERANCE];
  if (closed < least - chance) return share(closed, least, 'less');
  return open > most + chance ? share(open, most, 'more') : null;
}

function pinballProblem(
  result: BacktestResult,
  forecaster: ForecasterResult,
  baseline: ForecasterResult | null,
  name: string,
  subset: Subset,
): string | null {
  if (baseline === null || baseline.quantiles.length < 2) return null;
  if (observedCutoffs(result, subset) < MIN_COMPARED_CUTOFFS) return null;
  const { outcome, skill } = compare(result, forecaster, baseline, { ...subset, loss: 'pinball' });
  if (outcome !== 'worse') return null;
  const excess = skill === Number.NEGATIVE_INFINITY ? '' : `${(-100 * skill).toFixed(1)} % `;
  return (
    `its pinball loss at ${name} is ${excess}above that of ${forecasterName(baseline.name)} ` +
    'with intervals of its own'
  );
}

/** Without decimals where there are none. */
const percent = (share: number): string => `${Number((100 * share).toFixed(1))} %`;
