/**
 * Purpose: where the bounds of counts lie, so that an interval of counts holds what it says
 * (docs/decisions/0028).
 * Invariants: an edge costs little pinball loss: moving a bound within the gap between two counts
 * is free, moving it past a likely count is not.
 * Fails: never; too few observations leave the edge at 0.
 */
import { pinballLoss } from '../../evaluation/metrics.ts';
import { combined, spreadAbout, type Trust } from './calibration.ts';
import { constrainQuantiles, type TargetKind } from './constrain-quantiles.ts';
import { MIN_OBSERVATIONS, type Windows } from './observations.ts';

/** Share of the pinball loss that an edge may cost. */
const FREE = 0.02;
const GRID = 20;

/** What the median and the distances of a group are made of, by step. */
export interface CalibratedGroup {
  readonly trust: readonly Trust[];
  readonly factors: readonly (readonly number[])[];
}

/**
 * The edge with which the outermost quantiles of a group come nearest to holding the share of
 * actuals that they say, among those that cost little.
 */
export function edgeOf(
  windows: Windows,
  group: Int32Array,
  quantiles: readonly number[],
  kind: TargetKind,
  calibrated: CalibratedGroup,
): number {
  const last = quantiles.length - 1;
  if (last === 0) return 0;
  const nominal = (quantiles[last] as number) - (quantiles[0] as number);
  const tried = Array.from({ length: GRID + 1 }, (_, i) => ({
    edge: i / GRID,
    inside: 0,
    loss: 0,
  }));
  const values = new Float64Array(quantiles.length);
  let count = 0;
  forEachForecast(windows, group, quantiles, calibrated, (actual, forecast) => {
    count++;
    for (const one of tried) {
      values.set(forecast);
      constrainQuantiles(values, quantiles.indexOf(0.5), kind, one.edge);
      if (actual >= (values[0] as number) && actual <= (values[last] as number)) one.inside++;
      for (let q = 0; q <= last; q++)
        one.loss += pinballLoss(quantiles[q] as number, actual - (values[q] as number));
    }
  });
  if (count < MIN_OBSERVATIONS) return 0;
  const least = Math.min(...tried.map(({ loss }) => loss));
  const affordable = tried.filter(({ loss }) => loss <= (1 + FREE) * least);
  const missOf = ({ inside }: { inside: number }) => Math.abs(inside / count - nominal);
  return affordable.reduce((best, next) => (missOf(next) < missOf(best) ? next : best)).edge;
}

/** Calls `visit` with every known actual and its calibrated quantiles, in an array used again. */
export function forEachForecast(
  { horizon, actual, anchor, linear, forecast }: Windows,
  group: Int32Array,
  quantiles: readonly number[],
  { trust, factors }: CalibratedGroup,
  visit: (actual: number, forecast: Float64Array, at: { window: number; step: number }) => void,
): void {
  const Q = quantiles.length;
  const median = quantiles.indexOf(0.5);
  const values = new Float64Array(Q);
  for (const w of group) {
    for (let k = 0; k < horizon; k++) {
      const at = w * horizon + k;
      const y = actual[at] as number;
      if (Number.isNaN(y)) continue;
      for (let q = 0; q < Q; q++) values[q] = forecast[(w * Q + q) * horizon + k] as number;
      const own = values[median] as number;
      const centers = { anchor: anchor[at] as number, linear: linear[at] as number, own };
      spreadAbout(factors, k, combined(trust[k] as Trust, centers), values, median);
      visit(y, values, { window: w, step: k });
    }
  }
}
