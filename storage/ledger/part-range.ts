/**
 * Purpose: which parts may hold rows of a range, and the range of issues that are in memory.
 * Invariants: a part that is left out has no row of the range.
 * Fails: never.
 */

import { compareText } from '../../platform/text/compare-text.ts';
import type { LedgerPart } from './ledger-entry.ts';
import type { CanonicalIssue } from './ledger-issue.ts';
import type { LedgerRange } from './read-issues.ts';

export const quantilesOf = (parts: readonly Pick<LedgerPart, 'quantiles'>[]): number[] =>
  [...new Set(parts.flatMap(({ quantiles }) => quantiles))].sort((a, b) => a - b);

export function partsIn(parts: readonly LedgerPart[], range: LedgerRange): LedgerPart[] {
  const { from, until, targetFrom, targetUntil, seriesIds } = range;
  const overlaps = (first: number, last: number, start = -Infinity, end = Infinity) =>
    last >= start && first < end;
  return parts.filter(
    ({ issued, target, series }) =>
      overlaps(issued.first, issued.last, from, until) &&
      overlaps(target.first, target.last, targetFrom, targetUntil) &&
      (seriesIds === undefined ||
        seriesIds.some(
          (id) => compareText(id, series.first) >= 0 && compareText(id, series.last) <= 0,
        )),
  );
}

/** What of an issue is in the range, as `readIssues` gives it; null for nothing. */
export function withinRange(issue: CanonicalIssue, range: LedgerRange): CanonicalIssue | null {
  const {
    from = -Infinity,
    until = Infinity,
    targetFrom = -Infinity,
    targetUntil = Infinity,
  } = range;
  const { issuedAt, cutoff, horizon, frequencyMinutes, forecaster, quantiles } = issue;
  if (issuedAt < from || issuedAt >= until) return null;
  if (range.forecasters !== undefined && !range.forecasters.includes(forecaster)) return null;
  const wanted = range.seriesIds === undefined ? null : new Set(range.seriesIds);
  const rows = issue.seriesIds.flatMap((id, row) => (wanted?.has(id) === false ? [] : [row]));
  const isIn = Array.from({ length: horizon }, (_, k) => {
    const target = cutoff + (k + 1) * frequencyMinutes * 60_000;
    return target >= targetFrom && target < targetUntil;
  });
  if (rows.length === 0 || !isIn.includes(true)) return null;
  const pick = (values: Float32Array, width: number) => {
    const out = new Float32Array(rows.length * width).fill(Number.NaN);
    for (const [to, row] of rows.entries())
      for (let i = 0; i < width; i++)
        if (isIn[i % horizon]) out[to * width + i] = values[row * width + i] as number;
    return out;
  };
  const mean = issue.mean && pick(issue.mean, horizon);
  return {
    ...issue,
    seriesIds: rows.map((row) => issue.seriesIds[row] as string),
    values: pick(issue.values, quantiles.length * horizon),
    mean: mean?.every(Number.isNaN) ? null : mean,
  };
}
