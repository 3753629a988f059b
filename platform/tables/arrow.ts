/**
 * Purpose: a table as an Arrow IPC stream, its buffers compressed with LZ4.
 * Invariants: as table.ts; texts are dictionaries with indices of 16 or 32 bits, times are
 * timestamp[ms, UTC]; other work of the process gets a turn between batches of rows.
 * Fails: never.
 */
import * as arrow from '@uwdata/flechette';
import lz4 from 'lz4js';
import { lengthOf, slice, type Table, type TableColumn, type TextColumn } from './table.ts';

type Values = Float32Array | Float64Array | BigInt64Array | Int16Array | Int32Array;
type ArrowColumn = arrow.Column<unknown>;

/** Some tens of milliseconds of work. */
const ROWS_PER_BATCH = 16_384;
/** Of the mark that ends a stream. */
const END_BYTES = 8;
/** A length of 16 bits has a sign. */
const MAX_SHORT = 32_767;
const { LZ4_FRAME } = arrow.CompressionType;

export async function arrowStream(table: Table): Promise<Uint8Array> {
  const rows = table[0] ? lengthOf(table[0]) : 0;
  const batchOf = (from: number) => table.map((one) => slice(one, from, from + ROWS_PER_BATCH));
  const first = streamOf(batchOf(0).map((one) => [one.name, columnOf(one)]));
  const parts = [first.subarray(0, -END_BYTES)];
  for (let from = ROWS_PER_BATCH; from < rows; from += ROWS_PER_BATCH) {
    await new Promise((resolve) => setImmediate(resolve));
    const stream = streamOf(batchOf(from).map((one) => [one.name, indexedColumnOf(one)]));
    parts.push(stream.subarray(schemaBytes(stream), -END_BYTES));
  }
  parts.push(first.subarray(-END_BYTES));
  return Buffer.concat(parts);
}

/** A whole stream: its schema, its dictionaries, one batch of rows and the mark of its end. */
function streamOf(columns: [string, ArrowColumn][]): Uint8Array {
  arrow.setCompressionCodec(LZ4_FRAME, {
    encode: (bytes) => lz4.compress(bytes),
    decode: (bytes) => lz4.decompress(bytes),
  });
  const table = arrow.tableFromColumns(columns);
  const bytes = arrow.tableToIPC(table, { format: 'stream', codec: LZ4_FRAME });
  return bytes as Uint8Array; // null only where it is written to a sink
}

/** The first message of a stream: a mark of 4 bytes, the length of the schema, and the schema. */
const schemaBytes = (stream: Uint8Array): number =>
  8 + new DataView(stream.buffer, stream.byteOffset).getInt32(4, true);

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
      return dictionaryColumn(column);
  }
}

function wholeNumbers(type: arrow.DataType, values: Float64Array): ArrowColumn {
  const whole = new BigInt64Array(values.length);
  for (const [i, value] of values.entries()) if (!Number.isNaN(value)) whole[i] = BigInt(value);
  return arrowColumn(type, whole, (_, i) => Number.isNaN(values[i]));
}

/** As every batch after the first has it: of a dictionary the indices alone. */
const indexedColumnOf = (column: TableColumn): ArrowColumn =>
  column.kind === 'text' ? indexColumn(indexTypeOf(column), column) : columnOf(column);

const indexTypeOf = ({ texts }: TextColumn) =>
  texts.length <= MAX_SHORT ? arrow.int16() : arrow.int32();

function indexColumn(type: arrow.DataType, { codes, texts }: TextColumn): ArrowColumn {
  const isShort = texts.length <= MAX_SHORT;
  return arrowColumn(type, isShort ? Int16Array.from(codes) : codes, (code) => code < 0);
}

function dictionaryColumn(text: TextColumn): ArrowColumn {
  const type = arrow.dictionary(arrow.utf8(), indexTypeOf(text));
  const column = indexColumn(type, text);
  const [batch] = column.data as unknown as [{ setDictionary(texts: unknown): void }];
  batch.setDictionary(textsOf(type.dictionary, text.texts));
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
