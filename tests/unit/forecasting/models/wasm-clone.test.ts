/** Purpose: clones on the WASM backend share their values, and nothing is left behind. */
import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import { patchWasmClone } from '../../../../platform/tensorflow/wasm-clone.ts';
import { startBackend } from '../../../fixtures/toy-network.ts';

beforeAll(async () => {
  await startBackend('wasm');
  patchWasmClone();
  patchWasmClone();
});

const buffers = () => (tf.backend() as unknown as { numDataIds(): number }).numDataIds();

test('a clone takes no memory and survives its original', () => {
  const before = buffers();
  const original = tf.tensor1d([1, -2, 3]);
  const clone = tf.clone(original);
  expect(buffers()).toBe(before + 1);
  const changed = tf.relu(clone);
  original.dispose();
  expect([...clone.dataSync()]).toEqual([1, -2, 3]);
  expect([...changed.dataSync()]).toEqual([1, 0, 3]);
  tf.dispose([clone, changed]);
  expect(buffers()).toBe(before);
});

test('gradients equal those of the CPU backend and free their tensors', async () => {
  const results: number[][] = [];
  for (const backend of ['cpu', 'wasm'] as const) {
    await startBackend(backend);
    const before = tf.memory().numTensors;
    results.push(
      tf.tidy(() => {
        const loss = (x: tf.Tensor, y: tf.Tensor) => tf.sum(tf.square(tf.mul(tf.relu(x), y)));
        const gradients = tf.grads(loss)([tf.tensor1d([1, -2, 3]), tf.tensor1d([4, 5, -6])]);
        return gradients.flatMap((one) => [...one.dataSync()]);
      }),
    );
    expect(tf.memory().numTensors).toBe(before);
  }
  expect(results[1]).toEqual(results[0]);
  expect(results[0]).toEqual([32, 0, 216, 8, 0, -108]);
});
