/**
 * Purpose: from any ascending numbers to quantiles that the target can have: not negative, and for
 * counts whole. A bound between two counts could as well be at either or just next to it: the
 * interval [0.1, 1.9] and [1, 1] hold the same counts. So a bound goes to the nearer of the two
 * (docs/decisions/0060), on the side that holds the same counts. `edge` says how far inside the
 * bounds a count must lie to be meant to be in; a bound that is nearer gives way by moving to just
 * next to that count. The pinball loss hardly changes, and the coverage of counts becomes what it
 * says (docs/decisions/0013).
 * Invariants: the result ascends; the counts between two bounds are those between them before but
 * for the edge.
 * Fails: never.
 */

export interface TargetKind {
  readonly nonNegative: boolean;
  readonly integerValued: boolean;
}

/** How far from a count "just next to" it is. */
export const NEXT_TO = 1e-3;

/** A lower bound of counts at the nearer count, or just above it: no count comes in or goes out. */
function wholeLower(value: number): number {
  const above = Math.ceil(value);
  return above - value > 0.5 ? above - 1 + NEXT_TO : above;
}

/** An upper bound of counts at the nearer count, or just below it. */
function wholeUpper(value: number): number {
  const below = Math.floor(value);
  return value - below >= 0.5 ? below + 1 - NEXT_TO : below;
}

/** In place. @param values ascending, one per quantile @param median the index of quantile 0.5 */
export function constrainQuantiles(
  values: Float64Array,
  median: number,
  kind: TargetKind,
  edge: number,
): void {
  const last = values.length - 1;
  if (kind.integerValued) {
    for (let q = 0; q <= last; q++) {
      const value = values[q] as number;
      if (q < median)
        values[q] = wholeLower(Math.max(value, Math.ceil(value + edge) - 1 + NEXT_TO));
      else if (q > median)
        values[q] = wholeUpper(Math.min(value, Math.floor(value - edge) + 1 - NEXT_TO));
      else values[q] = Math.round(value);
    }
  }
  if (kind.nonNegative)
    for (let q = 0; q <= last; q++) values[q] = Math.max(0, values[q] as number);
  // Where two would cross, the outer one gives way.
  for (let q = median - 1; q >= 0; q--)
    values[q] = Math.min(values[q] as number, values[q + 1] as number);
  for (let q = median + 1; q <= last; q++)
    values[q] = Math.max(values[q] as number, values[q - 1] as number);
}
