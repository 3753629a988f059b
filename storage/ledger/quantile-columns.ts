/**
 * Purpose: the columns of the ledger that hold quantiles: q10 is the quantile 0.1, q50 the median,
 * q02_5 is 0.025. A query names them without quotes, and models of other quantiles have others.
 * Invariants: each quantile has one column and each column one quantile, exactly.
 * Fails: null for a quantile that is written with an exponent (below 0.000001), and for a name
 * that is none of these.
 */

export function quantileColumn(quantile: number): string | null {
  if (quantile === 1) return 'q100';
  if (quantile === 0) return 'q00';
  const digits = /^0\.(\d+)$/.exec(String(quantile))?.[1];
  if (digits === undefined) return null;
  const rest = digits.slice(2);
  return `q${digits.slice(0, 2).padEnd(2, '0')}${rest === '' ? '' : `_${rest}`}`;
}

export function columnQuantile(name: string): number | null {
  if (name === 'q100') return 1;
  const [, percent, rest = ''] = /^q(\d\d)(?:_(\d+))?$/.exec(name) ?? [];
  return percent === undefined ? null : Number(`0.${percent}${rest}`);
}
