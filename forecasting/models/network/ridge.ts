/**
 * Purpose: ridge regression on the network's own features: what a linear model makes of the same
 * inputs.
 * Invariants: inputs come from the function that feeds the network, standardised as there; one
 * model a step, pooled over all series; fitted on windows whose targets end at or before the last
 * target; the penalty is chosen on the later part of those windows; forecasts are finite, and not
 * negative where the target cannot be.
 * Fails: a RangeError where the panel holds no complete training window; as `fitScaling` does.
 * Source: Hoerl & Kennard 1970, in closed form by Cholesky. A window's squared error, in the
 * target's own unit, is divided by its level plus the mean level: the variance of counts grows with
 * their level, and a series at rest must not decide.
 */

import { createFeatureSource, type FeatureSource } from '../../features/feature-source.ts';
import { type FeatureSpec, featureSizes } from '../../features/feature-spec.ts';
import { createFeatureBatch, type FeatureBatch, writeFeatures } from '../../features/features.ts';
import { isLearnable } from '../../features/training-history.ts';
import { meanOf, type Panel, targetOf } from '../../panel/panel.ts';
import type { Forecaster } from '../forecaster.ts';
import { fitScaling, standardiseRow } from './input-scaling.ts';
import {
  added,
  addRow,
  createSums,
  type Sums,
  settle,
  solved,
  squaredError,
} from './least-squares.ts';
import type { InputScaling } from './network.ts';
import { createTrainingBatch, fillRow, trainingCutoffs } from './training-batch.ts';
import { windowSources } from './window-source.ts';

/** Penalties to choose from, in units of the windows' total weight (inputs are standardised). */
export const PENALTIES: readonly number[] = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10];
const FALLBACK_PENALTY = 1e-2;
/** Share of the training cutoffs, the latest ones, on which the penalty is chosen. */
const TAIL = 0.2;
/**
 * More windows than this say nothing new to so few coefficients: cutoffs are taken further apart.
 */
const MAX_WINDOWS = 12_000;

export interface FittedRidge {
  readonly spec: FeatureSpec;
  readonly scaling: InputScaling;
  readonly penalty: number;
  /** [horizon × columns]: the intercept first, then the step's inputs, then those of the window. */
  readonly coefficients: Float32Array;
  readonly windows: number;
}

/**
 * Inputs of one step's model: an intercept, the step's own, and of the window all but the raw
 * values (the residuals of the last days, level and means), which are in the step's lags already,
 * and the context, which made its first steps worse.
 */
export function linearColumns(spec: FeatureSpec): number {
  const { stepSize, windowSize, windowIntervals, contextSize } = featureSizes(spec);
  return 1 + stepSize + windowSize - windowIntervals - contextSize;
}

/** @param random chooses the sample that the inputs are standardised by */
export function fitRidge(
  panel: Panel,
  spec: FeatureSpec,
  lastTarget: number,
  { stride }: { readonly stride: number },
  random: () => number,
): FittedRidge {
  const source = createFeatureSource(panel, spec);
  const cutoffs = trainingCutoffs(source, lastTarget, stride);
  const scaling = fitScaling(source, cutoffs, random);
  return { spec, scaling, ...fitCoefficients(source, cutoffs, scaling) };
}

/**
 * The closed form, for inputs that are standardised by `scaling`; learns from windows at (some of)
 * these cutoffs.
 */
export function fitCoefficients(
  source: FeatureSource,
  all: Int32Array,
  scaling: InputScaling,
): Pick<FittedRidge, 'penalty' | 'coefficients' | 'windows'> {
  const { panel, spec } = source;
  const seriesCount = panel.seriesIds.length;
  const cutoffs = thinned(all, seriesCount);
  const size = linearColumns(source.spec);
  const sums = () => Array.from({ length: spec.horizon }, () => createSums(size));
  const [early, between, tail] = [sums(), sums(), sums()];
  const tailStart = cutoffs[Math.floor(cutoffs.length * (1 - TAIL))] as number;
  const meanLevel = meanLevelOf(panel, (cutoffs[cutoffs.length - 1] as number) + spec.horizon);
  const batch = createTrainingBatch(source, 1);
  const row = new Float64Array(size);
  let windows = 0;
  for (const cutoff of cutoffs) {
    const part = cutoff >= tailStart ? tail : cutoff + spec.horizon <= tailStart ? early : between;
    for (let series = 0; series < seriesCount; series++) {
      if (!isLearnable(source, series, cutoff)) continue;
      windows++;
      fillRow(source, batch, 0, series, cutoff, scaling, 1);
      const level = batch.level[0] as number;
      const unit = level * (batch.movement[0] as number);
      const weight = unit ** 2 / (level + meanLevel);
      for (let k = 0; k < spec.horizon; k++) {
        if (batch.weight[k] === 0) continue;
        writeRow(row, batch, source, 0, k);
        addRow(part[k] as Sums, row, batch.target[k] as number, weight);
      }
    }
  }
  for (const part of [early, between, tail].flat()) settle(part);
  const penalty = choosePenalty(early, tail);
  const coefficients = new Float32Array(spec.horizon * size);
  for (let k = 0; k < spec.horizon; k++) {
    const whole = [early[k], between[k], tail[k]].reduce((a, b) =>
      added(a as Sums, b as Sums),
    ) as Sums;
    coefficients.set(solved(whole, penalty), k * size);
  }
  return { penalty, coefficients, windows };
}

/**
 * Offsets to the base, in units of the output scale, of the window in `row` of a standardised
 * batch: one a step, into `out`.
 */
export function linearOffsets(
  source: Pick<FeatureSource, 'spec' | 'sizes'>,
  coefficients: Float32Array,
  batch: FeatureBatch,
  row: number,
  out: Float32Array,
): void {
  const { horizon } = source.spec;
  const { windowSize, windowIntervals, contextSize, stepSize } = source.sizes;
  const { step, window } = batch;
  let at = 0;
  for (let k = 0; k < horizon; k++) {
    // The columns in the order of writeRow, without a copy: the intercept, the step's inputs, those
    // of the window.
    let offset = coefficients[at++] as number;
    const stepAt = (row * horizon + k) * stepSize;
    for (let i = 0; i < stepSize; i++)
      offset += (step[stepAt + i] as number) * (coefficients[at++] as number);
    const windowAt = row * windowSize;
    for (let i = windowIntervals; i < windowSize - contextSize; i++)
      offset += (window[windowAt + i] as number) * (coefficients[at++] as number);
    out[row * horizon + k] = offset;
  }
}

export function ridgeForecaster({ spec, scaling, coefficients }: FittedRidge): Forecaster {
  const windowSource = windowSources(spec);
  return {
    name: 'ridge',
    quantiles: [0.5],
    minimumHistory: spec.week,
    predict(panel: Panel, cutoff: number, horizon: number): Float32Array {
      const { source, at } = windowSource(panel, cutoff, horizon);
      const batch = createFeatureBatch(source.sizes, spec.horizon, 1);
      const offsets = new Float32Array(spec.horizon);
      const out = new Float32Array(panel.seriesIds.length * horizon);
      for (let series = 0; series < panel.seriesIds.length; series++) {
        writeFeatures(source, series, at, batch, 0);
        standardiseRow(batch, 0, source, scaling);
        linearOffsets(source, coefficients, batch, 0, offsets);
        const unit = scaling.outputScale * (batch.movement[0] as number);
        for (let k = 0; k < horizon; k++) {
          const value =
            (batch.level[0] as number) *
            ((batch.base[k] as number) + (offsets[k] as number) * unit);
          out[series * horizon + k] = spec.nonNegative && value < 0 ? 0 : value;
        }
      }
      return out;
    },
  };
}

/** The inputs of step `k` (from 0) of the window in row `window` of the batch. */
function writeRow(
  row: Float64Array,
  batch: FeatureBatch,
  { spec, sizes }: Pick<FeatureSource, 'spec' | 'sizes'>,
  window: number,
  k: number,
): void {
  row[0] = 1;
  let at = 1;
  for (let i = 0; i < sizes.stepSize; i++)
    row[at++] = batch.step[(window * spec.horizon + k) * sizes.stepSize + i] as number;
  for (let i = sizes.windowIntervals; i < sizes.windowSize - sizes.contextSize; i++)
    row[at++] = batch.window[window * sizes.windowSize + i] as number;
}

/**
 * The penalty with the least squared error on the tail of all steps, fitted on what precedes it.
 */
function choosePenalty(early: readonly Sums[], tail: readonly Sums[]): number {
  if (early.some(({ weight }) => weight === 0) || tail.every(({ weight }) => weight === 0))
    return FALLBACK_PENALTY;
  const errors = PENALTIES.map((penalty) =>
    early.reduce((sum, part, k) => sum + squaredError(tail[k] as Sums, solved(part, penalty)), 0),
  );
  return PENALTIES[errors.indexOf(Math.min(...errors))] as number;
}

/** Mean of the series' mean |values| up to `lastTarget`. Always positive. */
function meanLevelOf(panel: Panel, lastTarget: number): number {
  const levels = Float32Array.from(panel.seriesIds, (_, series) =>
    meanOf(
      targetOf(panel, series)
        .subarray(0, lastTarget + 1)
        .map(Math.abs),
    ),
  );
  return meanOf(levels) || 1;
}

function thinned(cutoffs: Int32Array, seriesCount: number): Int32Array {
  // An even share of steps apart could be a whole number of days; an odd one that shares no factor
  // with 24 never is.
  let every = Math.ceil((cutoffs.length * seriesCount) / MAX_WINDOWS);
  while (every > 1 && (every % 2 === 0 || every % 3 === 0)) every++;
  return every <= 1 ? cutoffs : cutoffs.filter((_, i) => (cutoffs.length - 1 - i) % every === 0);
}
