/**
 * Purpose: put names and values into DuckDB SQL text safely.
 * Invariants: the result is one literal or identifier, whatever the input holds.
 * Fails: never.
 */

/** A SQL string literal: 'it''s'. */
export const sqlText = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/**
 * Parquet files as a relation. Of their paths nothing becomes a column: DuckDB would take a folder
 * `target=7` for one.
 */
export const parquetFiles = (paths: string | readonly string[], options = ''): string =>
  `read_parquet([${[paths].flat().map(sqlText).join(', ')}], hive_partitioning = false${options})`;

/** A SQL identifier: "odd ""name""". */
export const sqlName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
