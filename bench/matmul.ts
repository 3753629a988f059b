/**
 * Purpose: what fixing the WASM backend's matrix product is worth (docs/decisions/0006), as a
 * command: each product that a dense layer needs in training, and a whole training step, with the
 * kernel as shipped and as fixed, side by side.
 *   npm run bench:matmul [-- --json FILE]
 * Invariants: both kernels run in one process, in turns, on the same operands, so that a busy
 * machine slows both; the figure is the median of the turns; results are compared, and a kernel
 * that computes something else fails the bench.
 * Fails: a plain Error where the results differ by more than rounding.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import Table from 'cli-table3';
import { Command } from 'commander';
import { systemClock } from '../platform/clock.ts';
import { seededRandom } from '../platform/random.ts';
import { registerGradients } from '../platform/tensorflow/gradients.ts';
import { patchWasmMatMul } from '../platform/tensorflow/wasm-matmul.ts';

const KERNELS = ['BatchMatMul', '_FusedMatMul'] as const;
const TURNS = 9;
/**
 * The encoder's second layer, the shared head (512 windows × 24 steps), and the multi-layer
 * perceptron of a common size.
 */
const LAYERS = [
  { name: 'encoder', batch: 512, inputs: 128, outputs: 128 },
  { name: 'shared head', batch: 512 * 24, inputs: 48, outputs: 48 },
  { name: 'wide layer', batch: 512, inputs: 256, outputs: 256 },
];

interface Row {
  readonly what: string;
  readonly shippedMs: number;
  readonly patchedMs: number;
  readonly ratio: number;
  /** Greatest difference of the results, relative to their greatest value. */
  readonly difference: number;
}

const random = seededRandom(7);
const filled = (...shape: number[]): tf.Tensor =>
  tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random() - 0.5),
    shape,
  );

async function bench(json?: string): Promise<void> {
  registerGradients();
  await tf.setBackend('wasm');
  await tf.ready();
  const shipped = KERNELS.map((name) => tf.getKernel(name, 'wasm'));
  patchWasmMatMul();
  const fixed = KERNELS.map((name) => tf.getKernel(name, 'wasm'));
  const rows = [
    ...LAYERS.flatMap(({ name, batch, inputs, outputs }) => {
      const [x, w, dy] = [filled(batch, inputs), filled(inputs, outputs), filled(batch, outputs)];
      const size = `${batch} × ${inputs} → ${outputs}`;
      return [
        compare(`${name} ${size}: x·w (forward)`, shipped, fixed, () => tf.matMul(x, w)),
        compare(`${name} ${size}: dy·wᵀ (gradient of the input)`, shipped, fixed, () =>
          tf.matMul(dy, w, false, true),
        ),
        compare(`${name} ${size}: xᵀ·dy (gradient of the weights)`, shipped, fixed, () =>
          tf.matMul(x, dy, true, false),
        ),
      ];
    }),
    compare('training step, 96-256-128-72 network, batch 512', shipped, fixed, trainingStep()),
  ];
  const table = new Table({
    head: ['', 'as shipped, ms', 'fixed, ms', 'ratio', 'difference'],
    style: { head: [], border: [] },
    colAligns: ['left', 'right', 'right', 'right', 'right'],
  });
  for (const row of rows) {
    table.push([
      row.what,
      row.shippedMs.toFixed(2),
      row.patchedMs.toFixed(2),
      `${row.ratio.toFixed(1)} ×`,
      row.difference.toExponential(0),
    ]);
  }
  console.log(table.toString());
  if (!json) return;
  await mkdir(dirname(json), { recursive: true });
  const machine = { node: process.version, cpus: cpus().length, turns: TURNS };
  await writeFile(json, `${JSON.stringify({ ...machine, rows }, null, 1)}\n`);
}

/** Loss and gradients of a small network; returns the gradient that passed through every layer. */
function trainingStep(): () => tf.Tensor {
  const sizes = [96, 256, 128, 72];
  const weights = sizes
    .slice(1)
    .map((size, i) => tf.variable(tf.mul(filled(sizes[i] as number, size), 0.2)));
  const [x, y] = [filled(512, 96), filled(512, 72)];
  const loss = () => {
    let hidden = x;
    for (const [i, w] of weights.entries()) {
      const product = tf.matMul(hidden, w);
      hidden = i === weights.length - 1 ? product : tf.relu(product);
    }
    return tf.mean(tf.square(tf.sub(hidden, y))) as tf.Scalar;
  };
  return () => tf.variableGrads(loss, weights).grads[(weights[0] as tf.Variable).name] as tf.Tensor;
}

function compare(
  what: string,
  shipped: tf.KernelConfig[],
  fixed: tf.KernelConfig[],
  run: () => tf.Tensor,
): Row {
  const times: [number[], number[]] = [[], []];
  const results: [Float32Array, Float32Array] = [new Float32Array(), new Float32Array()];
  for (let turn = -1; turn < TURNS; turn++) {
    for (const [i, kernels] of [shipped, fixed].entries()) {
      use(kernels);
      const started = systemClock.elapsedMs();
      // Results are read inside the measured time: WASM computes at once, but another backend would
      // not.
      const result = tf.tidy(run);
      results[i] = result.dataSync() as Float32Array;
      const elapsed = systemClock.elapsedMs() - started;
      result.dispose();
      // The first turn warms up.
      if (turn >= 0) times[i]?.push(elapsed);
    }
  }
  const [shippedMs, patchedMs] = times.map(median) as [number, number];
  const difference = relativeDifference(...results);
  if (!(difference < 1e-4)) throw new Error(`${what}: the two kernels differ by ${difference}`);
  return { what, shippedMs, patchedMs, ratio: shippedMs / patchedMs, difference };
}

function use(kernels: readonly tf.KernelConfig[]): void {
  for (const kernel of kernels) {
    tf.unregisterKernel(kernel.kernelName, kernel.backendName);
    tf.registerKernel(kernel);
  }
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

function relativeDifference(a: Float32Array, b: Float32Array): number {
  let greatest = 0;
  let difference = 0;
  for (let i = 0; i < a.length; i++) {
    greatest = Math.max(greatest, Math.abs(a[i] as number));
    difference = Math.max(difference, Math.abs((a[i] as number) - (b[i] as number)));
  }
  return difference / greatest;
}

const command = new Command('bench:matmul')
  .description("The WASM backend's matrix product as shipped and as fixed, side by side.")
  .option('--json <file>', 'write the figures as JSON');
await command.parseAsync();
await bench(command.opts<{ json?: string }>().json);
