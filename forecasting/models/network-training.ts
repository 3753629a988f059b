/**
 * Purpose: fit the network: draw windows, step AdamW along a one-cycle rate, give weights.
 * Invariants: no window's target reaches past `lastCutoff`; the same panel, options and seed give the same weights on the
 * same backend; batches reuse their arrays.
 * Fails: a RangeError where the panel holds no complete training window.
 */
import * as tf from '@tensorflow/tfjs-core';
import { createFeatureSource, type FeatureSource, featureSizes } from '../features.ts';
import type { Panel } from '../panel.ts';
import { type AdamWState, adamWStep, createAdamW, oneCycleRate } from './adamw.ts';
import { type Calibration, calibrate } from './calibration.ts';
import { embeddingRows, fitScaling } from './input-scaling.ts';
import { forward, type InputScaling, type NetworkSpec, parameterCount, parameterShapes, sizeOf, toTensors } from './network.ts';
import { networkForecaster } from './network-forecaster.ts';
import { createTrainingBatch, fillRow, lossWeights, shuffle, type TrainingBatch, trainingCutoffs } from './training-batch.ts';

const STEPS_PER_REPORT = 20;
/** The second pass, over all windows, starts at this share of the peak rate. */
const TUNE_RATE = 0.15;
const CALIBRATION_STRIDE = 5;

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
  /** Intervals before the end that are held out of the first pass, to calibrate the quantiles on. */
  readonly calibrationIntervals: number;
  /** Share of the steps in the second pass, which learns from all windows at a small rate. */
  readonly tuneShare: number;
}

export interface FitProgress {
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
  readonly calibration: Calibration | null;
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
  let lossSum = 0;
  let lossCount = 0;

  /** Steps `from`…`to` over the windows of the first `cutoffCount` cutoffs. */
  async function learn(cutoffCount: number, from: number, to: number, rateAt: (progress: number) => number): Promise<void> {
    const order = Uint32Array.from({ length: cutoffCount * seriesCount }, (_, i) => i);
    const stepsPerPass = Math.max(1, Math.floor(order.length / batchSize));
    for (let step = from; step < to; step++) {
      const position = (step - from) % stepsPerPass;
      if (position === 0) shuffle(order, random);
      for (let row = 0; row < batchSize; row++) {
        const index = order[(position * batchSize + row) % order.length] as number;
        const series = index % seriesCount;
        const cutoff = cutoffs[(index / seriesCount) | 0] as number;
        fillRow(source, batch, row, series, cutoff, scaling, weightOf(series));
        batch.series[row] = random() < options.anonymous ? spec.seriesIds.length : (embeddingRow[series] as number);
      }
      const rate = rateAt((step - from) / (to - from));
      lossSum += trainStep(spec, state, batch, rate, decay, options.dropout, random);
      lossCount++;
      if (lossCount === STEPS_PER_REPORT || step + 1 === options.steps) {
        await onProgress({ step: step + 1, steps: options.steps, loss: lossSum / lossCount, rate });
        lossSum = 0;
        lossCount = 0;
      }
    }
  }

  // The latest span is held out first, to calibrate the intervals on; then the network learns from it too.
  const heldOut = calibrationCutoffs(source, lastTarget, options.calibrationIntervals);
  const early = cutoffs.findLastIndex((cutoff) => cutoff + horizon <= (heldOut[0] ?? lastTarget)) + 1;
  const canCalibrate = heldOut.length > 0 && early * 2 >= cutoffs.length;
  const firstSteps = canCalibrate ? Math.round(options.steps * (1 - options.tuneShare)) : options.steps;
  await learn(canCalibrate ? early : cutoffs.length, 0, firstSteps, (progress) => oneCycleRate(progress, options.peakRate));
  const network = { spec, scaling, weights: state.weights, calibration: null };
  const unrounded = { ...network, spec: { ...spec, features: { ...spec.features, integerValued: false } } };
  const calibration = canCalibrate ? calibrate(panel, networkForecaster(unrounded), heldOut, spec.features) : null;
  const tuneRate = options.peakRate * TUNE_RATE;
  await learn(cutoffs.length, firstSteps, options.steps, (progress) => tuneRate * (1 - progress));
  return { ...network, calibration, steps: options.steps, windows };
}

/** Cutoffs whose targets lie in the last `intervals` up to `lastTarget`, coprime with the day apart. */
function calibrationCutoffs(source: FeatureSource, lastTarget: number, intervals: number): number[] {
  const cutoffs: number[] = [];
  const last = Math.min(lastTarget, source.panel.length - 1) - source.spec.horizon;
  const first = Math.max(last - intervals, source.sizes.historyIntervals - 1);
  for (let cutoff = first; cutoff <= last; cutoff += CALIBRATION_STRIDE) cutoffs.push(cutoff);
  return cutoffs;
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
      series: tf.cast(tf.oneHot(tf.tensor1d(batch.series, 'int32'), spec.seriesIds.length + 1), 'float32') as tf.Tensor2D,
    };
    const target = tf.tensor2d(batch.target, [rows * horizon, 1]);
    const weight = tf.tensor2d(batch.weight, [rows * horizon, 1]);
    const mask = dropout > 0 ? tf.tensor2d(dropoutMask(rows * spec.width, dropout, random), [rows, spec.width]) : undefined;
    const loss = (...values: tf.Tensor[]) => {
      const named = Object.fromEntries(names.map((name, i) => [name, values[i] as tf.Tensor]));
      return pinball(spec.quantiles, forward(spec, named, inputs, mask), target, weight);
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
