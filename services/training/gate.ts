/**
 * Purpose: the gate: may this challenger become champion?
 * Invariants: only evidence out of sample counts; the challenger must beat every naive baseline and
 * the reigning champion, each by more than the uncertainty of the comparison; the verdict carries
 * its numbers. Several comparisons do not make a promotion by luck more likely: all of them must
 * succeed (an intersection-union test, Berger 1982), so that the whole errs no more often than one
 * does. Three outcomes: promoted; rejected, where the evidence says "no better", or is none (it has
 * seen what it is scored on); inconclusive, where the evidence is thin, with how many more cutoffs
 * would tell.
 * Fails: a RangeError for a result without the challenger.
 */
import type { BacktestResult, ForecasterResult } from '../../forecasting/evaluation/backtest.ts';
import { type Comparison, compare } from '../../forecasting/evaluation/comparison.ts';

export type GateOutcome = 'promoted' | 'rejected' | 'inconclusive';

export interface GateVerdict {
  readonly outcome: GateOutcome;
  readonly promoted: boolean;
  /** One sentence for people. */
  readonly reason: string;
  /**
   * The naive baseline that is hardest to beat, then the champion; none where the evidence was no
   * evidence.
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
  /** Those whose forecasts change when the future does (forecasting/evaluation/leakage-check.ts). */
  readonly readTheFuture?: readonly string[];
}

export const CHAMPION = 'champion';
const NAIVE = ['last_value', 'seasonal_naive', 'mean_4_weeks'];
/** Fewer say too little of how neighbours depend on one another. */
const FEWEST_CUTOFFS = 8;

export function judge(
  result: BacktestResult,
  challengerName: string,
  { trainedUpTo = {}, readTheFuture = [] }: Provenance = {},
): GateVerdict {
  const named = (name: string) => result.forecasts.find((forecast) => forecast.name === name);
  const challenger = named(challengerName);
  if (!challenger) throw new RangeError(`the backtest holds no forecasts of ${challengerName}`);
  const firstCutoff = result.cutoffs[0] as number;

  if (readTheFuture.includes(challengerName))
    return refused('it reads the future: its forecasts change when later values do');
  if ((trainedUpTo[challengerName] ?? Number.NEGATIVE_INFINITY) > firstCutoff)
    return refused('it was trained on rows that it is scored on');
  if (!saysEverything(result, challenger)) return refused('some of its forecasts are no numbers');
  const observed = result.cutoffs.filter((_, c) => isObserved(result, c));
  if (observed.length < FEWEST_CUTOFFS) {
    const reason = `only ${observed.length} cutoffs with anything observed after them, ${FEWEST_CUTOFFS} are the fewest that say anything`;
    return thin([], reason, FEWEST_CUTOFFS - observed.length);
  }

  const naive = NAIVE.flatMap((name) => named(name) ?? []).map((reference) =>
    compare(result, challenger, reference),
  );
  const comparisons = [naive.sort(hardestFirst)[0] as Comparison];
  const champion = named(CHAMPION);
  let aside = '';
  if (champion && (readTheFuture.includes(CHAMPION) || !saysEverything(result, champion))) {
    aside =
      ' (the champion was not compared with: it reads the future, or some of its forecasts are no numbers)';
  } else if (champion) {
    const unseenFrom = trainedUpTo[CHAMPION] ?? firstCutoff;
    const unseen = observed.filter((cutoff) => cutoff >= unseenFrom).length;
    if (unseen < FEWEST_CUTOFFS) {
      if (comparisons[0]?.outcome === 'better') {
        return thin(
          comparisons,
          `the champion has learnt from the test span: ${unseen} of ${observed.length} cutoffs come after its training, ${FEWEST_CUTOFFS} are the fewest that say anything`,
          FEWEST_CUTOFFS - unseen,
        );
      }
    } else {
      comparisons.push(compare(result, challenger, champion, { firstCutoff: unseenFrom }));
      if (unseen < observed.length)
        aside = ` (${observed.length - unseen} cutoffs left out that the champion has learnt from)`;
    }
  }
  return verdictOf(comparisons, aside);
}

function verdictOf(comparisons: readonly Comparison[], aside: string): GateVerdict {
  const failed = comparisons.find(({ outcome }) => outcome === 'worse' || outcome === 'no-better');
  if (failed) {
    return {
      ...refused(
        inWords(failed) + (failed.outcome === 'worse' ? '' : ', too little to matter') + aside,
      ),
      comparisons,
    };
  }
  const undecided = comparisons.filter(({ outcome }) => outcome === 'undecided');
  if (undecided.length > 0) {
    const counts = undecided.map((comparison) => comparison.moreCutoffs);
    const more = counts.includes(null) ? null : Math.max(...counts.map(Number));
    return thin(comparisons, undecided.map(inWords).join('; ') + aside, more);
  }
  const reason = `promoted: ${comparisons.map(inWords).join('; ')}${aside}`;
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

function inWords({ reference, skill, statistic, threshold }: Comparison): string {
  const side = skill >= 0 ? 'better' : 'worse';
  return `${Math.abs(100 * skill).toFixed(1)} % ${side} than ${reference} (t ${statistic.toFixed(2)}, needs ${threshold.toFixed(2)})`;
}

/** Is anything known after the c-th cutoff? */
function isObserved({ actuals, seriesIds, horizon }: BacktestResult, c: number): boolean {
  const size = seriesIds.length * horizon;
  return actuals.subarray(c * size, (c + 1) * size).some((value) => !Number.isNaN(value));
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
