/**
 * Purpose: what a decision needs of a distribution: how much to have ready, and how likely it does
 * not suffice.
 * Invariants: pure functions of the sorted values of paths.
 * Fails: a RangeError for costs that say nothing.
 */
import { quantileOf } from './totals.ts';

/**
 * The quantile to have ready: where one unit too few costs `under` and one too many costs `over`,
 * the least expected cost is at under / (under + over). Source: the newsvendor model (Arrow, Harris
 * & Marschak 1951, doi:10.2307/1906813).
 */
export function newsvendorQuantile(under: number, over: number): number {
  if (!(under >= 0) || !(over >= 0) || !Number.isFinite(under + over) || under + over === 0)
    throw new RangeError(`costs of ${under} and ${over} decide nothing`);
  return under / (under + over);
}

/** How much to have ready. @param sorted ascending values of the paths; whole where counts are */
export function quantityAt(sorted: Float64Array, quantile: number, integerValued: boolean): number {
  const value = quantileOf(sorted, quantile);
  return integerValued ? Math.ceil(value - 1e-9) : value;
}

/** What having `quantity` ready costs where `actual` was needed. */
export const costOf = (
  quantity: number,
  actual: number,
  { under, over }: { under: number; over: number },
): number => (actual > quantity ? under * (actual - quantity) : over * (quantity - actual));
