/**
 * Purpose: the factors that make the distances of quantiles from the median hold what they say.
 * Invariants: a factor is positive and bounded; a step borrows from its neighbours; few independent
 * observations widen an interval, and narrow it only as far as is sure.
 * Fails: never; too few observations leave the factors at 1. Source: conformalized quantile
 * regression (Romano, Patterson & Candès 2019, arXiv:1905.03222), in its scaled form.
 */
import { combined, type Trust } from './calibration.ts';
import { MIN_OBSERVATIONS, type Windows } from './observations.ts';

/** Steps on either side that lend a step their observations. */
const NEIGHBOURS = 2;
const BOUNDS = [0.3, 4] as const;
/**
 * Distances are narrowed only as far as is sure by this many standard errors: a quiet fortnight
 * says little of the next month.
 */
const SURE = 2;
/** Length of a block in horizons. */
const BLOCK_HORIZONS = 2;
/** Fewer blocks than this do not show how much they differ: nothing is narrowed. */
const MIN_BLOCKS = 4;

/** How far outside the median actuals were, in units of the predicted distance. */
interface Ratios {
  readonly values: Float64Array;
  /** Which stretch of the span each target lies in: what happens in one hangs together. */
  readonly blocks: Int32Array;
}

interface Pool extends Ratios {
  readonly ascending: Float64Array;
}

/** [quantile][step] */
export function factorsOf(
  windows: Windows,
  group: Int32Array,
  quantiles: readonly number[],
  trust: readonly Trust[],
): number[][] {
  const { horizon } = windows;
  const median = quantiles.indexOf(0.5);
  return quantiles.map((quantile, q) => {
    if (q === median) return Array.from({ length: horizon }, () => 1);
    const share = quantile > 0.5 ? quantile : 1 - quantile;
    const steps = Array.from({ length: horizon }, (_, k) =>
      ratiosOf(windows, group, quantiles.length, [q, median], k, trust[k] as Trust),
    );
    const pools = steps.map((_, k) =>
      pooled(steps.slice(Math.max(0, k - NEIGHBOURS), k + NEIGHBOURS + 1)),
    );
    const count = effectiveCount(pools, share);
    const least = blockCount(steps) < MIN_BLOCKS ? 1 : BOUNDS[0];
    return pools.map(({ ascending }) => Math.max(least, factorOf(ascending, share, count)));
  });
}

/** Of one quantile and step, in the order of the windows. */
function ratiosOf(
  { horizon, cutoffs, levels, actual, anchor, linear, forecast }: Windows,
  group: Int32Array,
  quantiles: number,
  [q, median]: readonly [number, number],
  step: number,
  trust: Trust,
): Ratios {
  const values = new Float64Array(group.length);
  const blocks = new Int32Array(group.length);
  let count = 0;
  for (const w of group) {
    const at = w * horizon + step;
    const y = actual[at] as number;
    const own = forecast[(w * quantiles + median) * horizon + step] as number;
    const distance = (forecast[(w * quantiles + q) * horizon + step] as number) - own;
    if (Number.isNaN(y) || Math.abs(distance) < 1e-9 * (levels[w] as number)) continue;
    const centers = { anchor: anchor[at] as number, linear: linear[at] as number, own };
    values[count] = (y - combined(trust, centers)) / distance;
    blocks[count] = Math.floor(((cutoffs[w] as number) + 1 + step) / (BLOCK_HORIZONS * horizon));
    count++;
  }
  return { values: values.subarray(0, count), blocks: blocks.subarray(0, count) };
}

function pooled(parts: readonly Ratios[]): Pool {
  const length = parts.reduce((sum, { values }) => sum + values.length, 0);
  const pool = { values: new Float64Array(length), blocks: new Int32Array(length) };
  let at = 0;
  for (const { values, blocks } of parts) {
    pool.values.set(values, at);
    pool.blocks.set(blocks, at);
    at += values.length;
  }
  return { ...pool, ascending: pool.values.slice().sort() };
}

/**
 * The place in a sorted pool up to which `share` of it lies, with the correction of split conformal
 * prediction for `count` draws.
 */
const rankOf = (length: number, share: number, count: number): number =>
  Math.max(
    0,
    Math.min(length - 1, Math.ceil(length * Math.min(1, (share * (count + 1)) / count)) - 1),
  );

/**
 * How many independent draws the observations are worth: the variance of a share of independent
 * draws, over the variance that the share shows from block to block. Neighbouring hours and series
 * err together, so it is far less than their number. Source: the method of batch means (Law &
 * Carson 1979, doi:10.1287/opre.27.5.1011).
 */
function effectiveCount(pools: readonly Pool[], share: number): number {
  let variance = 0;
  let used = 0;
  for (const { values, blocks, ascending } of pools) {
    const { length } = values;
    if (length < MIN_OBSERVATIONS) continue;
    const bound = ascending[rankOf(length, share, length)] as number;
    const excess = new Map<number, number>();
    for (let i = 0; i < length; i++) {
      const block = blocks[i] as number;
      const isWithin = (values[i] as number) <= bound;
      excess.set(block, (excess.get(block) ?? 0) + (isWithin ? 1 : 0) - share);
    }
    for (const value of excess.values()) variance += (value / length) ** 2;
    used++;
  }
  return variance > 0
    ? Math.max(1, (share * (1 - share) * used) / variance)
    : Number.POSITIVE_INFINITY;
}

const blockCount = (parts: readonly Ratios[]): number =>
  new Set(parts.flatMap(({ blocks }) => [...new Set(blocks)])).size;

/**
 * The factor that leaves `share` of the ratios (ascending) at or below it, corrected for how many
 * independent ones there are.
 */
function factorOf(ratios: Float64Array, share: number, independent: number): number {
  if (ratios.length < MIN_OBSERVATIONS) return 1;
  const count = Math.min(independent, ratios.length);
  const at = (part: number) => ratios[rankOf(ratios.length, part, count)] as number;
  const sure = Math.min(1, at(share + SURE * Math.sqrt((share * (1 - share)) / count)));
  return Math.min(BOUNDS[1], Math.max(BOUNDS[0], sure, at(share)));
}
