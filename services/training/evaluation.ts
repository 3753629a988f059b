/**
 * Purpose: the evaluation of one fit: fit the network on the data before the test span, forecast at
 * every cutoff inside it, and score it next to the naive baselines, the champion and (for a
 * simulated source) the oracle.
 * Invariants: nothing of the test span reaches the fit; every forecaster is scored at the same
 * cutoffs; a metric on training rows does not exist here.
 * Fails: HISTORY_TOO_SHORT that says how many intervals there are and how many are needed;
 * PANEL_INVALID where the targets have no plausible scale.
 */
import type { Domain } from '../../domains/domain.ts';
import {
  type BacktestResult,
  backtestCutoffs,
  type ForecasterResult,
  runBacktest,
} from '../../forecasting/evaluation/backtest.ts';
import {
  type Metrics,
  type SeriesGroup,
  score,
  seasonalNaiveErrors,
  seriesGroups,
} from '../../forecasting/evaluation/metrics.ts';
import { featureSizes, MINUTES_A_DAY } from '../../forecasting/features/feature-spec.ts';
import { baselineDistribution } from '../../forecasting/models/baselines/baseline-intervals.ts';
import { naiveForecasters } from '../../forecasting/models/baselines/naive.ts';
import type { Calibration } from '../../forecasting/models/calibration/calibration.ts';
import type { Forecaster } from '../../forecasting/models/forecaster.ts';
import { networkForecaster } from '../../forecasting/models/network/forecaster.ts';
import type { FitProgress } from '../../forecasting/models/network/member.ts';
import type { NetworkSpec } from '../../forecasting/models/network/network.ts';
import { type FittedNetwork, fitNetwork } from '../../forecasting/models/network/training.ts';
import type { WarmStart } from '../../forecasting/models/network/warm-start.ts';
import { type Panel, panelUpTo, timestampAt } from '../../forecasting/panel/panel.ts';
import type { Clock } from '../../platform/clock.ts';
import { HeadwayError } from '../../platform/errors.ts';
import type { Progress } from '../../platform/progress.ts';
import { randomStreams } from '../../platform/random.ts';
import { withFitErrors } from './fit-errors.ts';
import { featureSpecOf, networkSpecOf, type TrainingConfig } from './training-config.ts';
import { membersInWorkers, type Workers } from './workers/members.ts';

export interface EvaluationRequest {
  readonly domain: Domain;
  readonly panel: Panel;
  readonly config: TrainingConfig;
  readonly seed: number;
  readonly clock: Clock;
  readonly progress: Progress;
  /**
   * Processes for the ensemble's members; without them they are fitted one after another in this
   * one.
   */
  readonly workers?: Workers | null;
  /** A network to start from. */
  readonly warmStart?: WarmStart | null;
  /** Further forecasters to score next to the network: the champion, the oracle. */
  readonly others?: readonly Forecaster[];
}

export interface Scores {
  readonly groups: readonly SeriesGroup[];
  /** group → forecaster → metrics. */
  readonly metrics: Readonly<Record<string, Readonly<Record<string, Metrics>>>>;
}

export interface Evaluation extends Scores {
  readonly fitted: FittedNetwork;
  readonly result: BacktestResult;
  /** The last timestamp the fit has seen, epoch ms. */
  readonly trainingCutoff: number;
  readonly trainingSeconds: number;
}

export async function evaluate(request: EvaluationRequest): Promise<Evaluation> {
  const { domain, panel, config, clock, progress } = request;
  const cutoffs = testCutoffs(domain, panel, config);
  const started = clock.elapsedMs();
  const lastTarget = cutoffs[0] as number;
  const spec = networkSpecOf(domain, panel, config, lastTarget);
  const fitted = await fitUpTo(request, spec, lastTarget);
  const trainingSeconds = (clock.elapsedMs() - started) / 1000;

  const season = spec.features.week;
  const forecasters = [
    ...naiveForecasters(season, domain.frequencyMinutes),
    ...(request.others ?? []),
    networkForecaster(fitted),
  ];
  progress.start('backtest', cutoffs.length);
  const result = await runBacktest(panel, forecasters, cutoffs, domain.horizon, (done) =>
    progress.update(done, `cutoff ${done} of ${cutoffs.length}`),
  );
  progress.stop(
    `${cutoffs.length} cutoffs × ${panel.seriesIds.length} series × ${domain.horizon} steps`,
  );
  const scores = scoreResult(result, panel, season);
  return {
    ...scores,
    fitted,
    result,
    trainingCutoff: timestampAt(panel, lastTarget),
    trainingSeconds,
  };
}

export type FitRequest = Pick<
  EvaluationRequest,
  'panel' | 'seed' | 'progress' | 'workers' | 'warmStart'
> & {
  readonly config: Pick<TrainingConfig, 'fit'>;
  /** The name of the progress; "training" if absent. */
  readonly title?: string;
  /** Used as it is, instead of one made from this fit. */
  readonly calibration?: Calibration | null;
};

/**
 * The fit alone: from the panel up to grid index `lastTarget`, the configuration, the seed and the
 * start to a network.
 */
export async function fitUpTo(
  request: FitRequest,
  spec: NetworkSpec,
  lastTarget: number,
): Promise<FittedNetwork> {
  const { panel, config, seed, progress, workers, warmStart, calibration } = request;
  const units = config.fit.steps * config.fit.members;
  progress.start(request.title ?? 'training', units);
  // Cut off, so that no mistake in the fit can reach the test span.
  const past = panelUpTo(panel, lastTarget);
  // With few windows there are fewer steps than were allowed.
  const onProgress = ({ step, steps, loss }: FitProgress) =>
    progress.update(
      Math.floor((units * step) / steps),
      `error on recent batches ${loss.toFixed(3)}`,
    );
  const extras = {
    ...(workers ? { fitMembers: membersInWorkers(seed, workers) } : {}),
    warmStart: warmStart ?? null,
    ...(calibration === undefined ? {} : { calibration }),
  };
  const fitted = await withFitErrors(() =>
    fitNetwork(past, spec, lastTarget, config.fit, randomStreams(seed), onProgress, extras),
  );
  progress.stop(
    `${fitted.windows} windows, ${fitted.members.length} × ${fitted.members[0]?.length} parameters`,
  );
  return fitted;
}

/**
 * Every forecaster of a result by series group. Groups and MASE's denominators come from what
 * precedes the test span.
 */
export function scoreResult(result: BacktestResult, panel: Panel, season: number): Scores {
  const end = (result.cutoffs[0] as number) + 1;
  const naiveErrors = seasonalNaiveErrors(panel, season, end);
  const groups = seriesGroups(panel, end);
  const metrics = Object.fromEntries(
    groups.map((group) => [
      group.name,
      Object.fromEntries(
        result.forecasts.map((forecast) => [
          forecast.name,
          score(result, forecast, group, naiveErrors),
        ]),
      ),
    ]),
  );
  return { groups, metrics };
}

/**
 * The naive baselines with intervals of their own errors, at the cutoffs of a result: what the gate
 * compares whole distributions with. If a series has too few errors for an interval, the point
 * forecast is used for every quantile.
 */
export async function baselinesOf(
  domain: Domain,
  panel: Panel,
  { cutoffs, horizon }: Pick<BacktestResult, 'cutoffs' | 'horizon'>,
): Promise<readonly ForecasterResult[]> {
  const { day, week, nonNegative, integerValued } = featureSpecOf(domain);
  const { quantiles } = domain;
  const options = { quantiles, day, week, nonNegative, integerValued };
  const forecasters = naiveForecasters(week, domain.frequencyMinutes).map((point) =>
    baselineDistribution(point, options),
  );
  return (await runBacktest(panel, forecasters, cutoffs, horizon)).forecasts;
}

/** The cutoffs of the test span; the first one is the last interval that a fit may see. */
export function testCutoffs(
  domain: Domain,
  panel: Panel,
  { testDays, cutoffStep }: Pick<TrainingConfig, 'testDays' | 'cutoffStep'>,
): number[] {
  const perDay = MINUTES_A_DAY / domain.frequencyMinutes;
  const before = featureSizes(featureSpecOf(domain)).trainingHistory + domain.horizon;
  const needed = before + testDays * perDay;
  if (panel.length >= needed) return cutoffsOfSpan(panel, domain.horizon, { testDays, cutoffStep });
  throw historyTooShort(domain, panel.length, needed, testDays);
}

/** The same, if the history before them is known to be long enough. */
export const cutoffsOfSpan = (
  { length, frequencyMinutes }: Panel,
  horizon: number,
  { testDays, cutoffStep }: Pick<TrainingConfig, 'testDays' | 'cutoffStep'>,
): number[] =>
  backtestCutoffs(length, testDays * (MINUTES_A_DAY / frequencyMinutes), horizon, cutoffStep);

export const daysText = ({ frequencyMinutes }: Domain, intervals: number): string =>
  `${Number(((intervals * frequencyMinutes) / 1440).toFixed(1))} days`;

/** Days of training windows below which a fit has too little to learn from. */
const WINDOW_DAYS = 14;

/** States in days what is missing, and suggests fewer test days only if they would be enough. */
export function historyTooShort(
  domain: Domain,
  have: number,
  needed: number,
  testDays: number,
): HeadwayError {
  const perDay = 1440 / domain.frequencyMinutes;
  const days = (intervals: number) => daysText(domain, intervals);
  const missing = needed - have;
  const left = Math.floor(testDays - missing / perDay - WINDOW_DAYS);
  const more = `Provide ${days(missing)} more of history (\`headway features run\`)`;
  return new HeadwayError(
    'HISTORY_TOO_SHORT',
    `the snapshot holds ${days(have)} (${have} intervals); with ${testDays} test days ` +
      `${days(needed)} (${needed} intervals) are needed`,
    {
      where: domain.name,
      fix:
        left >= 1
          ? `${more}, or score fewer days: --test-days ${left}.`
          : `${more}: with fewer test days it would still be too short.`,
    },
  );
}

/**
 * The forecaster that knows the true distribution of a simulated source: nothing can do better, so
 * it shows how much could still be gained.
 */
export function oracleForecaster(
  quantiles: readonly number[],
  quantileOf: (seriesId: string, timestamp: number, quantile: number) => number,
): Forecaster {
  return {
    name: 'oracle',
    quantiles,
    minimumHistory: 0,
    predict(panel, cutoff, horizon) {
      const out = new Float32Array(panel.seriesIds.length * quantiles.length * horizon);
      let at = 0;
      for (const seriesId of panel.seriesIds) {
        for (const quantile of quantiles) {
          for (let step = 1; step <= horizon; step++)
            out[at++] = quantileOf(seriesId, timestampAt(panel, cutoff + step), quantile);
        }
      }
      return out;
    },
  };
}
