/**
 * Purpose: a network small enough to fit in a second, for tests.
 * Invariants: the same seed and panel give the same network.
 * Fails: with the library's own error where the backend does not start.
 */
import type { NetworkSpec } from '../../forecasting/models/network.ts';
import type { FitOptions } from '../../forecasting/models/network-member.ts';
import { type FittedNetwork, fitNetwork } from '../../forecasting/models/network-training.ts';
import type { Panel } from '../../forecasting/panel.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { randomStreams } from '../../runtime/random.ts';
import { type BackendName, startTensorBackend } from '../../runtime/tensor-backend.ts';
import { defaultTrainingConfig } from '../../services/training/training-config.ts';
import { toySpec } from './random-panels.ts';

export const toyNetwork = (
  seriesIds: readonly string[],
  horizon = 6,
  windowIntervals?: number,
): NetworkSpec => ({
  features: { ...toySpec, horizon, ...(windowIntervals === undefined ? {} : { windowIntervals }) },
  quantiles: [0.1, 0.5, 0.9],
  seriesIds,
  width: 8,
  latentSize: 2,
  headWidth: 8,
  embeddingSize: 2,
});

export const toyFit: FitOptions = {
  ...defaultTrainingConfig.fit,
  members: 1,
  steps: 20,
  batchSize: 32,
  stride: 5,
  calibrationIntervals: 120,
};

export const startBackend = (name: BackendName = 'wasm'): Promise<BackendName> =>
  startTensorBackend(silentLogger, name, 'training');

export const fitToy = (
  panel: Panel,
  {
    seed = 1,
    horizon = 6,
    windowIntervals,
    lastTarget = panel.length - 1,
    ...options
  }: Partial<FitOptions> & {
    seed?: number;
    horizon?: number;
    windowIntervals?: number;
    lastTarget?: number;
  } = {},
): Promise<FittedNetwork> => {
  const spec = toyNetwork(panel.seriesIds, horizon, windowIntervals);
  return fitNetwork(panel, spec, lastTarget, { ...toyFit, ...options }, randomStreams(seed));
};
