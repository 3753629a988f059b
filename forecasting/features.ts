/**
 * Purpose: the one function that builds the network's inputs, for training, backtest, batch and the API alike.
 * Invariants: reads nothing after the cutoff but the calendar and futureExogenous; depends only on the last
 * `historyIntervals` intervals, so that a long and a short panel give the same bits; every output is finite, also for
 * series with gaps; scaling a series scales only its level.
 * Fails: a RangeError for a cutoff with too little grid before it, and for season lengths that do not fit the frequency.
 */
import { type Calendar, type CalendarPlace, createCalendar } from './calendar.ts';
import { type Panel, targetOf } from './panel.ts';

export interface FeatureSpec {
  readonly place: CalendarPlace;
  readonly frequencyMinutes: number;
  /** Intervals per day and per week: the two seasons the lags look back by. */
  readonly day: number;
  readonly week: number;
  readonly horizon: number;
  readonly nonNegative: boolean;
}

/** The seasonal lags of every step: the same time on the last 4 weeks and the last 2 days. */
const WEEKS_BACK = 4;
const DAYS_BACK = 2;
const CALENDAR_FEATURES = 4 + 7 + 3;

export interface FeatureSizes {
  /** Inputs of the encoder, per window. */
  readonly windowSize: number;
  /** Inputs of the head, per step. */
  readonly stepSize: number;
  /** Intervals up to and including the cutoff that a window reads. */
  readonly historyIntervals: number;
}

export function featureSizes(spec: FeatureSpec): FeatureSizes {
  return {
    windowSize: spec.week + 2 * spec.day + 4,
    stepSize: WEEKS_BACK + DAYS_BACK + 4 + CALENDAR_FEATURES + 2,
    // The residuals of the last two days against their own mean of 4 weeks reach furthest back.
    historyIntervals: WEEKS_BACK * spec.week + 2 * spec.day,
  };
}

/** A panel with the calendar that its windows need. */
export interface FeatureSource {
  readonly spec: FeatureSpec;
  readonly sizes: FeatureSizes;
  readonly panel: Panel;
  /** Covers the panel and one horizon beyond. */
  readonly calendar: Calendar;
  /** [series × (length + horizon)]: the mean of the known values 1, 2, 3 and 4 weeks before; NaN where none is known. */
  readonly weekMeans: Float32Array;
}

export function createFeatureSource(panel: Panel, spec: FeatureSpec): FeatureSource {
  if (panel.frequencyMinutes !== spec.frequencyMinutes) {
    throw new RangeError(`the panel's frequency is ${panel.frequencyMinutes} minutes, the features' is ${spec.frequencyMinutes}`);
  }
  if (spec.horizon > spec.week)
    throw new RangeError(`horizon ${spec.horizon} exceeds the longest season of ${spec.week} intervals`);
  const calendar = createCalendar(panel.start, panel.frequencyMinutes, panel.length + spec.horizon, spec.place);
  const span = panel.length + spec.horizon;
  const weekMeans = new Float32Array(panel.seriesIds.length * span);
  for (let series = 0; series < panel.seriesIds.length; series++) {
    const values = targetOf(panel, series);
    for (let t = 0; t < span; t++) weekMeans[series * span + t] = meanOfWeeks(values, t, spec.week);
  }
  return { spec, sizes: featureSizes(spec), panel, calendar, weekMeans };
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

/** Mean of the known |values| of the last 4 weeks up to the cutoff; `fallback` where none is known or all are zero. */
function levelAt(values: Float32Array, cutoff: number, intervals: number, fallback: number): number {
  let sum = 0;
  let count = 0;
  for (let t = Math.max(0, cutoff - intervals + 1); t <= cutoff; t++) {
    const value = values[t] as number;
    if (!Number.isNaN(value)) {
      sum += value < 0 ? -value : value;
      count++;
    }
  }
  return sum > 0 ? sum / count : fallback;
}

/** Mean of the known values at t − week, t − 2·week, …; NaN where none is known. */
function meanOfWeeks(values: Float32Array, t: number, week: number): number {
  let sum = 0;
  let count = 0;
  for (let back = t - week; back >= 0 && back >= t - WEEKS_BACK * week; back -= week) {
    const value = values[back] as number;
    if (!Number.isNaN(value)) {
      sum += value;
      count++;
    }
  }
  return count > 0 ? sum / count : Number.NaN;
}

/** Writes the inputs of one window (a series at a cutoff, both grid indices) to `row` of the batch. */
export function writeFeatures(source: FeatureSource, series: number, cutoff: number, batch: FeatureBatch, row: number): void {
  const { spec, sizes, panel, calendar } = source;
  const { day, week, horizon } = spec;
  if (cutoff < sizes.historyIntervals - 1 || cutoff >= panel.length) {
    throw new RangeError(`cutoff ${cutoff} needs ${sizes.historyIntervals} intervals up to it; the panel has ${panel.length}`);
  }
  const values = targetOf(panel, series);
  const span = panel.length + horizon;
  const weekMeans = source.weekMeans.subarray(series * span, (series + 1) * span);
  const level = levelAt(values, cutoff, WEEKS_BACK * week, 1e-3);
  const scale = 1 / level;
  batch.level[row] = level;
  // What stands in for an unknown value: its own mean of 4 weeks, else the level.
  const known = (t: number): number => {
    const value = values[t] as number;
    return !Number.isNaN(value) ? value * scale : 1;
  };
  const window = batch.window;
  let at = row * sizes.windowSize;
  let daySum = 0;
  let weekSum = 0;
  for (let t = cutoff - week + 1; t <= cutoff; t++) {
    const value = known(t);
    window[at++] = value;
    weekSum += value;
    if (t > cutoff - day) daySum += value;
  }
  let residualSum = 0;
  let lastResidual = 0;
  for (let t = cutoff - 2 * day + 1; t <= cutoff; t++) {
    const mean = weekMeans[t] as number;
    const value = values[t] as number;
    const residual = !Number.isNaN(value) && !Number.isNaN(mean) ? (value - mean) * scale : 0;
    window[at++] = residual;
    if (t > cutoff - day) residualSum += residual;
    lastResidual = residual;
  }
  window[at++] = Math.log(level);
  window[at++] = daySum / day;
  window[at++] = weekSum / week;
  window[at++] = residualSum / day;

  const step = batch.step;
  for (let k = 1; k <= horizon; k++) {
    const t = cutoff + k;
    let to = (row * horizon + k - 1) * sizes.stepSize;
    const mean = weekMeans[t] as number;
    const base = !Number.isNaN(mean) ? mean * scale : 1;
    batch.base[row * horizon + k - 1] = base;
    let spread = 0;
    let holidayLags = 0;
    for (let w = 1; w <= WEEKS_BACK; w++) {
      const value = values[t - w * week] as number;
      const lag = !Number.isNaN(value) ? value * scale : base;
      step[to++] = lag - base;
      spread += (lag - base) * (lag - base);
      holidayLags += calendar.holiday[t - w * week] as number;
    }
    for (let d = 1; d <= DAYS_BACK; d++) {
      // A lag after the cutoff is not known yet: look one more day back.
      const lagAt = t - d * day - (t - d * day > cutoff ? Math.ceil((t - d * day - cutoff) / day) * day : 0);
      const dayMean = weekMeans[lagAt] as number;
      const value = values[lagAt] as number;
      step[to++] = !Number.isNaN(value) && !Number.isNaN(dayMean) ? (value - dayMean) * scale : 0;
    }
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
  }
}
