/**
 * Purpose: figures of the total of some series over paths: by window of steps, its peak, and the
 * probability to exceed a capacity.
 * Invariants: the mean is the sum of the series' means, exactly; quantiles are those of the paths'
 * sums, so that a total is what its parts add up to on every path.
 * Fails: a RangeError for a window that does not divide the horizon.
 */
import type { Prediction } from '../models/forecaster.ts';
import type { SamplePaths } from './sample-paths.ts';

/** [path][step]: the sum over series, path by path. */
export function sumOfPaths(
  paths: SamplePaths,
  series: readonly number[],
  horizon: number,
): Float64Array {
  const total = new Float64Array(paths.count * horizon);
  for (const row of series) addTo(total, paths.ofSeries(row));
  return total;
}

export function addTo(total: Float64Array, values: Float32Array): void {
  for (let i = 0; i < total.length; i++) total[i] = (total[i] as number) + (values[i] as number);
}

/** [step]: the sum of the means. */
export function sumOfMeans(
  { mean }: Pick<Prediction, 'mean'>,
  series: readonly number[],
  horizon: number,
): Float64Array {
  const total = new Float64Array(horizon);
  for (const row of series)
    for (let k = 0; k < horizon; k++)
      total[k] = (total[k] as number) + (mean[row * horizon + k] as number);
  return total;
}

/** Some steps of every row of `horizon` values: [row][step] of those alone. */
export function onlySteps<T extends Float32Array | Float64Array>(
  values: T,
  horizon: number,
  steps: readonly number[],
): T {
  const rows = values.length / horizon;
  const out = values.slice(0, rows * steps.length) as T;
  for (let row = 0; row < rows; row++)
    for (const [i, step] of steps.entries())
      out[row * steps.length + i] = values[row * horizon + step] as number;
  return out;
}

/** Rows of `steps` values summed by windows of so many steps: [row][window]. */
export function byWindow(values: Float64Array, steps: number, window: number): Float64Array {
  if (steps % window !== 0) throw new RangeError(`${window} steps do not divide ${steps}`);
  const out = new Float64Array(values.length / window);
  for (let i = 0; i < values.length; i++) {
    const at = Math.floor(i / window);
    out[at] = (out[at] as number) + (values[i] as number);
  }
  return out;
}

/**
 * The value that a further draw stays below with probability q: position q·(n + 1) of n in order,
 * between the least and the greatest. @param sorted ascending
 */
export function quantileOf(sorted: Float64Array, q: number): number {
  const position = Math.min(sorted.length, Math.max(1, q * (sorted.length + 1))) - 1;
  const low = Math.floor(position);
  const below = sorted[low] as number;
  const above = sorted[Math.min(low + 1, sorted.length - 1)] as number;
  return below + (position - low) * (above - below);
}

/** [step]: the values of all paths at it, ascending. @param values [path][step] */
export function sortedByStep(values: Float64Array, steps: number): Float64Array[] {
  const count = values.length / steps;
  return Array.from({ length: steps }, (_, k) =>
    Float64Array.from({ length: count }, (_, n) => values[n * steps + k] as number).sort(),
  );
}

/** Of each path its greatest value, and the step of it, the first of equals. */
export function peaksOf(
  values: Float64Array,
  steps: number,
): { readonly sizes: Float64Array; readonly steps: Int32Array } {
  const count = values.length / steps;
  const sizes = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
  const at = new Int32Array(count);
  for (let i = 0; i < values.length; i++) {
    const n = Math.floor(i / steps);
    if ((values[i] as number) <= (sizes[n] as number)) continue;
    sizes[n] = values[i] as number;
    at[n] = i % steps;
  }
  return { sizes, steps: at };
}

/** The share of values above a capacity. @param sorted ascending */
export function shareAbove(sorted: Float64Array, capacity: number): number {
  const first = sorted.findIndex((value) => value > capacity);
  return first < 0 ? 0 : (sorted.length - first) / sorted.length;
}
