/**
 * Purpose: the global, direct, multi-horizon quantile network: one small network forecasts every
 * step of every series. A dense encoder turns the window into one latent vector per step; one head,
 * shared by all steps, turns that vector and the step's own lags and calendar into offsets to the
 * shape of the week, at each quantile.
 * Invariants: outputs are in units of the window's residual scale; quantiles cannot cross (the
 * outer ones are reached by adding positive widths outwards from the median); a series the network
 * was not trained on uses the embedding's last row.
 * Fails: a RangeError for weights whose size does not fit the architecture. Source: the shape of
 * TiDE (Das et al. 2023, arXiv:2304.08424), reduced to what paid here (docs/decisions/0007).
 */
import * as tf from '@tensorflow/tfjs-core';
import { type FeatureSpec, featureSizes } from '../../features/feature-spec.ts';
import type { Calibration } from '../calibration/calibration.ts';

export interface NetworkSpec {
  readonly features: FeatureSpec;
  /** Ascending, and 0.5 is among them. */
  readonly quantiles: readonly number[];
  /** Series with an embedding of their own, in the embedding's order. */
  readonly seriesIds: readonly string[];
  readonly width: number;
  readonly latentSize: number;
  readonly headWidth: number;
  readonly embeddingSize: number;
}

/** What prediction needs. */
export interface TrainedNetwork {
  readonly spec: NetworkSpec;
  readonly scaling: InputScaling;
  /**
   * The weights of every member of the ensemble. None: the forecast is its anchor, the shape of the
   * week at the series' level.
   */
  readonly members: readonly Float32Array[];
  /**
   * [horizon × columns]: a linear model of the same standardised inputs (ridge.ts); null where
   * there is none.
   */
  readonly linear: Float32Array | null;
  /** null: the quantiles are the network's own. */
  readonly calibration: Calibration | null;
}

/** Names and shapes of the parameters, in the order in which they lie in the flat weight array. */
export function parameterShapes(
  spec: NetworkSpec,
): readonly { name: string; shape: number[]; decay: boolean }[] {
  const { windowSize, stepSize } = featureSizes(spec.features);
  const { width, latentSize, headWidth, embeddingSize, quantiles } = spec;
  const dense = (name: string, inputs: number, outputs: number) => ({
    name,
    shape: [inputs, outputs],
    decay: true,
  });
  const bias = (name: string, size: number) => ({
    name: `${name}.bias`,
    shape: [1, size],
    decay: false,
  });
  return [
    dense('embedding', spec.seriesIds.length + 1, embeddingSize),
    dense('encoder1', windowSize + embeddingSize, width),
    bias('encoder1', width),
    dense('encoder2', width, width),
    bias('encoder2', width),
    dense('latent', width, spec.features.horizon * latentSize),
    bias('latent', spec.features.horizon * latentSize),
    dense('head.latent', latentSize, headWidth),
    dense('head.step', stepSize, headWidth),
    dense('head2', headWidth, headWidth),
    dense('output', headWidth, quantiles.length),
  ];
}

export const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((product, n) => product * n, 1);

export const parameterCount = (spec: NetworkSpec): number =>
  parameterShapes(spec).reduce((sum, { shape }) => sum + sizeOf(shape), 0);

/**
 * What standardises the inputs: x' = (x − mean) · scale, per feature; and the scale of the outputs.
 */
export interface InputScaling {
  readonly windowMean: Float32Array;
  readonly windowScale: Float32Array;
  readonly stepMean: Float32Array;
  readonly stepScale: Float32Array;
  /** Typical |y − base| in units of the level: what one unit of output is worth. */
  readonly outputScale: number;
}

export interface ForwardInputs {
  /** [windows, windowSize], standardised. */
  readonly window: tf.Tensor2D;
  /** [windows · horizon, stepSize], standardised. */
  readonly step: tf.Tensor2D;
  /**
   * Which row of the embedding is a window's: [windows, series + 1] one-hot, which has a gradient;
   * or [windows] row numbers (int32).
   */
  readonly series: tf.Tensor2D | tf.Tensor1D;
}

/**
 * Offsets to the base at each quantile, [windows · horizon, quantiles], in units of outputScale.
 * `dropout` (training only) multiplies the hidden layer by a mask of shape [windows, width].
 */
export function forward(
  spec: NetworkSpec,
  parameters: Record<string, tf.Tensor>,
  inputs: ForwardInputs,
  dropout?: tf.Tensor2D,
): tf.Tensor2D {
  const p = (name: string) => parameters[name] as tf.Tensor2D;
  const windows = inputs.window.shape[0];
  const rows = windows * spec.features.horizon;
  const onesOfWindows = tf.ones([windows, 1]) as tf.Tensor2D;
  // The bias enters as a matrix product, because the gradient of a broadcast (a sum over rows) is
  // slow on WASM.
  const linear = (x: tf.Tensor2D, name: string, one: tf.Tensor2D): tf.Tensor2D =>
    tf.add(tf.matMul(x, p(name)), tf.matMul(one, p(`${name}.bias`)));
  // One row times 1 and all others times 0, or that row itself: the same bits, but the first costs
  // as much as there are series.
  const embedding =
    inputs.series.rank === 1
      ? tf.gather(p('embedding'), inputs.series as tf.Tensor1D)
      : tf.matMul(inputs.series as tf.Tensor2D, p('embedding'));
  let hidden: tf.Tensor2D = tf.relu(
    linear(tf.concat2d([inputs.window, embedding as tf.Tensor2D], 1), 'encoder1', onesOfWindows),
  );
  if (dropout) hidden = tf.mul(hidden, dropout);
  hidden = tf.relu(linear(hidden, 'encoder2', onesOfWindows));
  const latent = tf.reshape(linear(hidden, 'latent', onesOfWindows), [
    rows,
    spec.latentSize,
  ]) as tf.Tensor2D;
  const head: tf.Tensor2D = tf.relu(
    tf.add(tf.matMul(latent, p('head.latent')), tf.matMul(inputs.step, p('head.step'))),
  );
  const head2 = tf.relu(tf.matMul(head, p('head2')));
  return toQuantiles(spec.quantiles, tf.matMul(head2, p('output')) as tf.Tensor2D);
}

/**
 * Raw outputs to ascending quantiles: the median as it is, the others by positive widths outwards
 * from it.
 */
function toQuantiles(quantiles: readonly number[], raw: tf.Tensor2D): tf.Tensor2D {
  const Q = quantiles.length;
  const { ofRaw, ofWidths } = quantileSums(quantiles);
  return tf.add(
    tf.matMul(raw, tf.tensor2d(ofRaw, [Q, Q])),
    tf.matMul(tf.softplus(raw), tf.tensor2d(ofWidths, [Q, Q])),
  );
}

/** [Q × Q] each: what sums raw outputs and their softplus to ascending quantiles. */
export function quantileSums(quantiles: readonly number[]): {
  ofRaw: Float32Array;
  ofWidths: Float32Array;
} {
  const Q = quantiles.length;
  const median = quantiles.indexOf(0.5);
  const ofRaw = new Float32Array(Q * Q);
  const ofWidths = new Float32Array(Q * Q);
  for (let q = 0; q < Q; q++) {
    ofRaw[median * Q + q] = 1;
    for (let between = median + 1; between <= q; between++) ofWidths[between * Q + q] = 1;
    for (let between = median - 1; between >= q; between--) ofWidths[between * Q + q] = -1;
  }
  return { ofRaw, ofWidths };
}

/** The flat weights as named tensors. The caller disposes them. */
export function toTensors(spec: NetworkSpec, weights: Float32Array): Record<string, tf.Tensor> {
  if (weights.length !== parameterCount(spec)) {
    throw new RangeError(
      `the architecture has ${parameterCount(spec)} parameters, the weights have ${weights.length}`,
    );
  }
  const tensors: Record<string, tf.Tensor> = {};
  let offset = 0;
  for (const { name, shape } of parameterShapes(spec)) {
    tensors[name] = tf.tensor(weights.slice(offset, offset + sizeOf(shape)), shape, 'float32');
    offset += sizeOf(shape);
  }
  return tensors;
}
