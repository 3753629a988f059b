/**
 * Purpose: the gap-free panel that a comparison with other tools needs: the series that reach the
 * end, the last stretch of time, and every unknown value filled.
 * Invariants: a fill uses earlier values only (the last known value of the series), so nothing of
 * the future leaks; the number of filled values is returned; series are chosen by what precedes the
 * test span.
 * Fails: never; the result may hold no series.
 */
import { meanSizeOf, type Panel, sharedWithin, targetOf } from './panel.ts';

export interface Completion {
  /** Keep at most this many intervals, the last ones. */
  readonly intervals: number;
  /** Leave out this many intervals at the end first. */
  readonly dropLast: number;
  readonly testIntervals: number;
  /** Least mean |value| before the test span. */
  readonly minimumMean: number;
}

/** A series with more than this share of unknown values before the test span is left out. */
const MAX_UNKNOWN = 0.02;

export function completePanel(
  panel: Panel,
  { intervals, dropLast, testIntervals, minimumMean }: Completion,
): { panel: Panel; filled: number } {
  const end = panel.length - dropLast;
  const start = Math.max(0, end - intervals);
  const length = end - start;
  const kept: { id: string; values: Float32Array }[] = [];
  let filled = 0;
  for (const [series, id] of panel.seriesIds.entries()) {
    const values = targetOf(panel, series).slice(start, end);
    const before = values.subarray(0, length - testIntervals);
    const isLarge = meanSizeOf(before) >= minimumMean;
    if (!isLarge || unknownIn(before) > MAX_UNKNOWN * before.length || Number.isNaN(values[0]))
      continue;
    filled += unknownIn(values);
    for (let t = 1; t < length; t++)
      if (Number.isNaN(values[t])) values[t] = values[t - 1] as number;
    kept.push({ id, values });
  }
  const target = new Float32Array(kept.length * length);
  for (const [row, { values }] of kept.entries()) target.set(values, row * length);
  return {
    panel: {
      seriesIds: kept.map(({ id }) => id),
      start: panel.start + start * panel.frequencyMinutes * 60_000,
      frequencyMinutes: panel.frequencyMinutes,
      length,
      columns: { target },
      // An unknown exogenous value stays unknown: the features say how that reads.
      ...sharedWithin(panel, start, end),
    },
    filled,
  };
}

const unknownIn = (values: Float32Array): number =>
  values.reduce((count, value) => count + (Number.isNaN(value) ? 1 : 0), 0);
