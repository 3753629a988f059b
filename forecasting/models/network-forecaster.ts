/**
 * Purpose: a fitted network as a Forecaster, and its form on disk: model.json (architecture and scaling) and weights.bin.
 * Invariants: prediction builds its inputs with the same function as training; restoring what was saved gives the same bits;
 * forecasts are finite, ordered by quantile, and not negative where the target cannot be.
 * Fails: a RangeError for a model or weights that do not fit together.
 */
import * as tf from '@tensorflow/tfjs-core';
import { createFeatureBatch, createFeatureSource, featureSizes, writeFeatures } from '../features.ts';
import type { Forecaster } from '../forecaster.ts';
import { type Panel, padHistory } from '../panel.ts';
import { forward, type InputScaling, type NetworkSpec, parameterCount, toTensors } from './network.ts';
import { embeddingRows, type FittedNetwork, standardiseRow } from './network-training.ts';

const FORMAT = 1;
/** Windows a prediction computes at once: bounds memory, and amortises the cost of an operation. */
const CHUNK = 256;

export interface SavedNetwork {
  readonly format: typeof FORMAT;
  readonly kind: 'network';
  readonly spec: NetworkSpec;
  readonly scaling: { windowMean: number[]; windowScale: number[]; stepMean: number[]; stepScale: number[]; outputScale: number };
}

export function saveNetwork(fitted: Pick<FittedNetwork, 'spec' | 'scaling' | 'weights'>): {
  model: SavedNetwork;
  weights: Uint8Array;
} {
  const { scaling } = fitted;
  const model: SavedNetwork = {
    format: FORMAT,
    kind: 'network',
    spec: fitted.spec,
    scaling: {
      windowMean: [...scaling.windowMean],
      windowScale: [...scaling.windowScale],
      stepMean: [...scaling.stepMean],
      stepScale: [...scaling.stepScale],
      outputScale: scaling.outputScale,
    },
  };
  const { weights } = fitted;
  return { model, weights: new Uint8Array(weights.buffer.slice(weights.byteOffset, weights.byteOffset + weights.byteLength)) };
}

/** The Forecaster that `saveNetwork` saved. */
export function restoreNetwork(model: unknown, weights: Uint8Array): Forecaster {
  const saved = model as SavedNetwork;
  if (saved?.format !== FORMAT || saved.kind !== 'network')
    throw new RangeError(`model.json is not a network of format ${FORMAT}`);
  if (weights.byteLength !== parameterCount(saved.spec) * 4) {
    throw new RangeError(`weights.bin has ${weights.byteLength} bytes, the architecture needs ${parameterCount(saved.spec) * 4}`);
  }
  const copy = weights.slice();
  const sizes = featureSizes(saved.spec.features);
  const { scaling } = saved;
  if (scaling.windowMean.length !== sizes.windowSize || scaling.stepMean.length !== sizes.stepSize) {
    throw new RangeError('the model was built for other features than this version of Headway computes; train again');
  }
  return networkForecaster({
    spec: saved.spec,
    scaling: {
      windowMean: Float32Array.from(scaling.windowMean),
      windowScale: Float32Array.from(scaling.windowScale),
      stepMean: Float32Array.from(scaling.stepMean),
      stepScale: Float32Array.from(scaling.stepScale),
      outputScale: scaling.outputScale,
    },
    weights: new Float32Array(copy.buffer),
  });
}

export function networkForecaster(fitted: { spec: NetworkSpec; scaling: InputScaling; weights: Float32Array }): Forecaster {
  const { spec, scaling } = fitted;
  const parameters = keepAll(toTensors(spec, fitted.weights));
  const sizes = featureSizes(spec.features);
  const { horizon: fittedHorizon, nonNegative, week } = spec.features;
  const Q = spec.quantiles.length;
  const batch = createFeatureBatch(sizes, fittedHorizon, CHUNK);
  const seriesRows = new Int32Array(CHUNK);

  function predict(panel: Panel, cutoff: number, horizon: number): Float32Array {
    if (horizon < 1 || horizon > fittedHorizon) throw new RangeError(`horizon ${horizon} is outside 1…${fittedHorizon}`);
    if (cutoff < week - 1) throw new RangeError(`the forecast needs ${week} intervals up to the cutoff, there are ${cutoff + 1}`);
    const missing = Math.max(0, sizes.historyIntervals - 1 - cutoff);
    const source = createFeatureSource(missing > 0 ? padHistory(panel, missing) : panel, spec.features);
    const at = cutoff + missing;
    const seriesCount = panel.seriesIds.length;
    const embedding = embeddingRows(spec, panel);
    const out = new Float32Array(seriesCount * Q * horizon);
    for (let first = 0; first < seriesCount; first += CHUNK) {
      const rows = Math.min(CHUNK, seriesCount - first);
      for (let row = 0; row < rows; row++) {
        writeFeatures(source, first + row, at, batch, row);
        standardiseRow(batch, row, source, scaling);
        seriesRows[row] = embedding[first + row] as number;
      }
      const raw = runChunk(rows);
      for (let row = 0; row < rows; row++) {
        const level = batch.level[row] as number;
        for (let q = 0; q < Q; q++) {
          for (let k = 0; k < horizon; k++) {
            const offset = raw[(row * fittedHorizon + k) * Q + q] as number;
            const value = level * ((batch.base[row * fittedHorizon + k] as number) + offset * scaling.outputScale);
            out[((first + row) * Q + q) * horizon + k] = nonNegative && value < 0 ? 0 : value;
          }
        }
      }
    }
    return out;
  }

  function runChunk(rows: number): Float32Array {
    const result = tf.tidy(() =>
      forward(spec, parameters, {
        window: tf.tensor2d(batch.window.subarray(0, rows * sizes.windowSize), [rows, sizes.windowSize]),
        step: tf.tensor2d(batch.step.subarray(0, rows * fittedHorizon * sizes.stepSize), [rows * fittedHorizon, sizes.stepSize]),
        series: tf.cast(
          tf.oneHot(tf.tensor1d(seriesRows.subarray(0, rows), 'int32'), spec.seriesIds.length + 1),
          'float32',
        ) as tf.Tensor2D,
      }),
    );
    const values = result.dataSync() as Float32Array;
    result.dispose();
    return values;
  }

  return { name: 'network', quantiles: spec.quantiles, minimumHistory: week, predict };
}

function keepAll(tensors: Record<string, tf.Tensor>): Record<string, tf.Tensor> {
  for (const tensor of Object.values(tensors)) tf.keep(tensor);
  return tensors;
}
