/**
 * Purpose: how far a series moves from one day, and from one week, to the next: the unit in which a
 * model's outputs count, and how much yesterday says of today.
 * Invariants: reads the last five weeks up to the cutoff alone; scaling a series changes nothing;
 * results are finite and positive.
 * Fails: never; where nothing can be compared or nothing moves, the unit is the level and
 * yesterday says nothing.
 */
import { type FeatureSpec, WEEKS_BACK } from './feature-spec.ts';

export interface Movement {
  /**
   * The mean distance of a value from the one a day or a week before, whichever is smaller, in
   * units of the level.
   */
  readonly size: number;
  /**
   * What of the squared distance to last week is not in that to yesterday: near 1 where a series
   * drifts, 0 where the week says more.
   */
  readonly ofYesterday: number;
}

export const NO_MOVEMENT: Movement = { size: 1, ofYesterday: 0 };

/** A series that hardly moves is not expected to stay nearer than this, … */
const MIN_SIZE = 2e-3;
/** … and one whose level has just collapsed not to go on falling as far. */
const MAX_SIZE = 10;

/** @param level of the same window, in the unit of the values */
export function movementAt(
  values: Float32Array,
  cutoff: number,
  { day, week }: Pick<FeatureSpec, 'day' | 'week'>,
  level: number,
): Movement {
  const ofDay = meanDistance(values, cutoff, day, WEEKS_BACK * week);
  const ofWeek = meanDistance(values, cutoff, week, WEEKS_BACK * week);
  const least = Number.isNaN(ofWeek) ? ofDay : Math.min(ofDay, ofWeek);
  if (!(least > 0)) return NO_MOVEMENT;
  const ratio = ofDay / ofWeek;
  return {
    size: Math.min(MAX_SIZE, Math.max(MIN_SIZE, least / level)),
    ofYesterday: ratio < 1 ? 1 - ratio * ratio : 0,
  };
}

/** Of the last `span` values from those `lag` before; NaN where none of them are known. */
function meanDistance(values: Float32Array, cutoff: number, lag: number, span: number): number {
  let sum = 0;
  let known = 0;
  for (let t = Math.max(lag, cutoff - span + 1); t <= cutoff; t++) {
    const distance = (values[t] as number) - (values[t - lag] as number);
    if (Number.isNaN(distance)) continue;
    sum += distance < 0 ? -distance : distance;
    known++;
  }
  return known > 0 ? sum / known : Number.NaN;
}
