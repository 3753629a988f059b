/**
 * Purpose: one trial of a search, in a process of its own: fit one configuration on what precedes a
 * fold's span, score it inside.
 * Invariants: the panel it gets ends where the fold ends; the loss is the mean pinball loss in the
 * target's unit over the MAE of the fold's best naive forecaster, so that folds of quiet and of
 * busy weeks weigh alike.
 * Fails: BACKEND_UNAVAILABLE; a RangeError where the fold holds no training window; as
 * `withFitErrors` does.
 */
import { runBacktest } from '../../../forecasting/evaluation/backtest.ts';
import { score } from '../../../forecasting/evaluation/metrics.ts';
import { naiveForecasters } from '../../../forecasting/models/baselines/naive.ts';
import { networkForecaster } from '../../../forecasting/models/network/forecaster.ts';
import type { FitOptions, FitProgress } from '../../../forecasting/models/network/member.ts';
import { type NetworkSpec, parameterCount } from '../../../forecasting/models/network/network.ts';
import { fitNetwork } from '../../../forecasting/models/network/training.ts';
import type { Panel } from '../../../forecasting/panel/panel.ts';
import { systemClock } from '../../../platform/clock.ts';
import { randomStreams } from '../../../platform/random.ts';
import { silentLogger } from '../../../platform/telemetry/logger.ts';
import {
  type BackendChoice,
  startTensorBackend,
} from '../../../platform/tensorflow/tensor-backend.ts';
import { withFitErrors } from '../fit-errors.ts';

/** All of it can be copied to another process. */
export interface TrialInput {
  readonly panel: Panel;
  readonly spec: NetworkSpec;
  readonly fit: FitOptions;
  /** Grid index of the last target the fit may see. */
  readonly lastTarget: number;
  readonly cutoffs: readonly number[];
  readonly seed: number;
  readonly backend: BackendChoice;
}

export interface TrialScore {
  readonly loss: number;
  /** In the target's unit, as is pinball. */
  readonly mae: number;
  readonly pinball: number;
  readonly coverage: number;
  readonly bestNaive: string;
  readonly naiveMae: number;
  /** Weights of the network. */
  readonly parameters: number;
  readonly backend: string;
  readonly seconds: number;
}

/** @param report receives the number of steps done. */
export async function work(
  input: TrialInput,
  report: (steps: number) => unknown,
): Promise<TrialScore> {
  const { panel, spec, fit, lastTarget, cutoffs, seed } = input;
  const backend = await startTensorBackend(silentLogger, input.backend, 'training');
  const started = systemClock.elapsedMs();
  // One member: an ensemble of each would cost twice as much and rank them alike.
  const alone = { ...fit, members: 1 };
  const onProgress = async ({ step }: FitProgress) => {
    await report(step);
  };
  const fitted = await withFitErrors(() =>
    fitNetwork(panel, spec, lastTarget, alone, randomStreams(seed), onProgress),
  );
  const naive = naiveForecasters(spec.features.week, spec.features.frequencyMinutes);
  const result = await runBacktest(
    panel,
    [...naive, networkForecaster(fitted)],
    cutoffs,
    spec.features.horizon,
  );
  const all = { name: 'all', series: panel.seriesIds.map((_, s) => s) };
  const noErrors = new Float64Array(panel.seriesIds.length);
  const scored = result.forecasts.map((forecast) => ({
    name: forecast.name,
    ...score(result, forecast, all, noErrors),
  }));
  const own = scored.pop() as (typeof scored)[number];
  const best = scored.reduce((least, next) => (next.mae < least.mae ? next : least));
  return {
    loss: own.pinball / best.mae,
    mae: own.mae,
    pinball: own.pinball,
    coverage: own.coverage,
    bestNaive: best.name,
    naiveMae: best.mae,
    parameters: parameterCount(spec),
    backend,
    seconds: (systemClock.elapsedMs() - started) / 1000,
  };
}
