/**
 * Purpose: a table of typed columns, and the names of its two binary forms.
 * Invariants: all columns are of one length; an unknown value is a null, never zero; times are UTC.
 * Fails: never.
 */

export interface TextColumn {
  readonly name: string;
  readonly kind: 'text';
  /** Position in `texts`; −1 is null. */
  readonly codes: Int32Array;
  readonly texts: readonly string[];
}
export interface NumberColumn {
  readonly name: string;
  /** time: UTC epoch milliseconds. integer: 64 bits. */
  readonly kind: 'time' | 'integer' | 'double';
  /** NaN is null. */
  readonly values: Float64Array;
}
export interface FloatColumn {
  readonly name: string;
  readonly kind: 'float';
  /** NaN is null. */
  readonly values: Float32Array;
}
export type TableColumn = TextColumn | NumberColumn | FloatColumn;
export type Table = readonly TableColumn[];

/** Media types as IANA has them. */
export const TABLE_TYPES = {
  arrow: 'application/vnd.apache.arrow.stream',
  parquet: 'application/vnd.apache.parquet',
} as const;
export type TableFormat = keyof typeof TABLE_TYPES;

export const isTableFormat = (format: string): format is TableFormat => format in TABLE_TYPES;

export const lengthOf = (column: TableColumn): number =>
  column.kind === 'text' ? column.codes.length : column.values.length;

/** The rows [from, until), not copied. */
export function slice(column: TableColumn, from: number, until: number): TableColumn {
  if (column.kind === 'text') return { ...column, codes: column.codes.subarray(from, until) };
  return column.kind === 'float'
    ? { ...column, values: column.values.subarray(from, until) }
    : { ...column, values: column.values.subarray(from, until) };
}

/** A text column of values in their order, each text kept once. */
export function textColumn(name: string, values: Iterable<string | null>): TextColumn {
  const positions = new Map<string, number>();
  const codes = Int32Array.from(values, (value) => {
    if (value === null) return -1;
    const known = positions.get(value) ?? positions.size;
    positions.set(value, known);
    return known;
  });
  return { name, kind: 'text', codes, texts: [...positions.keys()] };
}
