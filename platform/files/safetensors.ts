/**
 * Purpose: tensors in one file, as safetensors: 8 bytes with the length of a JSON header, the
 * header, then the values. Python, Rust and JavaScript read it with small libraries.
 * Invariants: the same tensors give the same bytes; the data begins at a multiple of 8 bytes.
 * Fails: SOURCE_INVALID for bytes that are not such a file, or whose tensors do not fill it.
 * Source: the safetensors format, version 0.
 */
import { HeadwayError } from '../errors.ts';

const TYPES = { F32: Float32Array, F64: Float64Array, I64: BigInt64Array } as const;
type TypeName = keyof typeof TYPES;

export interface Tensor {
  readonly shape: readonly number[];
  readonly values: Float32Array | Float64Array | BigInt64Array;
}

interface Entry {
  readonly dtype: TypeName;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [from: number, end: number];
}

const typeNameOf = ({ values }: Tensor): TypeName =>
  values instanceof Float32Array ? 'F32' : values instanceof Float64Array ? 'F64' : 'I64';

export function encodeSafetensors(tensors: Readonly<Record<string, Tensor>>): Uint8Array {
  const header: Record<string, Entry> = {};
  // Wide values first: all of them are then aligned.
  const ordered = Object.entries(tensors).sort(
    ([, a], [, b]) => b.values.BYTES_PER_ELEMENT - a.values.BYTES_PER_ELEMENT,
  );
  let end = 0;
  for (const [name, tensor] of ordered) {
    const from = end;
    end += tensor.values.byteLength;
    header[name] = {
      dtype: typeNameOf(tensor),
      shape: tensor.shape,
      data_offsets: [from, end],
    };
  }
  const text = JSON.stringify(header);
  const padded = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8));
  const out = new Uint8Array(8 + padded.byteLength + end);
  new DataView(out.buffer).setBigUint64(0, BigInt(padded.byteLength), true);
  out.set(padded, 8);
  for (const [name, { values }] of ordered) {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    out.set(bytes, 8 + padded.byteLength + (header[name] as Entry).data_offsets[0]);
  }
  return out;
}

/** @param where names the file in errors */
export function decodeSafetensors(bytes: Uint8Array, where: string): Record<string, Tensor> {
  const invalid = (problem: string) =>
    new HeadwayError('SOURCE_INVALID', `This is not a safetensors file: ${problem}`, { where });
  if (bytes.byteLength < 8) throw invalid('it has less than 8 bytes');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 8 + Number(view.getBigUint64(0, true));
  if (!(start <= bytes.byteLength)) throw invalid('its header is longer than the file');
  const text = new TextDecoder().decode(bytes.subarray(8, start));
  const tensors: Record<string, Tensor> = {};
  for (const [name, entry] of Object.entries(parsed(text, invalid))) {
    const type = TYPES[entry?.dtype];
    const [from, end] = entry?.data_offsets ?? [];
    const size = entry?.shape?.reduce((product, n) => product * n, 1);
    const isWhole =
      type && from !== undefined && end !== undefined && start + end <= bytes.byteLength;
    if (!isWhole || end - from !== size * type.BYTES_PER_ELEMENT)
      throw invalid(`the tensor ${JSON.stringify(name)} does not fit`);
    tensors[name] = {
      shape: entry.shape,
      // A copy of its own: `slice` of a Buffer would share the memory of the whole file.
      values: new type(new Uint8Array(bytes.subarray(start + from, start + end)).buffer),
    };
  }
  return tensors;
}

function parsed(text: string, invalid: (problem: string) => Error): Record<string, Entry> {
  try {
    const { __metadata__: _, ...entries } = JSON.parse(text) as Record<string, Entry>;
    return entries;
  } catch {
    throw invalid('its header is not JSON');
  }
}
