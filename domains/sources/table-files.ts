/**
 * Purpose: the files of a table as relations: CSV, Parquet, JSON lines and workbooks alike.
 * Invariants: neighbours with equal columns are one group, in file order. A group's relation has
 * `hw_file`, `hw_bad_line` and the columns of the files; those of text files are trimmed text.
 * Fails: RAW_FILE_INVALID with the file, and the line where there is one.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  type CsvFile,
  csvTable,
  linesSql,
  nameSql,
  numberedCsvTable,
  openCsvFile,
} from '../../platform/duckdb/csv-table.ts';
import { engineMessage, rowsOf, withDuckDB } from '../../platform/duckdb/duckdb.ts';
import { parquetFiles, sqlName, sqlText } from '../../platform/duckdb/sql.ts';
import { HeadwayError } from '../../platform/errors.ts';
import { derivedFile } from '../../platform/files/derived-file.ts';
import { checkTextFile, isGzip, rawFileError } from '../../platform/files/text-file.ts';
import { textOfBytes } from '../../platform/text/text-of-bytes.ts';
import { isWide, nameIn, type Table, type TableFormat } from './table-declaration.ts';
import { csvOfWorkbook } from './workbook.ts';

export interface TableColumn {
  readonly name: string;
  /** As the engine calls it; VARCHAR in text files. */
  readonly type: string;
  /** The header does not name it: no series of a wide file. */
  readonly isUnnamed?: boolean;
}

export interface FileGroup {
  readonly names: readonly string[];
  readonly columns: readonly TableColumn[];
  readonly relation: string;
  /** The same with `hw_line`, the number of a row's line (Parquet: of the row). */
  readonly numbered: string;
}

interface OpenFile {
  readonly name: string;
  readonly path: string;
  readonly columns: readonly TableColumn[];
  readonly csv: CsvFile | null;
  readonly format: TableFormat;
}

export interface TableFilesOptions {
  readonly table: Table;
  readonly paths: readonly string[];
  readonly nameOf: (path: string) => string;
  /** Columns that each file must have. */
  readonly needed: readonly string[];
  /** For copies in UTF-8 of files in another encoding. */
  readonly rawFolder: string;
}

/** Columns of ours in every relation. A column of a file with such a name is not read. */
const OURS = new Set(['hw_file', 'hw_line', 'hw_bad_line']);
/** How many lines say which keys JSON lines have. */
const KEY_LINES = 10_000;

export async function tableFiles(options: TableFilesOptions): Promise<FileGroup[]> {
  const groups: OpenFile[][] = [];
  for (const path of options.paths) {
    const file = await openFile(options, path);
    const last = groups.at(-1);
    if (last?.[0] !== undefined && layoutOf(last[0]) === layoutOf(file)) last.push(file);
    else groups.push([file]);
  }
  return groups.map(groupOf);
}

const layoutOf = ({ path, format, columns }: OpenFile): string =>
  JSON.stringify([format, isGzip(path), columns]);

export function formatOf(table: Pick<Table, 'format'>, path: string): TableFormat {
  if (table.format !== undefined) return table.format;
  if (/\.parquet$/i.test(path)) return 'parquet';
  if (/\.xlsx$/i.test(path)) return 'xlsx';
  return /\.(json|jsonl|ndjson)(\.gz)?$/i.test(path) ? 'json' : 'csv';
}

/** The file itself; of a workbook its sheet as CSV. */
export async function textOf(
  path: string,
  table: Pick<Table, 'format' | 'sheet'>,
  rawFolder: string,
): Promise<string> {
  if (formatOf(table, path) !== 'xlsx') return path;
  return csvOfWorkbook(path, { sheet: table.sheet, rawFolder });
}

async function openFile(options: TableFilesOptions, path: string): Promise<OpenFile> {
  const { table, nameOf, needed, rawFolder } = options;
  const format = formatOf(table, path);
  if (format === 'xlsx') {
    const copy = await textOf(path, table, rawFolder);
    const own: Table = { ...table, format: 'csv', encoding: 'utf-8', delimiter: ',' };
    return openFile({ ...options, table: own, nameOf: () => nameOf(path) }, copy);
  }
  const file = { name: nameOf(path), path, format, csv: null };
  if (format === 'parquet') return needing(options, { ...file, columns: await schemaOf(path) });
  const text = await utf8File(options, path);
  if (format === 'json') {
    await checkTextFile(text, { isQuoted: false });
    return needing(options, { ...file, path: text, columns: await keysOf(text) });
  }
  const wanted = Object.fromEntries(needed.map((name) => [name, name]));
  const { delimiter, header, skipLines } = table;
  const dialect = { delimiter, header, skipLines, name: nameOf(path) };
  const csv = await openCsvFile(text, wanted, {}, dialect);
  const places: Record<string, number> = {};
  const seen = new Set<string>();
  for (const [at, name] of csv.header.entries()) {
    const key = name.toLowerCase();
    if (name === '' || OURS.has(key)) continue;
    if (!seen.has(key)) places[name] = at;
    else if (isWide(table.series) && nameIn(name, table.series.columns) !== null)
      throw rawFileError(path, csv.skip, `has 2 columns ${name}: a series needs its own name`);
    seen.add(key);
  }
  const columns = Object.entries(places).map(([name, at]) => ({
    ...{ name, type: 'VARCHAR' },
    ...(csv.unnamed.includes(at) && { isUnnamed: true }),
  }));
  return needing(options, { ...file, path: text, columns, csv: { ...csv, places } });
}

function needing({ needed }: TableFilesOptions, file: OpenFile): OpenFile {
  const names = new Set(file.columns.map(({ name }) => name.toLowerCase()));
  const missing = needed.filter((name) => !names.has(name.toLowerCase()));
  if (missing.length === 0) return file;
  const found = file.columns.map(({ name }) => name).join(', ');
  throw rawFileError(file.path, null, `has no column ${missing.join(', ')}, only ${found}`);
}

function groupOf(files: readonly OpenFile[]): FileGroup {
  const [{ format, columns }] = files as [OpenFile];
  const names = files.map(({ name }) => name);
  if (format === 'csv') {
    const csv = files.map((file) => file.csv as CsvFile);
    return { names, columns, relation: csvTable(csv), numbered: numberedCsvTable(csv) };
  }
  if (format === 'json') {
    const one = (some: readonly OpenFile[], isNumbered: boolean) =>
      jsonSelect(some, columns, isNumbered);
    const numbered = files.map((file) => one([file], true)).join(' UNION ALL ');
    return { names, columns, relation: `(${one(files, false)})`, numbered: `(${numbered})` };
  }
  const paths = files.map(({ path }) => path);
  const list = columns.map(({ name }) => sqlName(name)).join(', ');
  const relation =
    `(SELECT ${nameSql(files)} AS hw_file, file_row_number + 1 AS hw_line, ` +
    `false AS hw_bad_line, ${list} ` +
    `FROM ${parquetFiles(paths, 'filename = true', 'file_row_number = true')})`;
  return { names, columns, relation, numbered: relation };
}

function jsonSelect(
  files: readonly OpenFile[],
  columns: readonly TableColumn[],
  isNumbered: boolean,
): string {
  const fields = columns.map(
    ({ name }) => `trim(json_extract_string(line, ${sqlText(`$."${name}"`)})) AS ${sqlName(name)}`,
  );
  return (
    `SELECT hw_file, ${isNumbered ? 'number AS hw_line, ' : ''}hw_bad_line, ${fields.join(', ')} ` +
    `FROM (SELECT ${nameSql(files)} AS hw_file, ${isNumbered ? 'number, ' : ''}` +
    "NOT json_valid(line) OR NOT starts_with(trim(line), '{') AS hw_bad_line, " +
    // A line that is not JSON is a row without fields, not an error of the engine.
    'CASE WHEN json_valid(line) THEN line END AS line ' +
    `FROM ${linesSql(files, 0, isNumbered)} WHERE trim(line) <> '')`
  );
}

const inEngine = (sql: string): Promise<Record<string, unknown>[]> =>
  withDuckDB({ threads: 1 }, (connection) => rowsOf(connection, sql));

async function schemaOf(path: string): Promise<TableColumn[]> {
  const rows = await inEngine(`DESCRIBE SELECT * FROM ${parquetFiles(path)}`).catch((cause) => {
    const detail = engineMessage(cause).split('\n')[0];
    throw rawFileError(path, null, `is not a readable Parquet file (${detail})`, cause);
  });
  return rows
    .map((row) => ({ name: String(row.column_name), type: String(row.column_type) }))
    .filter(({ name }) => !OURS.has(name.toLowerCase()));
}

async function keysOf(path: string): Promise<TableColumn[]> {
  const rows = await inEngine(
    `SELECT DISTINCT unnest(json_keys(line)) AS name
     FROM (FROM ${linesSql([{ path }], 0, false)} LIMIT ${KEY_LINES})
     WHERE json_valid(line) AND starts_with(trim(line), '{') ORDER BY name`,
  );
  if (rows.length === 0) {
    throw rawFileError(path, 1, 'is not a JSON object: expected is one object per line');
  }
  return rows
    .map(({ name }) => ({ name: String(name), type: 'VARCHAR' }))
    .filter(({ name }) => !OURS.has(name.toLowerCase()) && !name.includes('"'));
}

/** The file itself, or a copy in UTF-8 that is named by its content. */
async function utf8File({ table, rawFolder }: TableFilesOptions, path: string): Promise<string> {
  const { encoding } = table;
  if (encoding === undefined || /^utf-?8$/i.test(encoding)) return path;
  const copy = { folder: join(rawFolder, 'as-utf8'), ending: `${encoding}.csv` };
  return derivedFile(path, copy, async () => {
    const bytes = await readFile(path);
    return decoded(isGzip(path) ? gunzipSync(bytes) : bytes, encoding);
  });
}

function decoded(bytes: Uint8Array, encoding: string): string {
  try {
    return textOfBytes(bytes, encoding);
  } catch (cause) {
    throw new HeadwayError(
      'SETTINGS_INVALID',
      `there is no such encoding: ${JSON.stringify(encoding)}`,
      {
        where: 'table.encoding',
        fix: 'Use a label of the WHATWG standard, such as windows-1252 or utf-16le.',
        cause,
      },
    );
  }
}
