/**
 * Purpose: a bound that no plausible forecast of a series passes, learnt from its ad-hoc history:
 * what lies beyond it is a fault, not a forecast.
 * Invariants: wide on purpose: growth, a record day or a wide interval stay inside; only the values
 * up to the cutoff are read.
 * Fails: never; a series that shows too little has no bound, and nothing of it is refused.
 */

/** How many times its whole range a forecast may lie outside what the series has ever been. */
const FORECAST_RANGES = 3;

export interface PlausibilityBounds {
  readonly lower: number;
  readonly upper: number;
}

/**
 * [least − 3 × range, greatest + 3 × range] of the known values; the greatest magnitude is the
 * range of a series that never moved.
 * @param values one series, in grid order
 * @param ranges instead of 3
 * @param minKnown values that must be known (a week of them) before a range means something
 */
export function plausibilityBounds(
  values: Float32Array,
  cutoff: number,
  minKnown: number,
  ranges = FORECAST_RANGES,
): PlausibilityBounds {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  let known = 0;
  for (let t = 0; t <= cutoff; t++) {
    const value = values[t] as number;
    if (Number.isNaN(value)) continue;
    known++;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  const range = known === 0 ? 0 : greatest - least || Math.abs(greatest);
  // All zero: nothing says how large its first event may be.
  if (known < minKnown || range === 0)
    return { lower: Number.NEGATIVE_INFINITY, upper: Number.POSITIVE_INFINITY };
  return { lower: least - ranges * range, upper: greatest + ranges * range };
}

/** True where every value lies inside. */
export function isWithin({ lower, upper }: PlausibilityBounds, values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++)
    if (!((values[i] as number) >= lower && (values[i] as number) <= upper)) return false;
  return true;
}
