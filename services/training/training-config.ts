/**
 * Purpose: how the network is built and fitted, with defaults chosen on earlier backtest windows
 * (docs/decisions/0007).
 * Invariants: nothing here names a domain; the step budget, not the amount of data, decides how
 * long training takes.
 * Fails: SETTINGS_INVALID for a domain without the median among its quantiles, and for a window
 * longer than the lags.
 */
import type { Domain } from '../../domains/domain.ts';
import { fitContext } from '../../forecasting/features/context.ts';
import { fitExogenous } from '../../forecasting/features/exogenous.ts';
import {
  type FeatureSpec,
  featureSizes,
  MINUTES_A_DAY,
} from '../../forecasting/features/feature-spec.ts';
import type { FitOptions } from '../../forecasting/models/network/member.ts';
import type { NetworkSpec } from '../../forecasting/models/network/network.ts';
import { firstEvent } from '../../forecasting/panel/birth.ts';
import { type Panel, targetOf } from '../../forecasting/panel/panel.ts';
import { seasonsOf } from '../../forecasting/panel/seasons.ts';
import { HeadwayError } from '../../platform/errors.ts';

export interface TrainingConfig {
  readonly network: Pick<NetworkSpec, 'width' | 'latentSize' | 'headWidth' | 'embeddingSize'> &
    Required<Pick<FeatureSpec, 'windowIntervals'>> & {
      /** Principal components of the other series that the encoder sees; 0: none. */
      readonly contextComponents: number;
    };
  readonly fit: FitOptions;
  /** The last days of the snapshot, which the model never sees and is scored on. */
  readonly testDays: number;
  /** Intervals between the cutoffs of the backtest; coprime with the day. */
  readonly cutoffStep: number;
  /**
   * Values of the panel that are read at most: of series that have more together, a sample learns
   * and is scored.
   */
  readonly maxValues: number;
  /** Whether the intervals of a refit follow what its twin's covered of the test span. */
  readonly followsCoverage: boolean;
}

/** On a grid finer than a day at least. */
const CALIBRATION_DAYS = 14;

/** More than this share of a series below zero: the target changes sign. */
const MIN_NEGATIVE = 0.01;

/** For hours. */
export const defaultTrainingConfig: TrainingConfig = {
  network: {
    width: 128,
    latentSize: 8,
    headWidth: 48,
    embeddingSize: 8,
    windowIntervals: 48,
    contextComponents: 16,
  },
  fit: {
    members: 2,
    stride: 7,
    steps: 1000,
    maxPasses: 20,
    batchSize: 256,
    peakRate: 4e-3,
    weightDecay: 0.01,
    dropout: 0.1,
    anonymous: 0.05,
    levelPower: 0.5,
    calibrationIntervals: 336,
    tuneShare: 0.25,
    patience: 0.5,
  },
  testDays: 28,
  cutoffStep: 25,
  // 0.25 GB, of which a training holds several copies: 7,600 series of a year of hours.
  maxValues: 2 ** 26,
  followsCoverage: true,
};

/**
 * The defaults for a domain. Cutoffs of the backtest and of the fit lie apart by no divisor of the
 * short season, so that all its places are met. On a grid finer than a day: what they are for
 * hours, in its own intervals. By days: the encoder sees four weeks, eight calibrate, sixteen are
 * scored. On a coarser grid every cutoff counts: the encoder sees a season, half of one calibrates,
 * one and a half, and at least one and twelve intervals, are scored.
 */
export function defaultConfigOf(
  domain: Pick<Domain, 'seasonLengths' | 'frequencyMinutes'>,
): TrainingConfig {
  const { frequencyMinutes } = domain;
  const { short, week } = seasonsOf(domain);
  const { fit, network, maxValues, followsCoverage } = defaultTrainingConfig;
  const days = (intervals: number) => Math.ceil((intervals * frequencyMinutes) / MINUTES_A_DAY);
  const configOf = (window: number, stride: number, calibration: number) => ({
    network: { ...network, windowIntervals: window },
    fit: { ...fit, stride, calibrationIntervals: calibration },
    maxValues,
    followsCoverage,
  });
  if (frequencyMinutes < MINUTES_A_DAY) {
    let stride = Math.max(1, Math.round((fit.stride * short) / 24));
    while (greatestCommonDivisor(stride, short) > 1) stride++;
    const testDays = Math.max(defaultTrainingConfig.testDays, days(4 * week));
    // A target without a season of a week (weather) has weeks that differ all the same.
    const calibration = Math.max(2 * week, (CALIBRATION_DAYS * MINUTES_A_DAY) / frequencyMinutes);
    return {
      ...configOf(2 * short, stride, calibration),
      ...{ testDays, cutoffStep: short + 1 },
    };
  }
  if (frequencyMinutes === MINUTES_A_DAY)
    return { ...configOf(4 * week, 1, 8 * week), testDays: days(16 * week), cutoffStep: 3 };
  return {
    ...configOf(week, 1, Math.ceil(week / 2)),
    ...{ testDays: days(Math.max(1.5 * week, week + 12)), cutoffStep: 1 },
  };
}

const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b);

export function featureSpecOf(domain: Domain): FeatureSpec {
  const { day, week } = seasonsOf(domain);
  // A holiday says nothing of a whole week.
  const hasHolidays = domain.holidays !== null && domain.frequencyMinutes <= MINUTES_A_DAY;
  return {
    version: 2,
    hasMovement: true,
    ...(hasHolidays ? { hasHolidayBase: true } : {}),
    place: { timeZone: domain.timeZone, holidays: domain.holidays },
    frequencyMinutes: domain.frequencyMinutes,
    day,
    week,
    horizon: domain.horizon,
    nonNegative: domain.nonNegative,
    integerValued: domain.integerValued,
  };
}

/**
 * @param lastTarget the last grid index the network learns from: exogenous columns and the context
 * are fitted up to there
 */
export function networkSpecOf(
  domain: Domain,
  panel: Panel,
  config: TrainingConfig,
  lastTarget: number,
): NetworkSpec {
  if (!domain.quantiles.includes(0.5)) {
    throw new HeadwayError(
      'SETTINGS_INVALID',
      `the quantiles of ${domain.name} (${domain.quantiles.join(', ')}) lack the median`,
      {
        where: domain.name,
        fix: 'Add 0.5 to the quantiles in its definition: the median is the point forecast.',
      },
    );
  }
  // Configurations of models from before there was a context lack its size.
  const { windowIntervals, contextComponents = 0, ...network } = config.network;
  const spec = featureSpecOf(domain);
  const isAdditive =
    domain.scale === 'interval' || (!domain.nonNegative && changesSign(panel, lastTarget));
  const shaped: FeatureSpec = isAdditive ? { ...spec, isAdditive } : spec;
  const plain = withWindow(shaped, windowIntervals, domain.name);
  const names = { past: domain.pastExogenous, future: domain.futureExogenous };
  const exogenous = fitExogenous(panel, names, lastTarget, plain.day);
  const hasExogenous = exogenous.past.length + exogenous.future.length > 0;
  const context = fitContext(panel, plain, lastTarget, contextComponents);
  const features = {
    ...plain,
    ...(hasExogenous ? { exogenous } : {}),
    ...(context ? { context } : {}),
  };
  return {
    features,
    quantiles: domain.quantiles,
    seriesIds: begunBy(panel, lastTarget),
    ...network,
  };
}

/** Series with a value that is not 0 by then: of the others there is nothing to learn. */
const begunBy = (panel: Panel, lastTarget: number): string[] =>
  panel.seriesIds.filter(
    (_, series) => firstEvent(targetOf(panel, series).subarray(0, lastTarget + 1)) <= lastTarget,
  );

/**
 * True where some series is below zero at times: its level may come near zero, and nothing can be a
 * multiple of that. A rare reading below zero does not count.
 */
function changesSign(panel: Panel, lastTarget: number): boolean {
  return panel.seriesIds.some((_, series) => {
    let known = 0;
    let negative = 0;
    for (const value of targetOf(panel, series).subarray(0, lastTarget + 1)) {
      if (Number.isNaN(value)) continue;
      known++;
      if (value < 0) negative++;
    }
    return negative > MIN_NEGATIVE * known;
  });
}

/**
 * A window of the longest season is left out of the model: it is the same as one that was saved
 * when there was no other.
 */
function withWindow(plain: FeatureSpec, windowIntervals: number, domain: string): FeatureSpec {
  if (windowIntervals === plain.week) return plain;
  const longest = featureSizes(plain).longestWindow;
  if (windowIntervals <= longest) return { ...plain, windowIntervals };
  throw new HeadwayError(
    'SETTINGS_INVALID',
    `a window of ${windowIntervals} intervals is longer than a network looks back`,
    {
      where: domain,
      fix: `Set network.windowIntervals of the training configuration to ${longest} or less.`,
    },
  );
}
