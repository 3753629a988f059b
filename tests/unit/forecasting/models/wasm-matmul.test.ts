/**
 * Purpose: the patched matrix product of the WASM backend against plain loops, however its operands
 * lie.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { seededRandom } from '../../../../platform/random.ts';
import { patchWasmMatMul } from '../../../../platform/tensorflow/wasm-matmul.ts';
import { startBackend } from '../../../fixtures/toy-network.ts';

beforeAll(async () => {
  await startBackend('wasm');
  patchWasmMatMul();
  patchWasmMatMul();
});

const transposes = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;

/**
 * A tensor of shape [...batch, rows, columns], or with the last two swapped, and how to read
 * element (b, row, column).
 */
function operand(
  batch: number[],
  rows: number,
  columns: number,
  isTransposed: boolean,
  random: () => number,
) {
  const count = batch.reduce((product, n) => product * n, 1);
  const values = Float32Array.from(
    { length: count * rows * columns },
    () => Math.round(16 * (random() - 0.5)) / 4,
  );
  const shape = [...batch, ...(isTransposed ? [columns, rows] : [rows, columns])];
  const at = (b: number, row: number, column: number) =>
    values[
      (b % count) * rows * columns + (isTransposed ? column * rows + row : row * columns + column)
    ] as number;
  return { tensor: tf.tensor(values, shape, 'float32'), at };
}

function productOf(
  aAt: (b: number, i: number, k: number) => number,
  bAt: (b: number, k: number, j: number) => number,
  [batch, m, n, p]: [number, number, number, number],
) {
  const out: number[] = [];
  for (let b = 0; b < batch; b++)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < p; j++) {
        let sum = 0;
        for (let k = 0; k < n; k++) sum += aAt(b, i, k) * bAt(b, k, j);
        out.push(sum);
      }
  return out;
}

const size = fc.integer({ min: 1, max: 40 });

describe.each(transposes)('transposed: %s, %s', (transposeA, transposeB) => {
  test('multiplies matrices and stacks of them', () => {
    fc.assert(
      fc.property(
        size,
        size,
        size,
        fc.integer({ min: 0, max: 4 }),
        fc.boolean(),
        fc.nat(),
        (m, n, p, batch, isShared, seed) => {
          const random = seededRandom(seed);
          const stack = batch === 0 ? [] : [batch];
          const a = operand(stack, m, n, transposeA, random);
          // A stack times one matrix is multiplied as if the matrix were repeated.
          const b = operand(batch > 0 && isShared ? [1] : stack, n, p, transposeB, random);
          const got = tf.matMul(a.tensor, b.tensor, transposeA, transposeB);
          expect(got.shape).toEqual([...stack, m, p]);
          expect([...got.dataSync()]).toEqual(productOf(a.at, b.at, [Math.max(batch, 1), m, n, p]));
          tf.dispose([a.tensor, b.tensor, got]);
        },
      ),
      { numRuns: 8, seed: 1 },
    );
  });

  test('equals the CPU backend, also in gradients', async () => {
    const random = seededRandom(9);
    const [a, b] = [operand([3], 5, 7, transposeA, random), operand([3], 7, 4, transposeB, random)];
    const [x, y] = [await a.tensor.array(), await b.tensor.array()] as [number[][][], number[][][]];
    const results: number[][] = [];
    for (const backend of ['wasm', 'cpu'] as const) {
      await startBackend(backend);
      results.push(
        tf.tidy(() => {
          const loss = (p: tf.Tensor, q: tf.Tensor) =>
            tf.sum(tf.square(tf.matMul(p, q, transposeA, transposeB)));
          return tf
            .grads(loss)([tf.tensor3d(x), tf.tensor3d(y)])
            .flatMap((g) => [...g.dataSync()]);
        }),
      );
    }
    await startBackend('wasm');
    expect(results[0]).toHaveLength(3 * (5 * 7 + 7 * 4));
    for (const [i, value] of (results[0] as number[]).entries())
      expect(value).toBeCloseTo(results[1]?.[i] as number, 3);
  });

  test('fuses bias and activation', () => {
    const random = seededRandom(4);
    const [a, b] = [operand([], 6, 5, transposeA, random), operand([], 5, 3, transposeB, random)];
    const bias = tf.tensor1d([1, -2, 0.5]);
    const got = tf.fused.matMul({
      a: a.tensor,
      b: b.tensor,
      transposeA,
      transposeB,
      bias,
      activation: 'relu',
    });
    const plain = productOf(a.at, b.at, [1, 6, 5, 3]).map((value, i) =>
      Math.max(0, value + ([1, -2, 0.5][i % 3] as number)),
    );
    expect([...got.dataSync()]).toEqual(plain);
  });
});

test('frees all memory and does not change the operands', () => {
  const random = seededRandom(5);
  const [a, b] = [operand([2], 4, 6, true, random), operand([2], 6, 3, true, random)];
  const before = [...a.tensor.dataSync()];
  tf.matMul(a.tensor, b.tensor, true, true).dispose();
  const backend = tf.backend() as unknown as { numDataIds(): number };
  const [buffers, tensors] = [backend.numDataIds(), tf.memory().numTensors];
  for (let i = 0; i < 50; i++) tf.matMul(a.tensor, b.tensor, true, true).dispose();
  expect([backend.numDataIds(), tf.memory().numTensors]).toEqual([buffers, tensors]);
  expect([...a.tensor.dataSync()]).toEqual(before);
});
