/**
 * Purpose: a fitted network as a Forecaster, and its form on disk: model.json (architecture and scaling) and weights.bin.
 * Invariants: prediction builds its inputs with the same function as training; restoring what was saved gives the same bits;
 * forecasts are finite, ordered by quantile, and not negative where the target cannot be.
 * Fails: a RangeError for a model or weights that do not fit together.
 */
import * as tf from '@tensorflow/tfjs-core';
import { createFeatureBatch, createFeatureSource, type FeatureSource, featureSizes, writeFeatures } from '../features.ts';
import type { Forecaster } from '../forecaster.ts';
import { type Panel, padHistory } from '../panel.ts';
import { type Calibration, groupOf } from './calibration.ts';
import { embeddingRows, standardiseRow } from './input-scaling.ts';
import { forward, type InputScaling, type NetworkSpec, parameterCount, toTensors } from './network.ts';

const FORMAT = 2;
/** Windows a prediction computes at once: bounds memory, and amortises the cost of an operation. */
const CHUNK = 256;

export interface SavedNetwork {
  readonly format: typeof FORMAT;
  readonly kind: 'network';
  readonly spec: NetworkSpec;
  readonly scaling: { windowMean: number[]; windowScale: number[]; stepMean: number[]; stepScale: number[]; outputScale: number };
  readonly calibration: Calibration | null;
}

/** What prediction needs. */
export interface TrainedNetwork {
  readonly spec: NetworkSpec;
  readonly scaling: InputScaling;
  readonly weights: Float32Array;
  /** null: the quantiles are the network's own. */
  readonly calibration: Calibration | null;
}

export function saveNetwork(fitted: TrainedNetwork): {
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
    calibration: fitted.calibration,
  };
  const { weights } = fitted;
  return { model, weights: new Uint8Array(weights.buffer.slice(weights.byteOffset, weights.byteOffset + weights.byteLength)) };
}

/** The Forecaster that `saveNetwork` saved. */
export function restoreNetwork(model: unknown, weights: Uint8Array): Forecaster {
  const { spec, scaling, calibration } = checkSaved(model as Partial<SavedNetwork> | null);
  if (weights.byteLength !== parameterCount(spec) * 4) {
    throw new RangeError(`weights.bin has ${weights.byteLength} bytes, the architecture needs ${parameterCount(spec) * 4}`);
  }
  const values = new Float32Array(weights.slice().buffer);
  if (!values.every(Number.isFinite)) throw new RangeError('weights.bin holds values that are not numbers');
  const arrays = {
    windowMean: Float32Array.from(scaling.windowMean),
    windowScale: Float32Array.from(scaling.windowScale),
    stepMean: Float32Array.from(scaling.stepMean),
    stepScale: Float32Array.from(scaling.stepScale),
  };
  return networkForecaster({ spec, scaling: { ...arrays, outputScale: scaling.outputScale }, weights: values, calibration });
}

function checkSaved(saved: Partial<SavedNetwork> | null): SavedNetwork {
  if (saved?.format !== FORMAT || saved.kind !== 'network')
    throw new RangeError(`model.json is not a network of format ${FORMAT}`);
  const { spec, scaling } = saved;
  if (!spec?.features || !Array.isArray(spec.seriesIds)) throw new RangeError('model.json holds no architecture');
  if (!spec.quantiles?.includes(0.5)) throw new RangeError('model.json names no median among its quantiles');
  const { windowSize, stepSize } = featureSizes(spec.features);
  const fits = (values: unknown, size: number) =>
    Array.isArray(values) && values.length === size && values.every(Number.isFinite);
  const isWhole =
    fits(scaling?.windowMean, windowSize) &&
    fits(scaling?.windowScale, windowSize) &&
    fits(scaling?.stepMean, stepSize) &&
    fits(scaling?.stepScale, stepSize) &&
    Number.isFinite(scaling?.outputScale);
  if (!isWhole) throw new RangeError('the model was built for other features than this version of Headway computes; train again');
  return { ...saved, calibration: saved.calibration ?? null } as SavedNetwork;
}

export function networkForecaster({ spec, scaling, weights, calibration }: TrainedNetwork): Forecaster {
  const sizes = featureSizes(spec.features);
  const { horizon: fittedHorizon, nonNegative, integerValued, week } = spec.features;
  const Q = spec.quantiles.length;
  const median = spec.quantiles.indexOf(0.5);
  const batch = createFeatureBatch(sizes, fittedHorizon, CHUNK);
  const seriesRows = new Int32Array(CHUNK);
  /** A backtest asks at many cutoffs of one panel: what the windows share is computed once. */
  const sources = new WeakMap<Panel, FeatureSource>();

  function sourceOf(panel: Panel, missing: number): FeatureSource {
    const known = sources.get(panel);
    if (known && missing === 0) return known;
    const source = createFeatureSource(missing > 0 ? padHistory(panel, missing) : panel, spec.features);
    if (missing === 0) sources.set(panel, source);
    return source;
  }

  function predict(panel: Panel, cutoff: number, horizon: number): Float32Array {
    if (horizon < 1 || horizon > fittedHorizon) throw new RangeError(`horizon ${horizon} is outside 1…${fittedHorizon}`);
    if (cutoff < week - 1) throw new RangeError(`the forecast needs ${week} intervals up to the cutoff, there are ${cutoff + 1}`);
    const missing = Math.max(0, sizes.historyIntervals - 1 - cutoff);
    const source = sourceOf(panel, missing);
    const seriesCount = panel.seriesIds.length;
    const embedding = embeddingRows(spec, panel);
    const out = new Float32Array(seriesCount * Q * horizon);
    for (let first = 0; first < seriesCount; first += CHUNK) {
      const rows = Math.min(CHUNK, seriesCount - first);
      for (let row = 0; row < rows; row++) {
        writeFeatures(source, first + row, cutoff + missing, batch, row);
        standardiseRow(batch, row, source, scaling);
        seriesRows[row] = embedding[first + row] as number;
      }
      const offsets = runChunk(rows);
      for (let row = 0; row < rows; row++) writeQuantiles(out, first + row, horizon, offsets, row);
    }
    return out;
  }

  /** From the network's offsets to quantiles in the target's own unit: scaled, calibrated, and possible for the target. */
  function writeQuantiles(out: Float32Array, series: number, horizon: number, offsets: Float32Array, row: number): void {
    const level = batch.level[row] as number;
    const factors = calibration?.factors[groupOf(calibration, level)];
    const possible = (value: number) => (nonNegative && value < 0 ? 0 : value);
    for (let k = 0; k < horizon; k++) {
      const offsetAt = (q: number) => offsets[(row * fittedHorizon + k) * Q + q] as number;
      const base = batch.base[row * fittedHorizon + k] as number;
      const at = (q: number) => (series * Q + q) * horizon + k;
      const center = offsetAt(median);
      for (let q = 0; q < Q; q++) {
        const offset = center + (offsetAt(q) - center) * (factors?.[q]?.[k] ?? 1);
        out[at(q)] = possible(level * (base + offset * scaling.outputScale));
      }
      // The median of counts is a count.
      if (integerValued) out[at(median)] = Math.round(out[at(median)] as number);
      // Each quantile has its own factor: where rounding or a factor would make two cross, the outer one gives way.
      for (let q = median - 1; q >= 0; q--) out[at(q)] = Math.min(out[at(q)] as number, out[at(q + 1)] as number);
      for (let q = median + 1; q < Q; q++) out[at(q)] = Math.max(out[at(q)] as number, out[at(q - 1)] as number);
    }
  }

  function runChunk(rows: number): Float32Array {
    const result = tf.tidy(() =>
      forward(spec, toTensors(spec, weights), {
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

  const { exogenous } = spec.features;
  const namesOf = (inputs: readonly { name: string }[]) => inputs.map(({ name }) => name);
  return {
    ...{ name: 'network', quantiles: spec.quantiles, minimumHistory: week, predict },
    ...(exogenous ? { exogenous: { past: namesOf(exogenous.past), future: namesOf(exogenous.future) } } : {}),
  };
}
