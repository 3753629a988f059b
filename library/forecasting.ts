/**
 * Purpose: the forecasting core for other programs: `import { … } from 'headway/forecasting'`. What
 * this file exports is the public surface; everything else may change.
 * Invariants: backtest and fit run the code of `headway train`; nothing is read, written or sent;
 * the same panel, options and backend give the same forecasts.
 * Fails: a HeadwayError with a stable code, what was wrong, where, and a fix: PANEL_INVALID,
 * SETTINGS_INVALID, HORIZON_INVALID, HISTORY_TOO_SHORT, BACKEND_UNAVAILABLE, MODEL_CORRUPT.
 */
import type { Metrics } from '../forecasting/evaluation/metrics.ts';
import { type Forecaster, predictWhole } from '../forecasting/models/forecaster.ts';
import {
  networkForecaster,
  restoreNetwork,
  saveNetwork,
} from '../forecasting/models/network/forecaster.ts';
import type { TrainedNetwork } from '../forecasting/models/network/network.ts';
import { lastObserved, type Panel, panelUpTo, timestampAt } from '../forecasting/panel/panel.ts';
import { systemClock } from '../platform/clock.ts';
import { HeadwayError } from '../platform/errors.ts';
import { silentProgress } from '../platform/progress.ts';
import { startTensorBackend } from '../platform/tensorflow/tensor-backend.ts';
import { baselinesOf, evaluate, fitUpTo } from '../services/training/evaluation.ts';
import { judge } from '../services/training/gate.ts';
import { fitToHistory } from '../services/training/short-history.ts';
import {
  defaultConfigOf,
  networkSpecOf,
  type TrainingConfig,
} from '../services/training/training-config.ts';
import { domainOf } from './domain.ts';
import type { Backend, ForecastOptions } from './options.ts';

export { type CsvOptions, panelFromCsv, panelFromRows, type Row, type RowOptions } from './rows.ts';
export { type Backend, type ForecastOptions, HeadwayError, type Metrics, type Panel };

/** A fitted model. It holds no data but the ids of its series. */
export interface Model {
  /** Intervals that it forecasts at most. */
  readonly horizon: number;
  /** Length of the intervals that it was fitted on. */
  readonly frequencyMinutes: number;
  readonly quantiles: readonly number[];
  readonly forecaster: Forecaster;
  /** To keep: `model` is plain JSON, `weights` are bytes. `restore` takes both. */
  save(): { readonly model: object; readonly weights: Uint8Array };
}

export interface Backtest {
  /** Forecaster → metrics over all series; `network`, and the naive baselines. */
  readonly metrics: Readonly<Record<string, Metrics>>;
  /**
   * Whether the network beats every naive baseline by the rules of the gate of `headway train`, in
   * one sentence. Over all series and groups of steps, at 5 %: there is no champion, no group of
   * series is looked at alone, no leakage check is run, and no log shares out an error budget.
   */
  readonly verdict: { readonly promoted: boolean; readonly reason: string };
  /** UTC times of the last known interval of each forecast that was scored. */
  readonly cutoffs: readonly string[];
}

export interface ForecastRow {
  readonly seriesId: string;
  /** UTC start of the interval. */
  readonly timestamp: string;
  /** From 1. */
  readonly step: number;
  /** Quantile → value, e.g. `quantiles['0.5']`. */
  readonly quantiles: Readonly<Record<string, number>>;
  readonly mean: number;
}

/**
 * Scores the network and naive baselines on the last days of the panel, which the fit does not see.
 * @example
 * const { verdict, metrics } = await backtest(panel, { horizon: 24 });
 */
export async function backtest(panel: Panel, options: ForecastOptions): Promise<Backtest> {
  const { domain, config, observed, seed } = await prepare(panel, options);
  const evaluation = await evaluate({
    ...{ domain, panel: observed, config, seed, clock: systemClock, progress: silentProgress },
  });
  const { result } = evaluation;
  const { promoted, reason } = judge(result, 'network', {
    baselines: await baselinesOf(domain, observed, result),
  });
  return {
    metrics: evaluation.metrics.all ?? {},
    verdict: { promoted, reason },
    cutoffs: result.cutoffs.map((cutoff) => isoTime(timestampAt(observed, cutoff))),
  };
}

/** Fits the network on all that the panel knows. `backtest` says whether to trust it. */
export async function fit(panel: Panel, options: ForecastOptions): Promise<Model> {
  const { domain, config, observed, seed } = await prepare(panel, options);
  const last = observed.length - 1;
  const spec = networkSpecOf(domain, observed, config, last);
  const request = { panel: observed, config, seed, progress: silentProgress };
  return modelOf(await fitUpTo(request, spec, last));
}

/**
 * Forecasts of every series after the last known interval of the panel, which may be a newer one
 * than the model was fitted on.
 */
export function predict(model: Model, panel: Panel, horizon = model.horizon): ForecastRow[] {
  if (!Number.isInteger(horizon) || horizon < 1 || horizon > model.horizon) {
    throw new HeadwayError('HORIZON_INVALID', `the model forecasts 1 to ${model.horizon} steps`, {
      where: 'horizon',
      fix: 'Ask for fewer steps, or fit with a longer horizon.',
    });
  }
  if (panel.frequencyMinutes !== model.frequencyMinutes)
    throw new HeadwayError(
      'PANEL_INVALID',
      `the panel has intervals of ${panel.frequencyMinutes} minutes, the model was fitted on ` +
        `${model.frequencyMinutes}`,
      { where: 'frequencyMinutes', fix: 'Use a panel of the same frequency, or fit again.' },
    );
  const cutoff = lastObserved(panel);
  const needed = model.forecaster.minimumHistory;
  if (cutoff + 1 < needed) throw tooShort(cutoff + 1, needed);
  const { values, mean } = predictWhole(model.forecaster, panel, cutoff, horizon);
  const rows: ForecastRow[] = [];
  for (const [series, seriesId] of panel.seriesIds.entries()) {
    for (let k = 0; k < horizon; k++) {
      const at = (q: number) => (series * model.quantiles.length + q) * horizon + k;
      rows.push({
        ...{ seriesId, step: k + 1, timestamp: isoTime(timestampAt(panel, cutoff + k + 1)) },
        quantiles: Object.fromEntries(
          model.quantiles.map((quantile, q) => [String(quantile), values[at(q)] as number]),
        ),
        mean: mean[series * horizon + k] as number,
      });
    }
  }
  return rows;
}

/** The model that `save` gave. */
export async function restore(
  { model, weights }: ReturnType<Model['save']>,
  backend: Backend = 'auto',
): Promise<Model> {
  await startTensorBackend(QUIET, backend, 'prediction');
  try {
    return describe(restoreNetwork(model, weights), () => ({ model, weights }), model);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new HeadwayError('MODEL_CORRUPT', error.message, {
      ...{ where: 'restore', cause: error, fix: 'Pass what save() returned, unchanged.' },
    });
  }
}

const QUIET = { info() {} };

async function prepare(panel: Panel, options: ForecastOptions) {
  const last = lastObserved(panel);
  if (last < 0) throw tooShort(0, 1);
  const observed = panelUpTo(panel, last);
  const domain = domainOf(observed, options);
  await startTensorBackend(QUIET, options.backend ?? 'auto', 'training');
  const asked = defaultConfigOf(domain);
  const whole: TrainingConfig = {
    ...asked,
    fit: { ...asked.fit, steps: options.steps ?? asked.fit.steps },
    testDays: options.testDays ?? asked.testDays,
  };
  const config = options.testDays === undefined ? fitToHistory(domain, observed, whole) : whole;
  return { domain, config, observed, seed: options.seed ?? 1 };
}

function modelOf(fitted: TrainedNetwork): Model {
  return describe(networkForecaster(fitted), () => saveNetwork(fitted), { spec: fitted.spec });
}

function describe(forecaster: Forecaster, save: Model['save'], model: object): Model {
  const { spec } = model as { spec: TrainedNetwork['spec'] };
  const { horizon, frequencyMinutes } = spec.features;
  return { horizon, frequencyMinutes, quantiles: spec.quantiles, forecaster, save };
}

const isoTime = (time: number): string => new Date(time).toISOString();

const tooShort = (have: number, needed: number): HeadwayError =>
  new HeadwayError('HISTORY_TOO_SHORT', `the panel knows ${have} intervals, ${needed} are needed`, {
    ...{ where: 'panel', fix: 'Provide more history, or a shorter season.' },
  });
