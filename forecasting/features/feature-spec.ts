/**
 * Purpose: describes the network's inputs: what they are made from, how many there are, and which
 * group each belongs to.
 * Invariants: the sizes and the groups follow the order in which `writeFeatures` writes the inputs.
 * Fails: never.
 */

import { outlierMemory } from '../panel/outliers.ts';
import { CALENDAR_INPUTS, type CalendarPlace } from './calendar.ts';
import { type ExogenousInputs, NO_EXOGENOUS, PAST_INPUTS } from './exogenous.ts';
import { WEEKS_OF_SHAPE } from './week-tables.ts';

export interface FeatureSpec {
  /**
   * Absent: the inputs of models saved before there were versions. 2: outliers are unknown, the
   * horizon may pass the week, short histories have inputs and a base of their own.
   */
  readonly version?: 2;
  /**
   * The target changes sign: its shape is added to its mean, in units of the mean distance from it,
   * instead of multiplied. Version 2 only.
   */
  readonly isAdditive?: true;
  /**
   * Outputs count in units of how far the series moves (movement.ts), as offsets to a base that
   * follows yesterday as far as yesterday says more than last week. Version 2 only.
   */
  readonly hasMovement?: true;
  /**
   * The base of a holiday goes from its weekday towards a Sunday, as past holidays did
   * (holiday-base.ts), and an input of the step says how far. Version 2 only.
   */
  readonly hasHolidayBase?: true;
  readonly place: CalendarPlace;
  readonly frequencyMinutes: number;
  /** Intervals per day and per week: the two seasons the lags look back by. */
  readonly day: number;
  readonly week: number;
  readonly horizon: number;
  readonly nonNegative: boolean;
  /** Counts: quantiles are whole numbers, or just next to one. */
  readonly integerValued: boolean;
  /**
   * Columns in addition to the target. Absent where there are none: the inputs are then the same
   * as before there were such columns.
   */
  readonly exogenous?: ExogenousInputs;
  /** What the window sees of the other series; absent: nothing. */
  readonly context?: ContextInputs;
  /**
   * How many of the last values the encoder sees, one by one; absent: those of a week. At most 8
   * weeks and a day.
   */
  readonly windowIntervals?: number;
}

/** What makes the context's scores (features/context.ts). */
export interface ContextInputs {
  /** The series that they are made of. */
  readonly seriesIds: readonly string[];
  /** [component][series]: a score is the sum of weight × (value − mean of 4 weeks). */
  readonly weights: readonly (readonly number[])[];
}

/** Of a component of the context: the last score, and the mean of the last day. */
export const CONTEXT_INPUTS = 2;

/** The seasonal lags of every step: the same local time on each of the last weeks and days. */
export const WEEKS_BACK = 4;
export const WEEKS_BACK_LONG = 8;
export const DAYS_BACK = 2;
/** Of the calendar, and of it and the Sundays before a holiday. */
const CALENDAR_FEATURES = CALENDAR_INPUTS + 2;
/** Version 2: known share of a week and of the level's span, and the mean where it is additive. */
const HISTORY_FEATURES = 3;
/** Version 2, on a grid of days or more: the time of year, as two waves. */
const YEAR_FEATURES = 4;
/** In units of the movement: the last days at the step's time, means of lags, what is recent. */
export const DAYS_IN_MOVEMENTS = 2;
const MOVEMENT_GROUPS = [
  ...(['recent', 'recent', 'weeks', 'weeks', 'weeks'] as const),
  ...(['recent', 'recent', 'series'] as const),
];
export const MINUTES_A_DAY = 1440;

/**
 * Intervals by which a step may look past itself a week earlier: to the interval after it, and the
 * clocks may change between.
 */
export const stepMargin = ({ version, frequencyMinutes }: LevelSpec): number =>
  version === 2
    ? 1 + (frequencyMinutes < MINUTES_A_DAY ? Math.ceil(60 / frequencyMinutes) : 0)
    : 2 * Math.ceil(60 / frequencyMinutes);

/** Intervals that a level is taken from: four weeks, or one season of a grid coarser than days. */
export const levelIntervals = ({ version, frequencyMinutes, week }: LevelSpec): number =>
  (version === 2 && frequencyMinutes > MINUTES_A_DAY ? 1 : WEEKS_BACK) * week;

export type LevelSpec = Pick<FeatureSpec, 'version' | 'isAdditive' | 'frequencyMinutes' | 'week'>;

export const hasYearFeatures = ({ version, frequencyMinutes }: LevelSpec): boolean =>
  version === 2 && frequencyMinutes >= MINUTES_A_DAY;

const shapeHistory = ({ day, week }: Pick<FeatureSpec, 'day' | 'week'>): number =>
  (WEEKS_OF_SHAPE + 1) * week + 2 * day;

/** Intervals up to and including the cutoff that the inputs of version 2 are made of. */
export const lookBack = (seasons: Pick<FeatureSpec, 'day' | 'week'>): number =>
  shapeHistory(seasons) + outlierMemory(seasons);

export interface FeatureSizes {
  /** Inputs of the encoder, per window. */
  readonly windowSize: number;
  /** Of these, the first: the last values as they are, one an interval. */
  readonly windowIntervals: number;
  /** Of these, the last: the context, which a linear model does not read. */
  readonly contextSize: number;
  /** Inputs of the head, per step. */
  readonly stepSize: number;
  /** Intervals up to and including the cutoff that a window reads. */
  readonly historyIntervals: number;
  /** Of these, how many a window must have to be learnt from; the older ones may be unknown. */
  readonly trainingHistory: number;
  /** The most that `windowIntervals` may be. */
  readonly longestWindow: number;
}

/**
 * Exogenous inputs come behind the others, in the window (known afterwards) and in the step (known
 * in advance), and the context behind them: the others keep their places.
 */
export function featureSizes(spec: FeatureSpec): FeatureSizes {
  const { past, future } = spec.exogenous ?? NO_EXOGENOUS;
  const windowIntervals = spec.windowIntervals ?? spec.week;
  const contextSize = (spec.context?.weights.length ?? 0) * CONTEXT_INPUTS;
  const isVersioned = spec.version === 2;
  const windowExtras = isVersioned ? HISTORY_FEATURES : 0;
  const stepExtras =
    (hasYearFeatures(spec) ? YEAR_FEATURES : 0) +
    (spec.hasMovement ? MOVEMENT_GROUPS.length : 0) +
    (spec.hasHolidayBase ? 1 : 0);
  const longestWindow = WEEKS_BACK_LONG * spec.week + spec.day;
  const pastSize = past.length * PAST_INPUTS;
  return {
    windowSize: windowIntervals + 2 * spec.day + 4 + windowExtras + pastSize + contextSize,
    windowIntervals,
    contextSize,
    stepSize: WEEKS_BACK + DAYS_BACK + 11 + CALENDAR_FEATURES + 2 + stepExtras + future.length,
    // Eight weeks, two days of residuals against their own mean of 4 weeks, and an hour's change of
    // the clocks. Version 2 says how much of it is known: there the window alone is enough.
    trainingHistory: isVersioned ? Math.max(spec.week, windowIntervals) + spec.day : longestWindow,
    longestWindow,
    historyIntervals: isVersioned ? lookBack(spec) : shapeHistory(spec),
  };
}

/**
 * The subject of an input: an explanation moves all inputs of a group together. `series` also has
 * the embedding.
 */
export const FEATURE_GROUPS = ['recent', 'weeks', 'calendar', 'exogenous', 'series'] as const;
export type FeatureGroup = (typeof FEATURE_GROUPS)[number];

/**
 * The group of every input, in the order in which `writeFeatures` writes them. `recent` is what the
 * last two days alone show, of this and of the other series, as values and against their own 4-week
 * means; what reaches further back, also if the last two days are in it, is `weeks`; `calendar` is
 * known of the target in advance; `series` is the logarithm of the level and how much history there
 * is. Everything is in units of the level, so the level as a unit is in no group. null: the step's
 * place in the horizon, which is what was asked, not what was seen. Columns behind these are
 * exogenous.
 */
export function featureGroups(spec: FeatureSpec): {
  window: FeatureGroup[];
  step: (FeatureGroup | null)[];
} {
  const { windowSize, windowIntervals, contextSize, stepSize } = featureSizes(spec);
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
    ...times(spec.version === 2 ? HISTORY_FEATURES : 0, 'series' as const),
  ];
  const calendar = times<FeatureGroup>(CALENDAR_FEATURES, 'calendar');
  // What the last Sundays were, on a holiday.
  calendar[CALENDAR_FEATURES - 2] = 'weeks';
  const lags = [
    ...times(WEEKS_BACK, 'weeks' as const),
    ...times(DAYS_BACK, 'recent' as const),
    ...times(9, 'weeks' as const),
  ];
  const year = times(hasYearFeatures(spec) ? YEAR_FEATURES : 0, 'calendar' as const);
  const moved = spec.hasMovement ? MOVEMENT_GROUPS : [];
  const recent = times(2, 'recent' as const);
  const holiday = times(spec.hasHolidayBase ? 1 : 0, 'calendar' as const);
  const step = [...lags, ...recent, ...calendar, null, null, ...year, ...moved, ...holiday];
  const pastSize = windowSize - contextSize - window.length;
  return {
    window: [
      ...window,
      ...times(pastSize, 'exogenous' as const),
      ...times(contextSize, 'recent' as const),
    ],
    step: [...step, ...times(stepSize - step.length, 'exogenous' as const)],
  };
}
