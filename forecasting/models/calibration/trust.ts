/**
 * Purpose: how far to believe the network's and the linear model's offsets from the anchor, at each
 * step.
 * Invariants: errors count in units of the series' level, so that neither the unit nor one large
 * series decides; shares are not negative and at most 1 together.
 * Fails: never; too few observations leave the network alone.
 */
import { combined, NETWORK_ALONE, type Trust } from './calibration.ts';
import { MIN_OBSERVATIONS, type Windows } from './observations.ts';

const GRID = 10;
/** Steps on either side that lend a step their observations. */
const NEIGHBOURS = 1;
/**
 * What leaving the network costs, as a share of its loss: it goes on learning after this, from the
 * latest windows, and a fortnight proves little.
 */
const COST_OF_LEAVING = 0.02;

/**
 * [step]: the shares with which the median of a step and its neighbours would have had the least
 * absolute error.
 */
export function trustPerStep(
  windows: Windows,
  group: Int32Array,
  quantiles: readonly number[],
  hasLinear: boolean,
): Trust[] {
  const { horizon } = windows;
  const candidates = candidatesOf(hasLinear);
  const weights = weightsOf(windows, group);
  const losses = Array.from({ length: horizon }, (_, k) =>
    lossesOf(windows, group, weights, quantiles, k, candidates),
  );
  return losses.map((_, k) => {
    const near = losses.slice(Math.max(0, k - NEIGHBOURS), k + NEIGHBOURS + 1);
    const observed = near.reduce((sum, { count }) => sum + count, 0);
    if (observed < MIN_OBSERVATIONS) return NETWORK_ALONE;
    const sums = candidates.map((_, c) =>
      near.reduce((sum, { loss }) => sum + (loss[c] as number), 0),
    );
    // The first candidate is the network alone, and stays where nothing is better.
    const costs = candidates.map(
      ({ network }, c) =>
        (sums[c] as number) + COST_OF_LEAVING * (1 - network) * (sums[0] as number),
    );
    return candidates[costs.indexOf(Math.min(...costs))] as Trust;
  });
}

function candidatesOf(hasLinear: boolean): Trust[] {
  const candidates: Trust[] = [];
  for (let n = GRID; n >= 0; n--) {
    for (let l = 0; l <= (hasLinear ? GRID - n : 0); l++)
      candidates.push({ network: n / GRID, linear: l / GRID });
  }
  return candidates;
}

/**
 * [window of the group]: 1 over its level plus the median level of the group, so that a series at
 * rest does not decide either.
 */
function weightsOf({ levels }: Windows, group: Int32Array): Float64Array {
  const own = Float64Array.from(group, (w) => levels[w] as number);
  const middle = own.slice().sort()[own.length >> 1] ?? 0;
  return own.map((level) => 1 / (level + middle));
}

/** The weighted absolute error of every candidate at one step. */
function lossesOf(
  { horizon, actual, anchor, linear, forecast }: Windows,
  group: Int32Array,
  weights: Float64Array,
  quantiles: readonly number[],
  step: number,
  candidates: readonly Trust[],
): { loss: Float64Array; count: number } {
  const median = quantiles.indexOf(0.5);
  const loss = new Float64Array(candidates.length);
  let count = 0;
  for (const [i, w] of group.entries()) {
    const at = w * horizon + step;
    const y = actual[at] as number;
    if (Number.isNaN(y)) continue;
    count++;
    const weight = weights[i] as number;
    const centers = {
      anchor: anchor[at] as number,
      linear: linear[at] as number,
      own: forecast[(w * quantiles.length + median) * horizon + step] as number,
    };
    for (let c = 0; c < candidates.length; c++)
      loss[c] =
        (loss[c] as number) + weight * Math.abs(y - combined(candidates[c] as Trust, centers));
  }
  return { loss, count };
}
