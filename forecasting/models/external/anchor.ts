/**
 * Purpose: the anchor as a forecaster: the shape of the week at the series' level, which offsets
 * are counted from and which is believed where nothing else is.
 * Invariants: a network without members, so that it is the same anchor bit for bit; neither rounded
 * nor cut off.
 * Fails: as `predict` of a network does.
 */
import { type FeatureSpec, featureSizes } from '../../features/feature-spec.ts';
import { trusting } from '../calibration/calibration.ts';
import type { Forecaster } from '../forecaster.ts';
import { networkForecaster } from '../network/forecaster.ts';

export function anchorForecaster(given: FeatureSpec): Forecaster {
  const features = { ...given, integerValued: false, nonNegative: false };
  const { windowSize, stepSize } = featureSizes(features);
  return networkForecaster({
    spec: {
      ...{ features, quantiles: [0.5], seriesIds: [] },
      ...{ width: 0, latentSize: 0, headWidth: 0, embeddingSize: 0 },
    },
    // Nothing reads the inputs.
    scaling: {
      windowMean: new Float32Array(windowSize),
      windowScale: new Float32Array(windowSize),
      stepMean: new Float32Array(stepSize),
      stepScale: new Float32Array(stepSize),
      outputScale: 1,
    },
    members: [],
    linear: null,
    calibration: trusting({ network: 0, linear: 0 }, features.horizon),
  });
}
