/**
 * Purpose: makes clones of tensors share their values on the WASM backend, as on the others.
 * TensorFlow.js clones every operand that a gradient may need, and this backend's kernel copies it.
 * Invariants: no kernel writes to its inputs, so a shared value never changes; it is freed with the
 * last tensor that has it; a second call changes nothing.
 * Fails: a plain Error when the wasm kernels are not registered (the backend was not imported).
 */
import {
  getKernel,
  type KernelConfig,
  type KernelFunc,
  registerKernel,
  type TensorInfo,
  unregisterKernel,
} from '@tensorflow/tfjs-core';

const KERNEL = 'Identity';

const sharing: KernelFunc = ({ inputs, backend }) => {
  const { dataId, shape, dtype } = inputs.x as TensorInfo;
  (backend as { incRef(id: object): void }).incRef(dataId);
  return { dataId, shape, dtype };
};

export function patchWasmClone(): void {
  const original: KernelConfig | undefined = getKernel(KERNEL, 'wasm');
  if (!original) throw new Error(`kernel ${KERNEL} is not registered for wasm`);
  if (original.kernelFunc === sharing) return;
  unregisterKernel(KERNEL, 'wasm');
  registerKernel({ ...original, kernelFunc: sharing });
}
