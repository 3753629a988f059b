/**
 * Purpose: what the windows of a panel share, per series and interval: the mean of the last weeks and the shape of the week.
 * Invariants: an entry reads only what lies a week or more before it; the same bits however much is tabulated; the lags are looked
 * up once for all series, because they depend on the calendar alone; in a sum the same values come in the same order.
 * Fails: never; NaN where nothing is known.
 */
import { type Calendar, localLag } from './calendar.ts';
import { type Panel, targetOf } from './panel.ts';

/** The shape of a week is averaged over this many weeks, as far as they are known. */
export const WEEKS_OF_SHAPE = 26;

export interface WeekTables {
  /** The first grid index that is tabulated. */
  readonly from: number;
  /** Intervals of one series' row: entry t is at `series * width + t - from`. */
  readonly width: number;
  /** [series × width]: the mean of the known values 1, 2, … `weeksOfMean` weeks before; NaN where none is known. */
  readonly weekMeans: Float32Array;
  /** [series × width]: the value at this hour of the week over its own week's mean, over up to 26 weeks. */
  readonly weekShape: Float32Array;
}

export interface WeekTableSizes {
  readonly day: number;
  readonly week: number;
  readonly weeksOfMean: number;
  /** Entries of the grid indices [from, span); the calendar covers them. */
  readonly from: number;
  readonly span: number;
}

/** @param lags of this grid and these sizes, where they were made before */
export function createWeekTables(
  panel: Panel,
  calendar: Calendar,
  sizes: WeekTableSizes,
  lags: Lags = lagsByWeek(panel, calendar, sizes),
): WeekTables {
  const { from, span, weeksOfMean } = sizes;
  const width = span - from;
  const weekMeans = new Float32Array(panel.seriesIds.length * width);
  const weekShape = new Float32Array(panel.seriesIds.length * width);
  const means = createMeans(panel, sizes);
  for (let series = 0; series < panel.seriesIds.length; series++) {
    const values = targetOf(panel, series);
    writeMeans(weekMeans, series * width, values, lags.at, weeksOfMean);
    weeksBeforeDays(means, values, sizes);
    writeShape(weekShape, series * width, values, lags, means.mean);
  }
  return { from, width, weekMeans, weekShape };
}

/** They depend on the grid and the calendar alone. */
export interface Lags {
  /** [width × WEEKS_OF_SHAPE]: the grid index by the local clock; -1 where it is outside the panel or a holiday, which says little of other weeks. */
  readonly at: Int32Array;
  /** The day of each, on the absolute grid. */
  readonly day: Int32Array;
}

export function lagsByWeek(panel: Panel, calendar: Calendar, { day, week, from, span }: WeekTableSizes): Lags {
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
 * Days are counted on the absolute grid, so that a long and a short panel agree; whole ones, where the grid stands off it (hours that start
 * at half past, in Kolkata).
 */
function intervalsIntoDay(panel: Panel, day: number): number {
  const intervals = Math.floor(panel.start / (panel.frequencyMinutes * 60_000));
  return ((intervals % day) + day) % day;
}

function writeMeans(out: Float32Array, to: number, values: Float32Array, lags: Int32Array, weeks: number): void {
  for (let i = 0; i * WEEKS_OF_SHAPE < lags.length; i++) {
    let sum = 0;
    let known = 0;
    for (let w = 0; w < weeks; w++) {
      const lag = lags[i * WEEKS_OF_SHAPE + w] as number;
      if (lag < 0) continue;
      const value = values[lag] as number;
      if (Number.isNaN(value)) continue;
      sum += value;
      known++;
    }
    out[to + i] = known > 0 ? sum / known : Number.NaN;
  }
}

/**
 * The shape of the week, up to holidays and growth: Σ values at this hour of the last weeks over Σ means of their own weeks.
 * A value's own week is the one before its (UTC) day, so that growth and seasons cancel and nothing after the value is read.
 */
function writeShape(out: Float32Array, to: number, values: Float32Array, lags: Lags, weekBeforeDay: Float64Array): void {
  const { at, day } = lags;
  let i = 0;
  for (let entry = 0; i < at.length; entry++) {
    let above = 0;
    let below = 0;
    for (const end = i + WEEKS_OF_SHAPE; i < end; i++) {
      const lag = at[i] as number;
      if (lag < 0) continue;
      const value = values[lag] as number;
      const mean = weekBeforeDay[day[i] as number] as number;
      if (Number.isNaN(value) || Number.isNaN(mean)) continue;
      above += value;
      below += mean;
    }
    out[to + entry] = below > 0 ? above / below : Number.NaN;
  }
}

interface Means {
  readonly ahead: number;
  /** [days]: the mean of the week before the day; NaN where less than half of it is known. */
  readonly mean: Float64Array;
  /** The values, with 0 for what is unknown and where a week reaches beyond the panel: intervals from `-front` on. */
  readonly clean: Float64Array;
  /** How many values before each entry of `clean` are known. */
  readonly known: Int32Array;
  readonly front: number;
}

/** Weeks that are summed side by side. */
const ABREAST = 4;

function createMeans(panel: Panel, { day, week }: WeekTableSizes): Means {
  const ahead = intervalsIntoDay(panel, day);
  const days = Math.ceil((panel.length + ahead) / day) + 1;
  const front = week + day;
  const size = front + panel.length + (2 + ABREAST) * day;
  return {
    ...{ ahead, front, mean: new Float64Array(days) },
    ...{ clean: new Float64Array(size), known: new Int32Array(size + 1) },
  };
}

/** Several weeks at once, because a sum of one waits for every addition; within a week the values come in their order. */
function weeksBeforeDays({ ahead, mean, clean, known, front }: Means, values: Float32Array, sizes: WeekTableSizes): void {
  const { day, week, from } = sizes;
  const firstDay = Math.max(0, Math.floor((from - (WEEKS_OF_SHAPE + 1) * week) / day));
  let count = 0;
  for (let t = 0; t < values.length; t++) {
    const value = values[t] as number;
    const isKnown = !Number.isNaN(value);
    clean[front + t] = isKnown ? value : 0;
    if (isKnown) count++;
    known[front + t + 1] = count;
  }
  known.fill(count, front + values.length + 1);
  mean.fill(Number.NaN);
  const keep = (d: number, sum: number): void => {
    if (d >= mean.length) return;
    const start = front + d * day - ahead - week;
    const inWeek = (known[start + week] as number) - (known[start] as number);
    if (2 * inWeek >= week) mean[d] = sum / inWeek;
  };
  for (let d = firstDay; d < mean.length; d += ABREAST) {
    // The week before day d is [d · day − ahead − week, d · day − ahead).
    const start = front + d * day - ahead - week;
    let a = 0;
    let b = 0;
    let c = 0;
    let e = 0;
    for (let i = start; i < start + week; i++) {
      a += clean[i] as number;
      b += clean[i + day] as number;
      c += clean[i + 2 * day] as number;
      e += clean[i + 3 * day] as number;
    }
    keep(d, a);
    keep(d + 1, b);
    keep(d + 2, c);
    keep(d + 3, e);
  }
}
