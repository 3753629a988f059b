/**
 * Purpose: training windows: which ones exist, their weights, and one batch of them in reused
 * arrays.
 * Invariants: no window's target reaches past the last target; an unknown target weighs nothing; a
 * window without enough known history is not a training window.
 * Fails: a RangeError where the panel holds no complete training window; an UnlearnableError where
 * none has enough known history.
 */

import type { FeatureSource } from '../../features/feature-source.ts';
import { createFeatureBatch, type FeatureBatch, writeFeatures } from '../../features/features.ts';
import type { SeriesHistory } from '../../features/series-history.ts';
import { isLearnable } from '../../features/training-history.ts';
import { targetOf } from '../../panel/panel.ts';
import { noKnownHistory, standardiseRow } from './input-scaling.ts';
import type { InputScaling } from './network.ts';

export interface TrainingBatch extends FeatureBatch {
  /**
   * [capacity × horizon]: (y − base) in units of the movement and the output scale; 0 where y is
   * unknown.
   */
  readonly target: Float32Array;
  /** [capacity × horizon]: weight in the loss; 0 where y is unknown. */
  readonly weight: Float32Array;
  /** [capacity]: row of the embedding. */
  readonly series: Int32Array;
}

export function createTrainingBatch(source: FeatureSource, capacity: number): TrainingBatch {
  const { horizon } = source.spec;
  return {
    ...createFeatureBatch(source.sizes, horizon, capacity),
    target: new Float32Array(capacity * horizon),
    weight: new Float32Array(capacity * horizon),
    series: new Int32Array(capacity),
  };
}

export function trainingCutoffs(
  source: FeatureSource,
  lastTarget: number,
  stride: number,
): Int32Array {
  const first = source.sizes.trainingHistory - 1;
  const last = Math.min(lastTarget, source.panel.length - 1) - source.spec.horizon;
  const cutoffs: number[] = [];
  // Counted back from the end, so that the latest window is always among them.
  for (let cutoff = last; cutoff >= first; cutoff -= stride) cutoffs.push(cutoff);
  if (cutoffs.length * source.panel.seriesIds.length === 0) {
    throw new RangeError(
      `no training window: they need ${source.sizes.trainingHistory + source.spec.horizon} ` +
        `intervals up to index ${lastTarget}; shorten the held-out span or provide more history`,
    );
  }
  return Int32Array.from(cutoffs.reverse());
}

/** The windows to learn from, ascending: index of the cutoff × number of series + series. */
export function trainingWindows(source: FeatureSource, cutoffs: Int32Array): Uint32Array {
  const { panel } = source;
  const seriesCount = panel.seriesIds.length;
  const windows = new Uint32Array(cutoffs.length * seriesCount);
  let count = 0;
  for (let c = 0; c < cutoffs.length; c++) {
    for (let series = 0; series < seriesCount; series++) {
      if (isLearnable(source, series, cutoffs[c] as number))
        windows[count++] = c * seriesCount + series;
    }
  }
  if (count === 0) throw noKnownHistory();
  return windows.slice(0, count);
}

/** @param history of the series up to the cutoff: all of it by default */
export function fillRow(
  source: FeatureSource,
  batch: TrainingBatch,
  row: number,
  series: number,
  cutoff: number,
  scaling: InputScaling,
  weight: number,
  history?: SeriesHistory,
): void {
  const { horizon } = source.spec;
  writeFeatures(source, series, cutoff, batch, row, history);
  standardiseRow(batch, row, source, scaling);
  const values = targetOf(source.panel, series);
  const scale = 1 / (batch.level[row] as number);
  const movement = batch.movement[row] as number;
  const unit = scaling.outputScale * movement;
  for (let k = 0; k < horizon; k++) {
    const at = row * horizon + k;
    const y = values[cutoff + 1 + k] as number;
    const isKnown = !Number.isNaN(y);
    batch.target[at] = isKnown ? (y * scale - (batch.base[at] as number)) / unit : 0;
    // The loss is in units of the level: a small movement is a small error.
    batch.weight[at] = isKnown ? weight * movement : 0;
  }
}

/** A series' weight in the loss, with mean 1 over the series. */
export function lossWeights(
  source: FeatureSource,
  cutoffs: Int32Array,
  power: number,
): (series: number) => number {
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

/** Fisher–Yates. */
export function shuffle(order: Uint32Array, random: () => number): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const held = order[i] as number;
    order[i] = order[j] as number;
    order[j] = held;
  }
}
