/**
 * Purpose: the one function that builds the network's inputs, for training, backtest, batch and the
 * API alike.
 * Invariants: reads nothing after the cutoff but the calendar and what is known in advance; depends
 * only on the last `historyIntervals` intervals, so that a long and a short panel give the same
 * bits; every output is finite, also for series with gaps; scaling a series scales only its level.
 * Fails: a RangeError for a cutoff with too little grid before it, a window longer than the lags,
 * and season lengths that do not fit.
 */

import { type Panel, targetOf } from '../panel/panel.ts';
import { type Calendar, type CalendarPlace, createCalendar, localLag } from './calendar.ts';
import {
  type ExogenousInputs,
  type ExogenousRows,
  exogenousRows,
  NO_EXOGENOUS,
  PAST_INPUTS,
} from './exogenous.ts';
import type { GridTables } from './grid-cache.ts';
import { createWeekTables, lagsByWeek, WEEKS_OF_SHAPE, type WeekTables } from './week-tables.ts';

export interface FeatureSpec {
  readonly place: CalendarPlace;
  readonly frequencyMinutes: number;
  /** Intervals per day and per week: the two seasons the lags look back by. */
  readonly day: number;
  readonly week: number;
  readonly horizon: number;
  readonly nonNegative: boolean;
  /** Counts: the median is a whole number. */
  readonly integerValued: boolean;
  /**
   * Columns beside the target. Absent where there are none: the inputs are then those of a network
   * that knows of no such thing.
   */
  readonly exogenous?: ExogenousInputs;
  /**
   * How many of the last values the encoder sees, one by one; absent: those of a week. At most 8
   * weeks and a day.
   */
  readonly windowIntervals?: number;
}

/** The seasonal lags of every step: the same local time on each of the last weeks and days. */
const WEEKS_BACK = 4;
const WEEKS_BACK_LONG = 8;
const MIN_LEVEL = 1e-3;
const DAYS_BACK = 2;
const DAYS_BACK_LONG = 7;
const CALENDAR_FEATURES = 4 + 7 + 4;

export interface FeatureSizes {
  /** Inputs of the encoder, per window. */
  readonly windowSize: number;
  /** Of these, the first: the last values as they are, one an interval. */
  readonly windowIntervals: number;
  /** Inputs of the head, per step. */
  readonly stepSize: number;
  /** Intervals up to and including the cutoff that a window reads. */
  readonly historyIntervals: number;
  /** Of these, how many a window must have to be learnt from; the older ones may be unknown. */
  readonly trainingHistory: number;
}

/**
 * Exogenous inputs come last, in the window (known afterwards) and in the step (known in advance):
 * the others keep their places.
 */
export function featureSizes(spec: FeatureSpec): FeatureSizes {
  const { past, future } = spec.exogenous ?? NO_EXOGENOUS;
  const windowIntervals = spec.windowIntervals ?? spec.week;
  return {
    windowSize: windowIntervals + 2 * spec.day + 4 + past.length * PAST_INPUTS,
    windowIntervals,
    stepSize: WEEKS_BACK + DAYS_BACK + 11 + CALENDAR_FEATURES + 2 + future.length,
    // Eight weeks, two days of residuals against their own mean of 4 weeks, and an hour's change of
    // the clocks.
    trainingHistory: WEEKS_BACK_LONG * spec.week + spec.day,
    historyIntervals: (WEEKS_OF_SHAPE + 1) * spec.week + 2 * spec.day,
  };
}

/**
 * What an input speaks of: an explanation moves all inputs of a group together. `series` has the
 * embedding besides.
 */
export const FEATURE_GROUPS = ['recent', 'weeks', 'calendar', 'exogenous', 'series'] as const;
export type FeatureGroup = (typeof FEATURE_GROUPS)[number];

/**
 * The group of every input, in the order in which `writeFeatures` writes them. `recent` is what the
 * last two days alone tell, as values and against their own 4-week means; what reaches further
 * back, also if the last two days are in it, is `weeks`; `calendar` is known of the target in
 * advance; `series` is the logarithm of the level. Everything is in units of the level, so the
 * level as a unit is in no group. null: the step's place in the horizon, which is what was asked,
 * not what was seen. Columns behind these are exogenous.
 */
export function featureGroups(spec: FeatureSpec): {
  window: FeatureGroup[];
  step: (FeatureGroup | null)[];
} {
  const { windowSize, windowIntervals, stepSize } = featureSizes(spec);
  const times = <T>(count: number, group: T): T[] => new Array<T>(Math.max(0, count)).fill(group);
  const values = [
    ...times(windowIntervals - 2 * spec.day, 'weeks' as const),
    ...times(2 * spec.day, 'recent' as const),
  ];
  const residuals = times(2 * spec.day, 'recent' as const);
  const window: FeatureGroup[] = [
    ...values.slice(-windowIntervals),
    ...residuals,
    'series',
    'recent',
    'weeks',
    'recent',
  ];
  const calendar = times<FeatureGroup>(CALENDAR_FEATURES, 'calendar');
  // What the last Sundays were, on a holiday.
  calendar[CALENDAR_FEATURES - 2] = 'weeks';
  const lags = [
    ...times(WEEKS_BACK, 'weeks' as const),
    ...times(DAYS_BACK, 'recent' as const),
    ...times(9, 'weeks' as const),
  ];
  const step = [...lags, ...times(2, 'recent' as const), ...calendar, null, null];
  return {
    window: [...window, ...times(windowSize - window.length, 'exogenous' as const)],
    step: [...step, ...times(stepSize - step.length, 'exogenous' as const)],
  };
}

/** A panel with what its windows share: looked up, so that a window costs little. */
export interface FeatureSource {
  readonly spec: FeatureSpec;
  readonly sizes: FeatureSizes;
  readonly panel: Panel;
  /** No cutoff before this one may be asked for. */
  readonly firstCutoff: number;
  /** Covers the panel and one horizon beyond. */
  readonly calendar: Calendar;
  readonly tables: WeekTables;
  readonly exogenous: ExogenousRows;
}

/**
 * @param firstCutoff the earliest cutoff that will be asked for (grid index): what lies well before
 * it is not tabulated
 * @param grid cache of grids that were asked for before, for this spec alone
 */
export function createFeatureSource(
  panel: Panel,
  spec: FeatureSpec,
  firstCutoff = 0,
  kept?: GridTables,
): FeatureSource {
  if (panel.frequencyMinutes !== spec.frequencyMinutes) {
    throw new RangeError(
      `the panel's frequency is ${panel.frequencyMinutes} minutes, the features' is ${spec.frequencyMinutes}`,
    );
  }
  // A step looks one interval past itself, a week earlier, and the clocks may change between.
  if (spec.horizon + 2 * Math.ceil(60 / spec.frequencyMinutes) > spec.week) {
    throw new RangeError(
      `horizon ${spec.horizon} is too long for a longest season of ${spec.week} intervals`,
    );
  }
  const sizes = featureSizes(spec);
  const { windowIntervals, trainingHistory } = sizes;
  if (
    !Number.isInteger(windowIntervals) ||
    windowIntervals < 1 ||
    windowIntervals > trainingHistory
  ) {
    throw new RangeError(
      `a window of ${windowIntervals} intervals is not a whole number of them from 1 to ${trainingHistory}`,
    );
  }
  const span = panel.length + spec.horizon + 1;
  const makeCalendar = () => createCalendar(panel.start, panel.frequencyMinutes, span, spec.place);
  const grid = `${panel.start} ${panel.length}`;
  const calendar = kept ? kept.calendar(grid, makeCalendar) : makeCalendar();
  // A window looks up the means of its last two days, and of lags up to two days and the horizon
  // back.
  const from = Math.max(0, firstCutoff - 3 * spec.day - spec.horizon);
  const widths = { day: spec.day, week: spec.week, weeksOfMean: WEEKS_BACK, from, span };
  const lags = kept?.lags(`${grid} ${from}`, () => lagsByWeek(panel, calendar, widths));
  const tables = createWeekTables(panel, calendar, widths, lags);
  const known = { day: spec.day, week: spec.week, from: firstCutoff, span };
  const exogenous = exogenousRows(panel, spec.exogenous ?? NO_EXOGENOUS, known);
  return { spec, sizes, panel, firstCutoff, calendar, tables, exogenous };
}

/** Where windows are written: row `r` of each array belongs to the r-th window. */
export interface FeatureBatch {
  readonly capacity: number;
  /** [capacity × windowSize] */
  readonly window: Float32Array;
  /** [capacity × horizon × stepSize] */
  readonly step: Float32Array;
  /**
   * [capacity × horizon]: the shape of the week, in units of the level: what the network's outputs
   * are offsets to.
   */
  readonly base: Float32Array;
  /** [capacity]: the series' level in the target's own unit. Always positive. */
  readonly level: Float32Array;
}

export function createFeatureBatch(
  sizes: FeatureSizes,
  horizon: number,
  capacity: number,
): FeatureBatch {
  return {
    capacity,
    window: new Float32Array(capacity * sizes.windowSize),
    step: new Float32Array(capacity * horizon * sizes.stepSize),
    base: new Float32Array(capacity * horizon),
    level: new Float32Array(capacity),
  };
}

/**
 * Mean of the known |values| of the last 4 weeks up to the cutoff; a small number where none is
 * known or all are zero.
 */
export function levelAt(values: Float32Array, cutoff: number, week: number): number {
  let sum = 0;
  let count = 0;
  for (let t = Math.max(0, cutoff - WEEKS_BACK * week + 1); t <= cutoff; t++) {
    const value = values[t] as number;
    if (!Number.isNaN(value)) {
      sum += value < 0 ? -value : value;
      count++;
    }
  }
  return sum > 0 ? sum / count : MIN_LEVEL;
}

/**
 * True where a window's last week holds enough known values (a day of them, or half the week where
 * that is less) for its level to mean something. A window without them, such as one before the first
 * value of its series, has a level of next to nothing: it neither scales, trains nor calibrates.
 */
export function hasEnoughHistory(
  values: Float32Array,
  cutoff: number,
  { day, week }: Pick<FeatureSpec, 'day' | 'week'>,
): boolean {
  const needed = Math.min(day, Math.ceil(week / 2));
  let known = 0;
  for (let t = cutoff; known < needed && t > cutoff - week && t >= 0; t--)
    if (!Number.isNaN(values[t])) known++;
  return known >= needed;
}

/**
 * Mean of the known values `count` times `season` back by the local clock, from `first` back at the
 * earliest and none at or after `end`; NaN where none is known. Holidays are left out: they say
 * little of the same hour on another day.
 */
function meanOfLags(
  source: Pick<FeatureSource, 'calendar'>,
  values: Float32Array,
  t: number,
  season: number,
  count: number,
  end: number,
  first = season,
): number {
  const { calendar } = source;
  let sum = 0;
  let known = 0;
  for (let n = 0; n < count; n++) {
    const lag = localLag(calendar, t, first + n * season);
    if (lag < 0) break;
    const value = lag < end ? (values[lag] as number) : Number.NaN;
    if (Number.isNaN(value) || (calendar.holiday[lag] as number) > 0) continue;
    sum += value;
    known++;
  }
  return known > 0 ? sum / known : Number.NaN;
}

/**
 * Writes the inputs of one window (a series at a cutoff, both grid indices) to `row` of the batch.
 */
export function writeFeatures(
  source: FeatureSource,
  series: number,
  cutoff: number,
  batch: FeatureBatch,
  row: number,
): void {
  const { spec, sizes, panel, calendar } = source;
  const { day, week, horizon } = spec;
  if (cutoff < source.firstCutoff)
    throw new RangeError(`cutoff ${cutoff} is before the first tabulated, ${source.firstCutoff}`);
  if (cutoff < sizes.trainingHistory - 1 || cutoff >= panel.length) {
    throw new RangeError(
      `cutoff ${cutoff} needs ${sizes.trainingHistory} intervals up to it; the panel has ${panel.length}`,
    );
  }
  const values = targetOf(panel, series);
  const { from, width } = source.tables;
  const weekMeans = source.tables.weekMeans.subarray(series * width, (series + 1) * width);
  const weekShape = source.tables.weekShape.subarray(series * width, (series + 1) * width);
  const level = levelAt(values, cutoff, week);
  const scale = 1 / level;
  batch.level[row] = level;
  const window = batch.window;
  let at = row * sizes.windowSize;
  let daySum = 0;
  let weekSum = 0;
  const seen = sizes.windowIntervals;
  for (let t = cutoff - Math.max(seen, week) + 1; t <= cutoff; t++) {
    // What stands in for an unknown value is the level.
    const raw = values[t] as number;
    const value = Number.isNaN(raw) ? 1 : raw * scale;
    if (t > cutoff - seen) window[at++] = value;
    // Whatever the window, the means are those of the last day and week.
    if (t > cutoff - week) weekSum += value;
    if (t > cutoff - day) daySum += value;
  }
  const residualAt = (t: number): number => {
    const residual = ((values[t] as number) - (weekMeans[t - from] as number)) * scale;
    return Number.isNaN(residual) ? 0 : residual;
  };
  let residualSum = 0;
  let lastResidual = 0;
  for (let t = cutoff - 2 * day + 1; t <= cutoff; t++) {
    const residual = residualAt(t);
    window[at++] = residual;
    if (t > cutoff - day) residualSum += residual;
    lastResidual = residual;
  }
  window[at++] = Math.log(level);
  window[at++] = daySum / day;
  window[at++] = weekSum / week;
  window[at++] = residualSum / day;
  const pastSize = (spec.exogenous?.past.length ?? 0) * PAST_INPUTS;
  for (let i = 0; i < pastSize; i++)
    window[at++] = source.exogenous.past[cutoff * pastSize + i] as number;

  const futureSize = spec.exogenous?.future.length ?? 0;
  const step = batch.step;
  const shapeOrBase = (shape: number, base: number): number =>
    Number.isNaN(shape) ? 0 : shape - base;
  const orBase = (value: number, base: number): number =>
    Number.isNaN(value) ? 0 : value * scale - base;
  for (let k = 1; k <= horizon; k++) {
    const t = cutoff + k;
    let to = (row * horizon + k - 1) * sizes.stepSize;
    const mean = weekMeans[t - from] as number;
    const shape = weekShape[t - from] as number;
    const base = Number.isNaN(shape) ? (Number.isNaN(mean) ? 1 : mean * scale) : shape;
    batch.base[row * horizon + k - 1] = base;
    let spread = 0;
    let holidayLags = 0;
    for (let w = 1; w <= WEEKS_BACK; w++) {
      const lag = localLag(calendar, t, w * week);
      const deviation = lag <= cutoff ? orBase(values[lag] as number, base) : 0;
      step[to++] = deviation;
      spread += deviation * deviation;
      holidayLags += calendar.holiday[lag] as number;
    }
    for (let d = 1; d <= DAYS_BACK; d++) {
      // A lag after the cutoff is not known yet: look further back, by whole days.
      const beyond = Math.max(0, Math.ceil((t - d * day - cutoff) / day));
      const lag = localLag(calendar, t, (d + beyond) * day);
      step[to++] = lag <= cutoff ? residualAt(lag) : 0;
    }
    step[to++] = orBase(meanOfLags(source, values, t, week, WEEKS_BACK_LONG, cutoff + 1), base);
    step[to++] = orBase(meanOfLags(source, values, t, day, DAYS_BACK_LONG, cutoff + 1), base);
    step[to++] = orBase(weekMeans[t - from - 1] as number, base);
    step[to++] = orBase(weekMeans[t - from + 1] as number, base);
    step[to++] = orBase(mean, base);
    step[to++] = shapeOrBase(weekShape[t - from - 1] as number, base);
    step[to++] = shapeOrBase(weekShape[t - from + 1] as number, base);
    step[to++] = base;
    step[to++] = Math.sqrt(spread / WEEKS_BACK);
    step[to++] = lastResidual / Math.sqrt(k);
    step[to++] = residualSum / day;
    const angle = ((calendar.minuteOfDay[t] as number) / 1440) * 2 * Math.PI;
    step[to++] = Math.sin(angle);
    step[to++] = Math.cos(angle);
    step[to++] = Math.sin(2 * angle);
    step[to++] = Math.cos(2 * angle);
    const weekday = calendar.weekday[t] as number;
    for (let d = 0; d < 7; d++) step[to++] = d === weekday ? 1 : 0;
    step[to++] = calendar.holiday[t] as number;
    step[to++] = calendar.holidayEve[t] as number;
    // Holidays are lived much like Sundays: what this hour was on the last Sundays.
    const sinceSunday = ((weekday + 1) % 7 || 7) * day;
    step[to++] =
      calendar.holiday[t] === 1
        ? orBase(meanOfLags(source, values, t, week, WEEKS_BACK, cutoff + 1, sinceSunday), base)
        : 0;
    step[to++] = holidayLags / WEEKS_BACK;
    step[to++] = k / horizon;
    step[to++] = 1 / k;
    for (let i = 0; i < futureSize; i++)
      step[to++] = source.exogenous.future[t * futureSize + i] as number;
  }
}
