/**
 * Purpose: standardise the network's inputs, the same way in training and in prediction.
 * Invariants: fitted on training windows only; standardised inputs are bounded; the panel's series
 * find their embedding by id.
 * Fails: never.
 */
import {
  createFeatureBatch,
  type FeatureBatch,
  type FeatureGroup,
  type FeatureSource,
  type featureGroups,
  writeFeatures,
} from '../features.ts';
import { type Panel, targetOf } from '../panel.ts';
import type { InputScaling, NetworkSpec } from './network.ts';

/** Standardises one written row in place: training and prediction share this. */
export function standardiseRow(
  batch: FeatureBatch,
  row: number,
  source: FeatureSource,
  scaling: InputScaling,
): void {
  const { windowSize, stepSize } = source.sizes;
  const { horizon } = source.spec;
  const windowAt = row * windowSize;
  for (let i = 0; i < windowSize; i++) {
    batch.window[windowAt + i] = clamp(
      ((batch.window[windowAt + i] as number) - (scaling.windowMean[i] as number)) *
        (scaling.windowScale[i] as number),
    );
  }
  for (let k = 0; k < horizon; k++) {
    const stepAt = (row * horizon + k) * stepSize;
    for (let i = 0; i < stepSize; i++) {
      batch.step[stepAt + i] = clamp(
        ((batch.step[stepAt + i] as number) - (scaling.stepMean[i] as number)) *
          (scaling.stepScale[i] as number),
      );
    }
  }
}

/** Makes the first `rows` rows of the batch copies of its first. */
export function repeatFirstRow(
  { capacity, window, step, base, level }: FeatureBatch,
  rows: number,
): void {
  for (const values of [window, step, base, level]) {
    const size = values.length / capacity;
    for (let row = 1; row < rows; row++) values.copyWithin(row * size, 0, size);
  }
}

/**
 * Puts one standardised row's inputs of every group but those in `kept` at their training mean,
 * which is 0.
 */
export function keepGroups(
  batch: FeatureBatch,
  row: number,
  { window, step }: ReturnType<typeof featureGroups>,
  kept: ReadonlySet<FeatureGroup>,
): void {
  const isDropped = (group: FeatureGroup | null) => group !== null && !kept.has(group);
  for (const [i, group] of window.entries())
    if (isDropped(group)) batch.window[row * window.length + i] = 0;
  const horizon = batch.step.length / (batch.capacity * step.length);
  for (const [i, group] of step.entries()) {
    if (!isDropped(group)) continue;
    for (let k = 0; k < horizon; k++) batch.step[(row * horizon + k) * step.length + i] = 0;
  }
}

/**
 * Standardised inputs beyond ten deviations say no more than ten: an absurd history must not make
 * an absurd forecast.
 */
const clamp = (x: number): number => (x > 10 ? 10 : x < -10 ? -10 : x);

/** Means and deviations of the inputs over a sample of windows. */
export function fitScaling(
  source: FeatureSource,
  cutoffs: Int32Array,
  random: () => number,
): InputScaling {
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
  return {
    windowMean,
    windowScale,
    stepMean,
    stepScale,
    outputScale: residuals > 0 && residual > 0 ? residual / residuals : 1,
  };
}

interface Moments {
  readonly sum: Float64Array;
  readonly square: Float64Array;
  count: number;
}

const createMoments = (size: number): Moments => ({
  sum: new Float64Array(size),
  square: new Float64Array(size),
  count: 0,
});

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

/** Looked up by every prediction, also of few series by a network that knows very many. */
const rowsOfIds = new WeakMap<readonly string[], ReadonlyMap<string, number>>();

/**
 * The embedding row of each of the panel's series; the unknown row where the network does not know
 * the series.
 */
export function embeddingRows(spec: NetworkSpec, panel: Panel): Int32Array {
  const known = rowsById(spec);
  return Int32Array.from(panel.seriesIds, (id) => known.get(id) ?? spec.seriesIds.length);
}

/** The embedding row of every series that the network knows. */
export function rowsById(spec: NetworkSpec): ReadonlyMap<string, number> {
  let rowOf = rowsOfIds.get(spec.seriesIds);
  if (rowOf === undefined) {
    rowOf = new Map(spec.seriesIds.map((id, row) => [id, row]));
    rowsOfIds.set(spec.seriesIds, rowOf);
  }
  return rowOf;
}
