/**
 * Purpose: how far each group of inputs moved a forecast from what is usual at that hour of the
 * week: exact Shapley values over the groups.
 * Invariants: at every step baseline + typical + groups + rounding = forecast, to float error, and
 * this is checked; what is explained is the median that `predict` returns; nothing after the cutoff
 * is read; a group the network does not look at gets 0.
 * Fails: a RangeError as `predict` does; a plain Error (a bug of ours: INTERNAL) where the parts do
 * not sum. Source: Shapley 1953; a group that is absent is put at its training mean, in the manner
 * of Lundberg & Lee 2017 (arXiv:1705.07874). With 4 or 5 groups all 16 or 32 coalitions are
 * computed, so that nothing is sampled (docs/decisions/0008).
 */
import type { FeatureGroup } from '../../features/feature-spec.ts';
import { onlySeries, type Panel } from '../../panel/panel.ts';
import type { NetworkForecaster } from './forecaster.ts';

/**
 * `typical`: the network's offset from the baseline with every group absent. `rounding`: what
 * rounding counts and cutting off at 0 added.
 */
export type PartName = 'typical' | FeatureGroup | 'rounding';

export interface Part {
  readonly name: PartName;
  /** [horizon], in the target's unit, signed. */
  readonly values: readonly number[];
}

export interface Explanation {
  /**
   * [horizon]: the shape of the week at the series' level: what the network's outputs are offsets
   * to.
   */
  readonly baseline: readonly number[];
  /** In the order of a sum: typical, the groups, rounding. */
  readonly parts: readonly Part[];
  /** [horizon]: the median forecast. */
  readonly forecast: readonly number[];
}

/** Parts must sum to the forecast up to this share of the largest number among them. */
const SUM_TOLERANCE = 1e-9;
/**
 * The same window alone and in a batch of coalitions may differ by this share, on a backend that
 * sums in another order.
 */
const BATCH_TOLERANCE = 1e-4;

/** Only what an explanation asks of a network, so that others can be explained too. */
export type Explainable = Pick<
  NetworkForecaster,
  'quantiles' | 'inputGroups' | 'predict' | 'predictStored'
>;

/** Explains the median of one series (its row in the panel) at `cutoff`, a grid index. */
export function explain(
  forecaster: Explainable,
  panel: Panel,
  series: number,
  cutoff: number,
  horizon: number,
): Explanation {
  const { inputGroups, quantiles } = forecaster;
  const one = onlySeries(panel, series);
  const median = quantiles.indexOf(0.5) * horizon;
  const forecast = Array.from(
    forecaster.predict(one, cutoff, horizon).subarray(median, median + horizon),
  );
  const coalitions = Array.from(
    { length: 2 ** inputGroups.length },
    (_, coalition) => new Set(inputGroups.filter((_group, i) => coalition & (1 << i))),
  );
  const kept = forecaster.predictStored(one, 0, cutoff, horizon, coalitions);
  const baseline = Array.from(kept.baseline);
  const ofCoalition = (coalition: number, k: number) =>
    kept.medians[coalition * horizon + k] as number;
  const all = coalitions.length - 1;
  const shares = baseline.map((_, k) =>
    shapleyValues(inputGroups.length, (coalition) => ofCoalition(coalition, k)),
  );
  const explanation: Explanation = {
    baseline,
    parts: [
      { name: 'typical', values: baseline.map((base, k) => ofCoalition(0, k) - base) },
      ...inputGroups.map((name, i) => ({
        name,
        values: shares.map((share) => share[i] as number),
      })),
      { name: 'rounding', values: forecast.map((value, k) => value - ofCoalition(all, k)) },
    ],
    forecast,
  };
  checkSum(explanation);
  checkRounding(explanation, (k) => ofCoalition(all, k));
  return explanation;
}

/**
 * Exact Shapley values: the mean, over all orders in which the players may come, of what each adds
 * when it comes.
 * @param worthOf the worth of a coalition: bit i is set where player i takes part
 * @returns one value a player; they sum to the worth of all less the worth of none
 */
export function shapleyValues(
  players: number,
  worthOf: (coalition: number) => number,
): Float64Array {
  const shares = new Float64Array(players);
  const orders = (n: number): number => (n < 2 ? 1 : n * orders(n - 1));
  for (let coalition = 0; coalition < 2 ** players; coalition++) {
    const size = [...coalition.toString(2)].filter((bit) => bit === '1').length;
    const weight = (orders(size) * orders(players - size - 1)) / orders(players);
    for (let player = 0; player < players; player++) {
      const bit = 1 << player;
      if (coalition & bit) continue;
      shares[player] =
        (shares[player] as number) + weight * (worthOf(coalition | bit) - worthOf(coalition));
    }
  }
  return shares;
}

export function checkSum({ baseline, parts, forecast }: Explanation): void {
  for (const [k, value] of forecast.entries()) {
    const terms = [baseline[k] as number, ...parts.map(({ values }) => values[k] as number)];
    const sum = terms.reduce((a, b) => a + b, 0);
    const largest = Math.max(...terms.map(Math.abs), Math.abs(value));
    // Written so that a NaN fails.
    if (Math.abs(sum - value) <= SUM_TOLERANCE * largest) continue;
    throw new Error(`the explanation of step ${k + 1} sums to ${sum}, the forecast is ${value}`);
  }
}

/**
 * Rounding moves by at most a half, and cutting off only from below 0 to 0: a larger part would
 * hide a forecast of something else.
 */
function checkRounding(
  { baseline, parts, forecast }: Explanation,
  unrounded: (k: number) => number,
): void {
  for (const [k, value] of forecast.entries()) {
    const exact = unrounded(k);
    const tolerance =
      BATCH_TOLERANCE *
      Math.max(
        Math.abs(exact),
        ...[{ values: baseline }, ...parts].map((one) => Math.abs(one.values[k] as number)),
      );
    const isWhole = Number.isInteger(value);
    const nearest = exact < 0 && value === 0 ? 0 : exact;
    if (Math.abs(value - nearest) <= tolerance + (isWhole ? 0.5 : 0)) continue;
    throw new Error(`the forecast of step ${k + 1} is ${value}, what was explained is ${exact}`);
  }
}
