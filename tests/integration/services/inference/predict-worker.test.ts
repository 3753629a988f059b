/**
 * Purpose: the real worker gives the bits of the process that asks it, for a model it was sent.
 * Invariants: a worker process, a toy network.
 * Fails: with the first forecast that differs.
 */
import { expect, test } from '@jest/globals';
import { restoreNetwork, saveNetwork } from '../../../../forecasting/models/network/forecaster.ts';
import { fixedClock } from '../../../../platform/clock.ts';
import { silentLogger } from '../../../../platform/telemetry/logger.ts';
import { openPredictQueue } from '../../../../services/inference/prediction/predict-queue.ts';
import {
  backendReady,
  inProcessPredictor,
} from '../../../../services/inference/prediction/predictor.ts';
import type { LoadedModel } from '../../../../services/inference/serving/load-parts.ts';
import { defaultInferenceSettings } from '../../../../services/inference/settings.ts';
import { panelOf } from '../../../fixtures/random-panels.ts';
import { fitToy, startBackend } from '../../../fixtures/toy-network.ts';

test('worker and service process give the same bits, also for shared weights', async () => {
  await startBackend();
  const wave = (s: number, t: number) =>
    3 + 2 * s + Math.sin((2 * Math.PI * t) / 24) + ((t * 7919) % 13) / 13;
  const { model, weights } = saveNetwork(
    await fitToy(panelOf(['a', 'b'], 1600, wave), { steps: 5 }),
  );
  // As a file that was read into a pool of Node's.
  const pooled = Buffer.concat([Buffer.from([1]), weights]).subarray(1);
  const loaded = {
    card: { modelVersion: 'toy', horizon: 6 },
    forecaster: restoreNetwork(model, weights),
    stored: { model, weights: pooled },
  } as unknown as LoadedModel;
  const limits = { ...defaultInferenceSettings, batchTimeoutMs: 60_000, waitLimitMs: 60_000 };
  const watch = { onBatch: () => {}, onFailure: () => {} };
  const queue = openPredictQueue({
    backend: 'wasm',
    clock: fixedClock(0),
    logger: silentLogger,
    limits,
    startPatienceMs: 60_000,
  })(watch);
  const panels = [400, 700, 1600].map((length) => panelOf(['b', 'stranger'], length, wave));
  const asked = panels.map((panel) => queue.predict(loaded, panel, panel.length - 1, 'asked'));
  const here = panels.map((panel) =>
    inProcessPredictor(backendReady)(watch).predict(loaded, panel, panel.length - 1, 'asked'),
  );
  expect(await Promise.all(asked)).toEqual(await Promise.all(here));
  await queue.close();
});
