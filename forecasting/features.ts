/**
 * Purpose: the one function that builds the network's inputs, for training, backtest, batch and the API alike.
 * Invariants: reads nothing after the cutoff but the calendar and what is known in advance; depends only on the last
 * `historyIntervals` intervals, so that a long and a short panel give the same bits; every output is finite, also for
 * series with gaps; scaling a series scales only its level.
 * Fails: a RangeError for a cutoff with too little grid before it, and for season lengths that do not fit the frequency.
 */
import { type Calendar, type CalendarPlace, createCalendar } from './calendar.ts';
import { type ExogenousInputs, type ExogenousRows, exogenousRows, NO_EXOGENOUS, PAST_INPUTS } from './exogenous.ts';
import { type Panel, targetOf } from './panel.ts';

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
  /** Columns beside the target. Absent where there are none: the inputs are then those of a network that knows of no such thing. */
  readonly exogenous?: ExogenousInputs;
}

/** The seasonal lags of every step: the same local time on each of the last weeks and days. */
const WEEKS_BACK = 4;
const WEEKS_BACK_LONG = 8;
const LEAST_LEVEL = 1e-3;
const DAYS_BACK = 2;
const DAYS_BACK_LONG = 7;
const CALENDAR_FEATURES = 4 + 7 + 3;

export interface FeatureSizes {
  /** Inputs of the encoder, per window. */
  readonly windowSize: number;
  /** Inputs of the head, per step. */
  readonly stepSize: number;
  /** Intervals up to and including the cutoff that a window reads. */
  readonly historyIntervals: number;
}

/** Exogenous inputs come last, in the window (known afterwards) and in the step (known in advance): the others keep their places. */
export function featureSizes(spec: FeatureSpec): FeatureSizes {
  const { past, future } = spec.exogenous ?? NO_EXOGENOUS;
  return {
    windowSize: spec.week + 2 * spec.day + 4 + past.length * PAST_INPUTS,
    stepSize: WEEKS_BACK + DAYS_BACK + 8 + CALENDAR_FEATURES + 2 + future.length,
    // Eight weeks, two days of residuals against their own mean of 4 weeks, and an hour's change of the clocks.
    historyIntervals: WEEKS_BACK_LONG * spec.week + spec.day,
  };
}

/** A panel with what its windows share: looked up, so that a window costs little. */
export interface FeatureSource {
  readonly spec: FeatureSpec;
  readonly sizes: FeatureSizes;
  readonly panel: Panel;
  /** Covers the panel and one horizon beyond. */
  readonly calendar: Calendar;
  /** [series × (length + horizon + 1)]: the mean of the known values 1, 2, 3 and 4 weeks before; NaN where none is known. */
  readonly weekMeans: Float32Array;
  readonly exogenous: ExogenousRows;
}

export function createFeatureSource(panel: Panel, spec: FeatureSpec): FeatureSource {
  if (panel.frequencyMinutes !== spec.frequencyMinutes) {
    throw new RangeError(`the panel's frequency is ${panel.frequencyMinutes} minutes, the features' is ${spec.frequencyMinutes}`);
  }
  // A step looks one interval past itself, a week earlier, and the clocks may change between.
  if (spec.horizon + 2 * Math.ceil(60 / spec.frequencyMinutes) > spec.week) {
    throw new RangeError(`horizon ${spec.horizon} is too long for a longest season of ${spec.week} intervals`);
  }
  const span = panel.length + spec.horizon + 1;
  const calendar = createCalendar(panel.start, panel.frequencyMinutes, span, spec.place);
  const weekMeans = new Float32Array(panel.seriesIds.length * span);
  const exogenous = exogenousRows(panel, spec.exogenous ?? NO_EXOGENOUS, { day: spec.day, week: spec.week, span });
  const source = { spec, sizes: featureSizes(spec), panel, calendar, weekMeans, exogenous };
  for (let series = 0; series < panel.seriesIds.length; series++) {
    const values = targetOf(panel, series);
    for (let t = 0; t < span; t++)
      weekMeans[series * span + t] = meanOfLags(source, values, t, spec.week, WEEKS_BACK, panel.length);
  }
  return source;
}

/** The grid index `back` intervals before t by the local clock: an hour off in UTC where the clocks changed between. */
function localLag(calendar: Calendar, t: number, back: number): number {
  const lag = t - back;
  return lag < 0 ? lag : lag + (calendar.utcOffset[t] as number) - (calendar.utcOffset[lag] as number);
}

/** Where windows are written: row `r` of each array belongs to the r-th window. */
export interface FeatureBatch {
  readonly capacity: number;
  /** [capacity × windowSize] */
  readonly window: Float32Array;
  /** [capacity × horizon × stepSize] */
  readonly step: Float32Array;
  /** [capacity × horizon]: the mean of the last 4 weeks in units of the level: what the network's outputs are offsets to. */
  readonly base: Float32Array;
  /** [capacity]: the series' level in the target's own unit. Always positive. */
  readonly level: Float32Array;
}

export function createFeatureBatch(sizes: FeatureSizes, horizon: number, capacity: number): FeatureBatch {
  return {
    capacity,
    window: new Float32Array(capacity * sizes.windowSize),
    step: new Float32Array(capacity * horizon * sizes.stepSize),
    base: new Float32Array(capacity * horizon),
    level: new Float32Array(capacity),
  };
}

/** Mean of the known |values| of the last 4 weeks up to the cutoff; a small number where none is known or all are zero. */
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
  return sum > 0 ? sum / count : LEAST_LEVEL;
}

/** Mean of the known values `count` times `season` back by the local clock, none after `end`; NaN where none is known. */
function meanOfLags(
  source: Pick<FeatureSource, 'calendar'>,
  values: Float32Array,
  t: number,
  season: number,
  count: number,
  end: number,
): number {
  let sum = 0;
  let known = 0;
  for (let n = 1; n <= count; n++) {
    const lag = localLag(source.calendar, t, n * season);
    if (lag < 0) break;
    const value = lag < end ? (values[lag] as number) : Number.NaN;
    if (Number.isNaN(value)) continue;
    sum += value;
    known++;
  }
  return known > 0 ? sum / known : Number.NaN;
}

/** Writes the inputs of one window (a series at a cutoff, both grid indices) to `row` of the batch. */
export function writeFeatures(source: FeatureSource, series: number, cutoff: number, batch: FeatureBatch, row: number): void {
  const { spec, sizes, panel, calendar } = source;
  const { day, week, horizon } = spec;
  if (cutoff < sizes.historyIntervals - 1 || cutoff >= panel.length) {
    throw new RangeError(`cutoff ${cutoff} needs ${sizes.historyIntervals} intervals up to it; the panel has ${panel.length}`);
  }
  const values = targetOf(panel, series);
  const span = panel.length + horizon + 1;
  const weekMeans = source.weekMeans.subarray(series * span, (series + 1) * span);
  const level = levelAt(values, cutoff, week);
  const scale = 1 / level;
  batch.level[row] = level;
  const window = batch.window;
  let at = row * sizes.windowSize;
  let daySum = 0;
  let weekSum = 0;
  for (let t = cutoff - week + 1; t <= cutoff; t++) {
    // What stands in for an unknown value is the level.
    const raw = values[t] as number;
    const value = Number.isNaN(raw) ? 1 : raw * scale;
    window[at++] = value;
    weekSum += value;
    if (t > cutoff - day) daySum += value;
  }
  const residualAt = (t: number): number => {
    const residual = ((values[t] as number) - (weekMeans[t] as number)) * scale;
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
  for (let i = 0; i < pastSize; i++) window[at++] = source.exogenous.past[cutoff * pastSize + i] as number;

  const futureSize = spec.exogenous?.future.length ?? 0;
  const step = batch.step;
  const orBase = (value: number, base: number): number => (Number.isNaN(value) ? 0 : value * scale - base);
  for (let k = 1; k <= horizon; k++) {
    const t = cutoff + k;
    let to = (row * horizon + k - 1) * sizes.stepSize;
    const mean = weekMeans[t] as number;
    const base = Number.isNaN(mean) ? 1 : mean * scale;
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
    step[to++] = orBase(weekMeans[t - 1] as number, base);
    step[to++] = orBase(weekMeans[t + 1] as number, base);
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
    step[to++] = holidayLags / WEEKS_BACK;
    step[to++] = k / horizon;
    step[to++] = 1 / k;
    for (let i = 0; i < futureSize; i++) step[to++] = source.exogenous.future[t * futureSize + i] as number;
  }
}
