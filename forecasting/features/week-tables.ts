/**
 * Purpose: what the windows of a panel share, per series and interval: the mean of the last weeks
 * and the shape of the week.
 * Invariants: an entry reads only what lies a week or more before it; the same bits however much is
 * tabulated; the lags are looked up once for all series, because they depend on the calendar alone;
 * in a sum the same values come in the same order.
 * Fails: never; NaN where nothing is known.
 */

import { type Panel, targetOf } from '../panel/panel.ts';
import { type Calendar, localLag } from './calendar.ts';

/** The shape of a week is averaged over this many weeks, as far as they are known. */
export const WEEKS_OF_SHAPE = 26;

export interface WeekTables {
  /** The first grid index that is tabulated. */
  readonly from: number;
  /** Intervals of one series' row: entry t is at `series * width + t - from`. */
  readonly width: number;
  /**
   * [series × width]: the mean of the known values 1, 2, … `weeksOfMean` weeks before; NaN where
   * none is known.
   */
  readonly weekMeans: Float32Array;
  /**
   * [series × width]: the value at this hour of the week over its own week's mean, over up to 26
   * weeks.
   */
  readonly weekShape: Float32Array;
}

export interface WeekTableSizes {
  readonly day: number;
  readonly week: number;
  readonly weeksOfMean: number;
  /** The shape is a difference to its own week's mean, in the target's unit, not a ratio. */
  readonly isAdditive?: boolean;
  /** Entries of the grid indices [from, span); the calendar covers them. */
  readonly from: number;
  readonly span: number;
  /** Grid index before which no value is known; default 0. */
  readonly knownFrom?: number;
}

/** @param lags of this grid and these sizes */
export function createWeekTables(panel: Panel, sizes: WeekTableSizes, lags: Lags): WeekTables {
  const { from, span, weeksOfMean } = sizes;
  const width = span - from;
  const weekMeans = new Float32Array(panel.seriesIds.length * width);
  const weekShape = new Float32Array(panel.seriesIds.length * width);
  const ahead = intervalsIntoDay(panel, sizes.day);
  const means = new Float64Array(Math.ceil((panel.length + ahead) / sizes.day) + 1);
  for (let series = 0; series < panel.seriesIds.length; series++) {
    const values = targetOf(panel, series);
    writeMeans(weekMeans, series * width, values, lags, weeksOfMean);
    weeksBeforeDays(means, values, ahead, sizes);
    writeShape(weekShape, series * width, values, lags, means, sizes);
  }
  return { from, width, weekMeans, weekShape };
}

/** They depend on the grid and the calendar alone. */
export interface Lags {
  /**
   * [width × WEEKS_OF_SHAPE]: the grid index by the local clock; -1 where it is outside the panel
   * or a holiday, which says little of other weeks.
   */
  readonly at: Int32Array;
  /** The day of each, on the absolute grid. */
  readonly day: Int32Array;
}

export function lagsByWeek(
  panel: Panel,
  calendar: Calendar,
  { day, week, from, span }: Omit<WeekTableSizes, 'weeksOfMean'>,
): Lags {
  const ahead = intervalsIntoDay(panel, day);
  const at = new Int32Array((span - from) * WEEKS_OF_SHAPE).fill(-1);
  const days = new Int32Array(at.length);
  for (let t = from; t < span; t++) {
    for (let w = 1; w <= WEEKS_OF_SHAPE; w++) {
      const lag = localLag(calendar, t, w * week);
      if (lag < 0) break;
      if (lag >= panel.length || (calendar.holiday[lag] as number) > 0) continue;
      const i = (t - from) * WEEKS_OF_SHAPE + w - 1;
      at[i] = lag;
      days[i] = Math.floor((lag + ahead) / day);
    }
  }
  return { at, day: days };
}

/**
 * Days are counted on the absolute grid, so that a long and a short panel agree; whole ones, where
 * the grid stands off it (hours that start at half past, in Kolkata).
 */
function intervalsIntoDay(panel: Panel, day: number): number {
  const intervals = Math.floor(panel.start / (panel.frequencyMinutes * 60_000));
  return ((intervals % day) + day) % day;
}

function writeMeans(
  out: Float32Array,
  to: number,
  values: Float32Array,
  lags: Lags,
  weeks: number,
): void {
  for (let i = 0; i * WEEKS_OF_SHAPE < lags.at.length; i++)
    out[to + i] = meanOfWeeks(values, lags, i, weeks);
}

/** The mean of the known values 1, 2, … `weeks` weeks before the i-th interval of the lags. */
export function meanOfWeeks(values: Float32Array, { at }: Lags, i: number, weeks: number): number {
  let sum = 0;
  let known = 0;
  for (let w = 0; w < weeks; w++) {
    const lag = at[i * WEEKS_OF_SHAPE + w] as number;
    if (lag < 0) continue;
    const value = values[lag] as number;
    if (Number.isNaN(value)) continue;
    sum += value;
    known++;
  }
  return known > 0 ? sum / known : Number.NaN;
}

/**
 * The shape of the week, up to holidays and growth: Σ values at this hour of the last weeks over Σ
 * means of their own weeks; of a target that changes sign, the mean difference between the two. A
 * value's own week is the one before its (UTC) day, so that growth and seasons cancel and nothing
 * after the value is read.
 */
function writeShape(
  out: Float32Array,
  to: number,
  values: Float32Array,
  lags: Lags,
  weekBeforeDay: Float64Array,
  { isAdditive, knownFrom = 0 }: Pick<WeekTableSizes, 'isAdditive' | 'knownFrom'>,
): void {
  const { at, day } = lags;
  for (let entry = 0; entry * WEEKS_OF_SHAPE < at.length; entry++) {
    let above = 0;
    let below = 0;
    let known = 0;
    const end = (entry + 1) * WEEKS_OF_SHAPE;
    for (let i = end - WEEKS_OF_SHAPE; i < end; i++) {
      const lag = at[i] as number;
      if (lag < 0) continue;
      // The others lie further back.
      if (lag < knownFrom) break;
      const value = values[lag] as number;
      const mean = weekBeforeDay[day[i] as number] as number;
      if (Number.isNaN(value) || Number.isNaN(mean)) continue;
      above += value;
      below += mean;
      known++;
    }
    if (isAdditive) out[to + entry] = known > 0 ? (above - below) / known : Number.NaN;
    else out[to + entry] = below > 0 ? above / below : Number.NaN;
  }
}

/**
 * For each day the mean of the week before it; NaN where less than half of that is known. A sum of
 * the values in their order: where all of them are whole multiples of one unit, and small ones of
 * it, no sum is rounded, and sums of days add up to the same bits.
 */
function weeksBeforeDays(
  means: Float64Array,
  values: Float32Array,
  ahead: number,
  { day, week, from, span, knownFrom = 0 }: WeekTableSizes,
): void {
  const days = week / day;
  const endDay = Math.min(means.length, Math.ceil((span + ahead) / day) + 1);
  const firstDay = Math.max(0, Math.floor((from - (WEEKS_OF_SHAPE + 1) * week) / day));
  const sums = new Float64Array(means.length);
  const counts = new Int32Array(means.length);
  let largest = 0;
  let smallest = Number.POSITIVE_INFINITY;
  const firstKnown = Math.floor((knownFrom + ahead) / day);
  for (let d = Math.max(0, Math.floor(firstDay - days), firstKnown); d < endDay; d++) {
    const end = Math.min(values.length, (d + 1) * day - ahead);
    let sum = 0;
    let count = 0;
    for (let t = Math.max(0, d * day - ahead); t < end; t++) {
      const value = values[t] as number;
      if (Number.isNaN(value)) continue;
      const size = value < 0 ? -value : value;
      if (size > largest) largest = size;
      if (size < smallest && size > 0) smallest = size;
      sum += value;
      count++;
    }
    sums[d] = sum;
    counts[d] = count;
  }
  // A float32 is a multiple of 2^-24 of the power of two above it; what is below 2^53 of such a
  // unit is a float64 to the last bit.
  const isExact = Number.isInteger(days) && week * largest <= 2 ** 29 * smallest;
  means.fill(Number.NaN);
  for (let d = firstDay; d < endDay; d++) {
    let sum = 0;
    let count = 0;
    if (isExact) {
      for (let e = Math.max(0, d - days); e < d; e++) {
        sum += sums[e] as number;
        count += counts[e] as number;
      }
    } else {
      const end = Math.min(values.length, d * day - ahead);
      for (let t = Math.max(0, d * day - ahead - week); t < end; t++) {
        const value = values[t] as number;
        if (Number.isNaN(value)) continue;
        sum += value;
        count++;
      }
    }
    if (2 * count >= week) means[d] = sum / count;
  }
}
