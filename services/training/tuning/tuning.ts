/**
 * Purpose: the search for a better configuration: candidates from the space, successive halving on
 * folds in the order of time, and what came of it.
 * Invariants: the test span is cut off before anything else happens, so nothing of it can reach a
 * trial; the configuration one starts from meets the survivors in every rung; the same panel, seed
 * and numbers give the same report, whether trials were run now or before.
 * Fails: HISTORY_TOO_SHORT; INTERNAL where every candidate failed, with what the first one said.
 */
import { join } from 'node:path';
import type { Domain } from '../../../domains/domain.ts';
import {
  type HalvingHistory,
  halvingPlan,
  rungSizes,
  successiveHalving,
} from '../../../forecasting/evaluation/successive-halving.ts';
import { type TimeFold, timeFolds } from '../../../forecasting/evaluation/time-folds.ts';
import { featureSizes } from '../../../forecasting/features/feature-spec.ts';
import { type Panel, panelUpTo } from '../../../forecasting/panel/panel.ts';
import { seasonsOf } from '../../../forecasting/panel/seasons.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import { sha256 } from '../../../platform/files/content-hash.ts';
import type { Progress } from '../../../platform/progress.ts';
import type { Logger } from '../../../platform/telemetry/logger.ts';
import type { BackendChoice } from '../../../platform/tensorflow/tensor-backend.ts';
import { hashPanel } from '../../../storage/features/panel-hash.ts';
import { historyTooShort } from '../evaluation.ts';
import {
  defaultConfigOf,
  featureSpecOf,
  networkSpecOf,
  type TrainingConfig,
} from '../training-config.ts';
import { type Candidate, drawCandidates, withCandidate } from './search-space.ts';
import { openTrialFolder } from './trial-folder.ts';
import type { TrialInput, TrialScore } from './worker.ts';

/** Raise it when a change of the code changes what a trial gives. */
const FORMAT = 1;
/** With fewer days of windows than this, a fit says little. */
const FEW_DAYS = 21;
/** The configuration one starts from is the first candidate. */
export const REFERENCE = 0;

export interface TuningRequest {
  readonly domain: Domain;
  readonly panel: Panel;
  /** What one starts from. Its testDays are cut off. */
  readonly config: TrainingConfig;
  readonly candidates: number;
  /** Training steps of the first rung. */
  readonly steps: number;
  readonly folds: number;
  readonly seed: number;
  readonly backend: BackendChoice;
  /** Where trials are kept. */
  readonly folder: string;
  /**
   * Runs one trial; `onSteps` receives its progress. All trials of a rung are asked for
   * at once.
   */
  readonly runTrial: (input: TrialInput, onSteps: (steps: number) => void) => Promise<TrialScore>;
  readonly progress: Progress;
  readonly logger: Logger;
}

export interface TuningResult {
  readonly history: HalvingHistory<TrialScore>;
  readonly candidates: readonly Candidate[];
  readonly folds: readonly TimeFold[];
  readonly best: number;
  /** The starting configuration with the best candidate's values. */
  readonly config: TrainingConfig;
  /** Trials whose result was there from an earlier run. */
  readonly resumedTrials: number;
  readonly folder: string;
}

export async function tune(request: TuningRequest): Promise<TuningResult> {
  const { domain, config, seed, backend, runTrial, progress, logger } = request;
  const { panel, folds } = cutIntoFolds(request);
  const foldPanels = folds.map(({ end }) => panelUpTo(panel, end - 1));
  const candidates = drawCandidates(config, seasonsOf(domain), request.candidates, seed);
  const plan = {
    ...halvingPlan(request.candidates, request.steps, request.folds),
    reference: REFERENCE,
  };
  const trials = await openTrialFolder(join(request.folder, searchKey(request, panel)), logger);

  const inputOf = (candidate: Candidate, budget: number, fold: number): TrialInput => {
    const { network, fit } = withCandidate(config, candidate);
    const { lastTarget, cutoffs } = folds[fold] as TimeFold;
    const spec = networkSpecOf(domain, panel, { ...config, network }, lastTarget);
    return {
      panel: foldPanels[fold] as Panel,
      spec,
      fit: { ...fit, steps: budget },
      lastTarget,
      cutoffs,
      seed,
      backend,
    };
  };
  const pace = paceOf(progress, plan.budgets.length);
  // In the later rungs the reference is there as well.
  const sizes = rungSizes(plan, candidates.length).map((size, rung) =>
    rung > 0 ? size + 1 : size,
  );
  let planned = sizes.reduce(
    (sum, size, rung) => sum + size * request.folds * (plan.budgets[rung] as number),
    0,
  );
  let resumedTrials = 0;
  const history = await successiveHalving(
    candidates,
    plan,
    async (candidate, { budget, fold }) => {
      const input = inputOf(candidate, budget, fold);
      const before = trials.find(identityOf(input));
      if (before !== null) return before;
      const onSteps = pace.trial(budget);
      const score = await runTrial(input, onSteps);
      onSteps(budget);
      pace.seen(score.loss);
      await trials.keep(identityOf(input), score);
      return score;
    },
    (rung, asked) => {
      const there = asked.filter(({ candidate, budget, fold }) =>
        trials.find(identityOf(inputOf(candidates[candidate] as Candidate, budget, fold))),
      ).length;
      resumedTrials += there;
      planned -= there * (plan.budgets[rung] as number);
      if (there > 0)
        logger.info(
          { rung: rung + 1, trials: there, of: asked.length },
          'trials of an earlier run are used again',
        );
      if (there < asked.length) pace.rung(rung, planned);
    },
  );
  const earlier = resumedTrials > 0 ? `, ${resumedTrials} of them from an earlier run` : '';
  progress.stop(`${history.trials.length} trials${earlier}`);
  const best = history.best;
  if (best === null) {
    const said = history.trials.find(({ failure }) => failure !== null)?.failure;
    throw new HeadwayError('INTERNAL', `every candidate of the search failed: ${said}`, {
      where: trials.path,
      fix: 'Check that `headway backtest` works; fewer workers need less memory.',
    });
  }
  const found = withCandidate(config, candidates[best] as Candidate);
  return { history, candidates, folds, best, config: found, resumedTrials, folder: trials.path };
}

/**
 * A fold's span and the distance of its cutoffs, in intervals: what calibrates a fit by default and
 * half the distance of the backtest's, so that 14 days of hours hold each hour of the day once.
 */
export function foldSizes(domain: Domain): { readonly span: number; readonly step: number } {
  const { fit, cutoffStep } = defaultConfigOf(domain);
  const span = Math.max(fit.calibrationIntervals, 2 * domain.horizon);
  return { span, step: Math.ceil(cutoffStep / 2) };
}

/** The panel without its test span, and the folds before it. */
function cutIntoFolds({ domain, panel, config, folds, logger }: TuningRequest): {
  panel: Panel;
  folds: TimeFold[];
} {
  const perDay = 1440 / domain.frequencyMinutes;
  const end = panel.length - config.testDays * perDay;
  const { span, step } = foldSizes(domain);
  const needed =
    featureSizes(featureSpecOf(domain)).trainingHistory + domain.horizon + folds * span;
  if (end < needed) {
    const error = historyTooShort(
      domain,
      panel.length,
      needed + config.testDays * perDay,
      config.testDays,
    );
    throw folds > 1
      ? new HeadwayError(error.code, error.message, {
          where: domain.name,
          fix: `${error.fix} Each fold fewer (--folds) needs ${span / perDay} days less.`,
        })
      : error;
  }
  const windowDays = (end - needed) / perDay;
  if (windowDays < FEW_DAYS) {
    const few =
      `the first fold learns from windows of ${windowDays.toFixed(1)} days only, ` +
      'which separates candidates poorly';
    logger.warn({ domain: domain.name }, `${few}: provide more history, or use fewer --folds`);
  }
  return {
    panel: panelUpTo(panel, end - 1),
    folds: timeFolds(end, folds, span, domain.horizon, step),
  };
}

/**
 * What all trials of a search share. The sizes are there because they change when the features'
 * code does.
 */
function searchKey({ domain, seed, backend }: TuningRequest, panel: Panel): string {
  const sizes = featureSizes(featureSpecOf(domain));
  const shared = { format: FORMAT, panel: hashPanel(panel), sizes, seed, backend };
  return `${domain.name}-${sha256(JSON.stringify(shared)).slice(0, 16)}`;
}

/** What else decides a trial's result: all but the panel, the seed and the backend. */
const identityOf = ({ spec, fit, lastTarget, cutoffs }: TrialInput): object => ({
  spec,
  fit,
  lastTarget,
  cutoffs,
});

/** Progress in training steps over all trials; begins with the first trial that has to be run. */
function paceOf(progress: Progress, rungs: number) {
  let isStarted = false;
  let done = 0;
  let least = Number.POSITIVE_INFINITY;
  let current = 0;
  const show = () => {
    const best = Number.isFinite(least) ? `  best loss ${least.toFixed(4)}` : '';
    progress.update(done, `rung ${current + 1} of ${rungs}${best}`);
  };
  return {
    rung(rung: number, stepsLeft: number) {
      current = rung;
      // Losses of different budgets do not compare.
      least = Number.POSITIVE_INFINITY;
      if (!isStarted) progress.start('tuning', stepsLeft);
      isStarted = true;
      show();
    },
    /** Receives the steps of a trial. */
    trial(budget: number) {
      let own = 0;
      return (steps: number) => {
        done += Math.min(steps, budget) - own;
        own = Math.min(steps, budget);
        show();
      };
    },
    seen(loss: number) {
      if (loss < least) least = loss;
      show();
    },
  };
}
