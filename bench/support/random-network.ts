/**
 * Purpose: a network of the default architecture with random weights, for benches: speed does not
 * depend on what was learnt.
 * Invariants: the same stream of random numbers gives the same weights; forecasts stay near the
 * shape of the week, and are plausible.
 * Fails: never.
 */
import { type FeatureSpec, featureSizes } from '../../forecasting/features/feature-spec.ts';
import type { TrainedNetwork } from '../../forecasting/models/network/network.ts';
import { type NetworkSpec, parameterCount } from '../../forecasting/models/network/network.ts';
import { linearColumns } from '../../forecasting/models/network/ridge.ts';
import type { Random } from '../../platform/random.ts';
import { defaultTrainingConfig } from '../../services/training/training-config.ts';

/** As many as a fit takes at most. */
const CONTEXT_SERIES = 64;

export const QUANTILES = [0.1, 0.5, 0.9];

/**
 * The architecture that training uses, for counts by the hour, calibrated; its weights are small,
 * so that forecasts stay plausible.
 */
export function randomNetwork(
  seriesIds: readonly string[],
  horizon: number,
  random: Random,
): TrainedNetwork {
  const { windowIntervals, contextComponents, ...network } = defaultTrainingConfig.network;
  const drawn = (size: number): Float32Array =>
    Float32Array.from({ length: size }, () => 0.1 * (random() - 0.5));
  const features: FeatureSpec = {
    place: { timeZone: 'America/New_York', holidays: { country: 'US', state: 'NY' } },
    frequencyMinutes: 60,
    day: 24,
    week: 168,
    horizon,
    nonNegative: true,
    integerValued: true,
    windowIntervals,
    context: {
      seriesIds: seriesIds.slice(0, CONTEXT_SERIES),
      weights: Array.from({ length: contextComponents }, () => [...drawn(CONTEXT_SERIES)]),
    },
  };
  const spec: NetworkSpec = { ...network, features, quantiles: QUANTILES, seriesIds };
  const { windowSize, stepSize } = featureSizes(features);
  const perStep = <T>(value: T): T[] => Array.from({ length: horizon }, () => value);
  const groups = <T>(value: T): T[] => [value, value];
  return {
    spec,
    scaling: {
      windowMean: drawn(windowSize),
      windowScale: new Float32Array(windowSize).fill(1),
      stepMean: drawn(stepSize),
      stepScale: new Float32Array(stepSize).fill(1),
      outputScale: 0.3,
    },
    members: Array.from({ length: defaultTrainingConfig.fit.members }, () =>
      drawn(parameterCount(spec)),
    ),
    linear: drawn(horizon * linearColumns(features)),
    calibration: {
      levelBounds: [1],
      trust: groups(perStep({ network: 0.6, linear: 0.3 })),
      factors: groups(QUANTILES.map((quantile) => perStep(quantile === 0.5 ? 1 : 1.2))),
      edges: groups(0.2),
    },
  };
}
