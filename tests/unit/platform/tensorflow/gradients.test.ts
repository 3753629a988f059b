/**
 * Purpose: each registered gradient against finite differences, with inputs that are broadcast, and
 * matrix products in all four orientations.
 */
import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import { seededRandom } from '../../../../platform/random.ts';
import { startBackend } from '../../../fixtures/toy-network.ts';

type Operation = (...inputs: tf.Tensor[]) => tf.Tensor;

const product = (transposeA: boolean, transposeB: boolean) =>
  ((a, b) => tf.matMul(a as tf.Tensor, b as tf.Tensor, transposeA, transposeB)) as Operation;
const softplus: Operation = (x) => tf.softplus(x as tf.Tensor);

const cases: [string, number[][], Operation][] = [
  [
    'a sum',
    [
      [2, 3],
      [2, 3],
    ],
    (a, b) => tf.add(a as tf.Tensor, b as tf.Tensor),
  ],
  ['a sum with a row', [[2, 3], [3]], (a, b) => tf.add(a as tf.Tensor, b as tf.Tensor)],
  [
    'a difference',
    [
      [2, 3],
      [2, 1],
    ],
    (a, b) => tf.sub(a as tf.Tensor, b as tf.Tensor),
  ],
  [
    'a product',
    [
      [2, 3],
      [1, 3],
    ],
    (a, b) => tf.mul(a as tf.Tensor, b as tf.Tensor),
  ],
  [
    'a maximum',
    [
      [2, 3],
      [2, 1],
    ],
    (a, b) => tf.maximum(a as tf.Tensor, b as tf.Tensor),
  ],
  [
    'x·w',
    [
      [2, 3],
      [3, 4],
    ],
    product(false, false),
  ],
  [
    'x·wᵀ',
    [
      [2, 3],
      [4, 3],
    ],
    product(false, true),
  ],
  [
    'xᵀ·w',
    [
      [3, 2],
      [3, 4],
    ],
    product(true, false),
  ],
  [
    'xᵀ·wᵀ',
    [
      [3, 2],
      [4, 3],
    ],
    product(true, true),
  ],
  [
    'columns side by side',
    [
      [2, 3],
      [2, 1],
      [2, 2],
    ],
    (...parts) => tf.concat(parts, 1),
  ],
  [
    'rows below one another',
    [
      [2, 3],
      [1, 3],
    ],
    (...parts) => tf.concat(parts, -2),
  ],
  ['the sum of a row', [[2, 3]], (x) => tf.sum(x as tf.Tensor, 1)],
  ['the mean of a column', [[2, 3]], (x) => tf.mean(x as tf.Tensor, 0)],
  ['the mean of all', [[2, 3]], (x) => tf.mean(x as tf.Tensor)],
  ['a copy', [[2, 3]], (x) => tf.clone(x as tf.Tensor)],
  ['the positive part', [[4, 3]], (x) => tf.relu(x as tf.Tensor)],
  ['another shape', [[2, 3]], (x) => tf.reshape(x as tf.Tensor, [3, 2])],
  ['softplus', [[2, 3]], softplus],
  ['a square', [[2, 3]], (x) => tf.square(x as tf.Tensor)],
];

beforeAll(() => startBackend('cpu'));

test.each(cases)('the gradient is correct for %s', (_, shapes, operation) => {
  const random = seededRandom(1);
  const draw = (size: number) => Float32Array.from({ length: size }, () => 2 * random() - 1);
  const values = shapes.map((shape) => draw(tf.util.sizeFromShape(shape)));
  // Weighs every element of the output differently, and is smooth.
  const loss = (inputs: readonly tf.Tensor[]): tf.Scalar => {
    const out = operation(...inputs);
    const weights = tf.tensor(
      Float32Array.from({ length: out.size }, (_, i) => 1 + i),
      out.shape,
    );
    return tf.sum(tf.mul(weights, tf.square(out)));
  };
  const at = (arrays: readonly Float32Array[]) =>
    arrays.map((array, i) => tf.tensor(array, shapes[i]));
  const gradients = tf.tidy(() =>
    tf
      .grads((...inputs: tf.Tensor[]) => loss(inputs))(at(values))
      .map((gradient, i) => {
        expect(gradient.shape).toEqual(shapes[i]);
        return [...gradient.dataSync()];
      }),
  );
  const step = 1e-2;
  for (const [i, array] of values.entries())
    for (const j of array.keys()) {
      const moved = (by: number) =>
        tf.tidy(() => {
          const copy = array.slice();
          copy[j] = (copy[j] as number) + by;
          return loss(at(values.map((one, k) => (k === i ? copy : one)))).dataSync()[0] as number;
        });
      const slope = (moved(step) - moved(-step)) / (2 * step);
      expect(gradients[i]?.[j]).toBeCloseTo(slope, 1);
    }
});
