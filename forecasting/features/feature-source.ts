/**
 * Purpose: prepares a panel for its windows: the calendar, the week tables, the exogenous rows and
 * the context that all of them share.
 * Invariants: the same bits with and without cached tables; nothing of the panel is changed;
 * outliers are unknown (version 2).
 * Fails: a RangeError for a panel of another frequency, a horizon longer than the week (version 1),
 * and a window longer than the lags.
 */
import { birthsOf, firstEvent } from '../panel/birth.ts';
import { withoutOutliers } from '../panel/outliers.ts';
import { type Panel, targetOf } from '../panel/panel.ts';
import { type Calendar, calendarInputs, createCalendar } from './calendar.ts';
import { contextRows, contextScores } from './context.ts';
import { type ExogenousRows, exogenousRows, NO_EXOGENOUS } from './exogenous.ts';
import {
  type FeatureSizes,
  type FeatureSpec,
  featureSizes,
  MINUTES_A_DAY,
  stepMargin,
  WEEKS_BACK,
} from './feature-spec.ts';
import { type RecentCache, recentCache } from './recent-cache.ts';
import {
  createWeekTables,
  type Lags,
  lagsByWeek,
  type WeekTableSizes,
  type WeekTables,
} from './week-tables.ts';

/** Grids that are cached: a few dozen kilobytes each. */
const MAX_GRIDS = 32;

/** What depends on the grid alone. */
export interface GridTables {
  readonly calendar: RecentCache<Calendar>;
  readonly lags: RecentCache<Lags>;
  readonly inputs: RecentCache<Float32Array>;
}

export const gridTables = (): GridTables => ({
  calendar: recentCache(MAX_GRIDS),
  lags: recentCache(MAX_GRIDS),
  inputs: recentCache(MAX_GRIDS),
});

/** A panel with what its windows share: looked up, so that a window costs little. */
export interface FeatureSource {
  readonly spec: FeatureSpec;
  readonly sizes: FeatureSizes;
  readonly panel: Panel;
  /** No cutoff before this one may be asked for. */
  readonly firstCutoff: number;
  /** Covers the panel and one horizon beyond. */
  readonly calendar: Calendar;
  /** [(span − firstCutoff) × CALENDAR_INPUTS] */
  readonly calendarInputs: Float32Array;
  readonly tables: WeekTables;
  readonly lags: Lags;
  /** Per series, where it begins as known at a cutoff (birth.ts); 0 for version 1. */
  readonly births: readonly ((cutoff: number) => number)[];
  /** Per series, its first value that is not 0: before it, it was not there; 0 for version 1. */
  readonly firstEvents: readonly number[];
  /** By series. */
  readonly exogenous: readonly ExogenousRows[];
  /** [(length − firstCutoff) × contextSize]: the inputs from the other series, at each cutoff. */
  readonly context: Float32Array;
}

/**
 * @param firstCutoff the earliest cutoff that will be asked for (grid index): what lies well before
 * it is not tabulated
 * @param cached tables of grids that were used before, for this spec alone
 */
export function createFeatureSource(
  raw: Panel,
  spec: FeatureSpec,
  firstCutoff = 0,
  cached?: GridTables,
): FeatureSource {
  if (raw.frequencyMinutes !== spec.frequencyMinutes) {
    throw new RangeError(
      `the panel's frequency is ${raw.frequencyMinutes} minutes, the features' is ` +
        `${spec.frequencyMinutes}`,
    );
  }
  // A step looks one interval past itself, a week earlier, and the clocks may change between.
  if (spec.version !== 2 && spec.horizon + stepMargin(spec) > spec.week) {
    throw new RangeError(
      `horizon ${spec.horizon} is too long for a longest season of ${spec.week} intervals`,
    );
  }
  const sizes = featureSizes(spec);
  const { windowIntervals, longestWindow } = sizes;
  if (
    !Number.isInteger(windowIntervals) ||
    windowIntervals < 1 ||
    windowIntervals > longestWindow
  ) {
    throw new RangeError(
      `a window of ${windowIntervals} intervals is not a whole number of them from 1 to ` +
        `${longestWindow}`,
    );
  }
  const isVersioned = spec.version === 2;
  const panel = isVersioned ? withoutOutliers(raw, spec) : raw;
  const span = panel.length + spec.horizon + 1;
  // A holiday says nothing of a whole week.
  const isCoarse = isVersioned && spec.frequencyMinutes > MINUTES_A_DAY;
  const place = isCoarse ? { ...spec.place, holidays: null } : spec.place;
  const makeCalendar = () => createCalendar(panel.start, panel.frequencyMinutes, span, place);
  const grid = `${panel.start} ${panel.length}`;
  const calendar = cached ? cached.calendar(grid, makeCalendar) : makeCalendar();
  const from = tabulatedFrom(spec, calendar, firstCutoff, span);
  const widths = tableSizes(spec, from, span);
  const makeLags = () => lagsByWeek(panel, calendar, widths);
  const lags = cached ? cached.lags(`${grid} ${from}`, makeLags) : makeLags();
  const tables = createWeekTables(panel, widths, lags);
  const makeInputs = () => calendarInputs(calendar, firstCutoff, span);
  const inputs = cached ? cached.inputs(`${grid} ${firstCutoff}`, makeInputs) : makeInputs();
  const known = { day: spec.day, week: spec.week, from: firstCutoff, span };
  const exogenous = exogenousRows(panel, spec.exogenous ?? NO_EXOGENOUS, known);
  // Of a target that changes sign zero is a value like another.
  const hasBirths = isVersioned && !spec.isAdditive;
  const births = panel.seriesIds.map((_, series) =>
    hasBirths ? birthsOf(targetOf(panel, series), spec.week) : () => 0,
  );
  const firstEvents = panel.seriesIds.map((_, series) =>
    hasBirths ? firstEvent(targetOf(panel, series)) : 0,
  );
  const scores =
    spec.context === undefined
      ? []
      : (panel.context ?? contextScores(panel, spec.context, lags, from));
  const context = contextRows(scores, panel.length, spec.day, firstCutoff);
  const shared = { calendar, calendarInputs: inputs, tables, lags, exogenous, context };
  return { spec, sizes, panel, firstCutoff, births, firstEvents, ...shared };
}

/**
 * Where week tables begin that serve cutoffs from `first` on, with targets before `end`: a window
 * looks up the means of its last two days, and of lags up to two days and the horizon back; for a
 * holiday the shapes of the week before it.
 */
export function tabulatedFrom(
  { day, week, horizon, hasHolidayBase }: FeatureSpec,
  { holiday }: Calendar,
  first: number,
  end: number,
): number {
  const hasHoliday = hasHolidayBase && holiday.subarray(first + 1, end).includes(1);
  return Math.max(0, first - Math.max(3 * day + horizon, hasHoliday ? week + day : 0));
}

/** The sizes of week tables over the grid indices [from, span). */
export const tableSizes = (
  { day, week, isAdditive }: FeatureSpec,
  from: number,
  span: number,
): WeekTableSizes => ({
  ...{ day, week, weeksOfMean: WEEKS_BACK, from, span },
  isAdditive: isAdditive === true,
});
