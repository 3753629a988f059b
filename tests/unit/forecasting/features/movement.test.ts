/**
 * Purpose: outputs count in units of how far a series moves, so that a smooth series at a high
 * level is forecast as finely as it moves, and a drifting one from yesterday.
 */
import { describe, expect, test } from '@jest/globals';
import { createFeatureSource } from '../../../../forecasting/features/feature-source.ts';
import { type FeatureSpec, featureSizes } from '../../../../forecasting/features/feature-spec.ts';
import { createFeatureBatch, writeFeatures } from '../../../../forecasting/features/features.ts';
import { movementAt, NO_MOVEMENT } from '../../../../forecasting/features/movement.ts';
import { networkForecaster } from '../../../../forecasting/models/network/forecaster.ts';
import { initialWeights } from '../../../../forecasting/models/network/gradient-step.ts';
import type { InputScaling, NetworkSpec } from '../../../../forecasting/models/network/network.ts';
import {
  createTrainingBatch,
  fillRow,
} from '../../../../forecasting/models/network/training-batch.ts';
import { targetOf } from '../../../../forecasting/panel/panel.ts';
import { seededRandom } from '../../../../platform/random.ts';
import { silentLogger } from '../../../../platform/telemetry/logger.ts';
import { startTensorBackend } from '../../../../platform/tensorflow/tensor-backend.ts';
import { newSpec, panelOf } from '../../../fixtures/random-panels.ts';

const LENGTH = 12 * 168;
const CUTOFF = LENGTH - 1 - newSpec.horizon;
const spec: FeatureSpec = { ...newSpec, hasMovement: true };

/** A daily wave on a level that drifts by `drift` an hour, and `weekend` less at weekends. */
const wave = (drift: number, weekend = 0, scale = 1) =>
  panelOf(['a'], LENGTH, (_, t) => {
    const isWeekend = Math.floor(t / 24) % 7 >= 5;
    const daily = 10 * Math.sin((2 * Math.PI * t) / 24);
    return scale * (1000 + daily + drift * t - (isWeekend ? weekend : 0));
  });
const movementOf = (panel: ReturnType<typeof wave>, level = 1000) =>
  movementAt(targetOf(panel, 0), CUTOFF, spec, level);

describe('the movement of a series', () => {
  test('is the distance to yesterday for a drift, with nearly all the weight', () => {
    const { size, ofYesterday } = movementOf(wave(0.2));
    expect(size).toBeCloseTo((24 * 0.2) / 1000, 5);
    expect(ofYesterday).toBeCloseTo(1 - 1 / 49, 3);
  });

  test('is the distance to last week where that predicts better', () => {
    const { size, ofYesterday } = movementOf(wave(0.02, 200));
    expect(size).toBeCloseTo((168 * 0.02) / 1000, 5);
    expect(ofYesterday).toBe(0);
  });

  test('does not depend on the unit', () => {
    expect(movementOf(wave(0.2, 20, 1024), 1_024_000)).toEqual(movementOf(wave(0.2, 20)));
  });

  test('equals the level without movement and without known values', () => {
    const at = (value: number) =>
      movementAt(new Float32Array(LENGTH).fill(value), CUTOFF, spec, Math.abs(value) || 1e-3);
    for (const value of [0, 7, Number.NaN]) expect(at(value)).toEqual(NO_MOVEMENT);
  });
});

function featuresOf(of: FeatureSpec, panel: ReturnType<typeof wave>) {
  const batch = createFeatureBatch(featureSizes(of), of.horizon, 1);
  writeFeatures(createFeatureSource(panel, of, CUTOFF), 0, CUTOFF, batch, 0);
  return batch;
}

test('the base of a drifting series is within movements of yesterday', () => {
  const panel = wave(0.2);
  const errorOf = (of: FeatureSpec) => {
    const { base, level } = featuresOf(of, panel);
    const errors = Array.from(base, (value, k) =>
      Math.abs(value * (level[0] as number) - (targetOf(panel, 0)[CUTOFF + 1 + k] as number)),
    );
    return Math.max(...errors);
  };
  expect(errorOf(spec)).toBeLessThan(8);
  expect(errorOf(newSpec)).toBeGreaterThan(40);
});

test('older models use units of the level', () => {
  expect(featuresOf(newSpec, wave(0.2)).movement[0]).toBe(1);
});

const scalingOf = (of: FeatureSpec): InputScaling => {
  const { windowSize, stepSize } = featureSizes(of);
  return {
    ...{ windowMean: new Float32Array(windowSize), windowScale: new Float32Array(windowSize) },
    ...{ stepMean: new Float32Array(stepSize), stepScale: new Float32Array(stepSize) },
    outputScale: 1,
  };
};

test('a training target and its weight are in units of movement', () => {
  const panel = wave(0.2);
  const source = createFeatureSource(panel, spec, CUTOFF);
  const batch = createTrainingBatch(source, 1);
  fillRow(source, batch, 0, 0, CUTOFF, scalingOf(spec), 3);
  const [level, movement] = [batch.level[0] as number, batch.movement[0] as number];
  for (let k = 0; k < spec.horizon; k++) {
    const y = targetOf(panel, 0)[CUTOFF + 1 + k] as number;
    const value = level * ((batch.base[k] as number) + movement * (batch.target[k] as number));
    expect(value).toBeCloseTo(y, 2);
    expect(batch.weight[k]).toBeCloseTo(3 * movement, 6);
  }
});

test('forecasts a smooth series within movements of its base, for any weights', async () => {
  await startTensorBackend(silentLogger, 'cpu', 'training');
  const forecastOf = (features: FeatureSpec, panel: ReturnType<typeof wave>) => {
    const network: NetworkSpec = {
      ...{ features, quantiles: [0.1, 0.5, 0.9], seriesIds: ['a'] },
      ...{ width: 8, latentSize: 2, headWidth: 8, embeddingSize: 2 },
    };
    const members = [initialWeights(network, seededRandom(1))];
    const trained = { spec: network, scaling: scalingOf(features), members };
    return networkForecaster({ ...trained, linear: null, calibration: null }).predict(
      panel,
      CUTOFF,
      features.horizon,
    );
  };
  const widthOf = (values: Float32Array) =>
    (values[2 * spec.horizon] as number) - (values[0] as number);
  const [smooth, before] = [spec, newSpec].map((of) => widthOf(forecastOf(of, wave(0.2))));
  // Untrained widths are near ln 2 on either side: of a movement, and of the level.
  expect(smooth).toBeLessThan(15);
  expect(before).toBeGreaterThan(500);
});
