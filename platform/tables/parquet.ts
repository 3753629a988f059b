/**
 * Purpose: a table as a Parquet file, compressed with Snappy.
 * Invariants: as table.ts; other work of the process gets a turn between groups of rows.
 * Fails: never.
 */
import type { SchemaElement } from 'hyparquet';
import { ByteWriter, type ColumnSource, ParquetWriter } from 'hyparquet-writer';
import { lengthOf, slice, type Table, type TableColumn } from './table.ts';

/** Some tens of milliseconds of work. */
const ROWS_PER_GROUP = 8192;
const ELEMENTS: Readonly<Record<TableColumn['kind'], Partial<SchemaElement>>> = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  time: {
    ...{ type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
  },
  integer: { type: 'INT64' },
  double: { type: 'DOUBLE' },
  float: { type: 'FLOAT' },
};

export async function parquetFile(table: Table): Promise<Uint8Array> {
  const rows = table[0] ? lengthOf(table[0]) : 0;
  const writer = new ByteWriter();
  const columns = table.map(
    ({ name, kind }): SchemaElement => ({ name, repetition_type: 'OPTIONAL', ...ELEMENTS[kind] }),
  );
  const schema = [{ name: 'root', num_children: table.length }, ...columns];
  const file = new ParquetWriter({ writer, schema });
  for (let from = 0; from < rows; from += ROWS_PER_GROUP) {
    const columnData = table.map((one) => source(slice(one, from, from + ROWS_PER_GROUP)));
    await file.write({ columnData, rowGroupSize: ROWS_PER_GROUP });
    await new Promise((resolve) => setImmediate(resolve));
  }
  await file.finish();
  return writer.getBytes();
}

function source(column: TableColumn): ColumnSource {
  const { name } = column;
  if (column.kind === 'text')
    return { name, data: Array.from(column.codes, (code) => column.texts[code] ?? null) };
  const isWhole = column.kind === 'integer' || column.kind === 'time';
  const data = Array.from(column.values, (value) => {
    if (Number.isNaN(value)) return null;
    return isWhole ? BigInt(value) : value;
  });
  return { name, data };
}
