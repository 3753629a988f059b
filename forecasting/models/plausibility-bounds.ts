/**
 * Purpose: a bound that no plausible forecast of a series passes, learnt from its history:
 * what lies beyond it is a fault, not a forecast.
 * Invariants: wide on purpose: growth, a record day or a wide interval stay inside; only the values
 * up to the cutoff are read.
 * Fails: never; a series that shows too little has no bound, and nothing of it is refused.
 */

/** How many times its whole range a forecast may lie outside what the series has ever been. */
const FORECAST_RANGES = 3;
/** Values left out at either side: one of so many, and no more than this. */
const VALUES_PER_LEFT_OUT = 200;
const LEFT_OUT = 3;

export interface PlausibilityBounds {
  readonly lower: number;
  readonly upper: number;
}

/**
 * [least − 3 × range, greatest + 3 × range] of the known values; the greatest magnitude is the
 * range of a series that never moved. A few bad readings say nothing of what is plausible: of many
 * values the furthest on either side are left out.
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
  const lowest: number[] = [];
  const highest: number[] = [];
  let known = 0;
  // Nearly all values are among neither: two comparisons pass them by.
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let t = 0; t <= cutoff; t++) {
    const value = values[t] as number;
    if (Number.isNaN(value)) continue;
    known++;
    if (value >= low && value <= high) continue;
    keepFurthest(lowest, -value);
    keepFurthest(highest, value);
    [low, high] = [-(lowest[LEFT_OUT] ?? Number.NaN), highest[LEFT_OUT] ?? Number.NaN];
  }
  const leftOut = Math.min(LEFT_OUT, Math.floor(known / VALUES_PER_LEFT_OUT));
  // Of a series that is zero but for a few values, these few are its range.
  for (const rank of leftOut > 0 ? [leftOut, 0] : [0]) {
    const least = -(lowest[rank] ?? Number.NaN);
    const greatest = highest[rank] ?? Number.NaN;
    const range = greatest - least || Math.abs(greatest);
    if (known >= minKnown && range > 0)
      return { lower: least - ranges * range, upper: greatest + ranges * range };
  }
  // All zero: nothing says how large its first event may be.
  return { lower: Number.NEGATIVE_INFINITY, upper: Number.POSITIVE_INFINITY };
}

/** Keeps a value among the greatest ones, which come in descending order. */
function keepFurthest(furthest: number[], value: number): void {
  if (furthest.length > LEFT_OUT && value <= (furthest[LEFT_OUT] as number)) return;
  let at = Math.min(furthest.length, LEFT_OUT);
  for (; at > 0 && (furthest[at - 1] as number) < value; at--)
    furthest[at] = furthest[at - 1] as number;
  furthest[at] = value;
}

/** True where every value lies inside. */
export function isWithin({ lower, upper }: PlausibilityBounds, values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++)
    if (!((values[i] as number) >= lower && (values[i] as number) <= upper)) return false;
  return true;
}
