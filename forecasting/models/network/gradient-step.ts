/**
 * Purpose: the arithmetic of one training step: initial weights, the pinball loss, its gradient and
 * the update.
 * Invariants: dropout draws from the given stream only; tensors are disposed.
 * Fails: never; a step whose gradient is not finite is skipped (adamw.ts).
 * Source: pinball loss of Koenker & Bassett 1978: max(q · e, (q − 1) · e) for e = actual −
 * forecast; inverted dropout of Srivastava et al. 2014.
 */
import * as tf from '@tensorflow/tfjs-core';
import { featureSizes } from '../../features/feature-spec.ts';
import { type AdamWState, adamWStep } from './adamw.ts';
import {
  forward,
  type NetworkSpec,
  parameterCount,
  parameterShapes,
  sizeOf,
  toTensors,
} from './network.ts';
import type { TrainingBatch } from './training-batch.ts';

/**
 * Glorot-uniform matrices (Glorot & Bengio 2010), zero biases; the embedding starts small, its
 * unknown row at zero.
 */
export function initialWeights(spec: NetworkSpec, random: () => number): Float32Array {
  const weights = new Float32Array(parameterCount(spec));
  let at = 0;
  for (const { name, shape, decay } of parameterShapes(spec)) {
    const size = sizeOf(shape);
    if (decay) {
      const [inputs, outputs] = shape as [number, number];
      const limit =
        name === 'embedding'
          ? 0.1
          : Math.sqrt(6 / (inputs + outputs)) * (name === 'output' ? 0.1 : 1);
      for (let i = 0; i < size; i++) weights[at + i] = (2 * random() - 1) * limit;
    }
    at += size;
  }
  return weights;
}

export function decayOf(spec: NetworkSpec, weightDecay: number): Float32Array {
  const decay = new Float32Array(parameterCount(spec));
  let at = 0;
  for (const { shape, decay: isDecayed } of parameterShapes(spec)) {
    if (isDecayed) decay.fill(weightDecay, at, at + sizeOf(shape));
    at += sizeOf(shape);
  }
  return decay;
}

/** Forward, backward, update. Returns the batch's loss. */
export function trainStep(
  spec: NetworkSpec,
  state: AdamWState,
  batch: TrainingBatch,
  rate: number,
  decay: Float32Array,
  dropout: number,
  random: () => number,
): number {
  const rows = batch.capacity;
  const results = tf.tidy(() => {
    const parameters = toTensors(spec, state.weights);
    const names = Object.keys(parameters);
    const { target, weight, ...inputs } = toInputs(spec, batch);
    const mask =
      dropout > 0
        ? tf.tensor2d(dropoutMask(rows * spec.width, dropout, random), [rows, spec.width])
        : undefined;
    const loss = (...values: tf.Tensor[]) => {
      const named = Object.fromEntries(names.map((name, i) => [name, values[i] as tf.Tensor]));
      return pinball(spec.quantiles, forward(spec, named, inputs, mask), target, weight);
    };
    const { value, grads } = tf.valueAndGrads(loss)(
      names.map((name) => parameters[name] as tf.Tensor),
    );
    return [value, ...grads];
  });
  const gradient = new Float32Array(state.weights.length);
  let at = 0;
  for (const tensor of results.slice(1)) {
    gradient.set(tensor.dataSync() as Float32Array, at);
    at += tensor.size;
  }
  const loss = results[0]?.dataSync()[0] ?? Number.NaN;
  for (const tensor of results) tensor.dispose();
  adamWStep(state, gradient, rate, decay);
  return loss;
}

/** The batch as tensors, inside a `tidy`. */
function toInputs(spec: NetworkSpec, batch: TrainingBatch) {
  const { windowSize, stepSize } = featureSizes(spec.features);
  const rows = batch.capacity;
  const steps = rows * spec.features.horizon;
  return {
    window: tf.tensor2d(batch.window, [rows, windowSize]),
    step: tf.tensor2d(batch.step, [steps, stepSize]),
    series: tf.cast(
      tf.oneHot(tf.tensor1d(batch.series, 'int32'), spec.seriesIds.length + 1),
      'float32',
    ) as tf.Tensor2D,
    target: tf.tensor2d(batch.target, [steps, 1]),
    weight: tf.tensor2d(batch.weight, [steps, 1]),
  };
}

/** The loss of these weights on a batch, without learning from it. */
export function lossOf(spec: NetworkSpec, weights: Float32Array, batch: TrainingBatch): number {
  const loss = tf.tidy(() => {
    const { target, weight, ...inputs } = toInputs(spec, batch);
    return pinball(spec.quantiles, forward(spec, toTensors(spec, weights), inputs), target, weight);
  });
  const value = loss.dataSync()[0] as number;
  loss.dispose();
  return value;
}

/** Inverted dropout: kept units are scaled up, so that prediction needs no change. */
function dropoutMask(size: number, dropout: number, random: () => number): Float32Array {
  const mask = new Float32Array(size);
  const kept = 1 / (1 - dropout);
  for (let i = 0; i < size; i++) mask[i] = random() < dropout ? 0 : kept;
  return mask;
}

/**
 * Weighted mean pinball loss over the quantiles, written with `maximum` because comparisons in a
 * loss have no gradient.
 */
function pinball(
  quantiles: readonly number[],
  predicted: tf.Tensor2D,
  target: tf.Tensor2D,
  weight: tf.Tensor2D,
): tf.Scalar {
  const error = tf.sub(target, predicted);
  const q = tf.tensor2d([...quantiles], [1, quantiles.length]);
  const loss = tf.maximum(tf.mul(error, q), tf.mul(error, tf.sub(q, 1)));
  return tf.mean(tf.mul(loss, weight)) as tf.Scalar;
}
