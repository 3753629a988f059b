/**
 * Purpose: the gradients of the kernels that a training step of ours runs. TensorFlow.js has its
 * own in the umbrella package `@tensorflow/tfjs` alone, for Node, and that is 230 MB with layers,
 * converters and the browser's backends (docs/decisions/0002).
 * Invariants: the same bits as TensorFlow.js 4.22's own; inputs may be broadcast.
 * Fails: never; TensorFlow.js names a kernel that has no gradient when it differentiates it.
 */
import * as tf from '@tensorflow/tfjs-core';

type Inputs = readonly tf.Tensor[];
/** From the gradient of the output and the inputs to the gradient of each input. */
type Gradient = (
  dy: tf.Tensor,
  inputs: Inputs,
  attributes: tf.NamedAttrMap,
) => readonly (() => tf.Tensor)[];

const isTrue = (condition: tf.Tensor): tf.Tensor => tf.cast(condition, 'float32');

/** Sums what an input was broadcast over. */
function summedTo(input: tf.Tensor, outShape: number[], gradient: tf.Tensor): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(input.shape, outShape);
  return tf.reshape(axes.length > 0 ? tf.sum(gradient, axes) : gradient, input.shape);
}

/** Of a and b, from what each gets at the output's shape. */
const ofPair =
  (gradients: (dy: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => [() => tf.Tensor, () => tf.Tensor]) =>
  (dy: tf.Tensor, inputs: Inputs) => {
    const [a, b] = inputs as [tf.Tensor, tf.Tensor];
    const [ofA, ofB] = gradients(dy, a, b);
    return [() => summedTo(a, dy.shape, ofA()), () => summedTo(b, dy.shape, ofB())];
  };

/** Of x alone. */
const ofOne =
  (gradient: (dy: tf.Tensor, x: tf.Tensor, attributes: tf.NamedAttrMap) => tf.Tensor): Gradient =>
  (dy, inputs, attributes) => [() => gradient(dy, inputs[0] as tf.Tensor, attributes)];

const matMul: Gradient = (dy, inputs, attributes) => {
  const [a, b] = inputs as [tf.Tensor, tf.Tensor];
  const { transposeA, transposeB } = attributes as { transposeA: boolean; transposeB: boolean };
  return [
    () => (transposeA ? tf.matMul(b, dy, transposeB, true) : tf.matMul(dy, b, false, !transposeB)),
    () => (transposeB ? tf.matMul(dy, a, true, transposeA) : tf.matMul(a, dy, !transposeA, false)),
  ];
};

const concat: Gradient = (dy, inputs, attributes) => {
  const [axis] = tf.util.parseAxisParam(attributes.axis as number, dy.shape) as [number];
  const sizes = inputs.map(({ shape }) => shape[axis] as number);
  return tf.split(dy, sizes, axis).map((part) => () => part);
};

/** The output's gradient for every input of a sum over some axes. */
function spread(dy: tf.Tensor, x: tf.Tensor, { axis }: tf.NamedAttrMap): tf.Tensor {
  const axes = tf.util.parseAxisParam(axis as number[], x.shape);
  const kept = x.shape.map((size, at) => (axes.includes(at) ? 1 : size));
  return tf.mul(tf.reshape(dy, kept), tf.ones(x.shape));
}

/** By kernel: the names of its inputs, or all of a list, and its gradient. */
const GRADIENTS: Readonly<Record<string, readonly [readonly string[] | 'all', Gradient]>> = {
  [tf.Add]: [['a', 'b'], ofPair((dy) => [() => dy, () => dy])],
  [tf.Sub]: [['a', 'b'], ofPair((dy) => [() => dy, () => tf.neg(dy)])],
  [tf.Multiply]: [['a', 'b'], ofPair((dy, a, b) => [() => tf.mul(dy, b), () => tf.mul(dy, a)])],
  [tf.Maximum]: [
    ['a', 'b'],
    ofPair((dy, a, b) => [
      () => tf.mul(dy, isTrue(tf.greaterEqual(a, b))),
      () => tf.mul(dy, isTrue(tf.less(a, b))),
    ]),
  ],
  [tf.BatchMatMul]: [['a', 'b'], matMul],
  [tf.Concat]: ['all', concat],
  [tf.Sum]: [['x'], ofOne(spread)],
  [tf.Mean]: [['x'], ofOne((dy, x, of) => tf.div(spread(dy, x, of), x.size / dy.size))],
  [tf.Identity]: [['x'], ofOne((dy) => tf.clone(dy))],
  [tf.Relu]: [['x'], ofOne((dy, x) => tf.mul(dy, tf.step(x)))],
  [tf.Reshape]: [['x'], ofOne((dy, x) => tf.reshape(dy, x.shape))],
  [tf.Softplus]: [['x'], ofOne((dy, x) => tf.mul(dy, tf.sigmoid(x)))],
  [tf.Square]: [['x'], ofOne((dy, x) => tf.mul(dy, tf.mul(x, 2)))],
};

export function registerGradients(): void {
  for (const [kernelName, [names, gradient]] of Object.entries(GRADIENTS))
    tf.registerGradient({
      kernelName,
      ...(names === 'all' ? { saveAllInputs: true } : { inputsToSave: [...names] }),
      gradFunc: (dy, saved, attributes) => {
        const gradients = gradient(dy as tf.Tensor, saved, attributes);
        return Object.fromEntries(
          gradients.map((ofInput, at) => [names === 'all' ? at : (names[at] as string), ofInput]),
        );
      },
    });
}
