/**
 * Purpose: chooses the TensorFlow.js backend: the native binary where it is installed and works,
 * else WASM with the patched matrix product, else plain JavaScript. The log has its name.
 * Invariants: a backend is used only after it has passed a training step with known gradients. No
 * process handler of a backend stays: the entry handles uncaught errors.
 * Fails: BACKEND_UNAVAILABLE where the named backend is absent or fails the self-test.
 */
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { HeadwayError } from '../errors.ts';
import { withoutProcessHandlers } from '../jobs/uncaught-errors.ts';
import { registerGradients } from './gradients.ts';
import { patchWasmClone } from './wasm-clone.ts';
import { patchWasmMatMul } from './wasm-matmul.ts';

export const BACKEND_CHOICES = ['auto', 'native', 'wasm', 'cpu'] as const;
export type BackendChoice = (typeof BACKEND_CHOICES)[number];
export type BackendName = Exclude<BackendChoice, 'auto'>;

const TENSORFLOW_NAMES: Record<BackendName, string> = {
  native: 'tensorflow',
  wasm: 'wasm',
  cpu: 'cpu',
};

/** Training needs the gradient functions. */
export type BackendUse = 'training' | 'prediction';

/** Where the name of the backend is logged. */
export interface BackendLog {
  info(fields: object, message: string): void;
}

/** Starts the named backend, or with `auto` the first that passes. Returns its name. */
export async function startTensorBackend(
  logger: BackendLog,
  choice: BackendChoice,
  use: BackendUse,
): Promise<BackendName> {
  if (use === 'training') registerGradients();
  tf.env().set('PROD', true);
  const candidates: BackendName[] = choice === 'auto' ? ['native', 'wasm', 'cpu'] : [choice];
  const refusals: string[] = [];
  for (const name of candidates) {
    // Emscripten's handler ends the process with status 7 at any uncaught error.
    const refusal = await withoutProcessHandlers(() => tryBackend(name, use));
    if (refusal === null) {
      logger.info(
        { backend: name, passedOver: refusals },
        `TensorFlow.js runs on the ${name} backend`,
      );
      return name;
    }
    refusals.push(`${name}: ${refusal}`);
  }
  throw new HeadwayError(
    'BACKEND_UNAVAILABLE',
    `no TensorFlow.js backend works (${refusals.join('; ')})`,
    {
      fix: 'Set HEADWAY_BACKEND=auto, or build the native backend: npm run native.',
    },
  );
}

async function tryBackend(name: BackendName, use: BackendUse): Promise<string | null> {
  try {
    if (name === 'native') await importNative();
    if (!(await tf.setBackend(TENSORFLOW_NAMES[name]))) return 'did not start';
    await tf.ready();
    if (name === 'wasm') {
      patchWasmMatMul();
      patchWasmClone();
    }
    return use === 'training' ? trainingSelfTest() : predictionSelfTest();
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? 'failed') : String(error);
  }
}

/**
 * The native backend is optional and has an alias (docs/decisions/0003); a variable hides its name
 * from the type checker.
 */
async function importNative(): Promise<void> {
  const alias = 'tfjs-node-native';
  try {
    await import(alias);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND')
      throw new Error('not installed');
    throw error;
  }
}

/** relu(x·w) against known values. */
function predictionSelfTest(): string | null {
  const product = tf.tidy(() =>
    tf.relu(tf.matMul(tf.tensor2d([1, 2, 3, -4], [2, 2]), tf.tensor2d([1, 1], [2, 1]))),
  );
  const [a, b] = product.dataSync();
  product.dispose();
  return a === 3 && b === 0 ? null : 'self-test computed a wrong product';
}

/**
 * One training step of y = x·w against gradients known by hand. It finds a native addon that loads
 * and then fails inside operations (Node 23 and later), and a WASM build that computes wrongly.
 * Returns null when all is well.
 */
function trainingSelfTest(): string | null {
  const lossAndGradients = (weights: [number, number]) => {
    const results = tf.tidy(() => {
      const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
      const w = tf.variable(tf.tensor2d(weights, [2, 1]));
      const { value, grads } = tf.variableGrads(
        () => tf.sum(tf.square(tf.sub(tf.relu(tf.matMul(x, w)), 1))) as tf.Scalar,
        [w],
      );
      const gradient = tf.clone(grads[w.name] as tf.Tensor);
      w.dispose();
      return [value, gradient];
    });
    const values = results.flatMap((tensor) => Array.from(tensor.dataSync()));
    for (const tensor of results) tensor.dispose();
    return values;
  };
  const isNear = (values: number[], expected: number[]) =>
    values.every((v, i) => Math.abs(v - (expected[i] as number)) < 1e-3);
  // w = (½, −1): relu(x·w) is 0 in both rows. w = (1, 1): x·w = (3, 7), loss 2² + 6², gradient
  // 2·(2·(1, 2) + 6·(3, 4)).
  if (!isNear(lossAndGradients([0.5, -1]), [2, 0, 0])) return 'self-test computed a wrong loss';
  return isNear(lossAndGradients([1, 1]), [40, 40, 56])
    ? null
    : 'self-test computed wrong gradients';
}
