/**
 * Purpose: put names, values and paths of files into DuckDB SQL text safely.
 * Invariants: the result is one literal, identifier or relation, whatever the input holds; a
 * relation reads the named files and no others, and nothing of their paths becomes a column.
 * Fails: SETTINGS_INVALID for a path that DuckDB cannot read as it stands.
 */
import { resolve, sep } from 'node:path';
import { HeadwayError } from '../errors.ts';
import { isGzip } from '../files/text-file.ts';

/** A SQL string literal: 'it''s'. */
export const sqlText = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** A SQL identifier: "odd ""name""". */
export const sqlName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/**
 * The name of a file as COPY … TO writes it and as the column `filename` shows it. It is absolute,
 * because DuckDB expands a leading `~` and reads `file:` and `s3://` as a place.
 */
export const sqlFilename = (path: string): string => sqlText(resolve(path));

/** A path to read, as the pattern that matches this path only. */
function sqlPath(path: string): string {
  const absolute = resolve(path);
  if (!/[*?[]/.test(absolute)) return sqlText(absolute);
  // In a pattern DuckDB takes a backslash for a separator of folders, and has no escape for it.
  if (sep === '/' && absolute.includes('\\')) {
    throw new HeadwayError(
      'SETTINGS_INVALID',
      'DuckDB cannot read a path that has a backslash and one of * ? [',
      { where: absolute, fix: 'Rename the folder or the file.' },
    );
  }
  return sqlText(absolute.replace(/[*?[]/g, '[$&]'));
}

type Paths = string | readonly string[];

const filesRelation = (reader: string, paths: Paths, options: readonly string[]): string =>
  `${reader}([${[paths].flat().map(sqlPath).join(', ')}], ` +
  `${['hive_partitioning = false', ...options].join(', ')})`;

/** Parquet files as a relation; an option is for example `filename = true`. */
export const parquetFiles = (paths: Paths, ...options: readonly string[]): string =>
  filesRelation('read_parquet', paths, options);

/** CSV files as a relation. */
export const csvFiles = (paths: Paths, ...options: readonly string[]): string =>
  filesRelation('read_csv', paths, options);

/**
 * The lines of text files after the first `skip`, all of them compressed or none, as a relation
 * with the columns `line` (NULL: a blank line) and `filename`.
 */
export const csvLines = (paths: Paths, skip = 1): string =>
  csvFiles(
    paths,
    "columns = {'line': 'VARCHAR'}",
    'auto_detect = false',
    'header = false',
    `skip = ${skip}`,
    "delim = '\x1f'",
    "quote = ''",
    "escape = ''",
    "comment = ''",
    // Not by its ending, which may be in capitals.
    `compression = ${[paths].flat().every(isGzip) ? "'gzip'" : "'none'"}`,
    'filename = true',
  );
