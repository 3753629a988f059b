/**
 * Purpose: a table as an Arrow IPC stream or a Parquet file.
 * Invariants: an unknown value is a null in both forms, never NaN. The libraries are loaded at the
 * first table.
 * Fails: a RangeError for columns of several lengths.
 */
import { lengthOf, type Table, type TableFormat } from './table.ts';

export async function encodeTable(table: Table, format: TableFormat): Promise<Uint8Array> {
  const lengths = new Set(table.map(lengthOf));
  if (lengths.size > 1) throw new RangeError(`columns have ${[...lengths].join(' and ')} rows`);
  if (format === 'arrow') return (await import('./arrow.ts')).arrowStream(table);
  return (await import('./parquet.ts')).parquetFile(table);
}
