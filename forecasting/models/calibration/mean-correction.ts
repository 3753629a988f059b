/**
 * Purpose: make means add up: with the correction of a group of series the sum of the means over
 * the calibration windows is the sum of the actuals, as far as a fortnight shows.
 * Invariants: an amount is corrected by factors, so that the unit changes nothing; a place on a
 * scale by a shift in units of the series' level. A factor that differs from 1 by no more than it
 * varies from block to block is 1.
 * Fails: never; too few observations correct nothing.
 */
import type { LevelSpec } from '../../features/feature-spec.ts';
import { meanOfQuantiles } from '../mean.ts';
import type { MeanCorrection } from './calibration.ts';
import type { TargetKind } from './constrain-quantiles.ts';
import { type CalibratedGroup, forEachForecast } from './edges.ts';
import { MIN_OBSERVATIONS, type Windows } from './observations.ts';

/** Within these the quantiles know the mean, and a factor alone corrects it. */
const KNOWN = [0.8, 1.25] as const;
/** Length of a block in horizons: neighbouring hours err together. */
const BLOCK_HORIZONS = 2;

const NO_CORRECTION: MeanCorrection = { ofQuantiles: 1, ofAnchor: 0, ofLevel: 0 };

/** The mean of calibrated quantiles that are not yet made possible for the target. */
export const meanBefore = (
  quantiles: readonly number[],
  values: Float64Array,
  { nonNegative }: Pick<TargetKind, 'nonNegative'>,
): number => meanOfQuantiles(quantiles, values, nonNegative ? 0 : undefined);

/** @param correction of the series' group; undefined: none is known */
export const correctedMean = (
  correction: MeanCorrection | undefined,
  { mean, anchor, level }: { mean: number; anchor: number; level: number },
): number =>
  correction === undefined
    ? mean
    : correction.ofQuantiles * mean + correction.ofAnchor * anchor + correction.ofLevel * level;

export function meanCorrectionOf(
  windows: Windows,
  group: Int32Array,
  quantiles: readonly number[],
  kind: TargetKind & LevelSpec,
  calibrated: CalibratedGroup,
): MeanCorrection {
  const actuals: number[] = [];
  const means: number[] = [];
  const anchors: number[] = [];
  const blocks: number[] = [];
  let levels = 0;
  const blockLength = BLOCK_HORIZONS * windows.horizon;
  forEachForecast(windows, group, quantiles, calibrated, (actual, forecast, { window, step }) => {
    actuals.push(actual);
    means.push(meanBefore(quantiles, forecast, kind));
    anchors.push(windows.anchor[window * windows.horizon + step] as number);
    blocks.push(Math.floor(((windows.cutoffs[window] as number) + 1 + step) / blockLength));
    levels += windows.levels[window] as number;
  });
  if (actuals.length < MIN_OBSERVATIONS) return NO_CORRECTION;
  const [actual, mean, anchor] = [sum(actuals), sum(means), sum(anchors)];
  if (kind.isAdditive) return { ...NO_CORRECTION, ofLevel: (actual - mean) / levels };
  if (!(actual > 0) || !(mean > 0 || anchor > 0)) return NO_CORRECTION;
  // Each alone gives the right sum.
  const [byMean, byAnchor] = [actual / mean, actual / anchor];
  if (byMean >= KNOWN[0] && byMean <= KNOWN[1]) {
    const ofQuantiles = shrunk(byMean, varianceOfRatio({ actuals, means, blocks }, byMean));
    return { ...NO_CORRECTION, ofQuantiles };
  }
  const share = shareOfMeans(actuals, means, anchors, { byMean, byAnchor });
  return {
    ofQuantiles: share > 0 ? share * byMean : 0,
    ofAnchor: share < 1 ? (1 - share) * byAnchor : 0,
    ofLevel: 0,
  };
}

/**
 * Towards 1 by how much of its distance from 1 is noise. Source: the positive-part James–Stein
 * estimator (Efron & Morris 1973, doi:10.1080/01621459.1973.10481350).
 */
const shrunk = (factor: number, variance: number): number =>
  factor === 1 ? 1 : 1 + (factor - 1) * Math.max(0, 1 - variance / (factor - 1) ** 2);

/**
 * Of the ratio of two sums, from what each block misses (Cochran 1977, Sampling Techniques, chapter
 * 6); 0 for a single block, which says nothing of it.
 */
function varianceOfRatio(
  { actuals, means, blocks }: Readonly<Record<'actuals' | 'means' | 'blocks', readonly number[]>>,
  ratio: number,
): number {
  const missed = new Map<number, number>();
  for (const [i, block] of blocks.entries()) {
    const miss = (actuals[i] as number) - ratio * (means[i] as number);
    missed.set(block, (missed.get(block) ?? 0) + miss);
  }
  const count = missed.size;
  if (count < 2) return 0;
  const squares = sum([...missed.values()].map((miss) => miss * miss));
  return ((count / (count - 1)) * squares) / sum(means) ** 2;
}

const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);

/**
 * The share s in [0, 1] with which s × the means and (1 − s) × the anchors have the least squared
 * error. Of series nearly at rest the quantiles are all zero and know nothing of the mean; the
 * anchor, which is an average, does.
 */
function shareOfMeans(
  actuals: readonly number[],
  means: readonly number[],
  anchors: readonly number[],
  { byMean, byAnchor }: { byMean: number; byAnchor: number },
): number {
  if (!Number.isFinite(byMean)) return 0;
  if (!Number.isFinite(byAnchor)) return 1;
  let above = 0;
  let below = 0;
  for (const [i, actual] of actuals.entries()) {
    const anchor = byAnchor * (anchors[i] as number);
    const apart = byMean * (means[i] as number) - anchor;
    above += (actual - anchor) * apart;
    below += apart * apart;
  }
  return below > 0 ? Math.min(1, Math.max(0, above / below)) : 1;
}
