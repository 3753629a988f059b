/**
 * Purpose: the columns of the ledger as SQL, one place for who writes, merges, reads and queries.
 * Invariants: a part has FIXED_COLUMNS in this order, then the columns of its quantiles, then
 * `mean`; the rows of one series are together, in the order of issue. An unknown value is NULL.
 * Each quantile has one column and each column one quantile, exactly: q10 is the quantile 0.1, q50
 * the median, q02_5 is 0.025.
 * Fails: null for a quantile that is written with an exponent (below 0.000001), and for a name
 * that is no quantile's.
 */
import { parquetFiles, sqlFilename, sqlText } from '../../platform/duckdb/sql.ts';

/** What one issue says of all its rows. */
export const HEADER_COLUMNS = [
  'issued_at',
  'cutoff',
  'forecaster',
  'model_version',
  'snapshot_version',
  'role',
  'origin',
  'fallback',
  'quantiles',
  'horizon',
  'frequency_minutes',
] as const;

export const FIXED_COLUMNS: Readonly<Record<string, string>> = {
  issued_at: 'TIMESTAMP',
  target_at: 'TIMESTAMP',
  cutoff: 'TIMESTAMP',
  step: 'INTEGER',
  series_id: 'VARCHAR',
  forecaster: 'VARCHAR',
  model_version: 'VARCHAR',
  snapshot_version: 'VARCHAR',
  role: 'VARCHAR',
  origin: 'VARCHAR',
  fallback: 'VARCHAR',
  /** All that the forecaster gives, ascending: '0.1,0.5,0.9'. */
  quantiles: 'VARCHAR',
  horizon: 'INTEGER',
  frequency_minutes: 'INTEGER',
};

/** Readers skip whole groups of rows by the series and times that they hold. */
const ROW_GROUP = 16_384;

export const columnNames = (quantiles: readonly number[]): string[] =>
  quantiles.map((quantile) => quantileColumn(quantile) as string);

/** All columns of a part, in their order. */
export const partColumns = (quantiles: readonly number[]): string[] => [
  ...Object.keys(FIXED_COLUMNS),
  ...columnNames(quantiles),
  'mean',
];

/** The order of rows in a part. */
export const PART_ORDER = `series_id, ${HEADER_COLUMNS.join(', ')}, step`;

/** Rows of a part, and what brings them into its order. */
export interface OrderedRows {
  readonly select: string;
  readonly order: string;
}

/**
 * Rows of parts, each forecast of a series once: where several parts have one (a batch that was
 * repeated with another backend), whole from the first of `paths`, never some steps of each.
 */
export function firstWrittenSql(
  paths: readonly string[],
  columns: readonly string[],
  where: string,
): string {
  const all = parquetFiles(paths, 'union_by_name = true');
  const key = [...HEADER_COLUMNS, 'series_id'];
  const isSame = [...key, 'file_index'].map((name) => `r.${name} IS NOT DISTINCT FROM f.${name}`);
  return (
    `SELECT ${columns.join(', ')} FROM (SELECT *, file_index FROM ${all} WHERE ${where}) AS r ` +
    `SEMI JOIN (SELECT ${key.join(', ')}, min(file_index) AS file_index FROM ${all} ` +
    `WHERE ${where} GROUP BY ALL) AS f ON ${isSame.join(' AND ')}`
  );
}

export const timestampSql = (ms: number): string => `make_timestamp(${ms * 1000})`;

/** Milliseconds of a TIMESTAMP, as a number that JavaScript holds exactly. */
export const epochSql = (column: string): string => `epoch_ms(${column})::DOUBLE`;

/**
 * @param note makes the file its own: what is put into the store under its name was never there,
 * so no collection of garbage is about to remove it.
 */
export const copyToSql = (
  { select, order }: OrderedRows,
  path: string,
  note: string,
  codec: 'snappy' | 'zstd',
): string =>
  `COPY (${select} ORDER BY ${order}) TO ${sqlFilename(path)} (FORMAT parquet, ` +
  `COMPRESSION ${codec}, ROW_GROUP_SIZE ${ROW_GROUP}, KV_METADATA {headway: ${sqlText(note)}})`;

export function quantileColumn(quantile: number): string | null {
  if (quantile === 1) return 'q100';
  if (quantile === 0) return 'q00';
  const digits = /^0\.(\d+)$/.exec(String(quantile))?.[1];
  if (digits === undefined) return null;
  const rest = digits.slice(2);
  return `q${digits.slice(0, 2).padEnd(2, '0')}${rest === '' ? '' : `_${rest}`}`;
}

export function columnQuantile(name: string): number | null {
  if (name === 'q100') return 1;
  const [, percent, rest = ''] = /^q(\d\d)(?:_(\d+))?$/.exec(name) ?? [];
  return percent === undefined ? null : Number(`0.${percent}${rest}`);
}
