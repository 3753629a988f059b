/**
 * Purpose: the gate: may this challenger become champion?
 * Invariants: only evidence out of sample counts; the challenger must beat every naive baseline and
 * the reigning champion in pinball loss, each by more than the uncertainty of the comparison, with
 * a median that errs at most 2 % more and no group that is worse; nothing below the floor
 * (floor.ts) is promoted, and a champion below it is replaced without a comparison; the verdict
 * carries its numbers, every comparison among them. Several comparisons do not make a promotion by
 * luck more likely: all of them must succeed (an intersection-union test, Berger 1982), so the
 * whole test errs no more often than one of them does. The caller states how often chance may beat
 * the champion and the best baseline (error-budget.ts); each weaker baseline is tested at 5 %.
 * Three outcomes: promoted; rejected, if the evidence says "no better" or is not admissible (the
 * model has seen what it is scored on); inconclusive, if there is too little evidence, with the
 * number of further cutoffs that would decide.
 * Fails: a RangeError for a result without the challenger.
 */
import {
  type BacktestResult,
  type ForecasterResult,
  observedCutoffs,
  type Subset,
} from '../../forecasting/evaluation/backtest.ts';
import { type Comparison, compare } from '../../forecasting/evaluation/comparison.ts';
import { forecasterName } from '../../forecasting/evaluation/forecaster-names.ts';
import type { SeriesGroup } from '../../forecasting/evaluation/metrics.ts';
import { NAIVE_NAMES } from '../../forecasting/models/baselines/naive.ts';
import { belowFloor, stepGroups } from './floor.ts';

export type GateOutcome = 'promoted' | 'rejected' | 'inconclusive';

/** A comparison over a group of series or of steps. */
export interface GroupComparison
  extends Pick<
    Comparison,
    'reference' | 'skill' | 'difference' | 'standardError' | 'statistic' | 'outcome' | 'cutoffs'
  > {
  readonly group: string;
}

export interface GateVerdict {
  readonly outcome: GateOutcome;
  readonly promoted: boolean;
  /** One sentence for people. */
  readonly reason: string;
  /**
   * Every naive baseline, the one with the least loss first, then the champion; none if the
   * evidence was not admissible.
   */
  readonly comparisons: readonly Comparison[];
  /** The best naive baseline and the champion, in each group. */
  readonly groups: readonly GroupComparison[];
  /** If inconclusive: how many more cutoffs would decide it; null if no feasible number does. */
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
   * The naive baselines with intervals of their own, at the same cutoffs; without them the
   * comparison is with the point forecasts of the result.
   */
  readonly baselines?: readonly ForecasterResult[];
  /** Groups of series of which none may be worse. */
  readonly groups?: readonly SeriesGroup[];
  /** Why the reigning champion is not among the forecasts; the verdict says so. */
  readonly leftOut?: string | null;
  /** How often chance alone may promote; 5 % where absent. */
  readonly level?: number;
}

export const CHAMPION = 'champion';
/** For a verdict: fewer say too little about how neighbouring cutoffs depend on one another. */
const MIN_GATE_CUTOFFS = 8;
/** How much more the median may err than another's, as a share of the other's error. */
const MEDIAN_MARGIN = 0.02;

type Level = Pick<Evidence, 'level'>;

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
  const challenger = result.forecasts.find(({ name }) => name === challengerName);
  if (!challenger) throw new RangeError(`the backtest holds no forecasts of ${challengerName}`);
  const unusable = unusableEvidence(result, challenger, evidence);
  if (unusable !== null) return unusable;

  const { level } = evidence;
  const against = ({ forecaster, firstCutoff }: Opponent, subset: Subset & Level = {}) =>
    compare(result, challenger, forecaster, { ...subset, loss: 'pinball', firstCutoff });
  const strictly = (opponent: Opponent) => against(opponent, level === undefined ? {} : { level });
  const firstCutoff = result.cutoffs[0] as number;
  // The best of them first: the challenger's lead over it is the smallest.
  const naive = naiveOf(result, evidence)
    .map((forecaster) => ({ forecaster, firstCutoff }))
    .map((opponent) => ({ opponent, comparison: against(opponent) }))
    .sort((a, b) => a.comparison.skill - b.comparison.skill);
  const best = naive[0]?.opponent ?? null;
  const baseline = best?.forecaster ?? null;
  const { opponent: champion, aside, missing } = championOf(result, evidence, baseline);
  const comparisons = [
    ...naive.map(({ opponent, comparison }, i) => (i === 0 ? strictly(opponent) : comparison)),
    ...(champion ? [strictly(champion)] : []),
  ];
  const groups = groupComparisons(
    result,
    [best, champion].filter((opponent) => opponent !== null),
    evidence.groups ?? [],
    against,
  );
  const low = belowFloor(result, challenger, baseline);
  const opponents = [...naive.map(({ opponent }) => opponent), ...(champion ? [champion] : [])];
  const problem =
    (low && `it is below the floor: ${low}`) ??
    inferiorMedian(result, challenger, opponents) ??
    worseGroup(groups);
  return { ...verdictOf(comparisons, problem, aside, missing), comparisons, groups };
}

/** The verdict where the forecasts say nothing about the challenger, or too little; else null. */
function unusableEvidence(
  result: BacktestResult,
  challenger: ForecasterResult,
  { trainedUpTo = {}, lookahead = [] }: Evidence,
): GateVerdict | null {
  const { name } = challenger;
  const none = { comparisons: [], groups: [] };
  if (lookahead.includes(name))
    return { ...refused('it looks ahead: its forecasts change when later values do'), ...none };
  if ((trainedUpTo[name] ?? Number.NEGATIVE_INFINITY) > (result.cutoffs[0] as number))
    return { ...refused('it was trained on rows that it is scored on'), ...none };
  if (!saysEverything(result, challenger))
    return { ...refused('some of its forecasts are not numbers'), ...none };
  const observed = observedCutoffs(result);
  if (observed >= MIN_GATE_CUTOFFS) return null;
  const reason =
    `only ${observed} cutoffs with anything observed after them, ` +
    `${MIN_GATE_CUTOFFS} are the minimum`;
  return { ...thin(reason, MIN_GATE_CUTOFFS - observed), ...none };
}

function naiveOf({ forecasts }: BacktestResult, { baselines = [] }: Evidence): ForecasterResult[] {
  const all = [...baselines, ...forecasts];
  return NAIVE_NAMES.flatMap((name) => all.find((forecast) => forecast.name === name) ?? []);
}

/**
 * The champion as an opponent, at the cutoffs that it has not learnt from; null if there is none to
 * compare with, and `aside` says why. `missing`: further cutoffs needed.
 */
function championOf(
  result: BacktestResult,
  { trainedUpTo = {}, lookahead = [], leftOut = null }: Evidence,
  baseline: ForecasterResult | null,
): { opponent: Opponent | null; aside: string; missing: number } {
  const forecaster = result.forecasts.find(({ name }) => name === CHAMPION);
  if (!forecaster) return { opponent: null, aside: notCompared(leftOut), missing: 0 };
  if (lookahead.includes(CHAMPION) || !saysEverything(result, forecaster)) {
    const aside = notCompared('it looks ahead, or some of its forecasts are not numbers');
    return { opponent: null, aside, missing: 0 };
  }
  const first = result.cutoffs[0] as number;
  const firstCutoff = trainedUpTo[CHAMPION] ?? first;
  const observed = observedCutoffs(result);
  const unseen = observedCutoffs(result, { firstCutoff });
  if (unseen < MIN_GATE_CUTOFFS) {
    const aside =
      `the champion was trained on part of the test span: ${unseen} of ${observed} ` +
      `cutoffs come after its training, ${MIN_GATE_CUTOFFS} are the minimum`;
    return { opponent: null, aside, missing: MIN_GATE_CUTOFFS - unseen };
  }
  const low = belowFloor(result, forecaster, baseline, firstCutoff);
  if (low) {
    return { opponent: null, aside: notCompared(`it is below the floor: ${low}`), missing: 0 };
  }
  const aside =
    unseen < observed
      ? ` (${observed - unseen} cutoffs left out, because the champion was trained on them)`
      : '';
  return { opponent: { forecaster, firstCutoff }, aside, missing: 0 };
}

const notCompared = (why: string | null): string =>
  why === null ? '' : ` (the champion was not part of the comparison: ${why})`;

function inferiorMedian(
  result: BacktestResult,
  challenger: ForecasterResult,
  opponents: readonly Opponent[],
): string | null {
  for (const { forecaster, firstCutoff } of opponents) {
    const { skill } = compare(result, challenger, forecaster, { firstCutoff });
    if (skill === Number.NEGATIVE_INFINITY)
      return `its median errs where that of ${forecasterName(forecaster.name)} is exact`;
    if (skill < -MEDIAN_MARGIN)
      return (
        `its median errs ${(-100 * skill).toFixed(1)} % more than that of ` +
        `${forecasterName(forecaster.name)}, at most ${100 * MEDIAN_MARGIN} % is allowed`
      );
  }
  return null;
}

/** The challenger against each opponent, in every group of series and steps with enough data. */
function groupComparisons(
  result: BacktestResult,
  opponents: readonly Opponent[],
  groups: readonly SeriesGroup[],
  against: (opponent: Opponent, subset: Subset) => Comparison,
): GroupComparison[] {
  const subsets: (Subset & { readonly name: string })[] = [
    ...groups.map(({ name, series }) => ({ name: `the series ${name}`, series })),
    ...stepGroups(result.horizon),
  ];
  return opponents.flatMap((opponent) =>
    subsets.flatMap(({ name, ...subset }) => {
      const { firstCutoff } = opponent;
      if (observedCutoffs(result, { ...subset, firstCutoff }) < MIN_GATE_CUTOFFS) return [];
      const { reference, skill, difference, standardError, statistic, outcome, cutoffs } = against(
        opponent,
        subset,
      );
      const figures = { difference, standardError, statistic, outcome, cutoffs };
      return [{ group: name, reference, skill, ...figures }];
    }),
  );
}

/** A group in which the challenger is certainly worse than an opponent, in words. */
function worseGroup(groups: readonly GroupComparison[]): string | null {
  const worse = groups.find(({ outcome }) => outcome === 'worse');
  return worse ? `at ${worse.group} it has ${lossInWords(worse)}` : null;
}

type Verdict = Omit<GateVerdict, 'comparisons' | 'groups'>;

/**
 * @param problem a reason to reject whatever the comparisons say
 * @param missing further cutoffs needed to compare with the champion
 */
function verdictOf(
  comparisons: readonly Comparison[],
  problem: string | null,
  aside: string,
  missing: number,
): Verdict {
  const words = comparisons.map(inWords).join(', ');
  const isFailed = comparisons.some(
    ({ outcome }) => outcome === 'worse' || outcome === 'no-better',
  );
  if (problem !== null || isFailed) {
    const why = problem === null ? words : `${words}; ${problem}`;
    return refused(why + (missing > 0 ? '' : aside));
  }
  const undecided = comparisons.filter(({ outcome }) => outcome === 'undecided');
  if (undecided.length > 0) {
    const counts = undecided.map((comparison) => comparison.moreCutoffs);
    const more = counts.includes(null) ? null : Math.max(...counts.map(Number));
    return thin(words + (missing > 0 ? '' : aside), more);
  }
  if (missing > 0) return thin(aside, missing);
  const reason = `promoted: ${words}${aside}`;
  return { outcome: 'promoted', promoted: true, reason, moreCutoffs: null };
}

const refused = (why: string): Verdict => ({
  outcome: 'rejected',
  promoted: false,
  reason: `not promoted: ${why}`,
  moreCutoffs: null,
});

function thin(why: string, moreCutoffs: number | null): Verdict {
  const how =
    moreCutoffs === null
      ? 'no feasible number of cutoffs would decide a difference this small'
      : `about ${moreCutoffs} more cutoff${moreCutoffs === 1 ? '' : 's'} would decide it`;
  return {
    outcome: 'inconclusive',
    promoted: false,
    reason: `inconclusive: ${why}; ${how}`,
    moreCutoffs,
  };
}

const NOTES = {
  better: '',
  worse: '',
  'no-better': ' (too little to matter)',
  undecided: ' (may be chance)',
} as const;

/** The first of a list names the loss, the others do not repeat it. */
const inWords = (comparison: Comparison, place: number): string =>
  lossInWords(comparison, place === 0 ? ' pinball loss' : '') + NOTES[comparison.outcome];

/** A share of the reference's loss is undefined if the reference makes no error. */
function lossInWords(
  { skill, reference }: Pick<Comparison, 'skill' | 'reference'>,
  what = ' pinball loss',
): string {
  const name = forecasterName(reference);
  if (skill === Number.NEGATIVE_INFINITY) return `a pinball loss where ${name} has none`;
  const side = skill >= 0 ? 'less' : 'more';
  return `${Math.abs(100 * skill).toFixed(1)} % ${side}${what} than ${name}`;
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
