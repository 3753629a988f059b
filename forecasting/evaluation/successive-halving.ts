/**
 * Purpose: successive halving: try many candidates on a small budget, keep the best share of them,
 * try those on `eta` times the budget, and so on. Most of the budget goes to the candidates that
 * deserve it.
 * Invariants: survivors follow from the losses alone, never from the order in which trials end; a
 * tie goes to the earlier candidate; a candidate that fails (it throws, or its loss is not a
 * number) on any fold is behind every one that does not, and what it said is kept.
 * Fails: a RangeError for a plan that cannot be carried out; a failing trial is never fatal.
 * Source: Jamieson & Talwalkar 2016, "Non-stochastic best arm identification and hyperparameter
 * optimization" (AISTATS, arXiv:1502.07943), with a share of 1/eta kept instead of 1/2 (as Li et
 * al. 2018, "Hyperband", arXiv:1603.06560, do).
 */

export interface HalvingPlan {
  /** Budget of a candidate on each fold, by rung: ascending. */
  readonly budgets: readonly number[];
  /** One in `eta` survives a rung; at least 2. */
  readonly eta: number;
  readonly folds: number;
  /**
   * A candidate that meets the survivors in every rung, whatever its loss, without taking the place
   * of one.
   */
  readonly reference?: number;
}

/** One candidate on one fold with one budget. */
export interface Trial {
  readonly candidate: number;
  readonly rung: number;
  readonly budget: number;
  readonly fold: number;
}

export interface FinishedTrial<Outcome> extends Trial {
  /** null: it failed. */
  readonly outcome: Outcome | null;
  /** What it failed with. */
  readonly failure: string | null;
}

export interface Standing {
  readonly candidate: number;
  /** Mean of the losses over the folds; Infinity where one of them failed. */
  readonly loss: number;
}

export interface Rung {
  readonly budget: number;
  /** Best first. */
  readonly standings: readonly Standing[];
  /** Candidates that go on, best first; in the last rung the best alone. None where all failed. */
  readonly survivors: readonly number[];
}

export interface HalvingHistory<Outcome> {
  readonly rungs: readonly Rung[];
  /** By rung, candidate and fold. */
  readonly trials: readonly FinishedTrial<Outcome>[];
  /** The best of the last rung that was run; null where every candidate failed in it. */
  readonly best: number | null;
}

/**
 * A plan for `candidates`: rungs as long as at least two are left to compare, the budget `eta`
 * times larger in each. 18 candidates, 60 steps and eta 3 give 18 × 60, 6 × 180, 2 × 540.
 */
export function halvingPlan(
  candidates: number,
  firstBudget: number,
  folds: number,
  eta = 3,
): HalvingPlan {
  const budgets: number[] = [];
  for (
    let left = candidates, budget = firstBudget;
    left >= 2 || budgets.length === 0;
    left = Math.floor(left / eta)
  ) {
    budgets.push(budget);
    budget *= eta;
  }
  return { budgets, eta, folds };
}

/** How many candidates each rung tries, the reference not counted. */
export const rungSizes = (plan: HalvingPlan, candidates: number): number[] => {
  let left = candidates;
  return plan.budgets.map((_, rung) => {
    if (rung > 0) left = Math.max(1, Math.floor(left / plan.eta));
    return left;
  });
};

/**
 * @param evaluate gives one trial's loss (less is better). All trials of a rung are asked for at
 * once: who evaluates decides how
 *   many run at a time. It may throw.
 * @param onRung called before a rung's trials begin.
 */
export async function successiveHalving<Candidate, Outcome extends { readonly loss: number }>(
  candidates: readonly Candidate[],
  plan: HalvingPlan,
  evaluate: (candidate: Candidate, trial: Trial) => Promise<Outcome>,
  onRung: (rung: number, trials: readonly Trial[]) => void = () => {},
): Promise<HalvingHistory<Outcome>> {
  check(candidates.length, plan);
  const sizes = rungSizes(plan, candidates.length);
  const rungs: Rung[] = [];
  const trials: FinishedTrial<Outcome>[] = [];
  let alive = candidates.map((_, candidate) => candidate);
  let best: number | null = null;
  for (const [rung, budget] of plan.budgets.entries()) {
    const entered = plan.reference === undefined ? alive : [...new Set([...alive, plan.reference])];
    const asked = entered
      .toSorted((a, b) => a - b)
      .flatMap((candidate) =>
        Array.from({ length: plan.folds }, (_, fold): Trial => ({ candidate, rung, budget, fold })),
      );
    onRung(rung, asked);
    const finished = await Promise.all(
      asked.map((trial) => finish(candidates[trial.candidate] as Candidate, trial, evaluate)),
    );
    trials.push(...finished);
    const standings = rank(finished);
    const sound = standings
      .filter(({ loss }) => Number.isFinite(loss))
      .map(({ candidate }) => candidate);
    const isLast = rung + 1 === plan.budgets.length;
    // A reference that did not survive earlier takes nobody's place; it can still turn out to be
    // the best in the end.
    const survivors = isLast
      ? sound.slice(0, 1)
      : sound.filter((candidate) => alive.includes(candidate)).slice(0, sizes[rung + 1]);
    rungs.push({ budget, standings, survivors });
    best = sound[0] ?? null;
    if (survivors.length === 0) break;
    alive = survivors;
  }
  return { rungs, trials, best };
}

async function finish<Candidate, Outcome extends { readonly loss: number }>(
  candidate: Candidate,
  trial: Trial,
  evaluate: (candidate: Candidate, trial: Trial) => Promise<Outcome>,
): Promise<FinishedTrial<Outcome>> {
  try {
    const outcome = await evaluate(candidate, trial);
    if (Number.isFinite(outcome.loss)) return { ...trial, outcome, failure: null };
    return { ...trial, outcome: null, failure: `the loss is ${outcome.loss}` };
  } catch (error) {
    return {
      ...trial,
      outcome: null,
      failure: error instanceof Error ? error.message : String(error),
    };
  }
}

/** Candidates by mean loss over their folds; equal ones in their own order. */
function rank<Outcome extends { readonly loss: number }>(
  finished: readonly FinishedTrial<Outcome>[],
): Standing[] {
  const losses = new Map<number, number[]>();
  for (const { candidate, outcome } of finished)
    losses.set(candidate, [
      ...(losses.get(candidate) ?? []),
      outcome?.loss ?? Number.POSITIVE_INFINITY,
    ]);
  return [...losses]
    .map(([candidate, folds]) => ({
      candidate,
      loss: folds.reduce((sum, loss) => sum + loss, 0) / folds.length,
    }))
    .sort((a, b) => (a.loss === b.loss ? a.candidate - b.candidate : a.loss - b.loss));
}

function check(candidates: number, { budgets, eta, folds, reference }: HalvingPlan): void {
  if (candidates < 1) throw new RangeError('there must be a candidate');
  if (!Number.isInteger(eta) || eta < 2)
    throw new RangeError(`eta must be a whole number from 2, got ${eta}`);
  if (!Number.isInteger(folds) || folds < 1)
    throw new RangeError(`there must be a fold, got ${folds}`);
  const ascends = budgets.every(
    (budget, rung) => budget > (rung === 0 ? 0 : (budgets[rung - 1] as number)),
  );
  if (budgets.length === 0 || !ascends)
    throw new RangeError(`budgets must ascend from above 0, got ${budgets.join(', ')}`);
  if (
    reference !== undefined &&
    !(Number.isInteger(reference) && reference >= 0 && reference < candidates)
  )
    throw new RangeError(`the reference must be one of ${candidates} candidates, got ${reference}`);
}
