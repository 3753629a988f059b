/**
 * Purpose: fit the network: draw windows, step AdamW along a one-cycle rate, give weights.
 * Invariants: no window's target reaches past `lastCutoff`; the same panel, options and seed give the same weights on the
 * same backend; batches reuse their arrays.
 * Fails: a RangeError where the panel holds no complete training window.
 */
import * as tf from '@tensorflow/tfjs-core';
import {
  createFeatureBatch,
  createFeatureSource,
  type FeatureBatch,
  type FeatureSource,
  featureSizes,
  writeFeatures,
} from '../features.ts';
import { type Panel, targetOf } from '../panel.ts';
import { type AdamWState, adamWStep, createAdamW, oneCycleRate } from './adamw.ts';
import { forward, type InputScaling, type NetworkSpec, parameterCount, parameterShapes, sizeOf, toTensors } from './network.ts';

const STEPS_PER_REPORT = 20;

export interface FitOptions {
  /** Windows start every `stride` intervals; coprime with the day, so that every hour meets every step. */
  readonly stride: number;
  /** Batches to learn from; the windows are passed over as often as that takes. */
  readonly steps: number;
  readonly batchSize: number;
  readonly peakRate: number;
  readonly weightDecay: number;
  readonly dropout: number;
  /** Share of windows shown under the embedding of an unknown series, so that such a series gets a sane forecast. */
  readonly anonymous: number;
  /** A series' weight in the loss is level^levelPower (in units of the level): 1 serves real units alone, 0 relative ones. */
  readonly levelPower: number;
}

export interface FitProgress {
  readonly epoch: number;
  readonly step: number;
  readonly steps: number;
  /** Mean pinball loss of the last steps, in units of the output scale. */
  readonly loss: number;
  readonly rate: number;
}

export interface FittedNetwork {
  readonly spec: NetworkSpec;
  readonly scaling: InputScaling;
  readonly weights: Float32Array;
  readonly steps: number;
  readonly windows: number;
}

/**
 * Fits on every window whose targets end at or before grid index `lastTarget`.
 * @param random uniform draws from [0, 1), the only source of randomness
 * @param onProgress may be asynchronous: it is awaited, so that the caller can draw, checkpoint or stop
 */
export async function fitNetwork(
  panel: Panel,
  spec: NetworkSpec,
  lastTarget: number,
  options: FitOptions,
  random: () => number,
  onProgress: (progress: FitProgress) => void | Promise<void> = () => {},
): Promise<FittedNetwork> {
  const source = createFeatureSource(panel, spec.features);
  const { horizon } = spec.features;
  const cutoffs = trainingCutoffs(source, lastTarget, options.stride);
  const seriesCount = panel.seriesIds.length;
  const windows = cutoffs.length * seriesCount;
  if (windows === 0) {
    throw new RangeError(
      `no training window: they need ${source.sizes.historyIntervals + horizon} intervals up to index ${lastTarget}; shorten the held-out span or bring more history`,
    );
  }
  const batchSize = Math.min(options.batchSize, windows);
  const batch = createTrainingBatch(source, batchSize);
  const embeddingRow = embeddingRows(spec, panel);
  const scaling = fitScaling(source, cutoffs, random);
  const state = createAdamW(initialWeights(spec, random));
  const decay = decayOf(spec, options.weightDecay);
  const weightOf = lossWeights(source, cutoffs, options.levelPower);
  const stepsPerEpoch = Math.floor(windows / batchSize);
  const { steps } = options;
  const order = Uint32Array.from({ length: windows }, (_, i) => i);
  let lossSum = 0;
  let lossCount = 0;
  for (let step = 0; step < steps; step++) {
    const position = step % stepsPerEpoch;
    if (position === 0) shuffle(order, random);
    for (let row = 0; row < batchSize; row++) {
      const index = order[position * batchSize + row] as number;
      const series = index % seriesCount;
      const cutoff = cutoffs[(index / seriesCount) | 0] as number;
      fillRow(source, batch, row, series, cutoff, scaling, weightOf(series));
      batch.series[row] = random() < options.anonymous ? spec.seriesIds.length : (embeddingRow[series] as number);
    }
    const rate = oneCycleRate(step / steps, options.peakRate);
    lossSum += trainStep(spec, state, batch, rate, decay, options.dropout, random);
    lossCount++;
    if (lossCount === STEPS_PER_REPORT || step + 1 === steps) {
      await onProgress({ epoch: (step / stepsPerEpoch) | 0, step: step + 1, steps, loss: lossSum / lossCount, rate });
      lossSum = 0;
      lossCount = 0;
    }
  }
  return { spec, scaling, weights: state.weights, steps, windows };
}

export interface TrainingBatch extends FeatureBatch {
  /** [capacity × horizon]: (y − base) in units of the output scale; 0 where y is unknown. */
  readonly target: Float32Array;
  /** [capacity × horizon]: weight in the loss; 0 where y is unknown. */
  readonly weight: Float32Array;
  /** [capacity]: row of the embedding. */
  readonly series: Int32Array;
}

function createTrainingBatch(source: FeatureSource, capacity: number): TrainingBatch {
  const { horizon } = source.spec;
  return {
    ...createFeatureBatch(source.sizes, horizon, capacity),
    target: new Float32Array(capacity * horizon),
    weight: new Float32Array(capacity * horizon),
    series: new Int32Array(capacity),
  };
}

function trainingCutoffs(source: FeatureSource, lastTarget: number, stride: number): Int32Array {
  const first = source.sizes.historyIntervals - 1;
  const last = Math.min(lastTarget, source.panel.length - 1) - source.spec.horizon;
  const cutoffs: number[] = [];
  // Counted back from the end, so that the latest window is always among them.
  for (let cutoff = last; cutoff >= first; cutoff -= stride) cutoffs.push(cutoff);
  return Int32Array.from(cutoffs.reverse());
}

function fillRow(
  source: FeatureSource,
  batch: TrainingBatch,
  row: number,
  series: number,
  cutoff: number,
  scaling: InputScaling,
  weight: number,
): void {
  const { horizon } = source.spec;
  writeFeatures(source, series, cutoff, batch, row);
  standardiseRow(batch, row, source, scaling);
  const values = targetOf(source.panel, series);
  const scale = 1 / (batch.level[row] as number);
  for (let k = 0; k < horizon; k++) {
    const at = row * horizon + k;
    const y = values[cutoff + 1 + k] as number;
    const isKnown = !Number.isNaN(y);
    batch.target[at] = isKnown ? (y * scale - (batch.base[at] as number)) / scaling.outputScale : 0;
    batch.weight[at] = isKnown ? weight : 0;
  }
}

/** Standardises one written row in place: training and prediction share this. */
export function standardiseRow(batch: FeatureBatch, row: number, source: FeatureSource, scaling: InputScaling): void {
  const { windowSize, stepSize } = source.sizes;
  const { horizon } = source.spec;
  const windowAt = row * windowSize;
  for (let i = 0; i < windowSize; i++) {
    batch.window[windowAt + i] = clamp(
      ((batch.window[windowAt + i] as number) - (scaling.windowMean[i] as number)) * (scaling.windowScale[i] as number),
    );
  }
  for (let k = 0; k < horizon; k++) {
    const stepAt = (row * horizon + k) * stepSize;
    for (let i = 0; i < stepSize; i++) {
      batch.step[stepAt + i] = clamp(
        ((batch.step[stepAt + i] as number) - (scaling.stepMean[i] as number)) * (scaling.stepScale[i] as number),
      );
    }
  }
}

/** Standardised inputs beyond ten deviations say no more than ten: an absurd history must not make an absurd forecast. */
const clamp = (x: number): number => (x > 10 ? 10 : x < -10 ? -10 : x);

/** Means and deviations of the inputs over a sample of windows. */
function fitScaling(source: FeatureSource, cutoffs: Int32Array, random: () => number): InputScaling {
  const { sizes, panel, spec } = source;
  const sample = Math.min(4096, cutoffs.length * panel.seriesIds.length);
  const batch = createFeatureBatch(sizes, spec.horizon, 1);
  const window = createMoments(sizes.windowSize);
  const step = createMoments(sizes.stepSize);
  let residual = 0;
  let residuals = 0;
  for (let i = 0; i < sample; i++) {
    const series = Math.floor(random() * panel.seriesIds.length);
    const cutoff = cutoffs[Math.floor(random() * cutoffs.length)] as number;
    writeFeatures(source, series, cutoff, batch, 0);
    addMoments(window, batch.window, 0);
    const values = targetOf(panel, series);
    for (let k = 0; k < spec.horizon; k++) {
      addMoments(step, batch.step, k * sizes.stepSize);
      const y = values[cutoff + 1 + k] as number;
      if (Number.isNaN(y)) continue;
      residual += Math.abs(y / (batch.level[0] as number) - (batch.base[k] as number));
      residuals++;
    }
  }
  const [windowMean, windowScale] = momentsResult(window);
  const [stepMean, stepScale] = momentsResult(step);
  return { windowMean, windowScale, stepMean, stepScale, outputScale: residuals > 0 && residual > 0 ? residual / residuals : 1 };
}

interface Moments {
  readonly sum: Float64Array;
  readonly square: Float64Array;
  count: number;
}

const createMoments = (size: number): Moments => ({ sum: new Float64Array(size), square: new Float64Array(size), count: 0 });

function addMoments(moments: Moments, values: Float32Array, offset: number): void {
  moments.count++;
  for (let i = 0; i < moments.sum.length; i++) {
    const x = values[offset + i] as number;
    moments.sum[i] = (moments.sum[i] as number) + x;
    moments.square[i] = (moments.square[i] as number) + x * x;
  }
}

function momentsResult(moments: Moments): [mean: Float32Array, scale: Float32Array] {
  const mean = Float32Array.from(moments.sum, (sum) => sum / moments.count);
  const scale = Float32Array.from(moments.square, (square, i) => {
    const variance = square / moments.count - (mean[i] as number) ** 2;
    return variance > 1e-8 ? 1 / Math.sqrt(variance) : 1;
  });
  return [mean, scale];
}

/** Glorot-uniform matrices (Glorot & Bengio 2010), zero biases; the embedding starts small, its unknown row at zero. */
function initialWeights(spec: NetworkSpec, random: () => number): Float32Array {
  const weights = new Float32Array(parameterCount(spec));
  let at = 0;
  for (const { name, shape, decay } of parameterShapes(spec)) {
    const size = sizeOf(shape);
    if (decay) {
      const [inputs, outputs] = shape as [number, number];
      const limit = name === 'embedding' ? 0.1 : Math.sqrt(6 / (inputs + outputs)) * (name === 'output' ? 0.1 : 1);
      for (let i = 0; i < size; i++) weights[at + i] = (2 * random() - 1) * limit;
    }
    at += size;
  }
  return weights;
}

function decayOf(spec: NetworkSpec, weightDecay: number): Float32Array {
  const decay = new Float32Array(parameterCount(spec));
  let at = 0;
  for (const { shape, decay: isDecayed } of parameterShapes(spec)) {
    if (isDecayed) decay.fill(weightDecay, at, at + sizeOf(shape));
    at += sizeOf(shape);
  }
  return decay;
}

/** A series' weight in the loss, with mean 1 over the series. */
function lossWeights(source: FeatureSource, cutoffs: Int32Array, power: number): (series: number) => number {
  const last = cutoffs[cutoffs.length - 1] as number;
  const raw = source.panel.seriesIds.map((_, series) => {
    const values = targetOf(source.panel, series).subarray(0, last + 1);
    let sum = 0;
    let count = 0;
    for (const value of values) {
      if (Number.isNaN(value)) continue;
      sum += Math.abs(value);
      count++;
    }
    return count > 0 ? Math.max(sum / count, 1e-3) ** power : 0;
  });
  const mean = raw.reduce((sum, w) => sum + w, 0) / raw.length || 1;
  return (series) => (raw[series] as number) / mean;
}

/** The embedding row of each of the panel's series; the unknown row where the network does not know the series. */
export function embeddingRows(spec: NetworkSpec, panel: Panel): Int32Array {
  const rowOf = new Map(spec.seriesIds.map((id, row) => [id, row]));
  return Int32Array.from(panel.seriesIds, (id) => rowOf.get(id) ?? spec.seriesIds.length);
}

/** Fisher–Yates. */
function shuffle(order: Uint32Array, random: () => number): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const held = order[i] as number;
    order[i] = order[j] as number;
    order[j] = held;
  }
}

/** Forward, backward, update. Returns the batch's loss. */
function trainStep(
  spec: NetworkSpec,
  state: AdamWState,
  batch: TrainingBatch,
  rate: number,
  decay: Float32Array,
  dropout: number,
  random: () => number,
): number {
  const { windowSize, stepSize } = featureSizes(spec.features);
  const { horizon } = spec.features;
  const rows = batch.capacity;
  const results = tf.tidy(() => {
    const parameters = toTensors(spec, state.weights);
    const names = Object.keys(parameters);
    const inputs = {
      window: tf.tensor2d(batch.window, [rows, windowSize]),
      step: tf.tensor2d(batch.step, [rows * horizon, stepSize]),
      series: tf.oneHot(tf.tensor1d(batch.series, 'int32'), spec.seriesIds.length + 1) as tf.Tensor2D,
    };
    const series = tf.cast(inputs.series, 'float32');
    const target = tf.tensor2d(batch.target, [rows * horizon, 1]);
    const weight = tf.tensor2d(batch.weight, [rows * horizon, 1]);
    const mask = dropout > 0 ? tf.tensor2d(dropoutMask(rows * spec.width, dropout, random), [rows, spec.width]) : undefined;
    const loss = (...values: tf.Tensor[]) => {
      const named = Object.fromEntries(names.map((name, i) => [name, values[i] as tf.Tensor]));
      return pinball(spec.quantiles, forward(spec, named, { ...inputs, series }, mask), target, weight);
    };
    const { value, grads } = tf.valueAndGrads(loss)(names.map((name) => parameters[name] as tf.Tensor));
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

/** Inverted dropout: kept units are scaled up, so that prediction needs no change. */
function dropoutMask(size: number, dropout: number, random: () => number): Float32Array {
  const mask = new Float32Array(size);
  const kept = 1 / (1 - dropout);
  for (let i = 0; i < size; i++) mask[i] = random() < dropout ? 0 : kept;
  return mask;
}

/** Weighted mean pinball loss over the quantiles, written with `maximum` because comparisons in a loss have no gradient. */
function pinball(quantiles: readonly number[], predicted: tf.Tensor2D, target: tf.Tensor2D, weight: tf.Tensor2D): tf.Scalar {
  const error = tf.sub(target, predicted);
  const q = tf.tensor2d([...quantiles], [1, quantiles.length]);
  const loss = tf.maximum(tf.mul(error, q), tf.mul(error, tf.sub(q, 1)));
  return tf.mean(tf.mul(loss, weight)) as tf.Scalar;
}
