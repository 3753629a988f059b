/**
 * Purpose: a table as an Arrow IPC stream, its buffers compressed with LZ4.
 * Invariants: as table.ts; texts are dictionaries with indices of 16 or 32 bits, times are
 * timestamp[ms, UTC].
 * Fails: never.
 */
import * as arrow from '@uwdata/flechette';
import lz4 from 'lz4js';
import type { Table, TableColumn } from './table.ts';

type Values = Float32Array | Float64Array | BigInt64Array | Int16Array | Int32Array;
type ArrowColumn = arrow.Column<unknown>;

/** A length of 16 bits has a sign. */
const MAX_SHORT = 32_767;
const { LZ4_FRAME } = arrow.CompressionType;

export function arrowStream(table: Table): Uint8Array {
  arrow.setCompressionCodec(LZ4_FRAME, {
    encode: (bytes) => lz4.compress(bytes),
    decode: (bytes) => lz4.decompress(bytes),
  });
  const columns = table.map((column): [string, ArrowColumn] => [column.name, columnOf(column)]);
  const bytes = arrow.tableToIPC(arrow.tableFromColumns(columns), {
    format: 'stream',
    codec: LZ4_FRAME,
  });
  return bytes as Uint8Array; // null only where it is written to a sink
}

function columnOf(column: TableColumn): ArrowColumn {
  switch (column.kind) {
    case 'float':
      return arrowColumn(arrow.float32(), column.values, Number.isNaN);
    case 'double':
      return arrowColumn(arrow.float64(), column.values, Number.isNaN);
    case 'integer':
      return wholeNumbers(arrow.int64(), column.values);
    case 'time':
      return wholeNumbers(arrow.timestamp(arrow.TimeUnit.MILLISECOND, 'UTC'), column.values);
    case 'text':
      return dictionaryColumn(column.codes, column.texts);
  }
}

function wholeNumbers(type: arrow.DataType, values: Float64Array): ArrowColumn {
  const whole = new BigInt64Array(values.length);
  for (const [i, value] of values.entries()) if (!Number.isNaN(value)) whole[i] = BigInt(value);
  return arrowColumn(type, whole, (_, i) => Number.isNaN(values[i]));
}

function dictionaryColumn(codes: Int32Array, texts: readonly string[]): ArrowColumn {
  const isShort = texts.length <= MAX_SHORT;
  const type = arrow.dictionary(arrow.utf8(), isShort ? arrow.int16() : arrow.int32());
  const column = arrowColumn(type, isShort ? Int16Array.from(codes) : codes, (code) => code < 0);
  const [batch] = column.data as unknown as [{ setDictionary(texts: unknown): void }];
  batch.setDictionary(textsOf(type.dictionary, texts));
  return column;
}

/** Without a batch, which the library leaves out for no texts, readers miss the dictionary. */
function textsOf(type: arrow.DataType, texts: readonly string[]): ArrowColumn {
  if (texts.length > 0) return arrow.columnFromArray([...texts], type);
  const none = {
    validity: new Uint8Array(0),
    offsets: new Int32Array(1),
    values: new Uint8Array(0),
  };
  const Batch = arrow.batchType(type);
  return new arrow.Column([new Batch({ type, length: 0, nullCount: 0, ...none })], type);
}

/** A column of one batch, its values not copied. */
function arrowColumn<V extends Values>(
  type: arrow.DataType,
  values: V,
  isNull: (value: V[number] & number, index: number) => boolean,
): ArrowColumn {
  const { length } = values;
  let validity = new Uint8Array(Math.ceil(length / 8));
  let nullCount = 0;
  for (let i = 0; i < length; i++) {
    if (isNull(values[i] as V[number] & number, i)) nullCount++;
    else validity[i >> 3] = (validity[i >> 3] as number) | (1 << (i & 7));
  }
  if (nullCount === 0) validity = new Uint8Array(0);
  const Batch = arrow.batchType(type);
  return new arrow.Column([new Batch({ type, length, nullCount, validity, values })], type);
}
