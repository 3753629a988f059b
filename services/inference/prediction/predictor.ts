/**
 * Purpose: where forecasts are computed: a port, because a service does it in a process of its own
 * and a Lambda has none.
 * Invariants: the values are exactly of the model that is passed, whatever is swapped in meanwhile;
 * both implementations give the same bits.
 * Fails: as the forecaster does; OVERLOADED where too many wait; WorkerUnavailableError where the
 * worker process ended or timed out: the caller then uses a baseline.
 */
import { type Prediction, predictWhole } from '../../../forecasting/models/forecaster.ts';
import type { Panel } from '../../../forecasting/panel/panel.ts';
import { overloaded } from '../overloaded.ts';
import type { LoadedModel } from '../serving/load-parts.ts';

/** `asked`: a client waits for it. `swap`: all series of a new model or snapshot, in chunks. */
export type Urgency = 'asked' | 'swap';

export interface Predictor {
  /** All steps of the model, of every series of the panel. */
  predict(model: LoadedModel, panel: Panel, cutoff: number, urgency: Urgency): Promise<Prediction>;
  /** Forecasts that were asked for and are not computed yet. */
  waiting(): number;
  /** Computes what waits, and no more after that. */
  close(): Promise<void>;
}

/** What a predictor reports to the metrics. */
export interface PredictorWatch {
  /** So many forecasts were computed together. */
  readonly onBatch: (size: number) => void;
  /** The worker process ended or timed out. */
  readonly onFailure: () => void;
}

/** Of a process whose backend runs already. */
export const backendReady = async (): Promise<void> => {};

export type OpenPredictor = (watch: PredictorWatch) => Predictor;

/** The prediction worker is unavailable for now. */
export class WorkerUnavailableError extends Error {}

/** By the predictor; a baseline, which no other process knows, by itself. */
export async function computed(
  predictor: Predictor,
  model: LoadedModel,
  panel: Panel,
  cutoff: number,
  urgency: Urgency,
): Promise<Prediction> {
  if (model.stored === null)
    return predictWhole(model.forecaster, panel, cutoff, model.card.horizon);
  return predictor.predict(model, panel, cutoff, urgency);
}

/** As `computed`, without a baseline: OVERLOADED while the worker is unavailable. */
export const computedByModel = (
  predictor: Predictor,
  model: LoadedModel,
  panel: Panel,
  cutoff: number,
): Promise<Prediction> =>
  computed(predictor, model, panel, cutoff, 'asked').catch((error: unknown) => {
    throw error instanceof WorkerUnavailableError
      ? overloaded('the prediction worker is unavailable')
      : error;
  });

/**
 * Computes at once, on the event loop of this process, as soon as that can: `startBackend` is
 * called each time, and starts it once.
 */
export const inProcessPredictor =
  (startBackend: () => Promise<unknown>): OpenPredictor =>
  ({ onBatch }) => ({
    async predict({ forecaster, card }, panel, cutoff, urgency) {
      await startBackend();
      if (urgency === 'asked') onBatch(1);
      return predictWhole(forecaster, panel, cutoff, card.horizon);
    },
    waiting: () => 0,
    close: async () => {},
  });
