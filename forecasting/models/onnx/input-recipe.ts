/**
 * Purpose: what the inputs of an exported network are, in words and numbers, and what lies inside
 * and outside its graph: the part of the manifest that follows from the model.
 * Invariants: the counts of each list of blocks sum to the size of the input.
 * Fails: never.
 */
import { CALENDAR_INPUTS } from '../../features/calendar.ts';
import { PAST_INPUTS } from '../../features/exogenous.ts';
import {
  CONTEXT_INPUTS,
  DAYS_BACK,
  type FeatureSpec,
  featureSizes,
  hasYearFeatures,
  levelIntervals,
  WEEKS_BACK,
} from '../../features/feature-spec.ts';
import type { TrainedNetwork } from '../network/network.ts';

/** A run of inputs that are made alike. */
export interface InputBlock {
  readonly count: number;
  readonly what: string;
}

const block = (count: number, what: string): InputBlock => ({ count, what });

/** The inputs of a window, in order. */
export function windowBlocks(spec: FeatureSpec): InputBlock[] {
  const { windowIntervals } = featureSizes(spec);
  const past = spec.exogenous?.past ?? [];
  const components = spec.context?.weights.length ?? 0;
  return [
    block(windowIntervals, 'the last values, oldest first, less the center, over the level'),
    block(2 * spec.day, 'the last two days, less the mean of 4 weeks at that time, over the level'),
    block(4, 'log(level); means of the last day, of the last week, of the last day of residuals'),
    ...(spec.version === 2
      ? [block(3, "known share of the last week and of the level's span; center over level")]
      : []),
    ...past.map(({ name }) => block(PAST_INPUTS, `exogenous column ${name}, known afterwards`)),
    ...(components > 0
      ? [block(components * CONTEXT_INPUTS, 'scores of all series: the last, mean of a day')]
      : []),
  ];
}

/** The inputs of a step, in order. */
export function stepBlocks(spec: FeatureSpec): InputBlock[] {
  const future = spec.exogenous?.future ?? [];
  return [
    block(WEEKS_BACK, 'the values of the last weeks at this time, over the level, less the base'),
    block(DAYS_BACK, 'residuals of the last days at this time'),
    block(11, 'means of weeks and days, neighbours of the shape, base, spread, recent residuals'),
    block(CALENDAR_INPUTS, 'local hour, weekday and holiday of the target'),
    block(2, 'on a holiday the last Sundays; the share of holidays among the lags'),
    block(2, 'step over horizon, one over step'),
    ...(hasYearFeatures(spec) ? [block(4, 'the time of year, as two waves')] : []),
    ...(spec.hasMovement ? [block(8, 'the recent offsets in units of the movement')] : []),
    ...(spec.hasHolidayBase
      ? [block(1, 'from the weekday to the base of a holiday, in units of the movement')]
      : []),
    ...future.map(({ name }) => block(1, `exogenous column ${name}, known in advance`)),
  ];
}

/** What the graph computes, and what is computed before it. */
export function networkRecipe({ spec, members, linear, calibration }: TrainedNetwork) {
  const { features } = spec;
  return {
    inside: [
      'standardising of the inputs, limited to 10 deviations',
      `${members.length} members and their mean`,
      ...(linear ? ['the ridge regression'] : []),
      ...(calibration
        ? ['trust weights, by group and step', 'conformal factors, by group, quantile and step']
        : []),
      'the unit of the target: level, base and movement',
      ...(features.nonNegative ? ['quantiles are not negative'] : []),
      ...(features.integerValued ? ['the median is a whole number'] : []),
      'quantiles do not cross',
    ],
    outside: [
      'the inputs: `writeFeatures` in forecasting/features/features.ts makes them from history',
      'what makes them: outliers left out, local calendar and holidays, scores of all series',
      'the mean of the forecast, its fallback for a series with too little history, its bounds',
    ],
    inputs: {
      window: windowBlocks(features),
      step: stepBlocks(features),
      base: 'per step: the shape of the week, in units of the level',
      level: `mean size of the known values of the last ${levelIntervals(features)} intervals`,
      movement: 'how far the series moves, in units of the level; 1 in early models',
      series: `row of the series among seriesIds; ${spec.seriesIds.length} for any other series`,
    },
  };
}
