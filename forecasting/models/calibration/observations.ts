/**
 * Purpose: what was forecast at the calibration cutoffs and what happened, by groups of series of
 * about the same level.
 * Invariants: arrays, not objects; windows come in the order of cutoffs and series; the bounds of
 * the groups are quantiles of the windows' levels, so that they follow the target's unit.
 * Fails: never.
 */
import { type FeatureSpec, type LevelSpec, levelIntervals } from '../../features/feature-spec.ts';
import { hasEnoughHistory, levelAt } from '../../features/features.ts';
import { firstEvent, recentBirth } from '../../panel/birth.ts';
import { type Panel, targetOf } from '../../panel/panel.ts';
import type { CutPanel, Forecaster } from '../forecaster.ts';
import { groupOf } from './calibration.ts';

/** What a calibration is made for. */
export interface Calibrated extends Pick<Forecaster, 'quantiles' | 'withContext'> {
  /** Whether there is a linear model, which may be better than the forecast. */
  readonly hasLinear: boolean;
  /** As a forecaster's, of all parts in one pass over the inputs. */
  predictParts(panel: Panel, cutoff: number, horizon: number): ForecastParts;
}

export interface ForecastParts {
  /** [series][quantile][step]: uncalibrated, neither rounded nor cut off. */
  readonly forecast: Float32Array;
  /** [series][step]: what is believed where nothing else is. */
  readonly anchor: Float32Array;
  /** [series][step]: of the linear model; the anchor where there is none. */
  readonly linear: Float32Array;
}

/** Of forecasters that know nothing of one another; the anchor and the linear one give points. */
export function calibratedOf({
  forecaster,
  anchor,
  linear,
}: Readonly<Record<'forecaster' | 'anchor', Forecaster>> & {
  readonly linear: Forecaster | null;
}): Calibrated {
  const { quantiles, withContext } = forecaster;
  return {
    ...{ quantiles, hasLinear: linear !== null },
    ...(withContext ? { withContext } : {}),
    predictParts(...of) {
      const points = anchor.predict(...of);
      const lines = linear?.predict(...of) ?? points;
      return { forecast: forecaster.predict(...of), anchor: points, linear: lines };
    },
  };
}

/** A panel and its cutoff, and what that is in the grid of the whole panel. */
export interface CalibrationCut extends CutPanel {
  readonly time: number;
}

/** One window is a series at a cutoff. */
export interface Windows {
  readonly count: number;
  readonly horizon: number;
  readonly cutoffs: Int32Array;
  readonly levels: Float64Array;
  /** [window × horizon]; NaN where it is unknown. */
  readonly actual: Float32Array;
  /** [window × horizon] */
  readonly anchor: Float32Array;
  readonly linear: Float32Array;
  /** [window × quantile × horizon] */
  readonly forecast: Float32Array;
}

/** Fewer observations than this decide nothing. */
export const MIN_OBSERVATIONS = 200;
/** Fewer windows than this do not form a group. */
const MIN_WINDOWS = 1000;
const MAX_GROUPS = 5;

export function observe(
  cuts: readonly CalibrationCut[],
  { quantiles, predictParts }: Calibrated,
  spec: Pick<FeatureSpec, 'horizon' | 'day'> & LevelSpec,
): Windows {
  const { horizon } = spec;
  const size = quantiles.length * horizon;
  const capacity = cuts.reduce((sum, { panel }) => sum + panel.seriesIds.length, 0);
  const windows = {
    cutoffs: new Int32Array(capacity),
    levels: new Float64Array(capacity),
    actual: new Float32Array(capacity * horizon),
    anchor: new Float32Array(capacity * horizon),
    linear: new Float32Array(capacity * horizon),
    forecast: new Float32Array(capacity * size),
  };
  let count = 0;
  for (const { panel, cutoff, time } of cuts) {
    const { forecast, anchor, linear } = predictParts(panel, cutoff, horizon);
    for (let s = 0; s < panel.seriesIds.length; s++) {
      const values = targetOf(panel, s);
      if (!hasEnoughHistory(values, cutoff, spec) || !hasBegun(values, cutoff, spec)) continue;
      const rowOf = (of: Float32Array, length: number) => of.subarray(s * length, (s + 1) * length);
      windows.cutoffs[count] = time;
      windows.levels[count] = levelAt(values, cutoff, spec);
      windows.actual.fill(Number.NaN, count * horizon, (count + 1) * horizon);
      windows.actual.set(values.subarray(cutoff + 1, cutoff + 1 + horizon), count * horizon);
      windows.anchor.set(rowOf(anchor, horizon), count * horizon);
      windows.linear.set(rowOf(linear, horizon), count * horizon);
      windows.forecast.set(rowOf(forecast, size), count * size);
      count++;
    }
  }
  return { ...windows, count, horizon };
}

/** Not zero so far; a series that has just begun is calibrated apart, by its age. */
function hasBegun(values: Float32Array, cutoff: number, spec: LevelSpec): boolean {
  if (spec.version !== 2 || spec.isAdditive) return true;
  const isBorn = firstEvent(values) <= cutoff;
  return isBorn && recentBirth(values, cutoff, spec.week, levelIntervals(spec)) === 0;
}

/**
 * Each bound halves what lies above the one before it: errors have another shape where series are
 * sparse, and few series are busy.
 */
export function levelBoundsOf({ levels, count }: Pick<Windows, 'levels' | 'count'>): number[] {
  const sorted = levels.slice(0, count).sort();
  const bounds: number[] = [];
  for (let from = 0; bounds.length < MAX_GROUPS - 1; ) {
    const middle = from + ((count - from) >> 1);
    if (middle - from < MIN_WINDOWS) break;
    const bound = sorted[middle] as number;
    if (bound > (sorted[from] as number)) bounds.push(bound);
    from = middle;
  }
  return bounds;
}

/** The windows of each group, ascending. */
export function groupsOf(
  { levels, count }: Pick<Windows, 'levels' | 'count'>,
  levelBounds: readonly number[],
): Int32Array[] {
  const groups: number[][] = Array.from({ length: levelBounds.length + 1 }, () => []);
  for (let w = 0; w < count; w++) groups[groupOf(levelBounds, levels[w] as number)]?.push(w);
  return groups.map((group) => Int32Array.from(group));
}
