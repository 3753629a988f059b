/**
 * Purpose: what a reader must know of a series before trusting its forecast: that the model never
 * learnt it, that it is at rest, has gaps, is new, or holds a reading that cannot be right.
 * Invariants: a pure function of the values up to the cutoff; flags come in the order of
 * SERIES_FLAGS, each at most once.
 * Fails: never.
 */
import { isClosedDay } from './closed-days.ts';
import { outlierMemory, outliersOf } from './outliers.ts';
import { type Panel, targetOf, timestampAt } from './panel.ts';
import type { Seasons } from './seasons.ts';

export const SERIES_FLAGS = ['unseen', 'silent', 'gaps', 'new', 'outlier'] as const;
export type SeriesFlag = (typeof SERIES_FLAGS)[number];

/** For people. The weeks are the last four: what a forecast takes its level from. */
export const FLAG_MEANINGS: Readonly<Record<SeriesFlag, string>> = {
  unseen: 'the model has not learnt this series',
  silent: 'every known value of the last 4 weeks is zero',
  gaps: 'more than a tenth of the last 4 weeks, or all of the last day, is unknown',
  new: 'its history begins less than 4 weeks ago',
  outlier: 'a value of the last 4 weeks lies far from all around it, and is treated as unknown',
};

/** Weeks that the level and the means of a forecast are taken from. */
const WEEKS = 4;
const GAP_SHARE = 0.1;

/** @param series the row in the panel @param cutoff grid index of the last observed interval */
export function seriesFlags(
  forecaster: { readonly knows?: (seriesId: string) => boolean },
  panel: Panel,
  series: number,
  cutoff: number,
  { day, week, closedWeekdays }: Pick<Seasons, 'day' | 'week' | 'closedWeekdays'>,
): SeriesFlag[] {
  const values = targetOf(panel, series);
  const begun = beginning(values, cutoff);
  const isRecent = begun > cutoff - WEEKS * week;
  // What lies before its first value is not a gap.
  const first = Math.max(0, isRecent ? firstKnown(values, cutoff) : 0, cutoff - WEEKS * week + 1);
  let known = 0;
  let zeros = 0;
  let unknown = 0;
  let latest = -1;
  for (let t = first; t <= cutoff; t++) {
    const value = values[t] as number;
    if (Number.isNaN(value)) {
      if (!isClosedDay(timestampAt(panel, t), closedWeekdays)) unknown++;
      continue;
    }
    known++;
    latest = t;
    if (value === 0) zeros++;
  }
  const holds: Record<SeriesFlag, boolean> = {
    unseen: forecaster.knows !== undefined && !forecaster.knows(panel.seriesIds[series] as string),
    silent: known > 0 && zeros === known,
    gaps: unknown > GAP_SHARE * (known + unknown) || latest <= cutoff - day,
    new: begun >= 0 && isRecent,
    outlier: hasOutlier(panel, values, cutoff, { day, week }),
  };
  return SERIES_FLAGS.filter((flag) => holds[flag]);
}

/** Whether one of the last 4 weeks is an outlier: nothing older than decides it is looked at. */
function hasOutlier(
  panel: Panel,
  values: Float32Array,
  cutoff: number,
  seasons: Pick<Seasons, 'day' | 'week'>,
): boolean {
  const recent = cutoff - WEEKS * seasons.week;
  const first = Math.max(0, recent - outlierMemory(seasons));
  const grid = { ...panel, start: timestampAt(panel, first) };
  const outliers = outliersOf(values.subarray(first, cutoff + 1), grid, seasons);
  return outliers.some((t) => first + t > recent);
}

/**
 * Where a series begins: at its first value that is not zero (zeros may stand for what did not
 * exist yet), else at its first; -1 without any.
 */
function beginning(values: Float32Array, cutoff: number): number {
  for (let t = 0; t <= cutoff; t++) {
    const value = values[t] as number;
    if (value !== 0 && !Number.isNaN(value)) return t;
  }
  return firstKnown(values, cutoff);
}

function firstKnown(values: Float32Array, cutoff: number): number {
  for (let t = 0; t <= cutoff; t++) if (!Number.isNaN(values[t] as number)) return t;
  return -1;
}
