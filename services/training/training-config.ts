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
import { type FeatureSpec, featureSizes } from '../../forecasting/features/feature-spec.ts';
import type { FitOptions } from '../../forecasting/models/network/member.ts';
import type { NetworkSpec } from '../../forecasting/models/network/network.ts';
import type { Panel } from '../../forecasting/panel/panel.ts';
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
}

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
};

/**
 * The defaults for a domain: what they are for hours, days and weeks, in its own intervals. Cutoffs
 * of the backtest and of the fit lie apart by no divisor of the short season, so that all its
 * places are met; the encoder sees two short seasons; two long ones calibrate, and four are scored.
 */
export function defaultConfigOf({
  seasonLengths,
  frequencyMinutes,
}: Pick<Domain, 'seasonLengths' | 'frequencyMinutes'>): TrainingConfig {
  const { day: short, week: long } = seasonsOf({ seasonLengths });
  const { fit, network } = defaultTrainingConfig;
  let stride = Math.max(1, Math.round((fit.stride * short) / 24));
  while (greatestCommonDivisor(stride, short) > 1) stride++;
  return {
    ...defaultTrainingConfig,
    network: { ...network, windowIntervals: Math.min(2 * short, long) },
    fit: { ...fit, stride, calibrationIntervals: 2 * long },
    testDays: Math.max(
      defaultTrainingConfig.testDays,
      Math.ceil((4 * long * frequencyMinutes) / 1440),
    ),
    cutoffStep: short + 1,
  };
}

const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b);

export function featureSpecOf(domain: Domain): FeatureSpec {
  return {
    place: { timeZone: domain.timeZone, holidays: domain.holidays },
    frequencyMinutes: domain.frequencyMinutes,
    ...seasonsOf(domain),
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
  const plain = withWindow(featureSpecOf(domain), windowIntervals, domain.name);
  const names = { past: domain.pastExogenous, future: domain.futureExogenous };
  const exogenous = fitExogenous(panel, names, lastTarget, plain.day);
  const hasExogenous = exogenous.past.length + exogenous.future.length > 0;
  const context = fitContext(panel, plain, lastTarget, contextComponents);
  const features = {
    ...plain,
    ...(hasExogenous ? { exogenous } : {}),
    ...(context ? { context } : {}),
  };
  return { features, quantiles: domain.quantiles, seriesIds: panel.seriesIds, ...network };
}

/**
 * A window of the longest season is left out of the model: it is the same as one that was saved
 * when there was no other.
 */
function withWindow(plain: FeatureSpec, windowIntervals: number, domain: string): FeatureSpec {
  if (windowIntervals === plain.week) return plain;
  const longest = featureSizes(plain).trainingHistory;
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
