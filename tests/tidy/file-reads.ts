/**
 * Purpose: finds SQL that names a file by hand. DuckDB takes `*`, `?` and `[` in a path for a
 * pattern, and folders `a=1` for columns: only platform/duckdb/sql.ts writes paths into SQL.
 * Invariants: looks at code, comments and strings alike.
 * Fails: never.
 */
import { eachLine, type SourceFile, type Violation } from './source-tree.ts';

const FIX =
  'Read with parquetFiles, csvFiles or csvLines of platform/duckdb/sql.ts; write with sqlFilename';
const READER = /\b(read_(parquet|csv|csv_auto|json|json_auto|ndjson|text|blob)|parquet_scan)\s*\(/;
/** A literal as a relation: DuckDB reads the file of that name. In capitals, as our SQL is. */
const RELATION = /\b(FROM|JOIN|TABLE|SUMMARIZE|DESCRIBE)\s+(E?'|\$\{sqlText\()/;
const TARGET = /\bTO\s+('[^']*[./$]|\$\{sqlText\()/;

/** The second reader imports nothing of ours; other readers are in Python. */
const MAY_NAME = [
  ...['platform/duckdb/sql.ts', 'tools/second-reader.mjs', 'tests/tidy.test.ts'],
  ...['docs/readers.md', 'tests/readers/pages.readers.ts'],
];

export function fileReads(file: SourceFile): Violation[] {
  if (!/\.(m?ts|m?js|md|sql)$/.test(file.path) || MAY_NAME.includes(file.path)) return [];
  return eachLine(file, (text) => {
    const found = [READER, RELATION, TARGET].map((one) => one.exec(text)?.[0]).find(Boolean);
    return found === undefined ? [] : [{ problem: `"${found}" names a file`, fix: FIX }];
  });
}
