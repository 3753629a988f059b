/**
 * Purpose: the mean of a distribution that is known by some of its quantiles: the integral of the
 * quantile function over 0 to 1, piecewise linear between the quantiles, each outermost part
 * continued to its end.
 * Invariants: where no value lies below the floor the mean is a weighted sum of the quantiles,
 * whose weights sum to 1; what the function has below the floor counts as the floor.
 * Fails: never; of one quantile the mean is that quantile.
 */

/** Linear from `a` to `b` over `width` of the probability; below the floor it is the floor. */
function partArea(a: number, b: number, width: number, floor: number): number {
  const [low, high] = a < b ? [a, b] : [b, a];
  if (low >= floor) return (width * (low + high)) / 2;
  if (high <= floor) return width * floor;
  const above = (width * (high - floor)) / (high - low);
  return floor * width + (above * (high - floor)) / 2;
}

/** Of the part from quantile i to the next. */
const slopeAt = (quantiles: readonly number[], values: ArrayLike<number>, i: number): number =>
  ((values[i + 1] as number) - (values[i] as number)) /
  ((quantiles[i + 1] as number) - (quantiles[i] as number));

/**
 * @param quantiles ascending @param values one a quantile, ascending
 * @param floor the least value that the target can have; −∞ for none
 */
export function meanOfQuantiles(
  quantiles: readonly number[],
  values: ArrayLike<number>,
  floor = Number.NEGATIVE_INFINITY,
): number {
  const last = quantiles.length - 1;
  if (last === 0) return Math.max(floor, values[0] as number);
  const [lowest, highest] = [quantiles[0] as number, 1 - (quantiles[last] as number)];
  const bottom = (values[0] as number) - slopeAt(quantiles, values, 0) * lowest;
  const top = (values[last] as number) + slopeAt(quantiles, values, last - 1) * highest;
  let area =
    partArea(bottom, values[0] as number, lowest, floor) +
    partArea(values[last] as number, top, highest, floor);
  for (let i = 0; i < last; i++)
    area += partArea(
      values[i] as number,
      values[i + 1] as number,
      (quantiles[i + 1] as number) - (quantiles[i] as number),
      floor,
    );
  return area;
}

/**
 * Fills the means that are NaN, [series][step], from the quantiles, [series][quantile][step]. Where
 * no quantile of a forecast is below zero, nothing below zero counts. In place.
 */
export function fillMeans(
  mean: Float32Array,
  values: ArrayLike<number>,
  quantiles: readonly number[],
  horizon: number,
): void {
  const own = new Float64Array(quantiles.length);
  for (let i = 0; i < mean.length; i++) {
    if (!Number.isNaN(mean[i])) continue;
    const [series, step] = [Math.floor(i / horizon), i % horizon];
    for (let q = 0; q < own.length; q++)
      own[q] = values[(series * own.length + q) * horizon + step] as number;
    mean[i] = meanOfQuantiles(quantiles, own, (own[0] as number) >= 0 ? 0 : undefined);
  }
}
