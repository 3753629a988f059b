/**
 * Purpose: make means add up: of each group of series one correction with which the sum of the
 * means over the calibration windows is the sum of the actuals.
 * Invariants: an amount is corrected by a factor, so that zero stays zero and the unit changes
 * nothing; a place on a scale by a shift in units of the series' level.
 * Fails: never; too few observations correct nothing.
 */
import type { LevelSpec } from '../../features/feature-spec.ts';
import { meanOfQuantiles } from '../mean.ts';
import type { TargetKind } from './constrain-quantiles.ts';
import { type CalibratedGroup, forEachForecast } from './edges.ts';
import { MINIMUM_OBSERVATIONS, type Windows } from './observations.ts';

/** A factor outside says that the windows are not like the forecasts. */
const BOUNDS = [0.5, 2] as const;

/** The mean of calibrated quantiles that are not yet made possible for the target. */
export const meanBefore = (
  quantiles: readonly number[],
  values: Float64Array,
  { nonNegative }: Pick<TargetKind, 'nonNegative'>,
): number => meanOfQuantiles(quantiles, values, nonNegative ? 0 : undefined);

/** @param correction of the series' group; undefined: none is known */
export function correctedMean(
  mean: number,
  level: number,
  { correction, isAdditive }: { correction: number | undefined; isAdditive: boolean },
): number {
  if (correction === undefined) return mean;
  return isAdditive ? mean + correction * level : mean * correction;
}

export function meanCorrectionOf(
  windows: Windows,
  group: Int32Array,
  quantiles: readonly number[],
  kind: TargetKind & LevelSpec,
  calibrated: CalibratedGroup,
): number {
  let count = 0;
  const sums = { actual: 0, mean: 0, level: 0 };
  forEachForecast(windows, group, quantiles, calibrated, (actual, forecast, window) => {
    count++;
    sums.actual += actual;
    sums.mean += meanBefore(quantiles, forecast, kind);
    sums.level += windows.levels[window] as number;
  });
  const isKnown = count >= MINIMUM_OBSERVATIONS;
  if (kind.isAdditive) return isKnown ? (sums.actual - sums.mean) / sums.level : 0;
  if (!isKnown || !(sums.actual > 0) || !(sums.mean > 0)) return 1;
  return Math.min(BOUNDS[1], Math.max(BOUNDS[0], sums.actual / sums.mean));
}
