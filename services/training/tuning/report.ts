/**
 * Purpose: what a search found, as plain data: for `--json`, the table in the terminal and the
 * page.
 * Invariants: losses are comparable inside a rung only, so the gain over the starting configuration
 * is read in the last one; what failed is null, never a number.
 * Fails: never.
 */
import type { Domain } from '../../../domains/domain.ts';
import type { FinishedTrial, Rung } from '../../../forecasting/evaluation/successive-halving.ts';
import { type Panel, timestampAt } from '../../../forecasting/panel/panel.ts';
import { type Candidate, SPACE } from './search-space.ts';
import { REFERENCE, type TuningResult } from './tuning.ts';
import type { TrialScore } from './worker.ts';

export interface TuningReport {
  readonly domain: string;
  readonly title: string;
  readonly unit: string;
  readonly generatedAt: number;
  readonly snapshotVersion: string;
  readonly seed: number;
  readonly backend: string;
  readonly series: number;
  readonly testDays: number;
  readonly parameters: readonly {
    readonly name: string;
    readonly meaning: string;
    readonly isLogarithmic: boolean;
  }[];
  readonly folds: readonly ReportedFold[];
  readonly rungs: readonly { readonly steps: number; readonly candidates: number }[];
  /** Best first: by the last rung they reached, then by their loss in it. */
  readonly candidates: readonly ReportedCandidate[];
  /** Number of the best candidate; 0 is the configuration one started from. */
  readonly best: number;
  /**
   * 1 − best's loss / the starting configuration's, in the last rung; null where the latter failed.
   */
  readonly gain: number | null;
  readonly trials: number;
  readonly failedTrials: number;
  readonly resumedTrials: number;
  /** Of this run, without what an earlier one had done. */
  readonly seconds: number;
}

export interface ReportedFold {
  /** The span that is scored, epoch ms; its fit ends right before it. */
  readonly from: number;
  readonly to: number;
  readonly cutoffs: number;
  readonly bestNaive: string | null;
  readonly naiveMae: number | null;
}

export interface ReportedCandidate {
  readonly number: number;
  readonly values: Candidate;
  readonly rungs: readonly ReportedStanding[];
}

export interface ReportedStanding {
  readonly steps: number;
  /** Mean over the folds of pinball loss over the best naive's MAE. */
  readonly loss: number | null;
  /** Mean over the folds, in the target's unit. */
  readonly mae: number | null;
  readonly coverage: number | null;
  /** Of all folds together. */
  readonly seconds: number | null;
  readonly failures: readonly string[];
}

export interface ReportContext {
  readonly domain: Domain;
  readonly panel: Panel;
  readonly snapshotVersion: string;
  readonly seed: number;
  readonly testDays: number;
  readonly generatedAt: number;
  readonly seconds: number;
}

export function tuningReport(result: TuningResult, context: ReportContext): TuningReport {
  const { history, candidates, folds, best } = result;
  const { domain, panel } = context;
  const sound = history.trials.flatMap(({ outcome }) => outcome ?? []);
  const lastRung = history.rungs.at(-1) as Rung;
  const lossOf = (candidate: number) =>
    lastRung.standings.find((standing) => standing.candidate === candidate)?.loss ?? null;
  const [bestLoss, ownLoss] = [lossOf(best), lossOf(REFERENCE)].map((loss) =>
    Number.isFinite(loss) ? loss : null,
  );
  return {
    domain: domain.name,
    title: domain.title,
    unit: domain.unit,
    generatedAt: context.generatedAt,
    snapshotVersion: context.snapshotVersion,
    seed: context.seed,
    backend: [...new Set(sound.map(({ backend }) => backend))].join(', '),
    series: panel.seriesIds.length,
    testDays: context.testDays,
    parameters: SPACE.map((parameter) => ({
      name: parameter.name,
      meaning: parameter.meaning,
      isLogarithmic: 'between' in parameter,
    })),
    folds: folds.map(({ lastTarget, end, cutoffs }, fold) => {
      const score = history.trials.find(
        (trial) => trial.fold === fold && trial.outcome !== null,
      )?.outcome;
      return {
        from: timestampAt(panel, lastTarget + 1),
        to: timestampAt(panel, end),
        cutoffs: cutoffs.length,
        bestNaive: score?.bestNaive ?? null,
        naiveMae: score?.naiveMae ?? null,
      };
    }),
    rungs: history.rungs.map(({ budget, standings }) => ({
      steps: budget,
      candidates: standings.length,
    })),
    candidates: candidates
      .map((values, number) => ({
        number,
        values,
        rungs: history.rungs.flatMap((rung) => standingIn(rung, number, history.trials)),
      }))
      .sort(byReachAndLoss),
    best,
    gain: bestLoss != null && ownLoss != null ? 1 - bestLoss / ownLoss : null,
    trials: history.trials.length,
    failedTrials: history.trials.length - sound.length,
    resumedTrials: result.resumedTrials,
    seconds: context.seconds,
  };
}

/** How a candidate did in a rung; nothing where it was not in it. */
function standingIn(
  { budget, standings }: Rung,
  number: number,
  all: readonly FinishedTrial<TrialScore>[],
): ReportedStanding[] {
  const standing = standings.find(({ candidate }) => candidate === number);
  if (standing === undefined) return [];
  const trials = all.filter((trial) => trial.candidate === number && trial.budget === budget);
  const scores = trials.flatMap(({ outcome }) => outcome ?? []);
  const isWhole = scores.length === trials.length;
  const total = (of: (score: TrialScore) => number) =>
    scores.reduce((sum, score) => sum + of(score), 0);
  const mean = (of: (score: TrialScore) => number) => (isWhole ? total(of) / scores.length : null);
  return [
    {
      steps: budget,
      loss: isWhole ? standing.loss : null,
      mae: mean(({ mae }) => mae),
      coverage: mean(({ coverage }) => coverage),
      seconds: isWhole ? total(({ seconds }) => seconds) : null,
      failures: trials.flatMap(({ failure }) => failure ?? []),
    },
  ];
}

function byReachAndLoss(a: ReportedCandidate, b: ReportedCandidate): number {
  if (a.rungs.length !== b.rungs.length) return b.rungs.length - a.rungs.length;
  const loss = ({ rungs }: ReportedCandidate) => rungs.at(-1)?.loss ?? Number.POSITIVE_INFINITY;
  return loss(a) === loss(b) ? a.number - b.number : loss(a) - loss(b);
}
