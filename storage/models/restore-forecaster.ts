/**
 * Purpose: the forecaster of a stored model, ours or of others: the one place that knows both.
 * Invariants: what an external model needs is loaded when there is one, and never before.
 * Fails: a RangeError for a model that does not fit together; PACKAGE_MISSING and
 * MODEL_INCOMPATIBLE as the session does.
 */
import { externalForecaster, isExternal } from '../../forecasting/models/external/forecaster.ts';
import type { Forecaster } from '../../forecasting/models/forecaster.ts';
import { restoreNetwork } from '../../forecasting/models/network/forecaster.ts';
import { openOnnxSession } from '../../platform/onnx/session.ts';

export function restoreForecaster(model: unknown, weights: Uint8Array): Forecaster {
  if (!isExternal(model)) return restoreNetwork(model, weights);
  const { ensemble } = model;
  const { run } = openOnnxSession(weights.slice(0, ensemble?.graphBytes), model.card.name);
  const ours = ensemble && restoreNetwork(ensemble.model, weights.slice(ensemble.graphBytes));
  return externalForecaster(model, run, ours);
}
