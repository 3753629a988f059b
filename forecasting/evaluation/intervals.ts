/**
 * Purpose: the intervals that a list of quantiles spans, and what people call them.
 * Invariants: outermost first; an interval holds the median, perhaps as one of its ends.
 * Fails: never; the median alone spans none.
 */

export interface QuantileInterval {
  /** Positions in the list. */
  readonly lower: number;
  readonly upper: number;
  /** "80 % interval", or "quantiles 0.1 to 0.8" where the two ends leave out unequal shares. */
  readonly name: string;
}

/**
 * Pairs from the outside in: first with last, second with last but one, as long as the median lies
 * between, or is one of them.
 */
export function intervalsOf(quantiles: readonly number[]): QuantileInterval[] {
  const median = quantiles.indexOf(0.5);
  const found: QuantileInterval[] = [];
  for (
    let lower = 0, upper = quantiles.length - 1;
    lower <= median && upper >= median && lower < upper;
    lower++, upper--
  ) {
    const [low, high] = [quantiles[lower] as number, quantiles[upper] as number];
    const isEven = Math.abs(low + high - 1) < 1e-9;
    const level = Number((100 * (high - low)).toPrecision(6));
    found.push({
      lower,
      upper,
      name: isEven ? `${level} % interval` : `quantiles ${low} to ${high}`,
    });
  }
  return found;
}
