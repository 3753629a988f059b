/**
 * Purpose: makes training on the WASM backend five times faster. Its matrix product is slow where
 * an operand is transposed, and every backward pass has two such products. The patch transposes
 * first, block by block: a tall matrix read down its columns would miss the cache at each value.
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
  type TypedArray,
  unregisterKernel,
} from '@tensorflow/tfjs-core';

type KernelArguments = Parameters<KernelFunc>[0];
const PATCHED = Symbol.for('headway.patched-matmul');
/** Rows of a block: 16 values of 4 bytes are a line of the cache. */
const BLOCK = 16;

/** What we need of the backend. */
interface WasmBackend {
  makeOutput(shape: readonly number[], dtype: string): TensorInfo;
  typedArrayFromHeap(x: TensorInfo): TypedArray;
  disposeData(id: object): void;
}

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
  const backend = call.backend as WasmBackend;
  const inputs = { ...call.inputs } as Record<'a' | 'b', TensorInfo>;
  const temporary: TensorInfo[] = [];
  for (const [name, transposed] of [
    ['a', transposeA],
    ['b', transposeB],
  ] as const) {
    if (!transposed) continue;
    inputs[name] = swapLastAxes(inputs[name], backend);
    temporary.push(inputs[name]);
  }
  const result = original({
    ...call,
    inputs,
    attrs: { ...attrs, transposeA: false, transposeB: false },
  });
  for (const tensor of temporary) backend.disposeData(tensor.dataId);
  return result;
}

function swapLastAxes(x: TensorInfo, backend: WasmBackend): TensorInfo {
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const out = backend.makeOutput([...x.shape.slice(0, -2), columns, rows], x.dtype);
  // After the output was made, which may have moved the heap.
  const [from, to] = [backend.typedArrayFromHeap(x), backend.typedArrayFromHeap(out)];
  for (let at = 0; at < from.length; at += rows * columns) transpose(from, to, at, rows, columns);
  return out;
}

/**
 * One matrix of [rows × columns] at `at`. Eight values at a time, written out: a loop of so few
 * takes nearly three times as long.
 */
function transpose(
  from: TypedArray,
  to: TypedArray,
  at: number,
  rows: number,
  columns: number,
): void {
  const whole = rows - (rows % BLOCK);
  for (let first = 0; first < whole; first += BLOCK)
    for (let column = 0; column < columns; column++) {
      let i = at + first * columns + column;
      let o = at + column * rows + first;
      for (const end = o + BLOCK; o < end; o += 8, i += 8 * columns) {
        to[o] = from[i] as number;
        to[o + 1] = from[i + columns] as number;
        to[o + 2] = from[i + 2 * columns] as number;
        to[o + 3] = from[i + 3 * columns] as number;
        to[o + 4] = from[i + 4 * columns] as number;
        to[o + 5] = from[i + 5 * columns] as number;
        to[o + 6] = from[i + 6 * columns] as number;
        to[o + 7] = from[i + 7 * columns] as number;
      }
    }
  for (let row = whole; row < rows; row++)
    for (let column = 0; column < columns; column++)
      to[at + column * rows + row] = from[at + row * columns + column] as number;
}
