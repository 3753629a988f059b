/**
 * Purpose: AdamW on one flat array: faster than TensorFlow.js's optimizer on many small tensors,
 * and its whole state is three arrays, so a checkpoint resumes bit for bit.
 * Invariants: decoupled weight decay (not on biases); gradients are clipped by their global norm.
 * Fails: never; a non-finite gradient norm skips the step and is counted.
 * Source: Loshchilov & Hutter 2019, "Decoupled Weight Decay Regularization" (arXiv:1711.05101).
 */
export interface AdamWState {
  readonly weights: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  steps: number;
  skipped: number;
}

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;
const MAX_NORM = 1;

export const createAdamW = (weights: Float32Array): AdamWState => ({
  weights,
  mean: new Float32Array(weights.length),
  variance: new Float32Array(weights.length),
  steps: 0,
  skipped: 0,
});

/** One step, in place. `decay[i]` is the weight decay of parameter i. */
export function adamWStep(
  state: AdamWState,
  gradient: Float32Array,
  rate: number,
  decay: Float32Array,
): void {
  let square = 0;
  for (let i = 0; i < gradient.length; i++) square += (gradient[i] as number) ** 2;
  const norm = Math.sqrt(square);
  if (!Number.isFinite(norm)) {
    state.skipped++;
    return;
  }
  const clip = norm > MAX_NORM ? MAX_NORM / norm : 1;
  state.steps++;
  const correction1 = 1 - BETA1 ** state.steps;
  const correction2 = 1 - BETA2 ** state.steps;
  const { weights, mean, variance } = state;
  for (let i = 0; i < gradient.length; i++) {
    const g = (gradient[i] as number) * clip;
    const m = BETA1 * (mean[i] as number) + (1 - BETA1) * g;
    const v = BETA2 * (variance[i] as number) + (1 - BETA2) * g * g;
    mean[i] = m;
    variance[i] = v;
    const w = weights[i] as number;
    weights[i] =
      w -
      rate * (m / correction1 / (Math.sqrt(v / correction2) + EPSILON) + (decay[i] as number) * w);
  }
}

/**
 * One-cycle rate (Smith & Topin 2018, arXiv:1708.07120): a linear warm-up over the first 30 %, then
 * cosine decay to zero.
 */
export function oneCycleRate(progress: number, peak: number): number {
  const warmUp = 0.3;
  if (progress < warmUp) return peak * (0.04 + (0.96 * progress) / warmUp);
  return peak * 0.5 * (1 + Math.cos((Math.PI * (progress - warmUp)) / (1 - warmUp)));
}
