/**
 * Purpose: standardise the network's inputs, the same way in training and in prediction.
 * Invariants: fitted on training windows only, and of these on windows with enough known history;
 * standardised inputs are bounded; no few targets decide the output scale; the panel's series find
 * their embedding by id.
 * Fails: an UnlearnableError where no window has enough known history, and for an output scale that
 * no network can learn with.
 */

import type { FeatureSource } from '../../features/feature-source.ts';
import type { FeatureGroup, FeatureSizes, featureGroups } from '../../features/feature-spec.ts';
import { createFeatureBatch, type FeatureBatch, writeFeatures } from '../../features/features.ts';
import { drawHistory, isLearnable } from '../../features/training-history.ts';
import { type Panel, targetOf } from '../../panel/panel.ts';
import type { InputScaling, NetworkSpec } from './network.ts';

const MAX_SAMPLE = 4096;
/** Windows without enough known history are drawn again, at most this many times per window. */
const MAX_DRAWS = 16;
/**
 * Targets further from the base than this many times the median distance count as that far. Rare
 * events of sparse series lie within it; what follows a level of next to nothing lies far beyond.
 */
const MAX_DISTANCE = 100;
/**
 * In units of the level. A series keeps near its own level: the mean distance from it is below 2
 * where nothing changes.
 */
const MAX_OUTPUT_SCALE = 10;

/** False for a scale under which quantiles of ordinary values cannot be distinguished. */
export const isPlausibleScale = (outputScale: number): boolean =>
  outputScale > 0 && outputScale <= MAX_OUTPUT_SCALE;

/**
 * The panel holds nothing that a model could learn from: too little is known, or it has no scale.
 */
export class UnlearnableError extends RangeError {
  readonly lacks: 'history' | 'scale';

  constructor(lacks: 'history' | 'scale', message: string) {
    super(message);
    this.name = 'UnlearnableError';
    this.lacks = lacks;
  }
}

export const noKnownHistory = (): UnlearnableError =>
  new UnlearnableError(
    'history',
    'no training window holds enough known values: in the week before each cutoff, every ' +
      'series is unknown for all but a few intervals',
  );

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
  { capacity, window, step, base, level, movement }: FeatureBatch,
  rows: number,
): void {
  for (const values of [window, step, base, level, movement]) {
    const size = values.length / capacity;
    for (let row = 1; row < rows; row++) values.copyWithin(row * size, 0, size);
  }
}

/** Puts the context of one standardised row at its training mean: as if it were unknown. */
export function dropContext(
  batch: FeatureBatch,
  row: number,
  { windowSize, contextSize }: Pick<FeatureSizes, 'windowSize' | 'contextSize'>,
): void {
  const end = (row + 1) * windowSize;
  batch.window.fill(0, end - contextSize, end);
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
 * Standardised inputs beyond ten deviations say no more than ten: an implausible history must not
 * make an implausible forecast.
 */
export const MAX_DEVIATIONS = 10;
const clamp = (x: number): number =>
  x > MAX_DEVIATIONS ? MAX_DEVIATIONS : x < -MAX_DEVIATIONS ? -MAX_DEVIATIONS : x;

/** Means and deviations of the inputs, and the scale of the outputs, over a sample of windows. */
export function fitScaling(
  source: FeatureSource,
  cutoffs: Int32Array,
  random: () => number,
): InputScaling {
  const { sizes, panel, spec } = source;
  const sample = Math.min(MAX_SAMPLE, cutoffs.length * panel.seriesIds.length);
  const batch = createFeatureBatch(sizes, spec.horizon, 1);
  const window = createMoments(sizes.windowSize);
  const step = createMoments(sizes.stepSize);
  const distances = new Float64Array(sample * spec.horizon);
  let known = 0;
  for (let drawn = 0; window.count < sample && drawn < MAX_DRAWS * sample; drawn++) {
    const series = Math.floor(random() * panel.seriesIds.length);
    const cutoff = cutoffs[Math.floor(random() * cutoffs.length)] as number;
    const values = targetOf(panel, series);
    if (!isLearnable(source, series, cutoff)) continue;
    writeFeatures(source, series, cutoff, batch, 0, drawHistory(source, series, cutoff, random));
    addMoments(window, batch.window, 0);
    for (let k = 0; k < spec.horizon; k++) {
      addMoments(step, batch.step, k * sizes.stepSize);
      const y = values[cutoff + 1 + k] as number;
      if (Number.isNaN(y)) continue;
      const distance = y / (batch.level[0] as number) - (batch.base[k] as number);
      distances[known++] = Math.abs(distance) / (batch.movement[0] as number);
    }
  }
  if (window.count === 0) throw noKnownHistory();
  const [windowMean, windowScale] = momentsResult(window);
  const [stepMean, stepScale] = momentsResult(step);
  return {
    windowMean,
    windowScale,
    stepMean,
    stepScale,
    outputScale: outputScaleOf(distances.subarray(0, known)),
  };
}

/**
 * The mean distance of targets from the base, in units of the level, with far ones limited; 1 where
 * all are 0.
 */
function outputScaleOf(distances: Float64Array): number {
  const ascending = distances.filter((distance) => distance > 0).sort();
  if (ascending.length === 0) return 1;
  const limit = MAX_DISTANCE * (ascending[ascending.length >> 1] as number);
  const sum = distances.reduce((total, distance) => total + Math.min(distance, limit), 0);
  const scale = sum / distances.length;
  if (isPlausibleScale(scale)) return scale;
  throw new UnlearnableError(
    'scale',
    `the targets lie ${scale.toPrecision(3)} times their series' level from what the weeks ` +
      `before say, on average; a network learns nothing from more than ${MAX_OUTPUT_SCALE}`,
  );
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

/**
 * The embedding row of each of the panel's series; the unknown row where the network does not know
 * the series.
 * @param known the rows by id, where they were computed before
 */
export function embeddingRows(
  spec: NetworkSpec,
  panel: Panel,
  known: ReadonlyMap<string, number> = rowsById(spec),
): Int32Array {
  return Int32Array.from(panel.seriesIds, (id) => known.get(id) ?? spec.seriesIds.length);
}

/** The embedding row of every series that the network knows. */
export const rowsById = (spec: NetworkSpec): ReadonlyMap<string, number> =>
  new Map(spec.seriesIds.map((id, row) => [id, row]));
