/**
 * Purpose: an exported network forecasts the same in onnxruntime as here, on a thousand windows of
 * each kind of target. `npm run test:onnx` installs onnxruntime-node and runs this.
 */
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { networkForecaster } from '../../forecasting/models/network/forecaster.ts';
import type { TrainedNetwork } from '../../forecasting/models/network/network.ts';
import {
  networkInputs,
  networkOnnx,
  networkPorts,
} from '../../forecasting/models/onnx/network-onnx.ts';
import { largestDifference, MAX_DIFFERENCE } from '../../forecasting/models/onnx/parity.ts';
import type { Panel } from '../../forecasting/panel/panel.ts';
import { type OnnxSession, openOnnxSession } from '../../platform/onnx/session.ts';
import { levelledPanel, randomTrained } from '../fixtures/random-trained.ts';
import { fitToy, startBackend } from '../fixtures/toy-network.ts';

const SERIES = 25;
const CUTOFFS = 40;

const panel = levelledPanel(SERIES, CUTOFFS);
const cutoffs = Array.from({ length: CUTOFFS }, (_, i) => panel.length - 1 - i);
let session: OnnxSession | null = null;
beforeAll(() => startBackend());
afterEach(() => session?.close());

/** The largest difference, and the values that were compared. */
function compared(trained: TrainedNetwork, of: Panel) {
  session = openOnnxSession(networkOnnx(trained, {}), 'model.onnx');
  const { count, ...inputs } = networkInputs(trained, of, cutoffs);
  const ports = networkPorts(trained);
  const feeds = Object.fromEntries(
    ports.inputs.map(({ name, shape }) => [
      name,
      {
        shape: [count, ...shape.slice(1).map(Number)],
        values: inputs[name as keyof typeof inputs],
      },
    ]),
  );
  const [output] = session.run(feeds, ['quantiles']);
  const forecaster = networkForecaster(trained);
  const { horizon } = trained.spec.features;
  const ours = Float32Array.from(
    cutoffs.flatMap((cutoff) => [...forecaster.predict(of, cutoff, horizon)]),
  );
  const worst = largestDifference(ours, output?.values as Float32Array, inputs.level);
  return { windows: count, shape: output?.shape, ours, worst };
}

const context = {
  seriesIds: panel.seriesIds.slice(0, 10),
  weights: [0, 1].map((c) => panel.seriesIds.slice(0, 10).map((_, s) => 1e-4 * (s - 4) * (c + 1))),
};

test.each([
  ['counts with context', { integerValued: true, context, hasMovement: true as const }],
  ['loads', { integerValued: false }],
  ['a target that changes sign', { nonNegative: false, isAdditive: true as const }],
])('%s: gives the same forecasts', (_, kind) => {
  const trained = randomTrained(panel, kind);
  const { windows, shape, ours, worst } = compared(
    trained,
    networkForecaster(trained).withContext?.(panel) ?? panel,
  );
  expect(windows).toBeGreaterThanOrEqual(1000);
  expect(shape).toEqual([windows, 5, 6]);
  expect(new Set(ours).size).toBeGreaterThan(500);
  expect(worst).toBeLessThanOrEqual(MAX_DIFFERENCE);
});

test('gives the forecasts of a fitted network, and of one without optional parts', async () => {
  const fitted = await fitToy(panel, { lastTarget: panel.length - CUTOFFS });
  expect(compared(fitted, panel).worst).toBeLessThanOrEqual(MAX_DIFFERENCE);
  await session?.close();
  const bare = { ...fitted, members: [], calibration: null, linear: null };
  expect(compared(bare, panel).worst).toBeLessThanOrEqual(MAX_DIFFERENCE);
});

test('refuses an invalid graph', () => {
  expect(() => openOnnxSession(Uint8Array.of(1, 2, 3), 'model.onnx')).toThrow(
    expect.objectContaining({ code: 'MODEL_INCOMPATIBLE', where: 'model.onnx' }),
  );
});
