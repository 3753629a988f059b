/**
 * Purpose: makes training on the WASM backend five times faster. Its matrix product is slow where
 * an operand is transposed, and every backward pass has two such products. The patch transposes
 * first, with the fast Transpose kernel.
 * Invariants: results equal the original kernel's to rounding; a second call changes nothing.
 * Fails: a plain Error when the wasm kernels are not registered (the backend was not imported).
 * Source: measured in docs/decisions/0006; the slow path is in tfjs-backend-wasm's BatchMatMul.
 */
import {
  getKernel,
  type KernelConfig,
  type KernelFunc,
  registerKernel,
  type TensorInfo,
  unregisterKernel,
} from '@tensorflow/tfjs-core';

type KernelArguments = Parameters<KernelFunc>[0];
const PATCHED = Symbol.for('headway.patched-matmul');

export function patchWasmMatMul(): void {
  for (const kernelName of ['BatchMatMul', '_FusedMatMul']) {
    const original = getKernel(kernelName, 'wasm') as KernelConfig & { [PATCHED]?: true };
    if (!original) throw new Error(`kernel ${kernelName} is not registered for wasm`);
    if (original[PATCHED]) continue;
    const kernelFunc: KernelFunc = (call) => multiply(original.kernelFunc, call);
    unregisterKernel(kernelName, 'wasm');
    registerKernel({ ...original, kernelFunc, [PATCHED]: true } as KernelConfig);
  }
}

function multiply(original: KernelFunc, call: KernelArguments): TensorInfo | TensorInfo[] {
  const attrs = call.attrs ?? {};
  const { transposeA, transposeB } = attrs as { transposeA?: boolean; transposeB?: boolean };
  if (!transposeA && !transposeB) return original(call);
  const inputs = { ...call.inputs } as Record<'a' | 'b', TensorInfo>;
  const temporary: TensorInfo[] = [];
  for (const [name, transposed] of [
    ['a', transposeA],
    ['b', transposeB],
  ] as const) {
    if (!transposed) continue;
    inputs[name] = swapLastAxes(inputs[name], call.backend);
    temporary.push(inputs[name]);
  }
  const result = original({
    ...call,
    inputs,
    attrs: { ...attrs, transposeA: false, transposeB: false },
  });
  for (const tensor of temporary)
    (call.backend as { disposeData(id: object): void }).disposeData(tensor.dataId);
  return result;
}

function swapLastAxes(x: TensorInfo, backend: unknown): TensorInfo {
  const perm = x.shape.map((_, axis) => axis);
  const rank = perm.length;
  perm[rank - 1] = rank - 2;
  perm[rank - 2] = rank - 1;
  const transpose = getKernel('Transpose', 'wasm').kernelFunc;
  return transpose({ inputs: { x }, attrs: { perm }, backend: backend as object }) as TensorInfo;
}
