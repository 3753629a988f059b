/**
 * Purpose: one segment of a backtest: fit everything that learns on what precedes the segment, and
 * forecast at its cutoffs.
 * Invariants: a fit is given the panel cut off after the segment's first cutoff, so it cannot see
 * more; one segment of the whole test span is the very fit of `headway train` (same seed, same
 * windows); the same job gives the same bits on the same backend.
 * Fails: as the fits do: a RangeError where there is no training window; HISTORY_TOO_SHORT or
 * PANEL_INVALID where a model can learn nothing from the panel.
 */
import { type BacktestResult, runBacktest } from '../../../forecasting/evaluation/backtest.ts';
import {
  fitSmoothing,
  smoothingForecaster,
} from '../../../forecasting/models/baselines/exponential-smoothing.ts';
import type { Forecaster } from '../../../forecasting/models/forecaster.ts';
import { networkForecaster } from '../../../forecasting/models/network/forecaster.ts';
import type { FitOptions, FitProgress } from '../../../forecasting/models/network/member.ts';
import type { NetworkSpec } from '../../../forecasting/models/network/network.ts';
import { fitRidge, ridgeForecaster } from '../../../forecasting/models/network/ridge.ts';
import { fitNetwork, type MemberFitter } from '../../../forecasting/models/network/training.ts';
import { type Panel, panelUpTo } from '../../../forecasting/panel/panel.ts';
import { type Clock, systemClock } from '../../../platform/clock.ts';
import { randomStreams } from '../../../platform/random.ts';
import type { BackendName } from '../../../platform/tensorflow/tensor-backend.ts';
import { withFitErrors } from '../fit-errors.ts';

/** Plain data: it travels to a worker process. */
export interface SegmentJob {
  readonly panel: Panel;
  /** Grid indices, ascending; the first is the last interval that the fit may see. */
  readonly cutoffs: readonly number[];
  readonly spec: NetworkSpec;
  readonly fit: FitOptions;
  readonly seed: number;
  readonly backend: BackendName;
}

export interface SegmentResult {
  readonly result: BacktestResult;
  /** Forecaster → seconds its fit took. */
  readonly seconds: Readonly<Record<string, number>>;
}

export interface SegmentProgress {
  /** Of `segmentUnits(job)`. */
  readonly done: number;
  readonly note: string;
}

/**
 * How much work a segment is, for a progress bar: batches to learn from, and cutoffs to forecast
 * at.
 */
export const segmentUnits = ({ fit, cutoffs }: Pick<SegmentJob, 'fit' | 'cutoffs'>): number =>
  fit.steps * fit.members + cutoffs.length;

/** May be asynchronous: it is awaited, so that a worker can hear that its parent is gone. */
type Report = (progress: SegmentProgress) => void | Promise<void>;

/** Fits a forecaster on a panel that ends with the last interval it may see. */
export type Fit = (
  past: Panel,
  job: SegmentJob,
  onStep: (step: number, note: string) => void | Promise<void>,
) => Promise<Forecaster>;

/**
 * @param fitMembers where the network's members are fitted; one after another in this process
 * by default
 */
export const validatorOf = (fitMembers?: MemberFitter): Readonly<Record<string, Fit>> => ({
  exponential_smoothing: async (past, { spec }) =>
    smoothingForecaster(fitSmoothing(past, spec.features, past.length - 1)),
  ridge: async (past, { spec, fit, seed }) =>
    ridgeForecaster(
      fitRidge(past, spec.features, past.length - 1, fit, randomStreams(seed)('ridge')),
    ),
  network: async (past, { spec, fit, seed }, onStep) => {
    const units = fit.steps * fit.members;
    const onProgress = ({ step, steps, loss }: FitProgress) =>
      onStep(Math.floor((units * step) / steps), `loss ${loss.toFixed(4)}`);
    const extras = fitMembers ? { fitMembers } : {};
    return networkForecaster(
      await fitNetwork(past, spec, past.length - 1, fit, randomStreams(seed), onProgress, extras),
    );
  },
});

export async function runSegment(
  job: SegmentJob,
  report: Report = () => {},
  fits: Readonly<Record<string, Fit>> = validatorOf(),
  clock: Clock = systemClock,
): Promise<SegmentResult> {
  const { panel, cutoffs, spec, fit } = job;
  const past = panelUpTo(panel, cutoffs[0] as number);
  const forecasters: Forecaster[] = [];
  const seconds: Record<string, number> = {};
  for (const [name, fitOne] of Object.entries(fits)) {
    const started = clock.elapsedMs();
    await report({ done: 0, note: `fitting ${name.replaceAll('_', ' ')}` });
    const onStep = (step: number, note: string) => report({ done: step, note });
    forecasters.push(await withFitErrors(() => fitOne(past, job, onStep)));
    seconds[name] = (clock.elapsedMs() - started) / 1000;
  }
  const result = await runBacktest(
    panel,
    forecasters,
    cutoffs,
    spec.features.horizon,
    (done, total) =>
      report({ done: fit.steps * fit.members + done, note: `cutoff ${done} of ${total}` }),
  );
  return { result, seconds };
}
