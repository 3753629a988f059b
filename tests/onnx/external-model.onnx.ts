/**
 * Purpose: a graph with the signature of a pretrained model runs in onnxruntime as a Forecaster,
 * and comes back from the registry as one.
 */
import { expect, test } from '@jest/globals';
import { ensembleForecaster } from '../../forecasting/models/external/ensemble.ts';
import { rawForecaster, saveExternal } from '../../forecasting/models/external/forecaster.ts';
import { networkForecaster, saveNetwork } from '../../forecasting/models/network/forecaster.ts';
import { openOnnxSession } from '../../platform/onnx/session.ts';
import { restoreForecaster } from '../../storage/models/restore-forecaster.ts';
import { externalCard, externalGraph, repeatLastDay } from '../fixtures/external-model.ts';
import { newSpec } from '../fixtures/random-panels.ts';
import { levelledPanel, randomTrained } from '../fixtures/random-trained.ts';
import { startBackend } from '../fixtures/toy-network.ts';

const panel = levelledPanel(25, 40);
const parts = {
  card: externalCard,
  features: { ...newSpec, horizon: 6 },
  quantiles: [0.1, 0.5, 0.9],
};

test('the graph gives the bits of its arithmetic in JavaScript', async () => {
  const session = openOnnxSession(externalGraph(), 'model.onnx');
  expect(session.inputNames).toEqual(['context', 'group_ids']);
  const theirs = rawForecaster(parts, session.run);
  const ours = rawForecaster(parts, repeatLastDay);
  for (let back = 0; back < 40; back++) {
    const cutoff = panel.length - 1 - back;
    expect(theirs.predict(panel, cutoff, 6)).toEqual(ours.predict(panel, cutoff, 6));
  }
  expect(() => session.run({}, ['quantile_preds'])).toThrow(
    expect.objectContaining({ code: 'MODEL_INCOMPATIBLE' }),
  );
  await session.close();
});

test('a stored external model is restored with its graph', () => {
  const forecaster = restoreForecaster(
    JSON.parse(JSON.stringify(saveExternal({ ...parts, calibration: null }))),
    externalGraph(),
  );
  const out = forecaster.predict(panel, panel.length - 1, 6);
  expect(out).toHaveLength(25 * 3 * 6);
  expect(out.some((value) => value > 0)).toBe(true);
});

test('an ensemble is restored with its graph and our weights', async () => {
  await startBackend();
  const trained = randomTrained(panel, {});
  const { model, weights } = saveNetwork(trained);
  const graph = externalGraph();
  const shares = Array(6).fill(0.25);
  const ensemble = { modelVersion: 'model-1', model, shares, graphBytes: graph.length };
  const saved = JSON.parse(JSON.stringify(saveExternal({ ...parts, calibration: null, ensemble })));
  const at = [panel, panel.length - 1, 6] as const;
  const out = restoreForecaster(saved, Buffer.concat([graph, weights])).predict(...at);
  const both = ensembleForecaster(
    rawForecaster(parts, repeatLastDay),
    networkForecaster(trained),
    shares,
  );
  expect(out.some((value) => value > 0)).toBe(true);
  for (const [i, value] of both.predict(...at).entries())
    expect(out[i]).toBeCloseTo(Math.max(0, value), 3);
});
