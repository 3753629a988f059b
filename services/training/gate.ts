/**
 * Purpose: the gate: may this challenger become champion?
 * Invariants: only evidence out of sample counts; the challenger must beat every naive baseline and
 * the reigning champion in pinball loss, each by more than the uncertainty of the comparison, with
 * a median that errs at most 2 % more and no group that is worse; nothing below the floor
 * (floor.ts) is promoted, and a champion below it is replaced without a comparison; the verdict
 * carries its numbers. Several comparisons do not make a promotion by luck more likely: all of them
 * must succeed (an intersection-union test, Berger 1982), so that the whole errs no more often than
 * one does. Three outcomes: promoted; rejected, where the evidence says "no better", or is none (it
 * has seen what it is scored on); inconclusive, where the evidence is thin, with how many more
 * cutoffs would decide.
 * Fails: a RangeError for a result without the challenger.
 */
import type { BacktestResult, ForecasterResult } from '../../forecasting/evaluation/backtest.ts';
import { type Comparison, compare, type Subset } from '../../forecasting/evaluation/comparison.ts';
import type { SeriesGroup } from '../../forecasting/evaluation/metrics.ts';
import { NAIVE_NAMES } from '../../forecasting/models/baselines/naive.ts';
import { belowFloor, stepGroups } from './floor.ts';

export type GateOutcome = 'promoted' | 'rejected' | 'inconclusive';

export interface GateVerdict {
  readonly outcome: GateOutcome;
  readonly promoted: boolean;
  /** One sentence for people. */
  readonly reason: string;
  /**
   * The best naive baseline, then the one that is hardest to beat where it is another and not
   * beaten, then the champion; none where the evidence was no evidence.
   */
  readonly comparisons: readonly Comparison[];
  /**
   * Where inconclusive: how many more cutoffs would decide it; null where no feasible number does.
   */
  readonly moreCutoffs: number | null;
}

/** How the forecasts came about, by the forecaster's name. */
export interface Provenance {
  /** Grid index of the last interval it was trained on. */
  readonly trainedUpTo?: Readonly<Record<string, number>>;
  /**
   * Those whose forecasts change when the future does (forecasting/evaluation/leakage-check.ts).
   */
  readonly lookahead?: readonly string[];
}

export interface Evidence extends Provenance {
  /**
   * The naive baselines with intervals of their own, at the same cutoffs; without them the result's
   * point forecasts are compared with.
   */
  readonly baselines?: readonly ForecasterResult[];
  /** Groups of series of which none may be worse. */
  readonly groups?: readonly SeriesGroup[];
}

export const CHAMPION = 'champion';
/** Fewer say too little of how neighbours depend on one another. */
const MIN_CUTOFFS = 8;
/** How much more the median may err than another's, as a share of the other's error. */
const MEDIAN_MARGIN = 0.02;

/** A forecaster that the challenger is compared with, from a cutoff on. */
interface Opponent {
  readonly forecaster: ForecasterResult;
  readonly firstCutoff: number;
}

export function judge(
  result: BacktestResult,
  challengerName: string,
  evidence: Evidence = {},
): GateVerdict {
  const { trainedUpTo = {}, lookahead = [] } = evidence;
  const challenger = result.forecasts.find(({ name }) => name === challengerName);
  if (!challenger) throw new RangeError(`the backtest holds no forecasts of ${challengerName}`);
  const firstCutoff = result.cutoffs[0] as number;

  if (lookahead.includes(challengerName))
    return refused('it looks ahead: its forecasts change when later values do');
  if ((trainedUpTo[challengerName] ?? Number.NEGATIVE_INFINITY) > firstCutoff)
    return refused('it was trained on rows that it is scored on');
  if (!saysEverything(result, challenger)) return refused('some of its forecasts are not numbers');
  const observed = countObserved(result, {}, firstCutoff);
  if (observed < MIN_CUTOFFS) {
    const reason =
      `only ${observed} cutoffs with anything observed after them, ` +
      `${MIN_CUTOFFS} are the minimum`;
    return thin([], reason, MIN_CUTOFFS - observed);
  }

  const against = ({ forecaster, firstCutoff: from }: Opponent, subset: Subset = {}) =>
    compare(result, challenger, forecaster, { ...subset, loss: 'pinball', firstCutoff: from });
  // The best of them first: the challenger's lead over it is the least.
  const naive = naiveOf(result, evidence)
    .map((forecaster) => ({ forecaster, firstCutoff }))
    .map((opponent) => ({ opponent, comparison: against(opponent) }))
    .sort((a, b) => a.comparison.skill - b.comparison.skill);
  const best = naive[0]?.opponent ?? null;
  const comparisons = bestAndHardest(naive.map(({ comparison }) => comparison));
  const baseline = best?.forecaster ?? null;
  const { opponent: champion, aside, missing } = championOf(result, evidence, baseline);
  if (champion) comparisons.push(against(champion));

  const low = belowFloor(result, challenger, baseline);
  const opponents = [...naive.map(({ opponent }) => opponent), ...(champion ? [champion] : [])];
  const problem =
    (low && `it is below the floor: ${low}`) ??
    inferiorMedian(result, challenger, opponents) ??
    worseGroup(
      result,
      [best, champion].filter((opponent) => opponent !== null),
      evidence.groups ?? [],
      against,
    );
  return verdictOf(comparisons, problem, aside, missing);
}

function naiveOf({ forecasts }: BacktestResult, { baselines = [] }: Evidence): ForecasterResult[] {
  const all = [...baselines, ...forecasts];
  return NAIVE_NAMES.flatMap((name) => all.find((forecast) => forecast.name === name) ?? []);
}

/** @param naive best first */
function bestAndHardest(naive: readonly Comparison[]): Comparison[] {
  const [hardest] = [...naive].sort(hardestFirst);
  return naive.filter(
    (comparison, i) => i === 0 || (comparison === hardest && comparison.outcome !== 'better'),
  );
}

/**
 * The champion as an opponent, at the cutoffs that it has not learnt from; null where there is none
 * to compare with, and `aside` says why. `missing`: cutoffs that it would take.
 */
function championOf(
  result: BacktestResult,
  { trainedUpTo = {}, lookahead = [] }: Evidence,
  baseline: ForecasterResult | null,
): { opponent: Opponent | null; aside: string; missing: number } {
  const forecaster = result.forecasts.find(({ name }) => name === CHAMPION);
  if (!forecaster) return { opponent: null, aside: '', missing: 0 };
  if (lookahead.includes(CHAMPION) || !saysEverything(result, forecaster)) {
    const aside =
      ' (the champion was not compared with: it looks ahead, or some of its forecasts are ' +
      'not numbers)';
    return { opponent: null, aside, missing: 0 };
  }
  const first = result.cutoffs[0] as number;
  const firstCutoff = trainedUpTo[CHAMPION] ?? first;
  const observed = countObserved(result, {}, first);
  const unseen = countObserved(result, {}, firstCutoff);
  if (unseen < MIN_CUTOFFS) {
    const aside =
      `the champion has learnt from the test span: ${unseen} of ${observed} ` +
      `cutoffs come after its training, ${MIN_CUTOFFS} are the minimum`;
    return { opponent: null, aside, missing: MIN_CUTOFFS - unseen };
  }
  const low = belowFloor(result, forecaster, baseline, firstCutoff);
  if (low) {
    const aside = ` (the champion was not compared with: it is below the floor: ${low})`;
    return { opponent: null, aside, missing: 0 };
  }
  const aside =
    unseen < observed
      ? ` (${observed - unseen} cutoffs left out that the champion has learnt from)`
      : '';
  return { opponent: { forecaster, firstCutoff }, aside, missing: 0 };
}

function inferiorMedian(
  result: BacktestResult,
  challenger: ForecasterResult,
  opponents: readonly Opponent[],
): string | null {
  for (const { forecaster, firstCutoff } of opponents) {
    const { skill } = compare(result, challenger, forecaster, { firstCutoff });
    if (skill === Number.NEGATIVE_INFINITY)
      return `its median errs where that of ${forecaster.name} is exact`;
    if (skill < -MEDIAN_MARGIN)
      return (
        `its median errs ${(-100 * skill).toFixed(1)} % more than that of ` +
        `${forecaster.name}, ${100 * MEDIAN_MARGIN} % is the most`
      );
  }
  return null;
}

/** A group of series or steps in which the challenger is certainly worse than an opponent. */
function worseGroup(
  result: BacktestResult,
  opponents: readonly Opponent[],
  groups: readonly SeriesGroup[],
  against: (opponent: Opponent, subset: Subset) => Comparison,
): string | null {
  const subsets: (Subset & { readonly name: string })[] = [
    ...groups.map(({ name, series }) => ({ name: `the series ${name}`, series })),
    ...stepGroups(result.horizon),
  ];
  for (const opponent of opponents) {
    for (const { name, ...subset } of subsets) {
      if (countObserved(result, subset, opponent.firstCutoff) < MIN_CUTOFFS) continue;
      const comparison = against(opponent, subset);
      if (comparison.outcome === 'worse') return `at ${name} it is ${inWords(comparison)}`;
    }
  }
  return null;
}

/**
 * @param problem a reason to reject whatever the comparisons say
 * @param missing cutoffs without which the champion cannot be compared with
 */
function verdictOf(
  comparisons: readonly Comparison[],
  problem: string | null,
  aside: string,
  missing: number,
): GateVerdict {
  const words = comparisons.map(inWords).join('; ');
  const isFailed = comparisons.some(
    ({ outcome }) => outcome === 'worse' || outcome === 'no-better',
  );
  if (problem !== null || isFailed) {
    const why = problem === null ? words : `${words}; ${problem}`;
    return { ...refused(why + (missing > 0 ? '' : aside)), comparisons };
  }
  const undecided = comparisons.filter(({ outcome }) => outcome === 'undecided');
  if (undecided.length > 0) {
    const counts = undecided.map((comparison) => comparison.moreCutoffs);
    const more = counts.includes(null) ? null : Math.max(...counts.map(Number));
    return thin(comparisons, words + (missing > 0 ? '' : aside), more);
  }
  if (missing > 0) return thin(comparisons, aside, missing);
  const reason = `promoted: ${words}${aside}`;
  return { outcome: 'promoted', promoted: true, reason, comparisons, moreCutoffs: null };
}

const refused = (why: string): GateVerdict => ({
  outcome: 'rejected',
  promoted: false,
  reason: `not promoted: ${why}`,
  comparisons: [],
  moreCutoffs: null,
});

function thin(
  comparisons: readonly Comparison[],
  why: string,
  moreCutoffs: number | null,
): GateVerdict {
  const how =
    moreCutoffs === null
      ? 'no feasible number of cutoffs would decide a difference this small'
      : `about ${moreCutoffs} more cutoff${moreCutoffs === 1 ? '' : 's'} would decide it`;
  return {
    outcome: 'inconclusive',
    promoted: false,
    reason: `inconclusive: ${why}; ${how}`,
    comparisons,
    moreCutoffs,
  };
}

const RANK = { worse: 0, 'no-better': 1, undecided: 2, better: 3 } as const;
const hardestFirst = (a: Comparison, b: Comparison): number =>
  RANK[a.outcome] - RANK[b.outcome] || a.statistic - b.statistic || a.skill - b.skill;

function inWords({ reference, skill, statistic, threshold, outcome }: Comparison): string {
  const note = outcome === 'no-better' ? ', too little to matter' : '';
  return (
    `${leadInWords(skill, reference)} (t ${statistic.toFixed(2)}, needs ` +
    `${threshold.toFixed(2)})${note}`
  );
}

/** A share of the reference's loss is no number where the reference makes no error. */
function leadInWords(skill: number, reference: string): string {
  if (skill === Number.NEGATIVE_INFINITY) return `worse than ${reference}, which makes no error`;
  const side = skill >= 0 ? 'better' : 'worse';
  return `${Math.abs(100 * skill).toFixed(1)} % ${side} than ${reference}`;
}

/** Cutoffs from `firstCutoff` on with anything known after them. */
function countObserved(
  { actuals, cutoffs, seriesIds, horizon }: BacktestResult,
  { series = seriesIds.map((_, s) => s), steps = [0, horizon] }: Subset,
  firstCutoff: number,
): number {
  const isKnown = (c: number, s: number): boolean => {
    const at = (c * seriesIds.length + s) * horizon;
    return actuals.subarray(at + steps[0], at + steps[1]).some((value) => !Number.isNaN(value));
  };
  return cutoffs.filter((cutoff, c) => cutoff >= firstCutoff && series.some((s) => isKnown(c, s)))
    .length;
}

/** Whether every known actual has a number as its forecast, at every quantile. */
function saysEverything(
  { actuals, horizon }: BacktestResult,
  { quantiles, values }: ForecasterResult,
): boolean {
  const Q = quantiles.length;
  return actuals.every((actual, i) => {
    if (Number.isNaN(actual)) return true;
    const row = Math.floor(i / horizon);
    return quantiles.every((_, q) =>
      Number.isFinite(values[(row * Q + q) * horizon + (i % horizon)]),
    );
  });
}
