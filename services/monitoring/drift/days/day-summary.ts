/**
 * Purpose: one local day of one series next to the same hours of earlier weeks: the sums from
 * which level, variance and zeros are judged.
 * Invariants: an interval counts where it and its references are known; a quiet day, and one of
 * which less than half counts, has no summary.
 * Fails: never.
 */
import { createReferences, expectedOf, readReferences, valueAt, type Window } from '../window.ts';

export interface DaySummary {
  readonly observed: number;
  readonly expected: number;
  /** Mean of the references' size, per interval: what differences are measured by. */
  readonly size: number;
  readonly count: number;
  /** Squares of what is left when the level of the day is taken out. */
  readonly squares: number;
  readonly zeros: number;
  readonly expectedZeros: number;
  readonly zerosVariance: number;
}

export interface LocalDay {
  /** Days since 1970, local. */
  readonly day: number;
  /** Grid indices [first, end). */
  readonly first: number;
  readonly end: number;
}

/** Local days that end at or before the window's end, after day `after`. */
export function completeDays(window: Window, after: number): LocalDay[] {
  const days: LocalDay[] = [];
  let first = 0;
  for (let t = 1; t <= window.end; t++) {
    if (window.dayOf[t] === window.dayOf[first]) continue;
    const day = window.dayOf[first] as number;
    if (day > after) days.push({ day, first, end: t });
    first = t;
  }
  return days;
}

export function summarise(window: Window, series: number, day: LocalDay): DaySummary | null {
  if (window.isQuiet[day.first] === 1) return null;
  const references = createReferences();
  const pairs: { value: number; usual: number }[] = [];
  let [observed, expected, size] = [0, 0, 0];
  let [zeros, expectedZeros, zerosVariance] = [0, 0, 0];
  for (let t = day.first; t < day.end; t++) {
    const value = valueAt(window, series, t);
    const usual = expectedOf(readReferences(window, series, t, references));
    if (Number.isNaN(value) || Number.isNaN(usual)) continue;
    pairs.push({ value, usual });
    observed += value;
    expected += usual;
    size += Math.abs(usual);
    const share = zeroShare(references.values, references.count);
    if (value === 0) zeros++;
    expectedZeros += share;
    zerosVariance += share * (1 - share);
  }
  const count = pairs.length;
  if (count === 0 || count < (day.end - day.first) / 2) return null;
  // The level of the day is its own statistic. Differences where the level has no ratio.
  const isRatio = expected > 0 && observed > 0;
  const shift = isRatio ? 0 : (observed - expected) / count;
  const ratio = isRatio ? observed / expected : 1;
  let squares = 0;
  for (const { value, usual } of pairs) squares += (value - shift - ratio * usual) ** 2;
  return {
    observed,
    expected,
    size: size / count,
    count,
    squares,
    zeros,
    expectedZeros,
    zerosVariance,
  };
}

function zeroShare(values: Float64Array, count: number): number {
  let zeros = 0;
  for (let i = 0; i < count; i++) if (values[i] === 0) zeros++;
  return zeros / count;
}
