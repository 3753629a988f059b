/**
 * Purpose: from any ascending numbers to quantiles that the target can have: not negative, and for
 * counts with a whole median. A bound between two counts could as well be just next to either: the
 * interval [0.1, 1.9] and [0.9, 1.1] hold the same count. `edge` says how far inside the bounds a
 * count must lie to be meant to be in; a bound that is nearer gives way by moving to just next to
 * that count. The pinball loss hardly changes, and the coverage of counts becomes what it says
 * (docs/decisions/0013).
 * Invariants: the result ascends; with an edge of 0 only the median moves.
 * Fails: never.
 */

export interface TargetKind {
  readonly nonNegative: boolean;
  readonly integerValued: boolean;
}

/** How far from a count "just next to" it is. */
export const NEXT_TO = 1e-3;

/** In place. @param values ascending, one per quantile @param median the index of quantile 0.5 */
export function constrainQuantiles(
  values: Float64Array,
  median: number,
  kind: TargetKind,
  edge: number,
): void {
  const last = values.length - 1;
  if (kind.integerValued) {
    for (let q = 0; edge > 0 && q <= last; q++) {
      const value = values[q] as number;
      if (q < median) values[q] = Math.max(value, Math.ceil(value + edge) - 1 + NEXT_TO);
      if (q > median) values[q] = Math.min(value, Math.floor(value - edge) + 1 - NEXT_TO);
    }
    values[median] = Math.round(values[median] as number);
  }
  if (kind.nonNegative)
    for (let q = 0; q <= last; q++) values[q] = Math.max(0, values[q] as number);
  // Where two would cross, the outer one gives way.
  for (let q = median - 1; q >= 0; q--)
    values[q] = Math.min(values[q] as number, values[q + 1] as number);
  for (let q = median + 1; q <= last; q++)
    values[q] = Math.max(values[q] as number, values[q - 1] as number);
}
