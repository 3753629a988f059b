/**
 * Purpose: the gradient that training follows against finite differences, on the backends that are
 * always there.
 */
import { expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import { createFeatureSource } from '../../../../forecasting/features/feature-source.ts';
import { featureSizes } from '../../../../forecasting/features/feature-spec.ts';
import { createFeatureBatch, writeFeatures } from '../../../../forecasting/features/features.ts';
import {
  forward,
  parameterCount,
  toTensors,
} from '../../../../forecasting/models/network/network.ts';
import { seededRandom } from '../../../../platform/random.ts';
import { HISTORY, panelOf } from '../../../fixtures/random-panels.ts';
import { startBackend, toyNetwork } from '../../../fixtures/toy-network.ts';

const WINDOWS = 3;
const HORIZON = 4;
const spec = toyNetwork(['a', 'b'], HORIZON);
const sizes = featureSizes(spec.features);

/**
 * Real inputs of three windows, divided so that they are of the size that standardised ones have.
 */
function inputs() {
  const panel = panelOf(
    ['a', 'b'],
    HISTORY + 20,
    (s, t) => 5 + s + 2 * Math.sin((2 * Math.PI * t) / 24) + ((t * 31) % 7) / 7,
  );
  const source = createFeatureSource(panel, spec.features);
  const batch = createFeatureBatch(sizes, HORIZON, WINDOWS);
  for (let row = 0; row < WINDOWS; row++)
    writeFeatures(source, row % 2, HISTORY + 5 * row, batch, row);
  const random = seededRandom(1);
  return {
    window: tf.tensor2d(batch.window, [WINDOWS, sizes.windowSize]),
    step: tf.tensor2d(batch.step, [WINDOWS * HORIZON, sizes.stepSize]),
    series: tf.tensor2d([1, 0, 0, 0, 1, 0, 0, 0, 1], [WINDOWS, 3]),
    target: tf.tensor2d(
      Float32Array.from({ length: WINDOWS * HORIZON }, () => random() - 0.5),
      [WINDOWS * HORIZON, 1],
    ),
  };
}

test.each(['wasm', 'cpu'] as const)(
  'gradients match directional derivatives on %s',
  async (backend) => {
    await startBackend(backend);
    const { target, ...given } = inputs();
    // Smooth, unlike the pinball loss, so that finite differences are exact enough to judge by.
    const lossOf = (named: Record<string, tf.Tensor>) =>
      tf.mean(tf.square(tf.sub(forward(spec, named, given), target))) as tf.Scalar;
    const loss = (weights: Float32Array) =>
      tf.tidy(() => lossOf(toTensors(spec, weights)).dataSync()[0] as number);
    const random = seededRandom(2);
    const weights = Float32Array.from(
      { length: parameterCount(spec) },
      () => 0.4 * (random() - 0.5),
    );

    const gradient = tf.tidy(() => {
      const named = toTensors(spec, weights);
      const names = Object.keys(named);
      const gradients = tf.grads((...values: tf.Tensor[]) =>
        lossOf(Object.fromEntries(names.map((name, i) => [name, values[i] as tf.Tensor]))),
      );
      return tf.concat1d(
        gradients(names.map((name) => named[name] as tf.Tensor)).map(
          (g) => tf.reshape(g, [-1]) as tf.Tensor1D,
        ),
      );
    });
    const analytic = gradient.dataSync() as Float32Array;
    gradient.dispose();
    expect(analytic).toHaveLength(weights.length);

    // Along the gradient, and along random signs within every block of 40 parameters: each block
    // counts on its own.
    const norm = Math.hypot(...analytic);
    const directions = [Float32Array.from(analytic, (g) => g / norm)];
    for (let first = 0; first < weights.length; first += 40) {
      directions.push(
        Float32Array.from(weights, (_, i) =>
          i >= first && i < first + 40 ? (random() < 0.5 ? -1 : 1) / Math.sqrt(40) : 0,
        ),
      );
    }
    const h = 1e-2;
    for (const direction of directions) {
      const moved = (by: number) => weights.map((w, i) => w + by * (direction[i] as number));
      const numeric = (loss(moved(h)) - loss(moved(-h))) / (2 * h);
      const expected = analytic.reduce((sum, g, i) => sum + g * (direction[i] as number), 0);
      expect(Math.abs(numeric - expected)).toBeLessThan(0.02 * Math.abs(expected) + 2e-3 * norm);
    }
    tf.dispose([given.window, given.step, given.series, target]);
  },
);

test('both backends compute the same forward pass', async () => {
  const random = seededRandom(3);
  const weights = Float32Array.from({ length: parameterCount(spec) }, () => random() - 0.5);
  const outputs: Float32Array[] = [];
  for (const backend of ['wasm', 'cpu'] as const) {
    await startBackend(backend);
    outputs.push(
      tf.tidy(() => forward(spec, toTensors(spec, weights), inputs()).dataSync() as Float32Array),
    );
  }
  for (const [i, value] of (outputs[0] as Float32Array).entries())
    expect(value).toBeCloseTo((outputs[1] as Float32Array)[i] as number, 4);
});
