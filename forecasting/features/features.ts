/**
 * Purpose: the one function that builds the network's inputs, for training, backtest, batch and the
 * API alike.
 * Invariants: reads nothing after the cutoff but the calendar and what is known in advance; depends
 * only on the last `historyIntervals` intervals, so that a long and a short panel give the same
 * bits; every output is finite, also for series with gaps; scaling a series scales only its level.
 * Fails: a RangeError for a cutoff with too little grid before it.
 */
import { CALENDAR_INPUTS, type Calendar, localLag } from './calendar.ts';
import { type ExogenousRows, PAST_INPUTS } from './exogenous.ts';
import type { FeatureSource } from './feature-source.ts';
import {
  DAYS_BACK,
  DAYS_IN_MOVEMENTS,
  type FeatureSizes,
  type FeatureSpec,
  featureSizes,
  hasYearFeatures,
  type LevelSpec,
  levelIntervals,
  stepMargin,
  WEEKS_BACK,
  WEEKS_BACK_LONG,
} from './feature-spec.ts';
import { type HolidayEffect, holidayEffect, sinceSunday } from './holiday-base.ts';
import { type Movement, movementAt, NO_MOVEMENT } from './movement.ts';
import { historyAt, type SeriesHistory } from './series-history.ts';
import { WEEKS_OF_SHAPE } from './week-tables.ts';

const DAYS_BACK_LONG = 7;
const MIN_LEVEL = 1e-3;
/** Place of the known share of the level's span behind values and residuals. */
const KNOWN_SHARE_AT = 5;

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
  /**
   * [capacity]: the unit of the outputs, in units of the level. Always positive; 1 for models from
   * before there was another unit.
   */
  readonly movement: Float32Array;
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
    movement: new Float32Array(capacity).fill(1),
  };
}

/** The unit of a window's inputs and outputs. */
interface Level {
  /** Mean distance of the known values from the center. Always positive. */
  readonly level: number;
  /** 0, or the mean of the known values where the shape is additive. */
  readonly center: number;
  /** Known values it is taken from. */
  readonly known: number;
}

function levelOf(values: Float32Array, cutoff: number, spec: LevelSpec): Level {
  const first = Math.max(0, cutoff - levelIntervals(spec) + 1);
  let sum = 0;
  let size = 0;
  let known = 0;
  for (let t = first; t <= cutoff; t++) {
    const value = values[t] as number;
    if (Number.isNaN(value)) continue;
    size += value < 0 ? -value : value;
    sum += value;
    known++;
  }
  if (!spec.isAdditive) return { level: size > 0 ? size / known : MIN_LEVEL, center: 0, known };
  const center = known > 0 ? sum / known : 0;
  let distance = 0;
  for (let t = first; t <= cutoff; t++) {
    const value = values[t] as number;
    if (!Number.isNaN(value)) distance += Math.abs(value - center);
  }
  // A difference from rounding alone does not count.
  const isMoving = distance > 1e-6 * size;
  return { level: isMoving ? distance / known : Math.abs(center) || MIN_LEVEL, center, known };
}

/**
 * Mean of the known |values| of the last 4 weeks up to the cutoff, or of their distances from their
 * mean where the shape is additive; a small number where none is known or all are zero.
 */
export const levelAt = (values: Float32Array, cutoff: number, spec: LevelSpec): number =>
  levelOf(values, cutoff, spec).level;

/** Known values of the last week below which its level means nothing. */
export const knownNeeded = ({ day, week }: Pick<FeatureSpec, 'day' | 'week'>): number =>
  day > 1 ? Math.min(day, Math.ceil(week / 2)) : Math.ceil(week / 2);

/**
 * True where a window's last week holds enough known values (a day of them, or half the week where
 * that is less, or a day is one interval) for its level to mean something. A window without them,
 * such as one before the first value of its series, has a level close to zero: it is not used for
 * scaling, training or calibration.
 * @param first where the series begins
 */
export function hasEnoughHistory(
  values: Float32Array,
  cutoff: number,
  { day, week }: Pick<FeatureSpec, 'day' | 'week'>,
  first = 0,
): boolean {
  const needed = knownNeeded({ day, week });
  let known = 0;
  for (let t = cutoff; known < needed && t > cutoff - week && t >= first; t--)
    if (!Number.isNaN(values[t])) known++;
  return known >= needed;
}

/**
 * Mean of the known values `count` times `season` back by the local clock, from `first` back at the
 * earliest and none at or after `end`; NaN where none is known. Holidays are left out: they say
 * little about the same hour on another day.
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

/** The same of whole weeks back, by the lags that the source has tabulated. */
function meanOfWeekLags(
  { lags, tables }: Pick<FeatureSource, 'lags' | 'tables'>,
  values: Float32Array,
  t: number,
  count: number,
  end: number,
): number {
  const first = (t - tables.from) * WEEKS_OF_SHAPE;
  let sum = 0;
  let known = 0;
  for (let n = 0; n < count; n++) {
    // Outside the panel and on holidays there is none: as above.
    const lag = lags.at[first + n] as number;
    if (lag < 0 || lag >= end) continue;
    const value = values[lag] as number;
    if (Number.isNaN(value)) continue;
    sum += value;
    known++;
  }
  return known > 0 ? sum / known : Number.NaN;
}

/**
 * Writes the inputs of one window (a series at a cutoff, both grid indices) to `row` of the batch.
 * @param history of the series up to the cutoff: all of it by default
 */
export function writeFeatures(
  source: FeatureSource,
  series: number,
  cutoff: number,
  batch: FeatureBatch,
  row: number,
  history: SeriesHistory = historyAt(source, series, cutoff),
): void {
  const { spec, sizes, panel } = source;
  if (cutoff < source.firstCutoff)
    throw new RangeError(`cutoff ${cutoff} is before the first tabulated, ${source.firstCutoff}`);
  if (cutoff < sizes.trainingHistory - 1 || cutoff >= panel.length) {
    throw new RangeError(
      `cutoff ${cutoff} needs ${sizes.trainingHistory} intervals up to it; the panel has ` +
        `${panel.length}`,
    );
  }
  const { values, from, weekMeans, weekShape } = history;
  const { level, center, known } = levelOf(values, cutoff, spec);
  const movement = spec.hasMovement ? movementAt(values, cutoff, spec, level) : NO_MOVEMENT;
  // Field by field: faster than spreads, and the views of all histories have one layout.
  const view: SeriesView = {
    source,
    exogenous: source.exogenous[series] as ExogenousRows,
    cutoff,
    values,
    from,
    weekMeans,
    weekShape,
    level,
    center,
    known,
    scale: 1 / level,
    movement,
  };
  batch.level[row] = level;
  batch.movement[row] = movement.size;
  writeSteps(view, writeWindow(view, batch, row), batch, row);
}

/**
 * Known share of the span that a level is taken from, of a row that is not yet standardised; 1 for
 * inputs that do not say it.
 */
export function knownShareOf({ window, capacity }: FeatureBatch, row: number, spec: FeatureSpec) {
  const place = knownSharePlace(spec);
  return place === null ? 1 : (window[(row * window.length) / capacity + place] as number);
}

/** Where the known share lies among the inputs of a window; null for inputs that do not say it. */
export const knownSharePlace = (spec: FeatureSpec): number | null =>
  spec.version === 2 ? featureSizes(spec).windowIntervals + 2 * spec.day + KNOWN_SHARE_AT : null;

/** One series at a cutoff, in units of its level. */
interface SeriesView extends SeriesHistory, Level {
  readonly source: FeatureSource;
  readonly exogenous: ExogenousRows;
  readonly cutoff: number;
  /** 1 / level. */
  readonly scale: number;
  readonly movement: Movement;
}

/** A value against the mean of its last 4 weeks; 0 where one of them is unknown. */
function residualAt({ values, weekMeans, from, scale }: SeriesView, t: number): number {
  const residual = ((values[t] as number) - (weekMeans[t - from] as number)) * scale;
  return Number.isNaN(residual) ? 0 : residual;
}

/** Residuals of the last day: what every step sees of them. */
interface RecentResiduals {
  readonly sum: number;
  readonly last: number;
}

/** Writes the encoder's inputs. */
function writeWindow(view: SeriesView, batch: FeatureBatch, row: number): RecentResiduals {
  const { source, exogenous, values, cutoff, level, center, scale } = view;
  const { spec, sizes } = source;
  const { day, week } = spec;
  const window = batch.window;
  let at = row * sizes.windowSize;
  let daySum = 0;
  let weekSum = 0;
  let knownOfWeek = 0;
  const usual = spec.isAdditive ? 0 : 1;
  const seen = sizes.windowIntervals;
  for (let t = cutoff - Math.max(seen, week) + 1; t <= cutoff; t++) {
    // An unknown value is replaced by the level.
    const raw = values[t] as number;
    const isKnown = !Number.isNaN(raw);
    const value = isKnown ? (raw - center) * scale : usual;
    if (t > cutoff - seen) window[at++] = value;
    // Whatever the window, the means are those of the last day and week.
    if (t > cutoff - week) weekSum += value;
    if (t > cutoff - week && isKnown) knownOfWeek++;
    if (t > cutoff - day) daySum += value;
  }
  let residualSum = 0;
  let lastResidual = 0;
  for (let t = cutoff - 2 * day + 1; t <= cutoff; t++) {
    const residual = residualAt(view, t);
    window[at++] = residual;
    if (t > cutoff - day) residualSum += residual;
    lastResidual = residual;
  }
  window[at++] = Math.log(level);
  window[at++] = daySum / day;
  window[at++] = weekSum / week;
  window[at++] = residualSum / day;
  if (spec.version === 2) {
    window[at++] = knownOfWeek / week;
    window[at++] = view.known / levelIntervals(spec);
    window[at++] = center * scale;
  }
  const pastSize = (spec.exogenous?.past.length ?? 0) * PAST_INPUTS;
  for (let i = 0; i < pastSize; i++) window[at++] = exogenous.past[cutoff * pastSize + i] as number;
  const { contextSize } = sizes;
  const contextAt = (cutoff - source.firstCutoff) * contextSize;
  for (let i = 0; i < contextSize; i++) window[at++] = source.context[contextAt + i] as number;
  return { sum: residualSum, last: lastResidual };
}

/** Writes the head's inputs and the base of every step. */
function writeSteps(
  view: SeriesView,
  recent: RecentResiduals,
  batch: FeatureBatch,
  row: number,
): void {
  const { source, exogenous, values, cutoff, center, scale, from, weekMeans } = view;
  const { spec, sizes, calendar } = source;
  const { day, week, horizon } = spec;
  const futureSize = spec.exogenous?.future.length ?? 0;
  const step = batch.step;
  const isVersioned = spec.version === 2;
  const effect = effectOfHolidays(view);
  for (let k = 1; k <= horizon; k++) {
    const t = cutoff + k;
    let to = (row * horizon + k - 1) * sizes.stepSize;
    // If the week before the target is not known yet, go back as many weeks as it takes.
    const ahead = isVersioned ? Math.max(0, Math.ceil((k + stepMargin(spec) - week) / week)) : 0;
    const at = (ahead > 0 ? localLag(calendar, t, ahead * week) : t) - from;
    const mean = weekMeans[at] as number;
    const nearestDay = isVersioned ? Math.ceil(k / day) * day : day;
    const dayMean = meanOfLags(source, values, t, day, DAYS_BACK_LONG, cutoff + 1, nearestDay);
    const shaped = baseOf(view, at, isVersioned ? dayMean : Number.NaN);
    const base = afterYesterday(view, shaped, localLag(calendar, t, nearestDay));
    const moved =
      effect && calendar.holiday[t] === 1 ? holidayMove(view, t, ahead, shaped, effect) : 0;
    batch.base[row * horizon + k - 1] = base + moved;
    let spread = 0;
    let holidayLags = 0;
    for (let w = 1; w <= WEEKS_BACK; w++) {
      const lag = localLag(calendar, t, (ahead + w) * week);
      const deviation =
        lag >= 0 && lag <= cutoff ? offsetOf(values[lag] as number, scale, base) : 0;
      step[to++] = deviation;
      spread += deviation * deviation;
      holidayLags += calendar.holiday[lag] ?? 0;
    }
    for (let d = 1; d <= DAYS_BACK; d++) {
      // A lag after the cutoff is not known yet: look further back, by whole days.
      const beyond = Math.max(0, Math.ceil((t - d * day - cutoff) / day));
      const lag = localLag(calendar, t, (d + beyond) * day);
      step[to++] = lag <= cutoff ? residualAt(view, lag) : 0;
    }
    const weeksMean = meanOfWeekLags(source, values, t, WEEKS_BACK_LONG, cutoff + 1);
    step[to++] = offsetOf(weeksMean, scale, base);
    step[to++] = offsetOf(dayMean, scale, base);
    step[to++] = offsetOf(weekMeans[at - 1] as number, scale, base);
    step[to++] = offsetOf(weekMeans[at + 1] as number, scale, base);
    step[to++] = offsetOf(mean, scale, base);
    step[to++] = shapeAt(view, at - 1, base) - base;
    step[to++] = shapeAt(view, at + 1, base) - base;
    step[to++] = base - center * scale;
    step[to++] = Math.sqrt(spread / WEEKS_BACK);
    step[to++] = recent.last / Math.sqrt(k);
    step[to++] = recent.sum / day;
    const calendarAt = (t - source.firstCutoff) * CALENDAR_INPUTS;
    for (let i = 0; i < CALENDAR_INPUTS; i++)
      step[to++] = source.calendarInputs[calendarAt + i] as number;
    // Demand on a holiday resembles a Sunday's: the values of this hour on the last Sundays.
    step[to++] = calendar.holiday[t] === 1 ? offsetOf(sundaysOf(view, t), scale, base) : 0;
    step[to++] = holidayLags / WEEKS_BACK;
    step[to++] = k / horizon;
    step[to++] = 1 / k;
    if (hasYearFeatures(spec)) to = writeYear(calendar, t, step, to);
    if (spec.hasMovement) {
      const of = { t, base, nearestDay, dayMean, weeksMean, shaped };
      to = writeMovements(view, recent, of, step, to);
    }
    if (spec.hasHolidayBase) step[to++] = moved / view.movement.size;
    for (let i = 0; i < futureSize; i++)
      step[to++] = exogenous.future[t * futureSize + i] as number;
  }
}

/** A value against the base, in units of the level; 0 where it is unknown. */
const offsetOf = (value: number, scale: number, base: number): number =>
  Number.isNaN(value) ? 0 : value * scale - base;

/** The mean of the last Sundays at the time of interval t; NaN where none is known. */
function sundaysOf({ source, values, cutoff }: SeriesView, t: number): number {
  const { day, week } = source.spec;
  const back = sinceSunday(source.calendar, t, day) || 7 * day;
  return meanOfLags(source, values, t, week, WEEKS_BACK, cutoff + 1, back);
}

/** The shape of the week at a place of the tables, in units of the level; `other` where unknown. */
function shapeAt({ source, weekShape, center, scale }: SeriesView, at: number, other: number) {
  const shape = weekShape[at] as number;
  if (Number.isNaN(shape)) return other;
  return source.spec.isAdditive ? (center + shape) * scale : shape;
}

/**
 * What the outputs are offsets to, in units of the level: the shape of the week, else the mean of
 * the last weeks, else of the last days, each at the target's time, else the level.
 */
function baseOf(view: SeriesView, at: number, dayMean: number): number {
  const { weekMeans, center, scale, source } = view;
  const mean = weekMeans[at] as number;
  const known = Number.isNaN(mean) ? dayMean : mean;
  const level = source.spec.isAdditive ? center * scale : 1;
  return shapeAt(view, at, Number.isNaN(known) ? level : known * scale);
}

/** A base value, moved towards the value of the last known day at the target's time. */
function afterYesterday(
  { movement, values, scale, cutoff }: SeriesView,
  base: number,
  lag: number,
): number {
  const value = lag >= 0 && lag <= cutoff ? (values[lag] as number) * scale : Number.NaN;
  const share = movement.ofYesterday;
  return share > 0 && !Number.isNaN(value) ? base + share * (value - base) : base;
}

/** What holidays are against Sundays; null where the horizon has none, or the base is as usual. */
function effectOfHolidays({ source, values, cutoff, from, weekShape }: SeriesView) {
  const { spec, calendar } = source;
  if (!spec.hasHolidayBase || spec.isAdditive) return null;
  const end = cutoff + 1 + spec.horizon;
  if (!calendar.holiday.subarray(cutoff + 1, end).includes(1)) return null;
  const shapeAt = (t: number) => weekShape[t - from] as number;
  return holidayEffect({ values, cutoff, calendar, spec, shapeAt });
}

/** From the shape of a weekday to that of a holiday, in units of the level. */
function holidayMove(
  { source, weekShape, from }: SeriesView,
  t: number,
  ahead: number,
  shaped: number,
  { ratio, share }: HolidayEffect,
): number {
  const { day, week } = source.spec;
  const back = sinceSunday(source.calendar, t, day) + ahead * week;
  const shape = weekShape[localLag(source.calendar, t, back) - from] as number;
  return Number.isNaN(shape) ? 0 : share * (ratio * shape - shaped);
}

/** Writes the inputs of one step in units of the movement. @returns the next place */
function writeMovements(
  { source, values, scale, cutoff, movement }: SeriesView,
  recent: RecentResiduals,
  of: {
    readonly t: number;
    readonly base: number;
    readonly nearestDay: number;
    readonly dayMean: number;
    readonly weeksMean: number;
    readonly shaped: number;
  },
  step: Float32Array,
  at: number,
): number {
  const { day } = source.spec;
  const { base } = of;
  const unit = 1 / movement.size;
  let to = at;
  for (let d = 0; d < DAYS_IN_MOVEMENTS; d++) {
    const lag = localLag(source.calendar, of.t, of.nearestDay + d * day);
    const isKnown = lag >= 0 && lag <= cutoff;
    step[to++] = isKnown ? unit * offsetOf(values[lag] as number, scale, base) : 0;
  }
  step[to++] = unit * offsetOf(of.dayMean, scale, base);
  step[to++] = unit * offsetOf(of.weeksMean, scale, base);
  step[to++] = unit * (of.shaped - base);
  step[to++] = unit * (recent.sum / day);
  step[to++] = unit * recent.last;
  step[to++] = Math.log(movement.size);
  return to;
}

/** Writes the time of year of interval t. @returns the next place */
function writeYear(calendar: Calendar, t: number, step: Float32Array, at: number): number {
  const angle = 2 * Math.PI * (calendar.shareOfYear[t] as number);
  step[at] = Math.sin(angle);
  step[at + 1] = Math.cos(angle);
  step[at + 2] = Math.sin(2 * angle);
  step[at + 3] = Math.cos(2 * angle);
  return at + 4;
}
