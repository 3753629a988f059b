/**
 * Purpose: what the worker process runs: the forecasts of many windows by one model in one pass.
 * Invariants: it caches the last models by version and computes with the requested one only; an
 * invalid window fails alone; it uses the backend of the job, so worker and service give the same
 * bits.
 * Fails: BACKEND_UNAVAILABLE, and a RangeError for a model that cannot be restored; both fail the
 * whole job.
 */
import {
  type CutPanel,
  type Forecaster,
  type Prediction,
  predictAll,
  predictWhole,
} from '../../../forecasting/models/forecaster.ts';
import { silentLogger } from '../../../platform/telemetry/logger.ts';
import {
  type BackendName,
  startTensorBackend,
} from '../../../platform/tensorflow/tensor-backend.ts';
import { restoreForecaster } from '../../../storage/models/restore-forecaster.ts';

export interface PredictJob {
  readonly backend: BackendName;
  readonly modelVersion: string;
  /** null: the worker should have it. */
  readonly model: { readonly model: unknown; readonly weights: Uint8Array } | null;
  readonly windows: readonly CutPanel[];
  readonly horizon: number;
}

/** `null`: the worker does not know the model. Else what became of each window, in order. */
export type PredictOutcome = readonly (Prediction | { readonly error: string })[] | null;

/** The served one, and the one that is about to be. */
const MODELS = 2;

/** In the order in which they came. */
const cached = new Map<string, Forecaster>();
let backend: Promise<unknown> | null = null;

export async function work(job: PredictJob): Promise<PredictOutcome> {
  backend ??= startTensorBackend(silentLogger, job.backend, 'prediction');
  await backend;
  const { model, modelVersion } = job;
  let forecaster = cached.get(modelVersion);
  if (forecaster === undefined) {
    if (model === null) return null;
    forecaster = restoreForecaster(model.model, model.weights);
    if (cached.size >= MODELS) cached.delete(cached.keys().next().value as string);
    cached.set(modelVersion, forecaster);
  }
  return predictedBy(forecaster, job);
}

/** One window at fault must not cost the others their forecast. */
export function predictedBy(
  forecaster: Forecaster,
  { windows, horizon }: Pick<PredictJob, 'windows' | 'horizon'>,
): PredictOutcome {
  try {
    return predictAll(forecaster, windows, horizon);
  } catch {
    return windows.map(({ panel, cutoff }) => {
      try {
        return predictWhole(forecaster, panel, cutoff, horizon);
      } catch (error) {
        return { error: error instanceof Error ? error.message : String(error) };
      }
    });
  }
}
