/**
 * Purpose: one pass of a network over the rows of its batch: inputs, the members' mean output, and
 * calibrated quantiles in the target's own unit.
 * Invariants: rows do not influence one another; arrays are reused from pass to pass.
 * Fails: with the backend's own error.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { FeatureSource } from '../../features/feature-source.ts';
import { type FeatureSizes, featureSizes } from '../../features/feature-spec.ts';
import {
  createFeatureBatch,
  type FeatureBatch,
  knownShareOf,
  writeFeatures,
} from '../../features/features.ts';
import {
  believedCenter,
  type Centers,
  combined,
  groupOfWindow,
  spreadAbout,
} from '../calibration/calibration.ts';
import { constrainQuantiles } from '../calibration/constrain-quantiles.ts';
import { correctedMean, meanBefore } from '../calibration/mean-correction.ts';
import type { ForecastParts } from '../calibration/observations.ts';
import { SHORT_SHARE } from '../calibration/short-histories.ts';
import { dropContext, repeatFirstRow, standardiseRow } from './input-scaling.ts';
import { forward, type TrainedNetwork } from './network.ts';
import { linearOffsets } from './ridge.ts';

/** Windows a prediction computes at once: bounds memory, and amortises the cost of an operation. */
export const CHUNK = 256;

const LINEAR_ALONE = { network: 0, linear: 1 };

export class NetworkPass {
  readonly sizes: FeatureSizes;
  readonly batch: FeatureBatch;
  private readonly trained: TrainedNetwork;
  private readonly fittedHorizon: number;
  private readonly Q: number;
  private readonly median: number;
  private readonly seriesRows = new Int32Array(CHUNK);
  /** 1 where the window's history is short. */
  private readonly isShort = new Uint8Array(CHUNK);
  private readonly lineOffsets: Float32Array;
  private readonly quantileValues: Float64Array;

  constructor(trained: TrainedNetwork) {
    const { spec } = trained;
    this.trained = trained;
    this.sizes = featureSizes(spec.features);
    this.fittedHorizon = spec.features.horizon;
    this.batch = createFeatureBatch(this.sizes, this.fittedHorizon, CHUNK);
    this.Q = spec.quantiles.length;
    this.median = spec.quantiles.indexOf(0.5);
    this.lineOffsets = new Float32Array(CHUNK * this.fittedHorizon);
    this.quantileValues = new Float64Array(this.Q);
  }

  /**
   * Writes the standardised inputs of a window to a row of the batch. A series without an embedding
   * of its own is seen without context, as in training.
   */
  write(source: FeatureSource, series: number, at: number, row: number, embedding: number): void {
    const { spec, scaling } = this.trained;
    writeFeatures(source, series, at, this.batch, row);
    const known = knownShareOf(this.batch, row, spec.features);
    this.isShort[row] = known < SHORT_SHARE ? 1 : 0;
    standardiseRow(this.batch, row, source, scaling);
    if (embedding === spec.seriesIds.length) dropContext(this.batch, row, this.sizes);
    this.setEmbedding(row, embedding);
  }

  /** Makes the first `rows` rows copies of the first. */
  repeatFirst(rows: number): void {
    repeatFirstRow(this.batch, rows);
    this.isShort.fill(this.isShort[0] as number, 0, rows);
  }

  /** Which row of the embedding a row of the batch uses. */
  setEmbedding(row: number, embedding: number): void {
    this.seriesRows[row] = embedding;
  }

  /** Which group of the calibration a row belongs to. */
  private groupOf(row: number): number {
    const { calibration } = this.trained;
    const level = this.batch.level[row] as number;
    return calibration ? groupOfWindow(calibration, level, this.isShort[row] === 1) : 0;
  }

  /** What the median of a row and step is made of, in the target's own unit. */
  private centersOf(offsets: Float32Array, row: number, k: number): Centers {
    const { scaling, linear } = this.trained;
    const { Q, median, fittedHorizon } = this;
    const level = this.batch.level[row] as number;
    const unit = scaling.outputScale * (this.batch.movement[row] as number);
    const at = row * fittedHorizon + k;
    const anchor = level * (this.batch.base[at] as number);
    const own = anchor + level * (offsets[at * Q + median] as number) * unit;
    const line = linear ? anchor + level * (this.lineOffsets[at] as number) * unit : anchor;
    return { anchor, linear: line, own };
  }

  /** The calibrated median of a row and step, in the target's own unit. */
  centerOf(offsets: Float32Array, row: number, k: number): number {
    const centers = this.centersOf(offsets, row, k);
    return believedCenter(this.trained.calibration, this.groupOf(row), k, centers);
  }

  /** The points that an uncalibrated forecast lies about: [series][step]. */
  writePoints(
    { anchor, linear }: Pick<ForecastParts, 'anchor' | 'linear'>,
    series: number,
    horizon: number,
    offsets: Float32Array,
    row: number,
  ): void {
    for (let k = 0; k < horizon; k++) {
      const centers = this.centersOf(offsets, row, k);
      anchor[series * horizon + k] = centers.anchor;
      linear[series * horizon + k] = combined(LINEAR_ALONE, { ...centers, own: centers.anchor });
    }
  }

  /** The calibrated mean of a row of this group whose quantiles these are. */
  private meanOf(
    quantileValues: Float64Array,
    { anchor, row, group }: Record<'anchor' | 'row' | 'group', number>,
  ): number {
    const { calibration, spec } = this.trained;
    const level = this.batch.level[row] as number;
    const mean = meanBefore(spec.quantiles, quantileValues, spec.features);
    return correctedMean(calibration?.means?.[group], { mean, anchor, level });
  }

  /**
   * From the network's offsets to quantiles in the target's own unit: scaled, calibrated, and
   * possible for the target. The mean is taken before they are made possible: rounding the median
   * of a sparse count to zero would lose it.
   * @param out the quantiles, [series][quantile][step] @param mean [series][step]
   */
  writeForecast(
    { out, mean }: { readonly out: Float32Array; readonly mean: Float32Array | undefined },
    series: number,
    horizon: number,
    offsets: Float32Array,
    row: number,
  ): void {
    const { scaling, calibration, spec } = this.trained;
    const { Q, median, fittedHorizon, quantileValues } = this;
    const level = this.batch.level[row] as number;
    const unit = scaling.outputScale * (this.batch.movement[row] as number);
    const group = this.groupOf(row);
    for (let k = 0; k < horizon; k++) {
      const at = row * fittedHorizon + k;
      const anchor = level * (this.batch.base[at] as number);
      const center = this.centerOf(offsets, row, k);
      for (let q = 0; q < Q; q++)
        quantileValues[q] = anchor + level * (offsets[at * Q + q] as number) * unit;
      if (calibration) spreadAbout(calibration.factors[group], k, center, quantileValues, median);
      if (mean) mean[series * horizon + k] = this.meanOf(quantileValues, { anchor, row, group });
      constrainQuantiles(quantileValues, median, spec.features, calibration?.edges[group] ?? 0);
      for (let q = 0; q < Q; q++) out[(series * Q + q) * horizon + k] = quantileValues[q] as number;
    }
  }

  /**
   * The members' mean output for the first `rows` rows of the batch; the linear model's goes to
   * `lineOffsets`.
   */
  run(rows: number, parameters: readonly Record<string, tf.Tensor>[]): Float32Array {
    const { spec, members, linear } = this.trained;
    const { sizes, batch, fittedHorizon } = this;
    const features = { spec: spec.features, sizes };
    if (linear)
      for (let row = 0; row < rows; row++)
        linearOffsets(features, linear, batch, row, this.lineOffsets);
    if (members.length === 0) return new Float32Array(rows * fittedHorizon * this.Q);
    const result = tf.tidy(() => {
      const inputs = {
        window: tf.tensor2d(batch.window.subarray(0, rows * sizes.windowSize), [
          rows,
          sizes.windowSize,
        ]),
        step: tf.tensor2d(batch.step.subarray(0, rows * fittedHorizon * sizes.stepSize), [
          rows * fittedHorizon,
          sizes.stepSize,
        ]),
        series: tf.tensor1d(this.seriesRows.subarray(0, rows), 'int32'),
      };
      const outputs = parameters.map((tensors) => forward(spec, tensors, inputs));
      return outputs.length === 1
        ? (outputs[0] as tf.Tensor2D)
        : tf.div(tf.addN(outputs), outputs.length);
    });
    const values = result.dataSync() as Float32Array;
    result.dispose();
    return values;
  }
}
