/**
 * Purpose: fits the recipe that passed the gate again, on all data, so that the model that serves
 * has seen the last weeks too.
 * Invariants: the configuration is the scored model's (the twin's), architecture, inputs and number
 * of steps included, and so is the calibration, but for the intervals: they follow what the twin's
 * held of the test span. The refit has learnt from the test span, so no figure of it is shown; it
 * is checked, and one that fails a check is not served.
 * Fails: as the fit does.
 */
import type { Domain } from '../../domains/domain.ts';
import {
  type BacktestResult,
  type ForecasterResult,
  runBacktest,
} from '../../forecasting/evaluation/backtest.ts';
import { score } from '../../forecasting/evaluation/metrics.ts';
import type { Calibration } from '../../forecasting/models/calibration/calibration.ts';
import {
  type FollowedCalibration,
  followCoverage,
} from '../../forecasting/models/calibration/follow-coverage.ts';
import { networkForecaster } from '../../forecasting/models/network/forecaster.ts';
import type { TrainedNetwork } from '../../forecasting/models/network/network.ts';
import { type FittedNetwork, uncalibrated } from '../../forecasting/models/network/training.ts';
import { type Panel, timestampAt } from '../../forecasting/panel/panel.ts';
import { baselinesOf, cutoffsOfSpan, type EvaluationRequest, fitUpTo } from './evaluation.ts';
import { provenanceOf } from './provenance.ts';
import type { TrainingConfig } from './training-config.ts';

export interface RefitOutcome {
  readonly fitted: FittedNetwork;
  /** What holds of it, for its card. */
  readonly checks: readonly string[];
  /** The first check that fails, in words; null where it may be served. */
  readonly problem: string | null;
  /** The last timestamp it has seen, epoch ms. */
  readonly trainingCutoff: number;
  readonly seconds: number;
}

const TWIN = 'twin';
const REFIT = 'refit';
/** How many times the twin's scale, or a share of it, a refit's may be. */
const SCALE_FACTOR = 2;

/** @param cutoffs of the test span, on which the twin was scored */
export async function refit(
  request: Omit<EvaluationRequest, 'others'>,
  twin: TrainedNetwork,
  cutoffs: readonly number[],
): Promise<RefitOutcome> {
  const { domain, panel, clock } = request;
  const started = clock.elapsedMs();
  const lastTarget = panel.length - 1;
  const { calibration, scales } = carriedCalibration(twin, panel, request.config);
  const title = 'training on all data';
  const fitted = await fitUpTo({ ...request, title, calibration }, twin.spec, lastTarget);
  const seconds = (clock.elapsedMs() - started) / 1000;
  const { week } = twin.spec.features;
  const recent = cutoffs.filter((cutoff) => cutoff > lastTarget - domain.horizon - week);
  const result = await forecastsOf(domain, panel, twin, fitted, recent);
  const trainingCutoff = timestampAt(panel, lastTarget);
  const checks = [
    lookaheadCheck(request, fitted, cutoffs, trainingCutoff),
    scaleCheck(fitted, twin),
    ...(scales ? [followed(scales)] : []),
    agreementCheck(result),
    lossCheck(result),
  ];
  const problem = checks.find(({ isGood }) => !isGood)?.text ?? null;
  return { fitted, checks: checks.map(({ text }) => text), problem, trainingCutoff, seconds };
}

/** That of the twin; it follows the coverage of the test span where the configuration says so. */
export function carriedCalibration(
  twin: TrainedNetwork,
  panel: Panel,
  { testDays, cutoffStep, followsCoverage }: CarriedConfig,
): { calibration: Calibration | null; scales: FollowedCalibration['scales'] | null } {
  const { calibration, spec } = twin;
  if (calibration === null || !followsCoverage) return { calibration, scales: null };
  const { features } = spec;
  const cutoffs = cutoffsOfSpan(panel, features.horizon, { testDays, cutoffStep });
  return followCoverage(panel, uncalibrated(twin), cutoffs, features, calibration);
}

export type CarriedConfig = Pick<TrainingConfig, 'testDays' | 'cutoffStep' | 'followsCoverage'>;

interface Check {
  readonly isGood: boolean;
  readonly text: string;
}

/** The twin, the refit, and the baselines with intervals, at the last cutoffs. */
async function forecastsOf(
  domain: Domain,
  panel: Panel,
  twin: TrainedNetwork,
  fitted: FittedNetwork,
  cutoffs: readonly number[],
): Promise<BacktestResult> {
  const both = [
    { ...networkForecaster(twin), name: TWIN },
    { ...networkForecaster(fitted), name: REFIT },
  ];
  const result = await runBacktest(panel, both, cutoffs, domain.horizon);
  const baselines = await baselinesOf(domain, panel, result);
  return { ...result, forecasts: [...result.forecasts, ...baselines] };
}

function lookaheadCheck(
  { domain, panel, seed }: Omit<EvaluationRequest, 'others'>,
  fitted: FittedNetwork,
  cutoffs: readonly number[],
  trainingCutoff: number,
): Check {
  const trained = [{ forecaster: networkForecaster(fitted), trainingCutoff }];
  const { lookahead } = provenanceOf(domain, panel, cutoffs, trained, seed);
  const isGood = lookahead?.length === 0;
  return {
    isGood,
    text: isGood
      ? 'its forecasts do not change when later values do'
      : 'its forecasts change when later values do',
  };
}

function scaleCheck(fitted: FittedNetwork, twin: TrainedNetwork): Check {
  const factor = fitted.scaling.outputScale / twin.scaling.outputScale;
  return {
    isGood: factor <= SCALE_FACTOR && factor >= 1 / SCALE_FACTOR,
    text: `its output scale is ${factor.toFixed(2)} times its twin's`,
  };
}

/** No condition, but part of what its card says of it. */
const followed = ({ least, greatest }: FollowedCalibration['scales']): Check => ({
  isGood: true,
  text:
    `its intervals are its twin's, ${least.toFixed(2)} to ${greatest.toFixed(2)} times as wide, ` +
    "by how much of the test span its twin's held",
});

/** The medians of the refit lie inside the twin's interval as often as actuals are to. */
function agreementCheck({ forecasts, horizon }: BacktestResult): Check {
  const [twin, own] = [TWIN, REFIT].map((name) => forecasts.find((one) => one.name === name)) as [
    ForecasterResult,
    ForecasterResult,
  ];
  const { quantiles } = twin;
  const [Q, median] = [quantiles.length, quantiles.indexOf(0.5)];
  const nominal = (quantiles[Q - 1] as number) - (quantiles[0] as number);
  let inside = 0;
  const count = own.values.length / Q;
  for (let i = 0; i < count; i++) {
    const at = (q: number) => (Math.floor(i / horizon) * Q + q) * horizon + (i % horizon);
    const value = own.values[at(median)] as number;
    const [low, high] = [twin.values[at(0)] as number, twin.values[at(Q - 1)] as number];
    if (value >= low && value <= high) inside++;
  }
  const percent = (x: number) => `${(100 * x).toFixed(0)} %`;
  return {
    isGood: inside / count >= nominal,
    text:
      `${percent(inside / count)} of its medians lie inside its twin's interval over the last ` +
      `week, at least ${percent(nominal)} is required`,
  };
}

/** It has learnt from these very values, so it must at least match what has not. */
function lossCheck(result: BacktestResult): Check {
  const group = { name: 'all', series: result.seriesIds.map((_, s) => s) };
  const none = new Float64Array(result.seriesIds.length);
  const losses = new Map(
    result.forecasts.map((one) => {
      const { mae, pinball } = score(result, one, group, none);
      return [one.name, Number.isNaN(pinball) ? mae : pinball];
    }),
  );
  const [own, twin] = [losses.get(REFIT) as number, losses.get(TWIN) as number];
  const others = [...losses].flatMap(([name, loss]) =>
    name === TWIN || name === REFIT || !Number.isFinite(loss) ? [] : [loss],
  );
  const isGood = !(own > Math.max(twin, Math.min(...others)));
  const side = isGood ? 'not above' : 'above both';
  return {
    isGood,
    text: `its pinball loss over the last week is ${side} its twin's and the best baseline's`,
  };
}
