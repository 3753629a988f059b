/**
 * Purpose: a worker whose forecasts are easy to check: the last value times the model's scale, at
 * every step.
 * Invariants: knows a model once it was sent it, as the real worker does.
 * Fails: a last value of 666 ends the process, 667 keeps it for ever, 668 is a window that cannot
 * be forecast.
 */
import type {
  PredictJob,
  PredictOutcome,
} from '../../../services/inference/prediction/predict-worker.ts';

const scales = new Map<string, number>();

export async function work({
  modelVersion,
  model,
  windows,
  horizon,
}: PredictJob): Promise<PredictOutcome> {
  if (model !== null) scales.set(modelVersion, model.model as number);
  const scale = scales.get(modelVersion);
  if (scale === undefined) return null;
  const lasts = windows.map(({ panel, cutoff }) => panel.columns.target[cutoff] as number);
  if (lasts.includes(666)) process.exit(1);
  if (lasts.includes(667)) await new Promise(() => {});
  return lasts.map((last) =>
    last === 668
      ? { error: 'a window that cannot be forecast' }
      : {
          values: new Float32Array(horizon).fill(last * scale),
          mean: new Float32Array(horizon).fill(last * scale),
        },
  );
}
