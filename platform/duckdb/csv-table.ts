/**
 * Purpose: CSV files as a relation whose columns are found by their names in each file's header,
 * whatever their order, and whichever of , ; tab and | separates them.
 * Invariants: one row per line after the header that is not blank, in file order, fields as trimmed
 * text; a line that does not have the header's number of fields, or whose quotes do not fit, is a
 * row with `hw_bad_line`, and is never dropped. `hw_file` names its file.
 * Fails: RAW_FILE_INVALID with the file, its first line and what is expected where a column is
 * missing or there twice; else as checkTextFile.
 */
import { basename } from 'node:path';
import { checkTextFile, isGzip, rawFileError, shownLine } from '../files/text-file.ts';
import { csvLines, sqlFilename, sqlName, sqlText } from './sql.ts';

export const DELIMITERS = [',', ';', '\t', '|'] as const;
export type Delimiter = (typeof DELIMITERS)[number];

/** A column's name in the relation → its name in a header, in any case. */
export type WantedColumns = Readonly<Record<string, string | RegExp>>;

/** What a file does not say of itself. */
export interface CsvDialect {
  /** Absent: the one that finds the most of the wanted columns. */
  readonly delimiter?: Delimiter | undefined;
  /**
   * False: the first line is a row, and the columns are c1, c2, … True where it is absent; then a
   * column without a name in the header is called so too.
   */
  readonly header?: boolean | undefined;
  /** Lines before the header, such as a title. */
  readonly skipLines?: number | undefined;
  /** The file's name in the column `hw_file`; the last part of its path where it is absent. */
  readonly name?: string | undefined;
}

export interface CsvFile {
  readonly path: string;
  readonly name: string;
  readonly delimiter: string;
  readonly header: readonly string[];
  /** Places in the header that it leaves empty, such as that of an index. */
  readonly unnamed: readonly number[];
  /** Lines before the first row. */
  readonly skip: number;
  /** Lines after the header, blank ones included. */
  readonly lines: number;
  /** Place in the header of each wanted column; -1 for an optional one that is not there. */
  readonly places: Readonly<Record<string, number>>;
}

/** Reads the file through, and its header. */
export async function openCsvFile(
  path: string,
  wanted: WantedColumns,
  optional: WantedColumns = {},
  dialect: CsvDialect = {},
): Promise<CsvFile> {
  const { skipLines = 0, header: hasHeader = true, name = basename(path) } = dialect;
  const { firstLine: line, lines } = await checkTextFile(path, { header: skipLines + 1 });
  const delimiters = dialect.delimiter === undefined ? DELIMITERS : [dialect.delimiter];
  const headers = delimiters.map((delimiter) => ({
    delimiter,
    ...namesIn(splitLine(line, delimiter), hasHeader),
  }));
  const isThere = (header: readonly string[], name: string | RegExp) =>
    header.some((column) => matches(column, name));
  const missingIn = (header: readonly string[]) =>
    Object.values(wanted).filter((name) => !isThere(header, name));
  // The one that finds the most of the wanted columns; of equals the one with the most columns.
  const [best] = headers
    .map((one) => ({ ...one, missing: missingIn(one.header) }))
    .sort((a, b) => a.missing.length - b.missing.length || b.header.length - a.header.length) as [
    (typeof headers)[number] & { missing: (string | RegExp)[] },
  ];
  if (best.missing.length > 0) {
    throw rawFileError(
      path,
      skipLines + 1,
      `has no column ${best.missing.map(nameText).join(', ')}: expected is a header with ` +
        `${Object.values(wanted).map(nameText).join(', ')}, found is ${shownLine(line)}`,
    );
  }
  const places: Record<string, number> = {};
  for (const [name, pattern] of Object.entries({ ...wanted, ...optional })) {
    const found = best.header.flatMap((column, at) => (matches(column, pattern) ? [at] : []));
    if (found.length > 1)
      throw rawFileError(path, skipLines + 1, `has ${found.length} columns ${nameText(pattern)}`);
    places[name] = found[0] ?? -1;
  }
  const skip = skipLines + (hasHeader ? 1 : 0);
  const { delimiter, header, unnamed } = best;
  return { path, name, delimiter, header, unnamed, skip, lines: lines - skip, places };
}

/** A field of a header that is empty names nothing: its column is called as without a header. */
function namesIn(
  fields: readonly string[],
  hasHeader: boolean,
): Pick<CsvFile, 'header' | 'unnamed'> {
  const unnamed: number[] = [];
  const header = fields.map((text, at) => {
    const name = `c${at + 1}`;
    if (!hasHeader) return name;
    if (text !== '' || fields.some((other) => other.toLowerCase() === name)) return text;
    unnamed.push(at);
    return name;
  });
  return { header, unnamed };
}

/** All lines of the files: columns `hw_file`, `hw_bad_line`, and the wanted ones. */
export const csvTable = (files: readonly CsvFile[]): string =>
  `(${groupsOf(files)
    .map((group) => selectOf(group))
    .join(' UNION ALL ')})`;

/** The same with the number of each line in its file as `hw_line`, which takes longer. */
export const numberedCsvTable = (files: readonly CsvFile[]): string =>
  `(${files.map((file) => selectOf([file], true)).join(' UNION ALL ')})`;

/** No rows, and the columns of the files as their headers name them. */
export function csvHeader(files: readonly CsvFile[]): string {
  const names = new Map<string, string>();
  for (const name of files.flatMap(({ header }) => header))
    if (name !== '' && !names.has(name.toLowerCase())) names.set(name.toLowerCase(), name);
  const columns = [...names.values()].map((name) => `NULL::VARCHAR AS ${sqlName(name)}`);
  return `(SELECT ${columns.join(', ')} LIMIT 0)`;
}

/** Neighbours with equal headers are read together. */
function groupsOf(files: readonly CsvFile[]): CsvFile[][] {
  const layoutOf = ({ path, delimiter, header, skip, places }: CsvFile) =>
    JSON.stringify([isGzip(path), delimiter, header, skip, places]);
  const groups: CsvFile[][] = [];
  for (const file of files) {
    const last = groups.at(-1);
    if (last?.[0] !== undefined && layoutOf(last[0]) === layoutOf(file)) last.push(file);
    else groups.push([file]);
  }
  return groups;
}

function selectOf(files: readonly CsvFile[], isNumbered = false): string {
  const [{ delimiter, header, places, skip }] = files as [CsvFile];
  const field = fieldPattern(delimiter);
  const pattern = sqlText(`${field}[${delimiter}]`);
  const end = sqlText(delimiter);
  const columns = Object.entries(places).map(
    ([name, at]) => `${at < 0 ? "''" : fieldSql(`f[${at + 1}]`)} AS ${sqlName(name)}`,
  );
  return `
    SELECT hw_file${isNumbered ? ', number AS hw_line' : ''},
      len(f) <> ${header.length} OR (quoted AND array_to_string(f, ${end}) <> line) AS hw_bad_line,
      ${columns.join(', ')}
    FROM (
      SELECT ${nameSql(files)} AS hw_file, line${isNumbered ? ', number' : ''},
        contains(line, '"') AS quoted,
        CASE WHEN contains(line, '"') THEN regexp_extract_all(line || ${end}, ${pattern}, 1)
          ELSE string_split(line, ${end}) END AS f
      FROM ${linesSql(files, skip, isNumbered)} WHERE trim(line) <> '')`;
}

/** The lines of files, in file order; on request with `number`, from the first line of all on. */
export function linesSql(
  files: readonly Pick<CsvFile, 'path'>[],
  skip: number,
  isNumbered: boolean,
): string {
  const lines = csvLines(
    files.map(({ path }) => path),
    skip,
  );
  return isNumbered ? `(SELECT *, row_number() OVER () + ${skip} AS number FROM ${lines})` : lines;
}

/** The name of a line's file. */
export function nameSql(files: readonly Pick<CsvFile, 'path' | 'name'>[]): string {
  const [first] = files;
  if (files.length === 1 && first !== undefined) return sqlText(first.name);
  if (files.every(({ path, name }) => basename(path) === name)) return 'parse_filename(filename)';
  const paths = files.map(({ path }) => sqlFilename(path)).join(', ');
  const names = files.map(({ name }) => sqlText(name)).join(', ');
  return `map([${paths}], [${names}])[filename]`;
}

const fieldSql = (field: string): string => {
  const text = `trim(${field})`;
  return (
    `coalesce(trim(CASE WHEN quoted AND ${text} LIKE '"%' THEN ` +
    `replace(substr(${text}, 2, length(${text}) - 2), '""', '"') ELSE ${text} END), '')`
  );
};

/** A field; blanks may be around its quotes. */
const fieldPattern = (delimiter: string): string => `( *"(?:[^"]|"")*" *|[^"${delimiter}]*)`;

/** Fields of a line, quotes and blanks around them apart. */
export function splitLine(line: string, delimiter: string): string[] {
  const pattern = new RegExp(`${fieldPattern(delimiter)}[${delimiter}]`, 'g');
  // Where quotes do not fit, they are taken as they are.
  const found = [...`${line}${delimiter}`.matchAll(pattern)].map(([, field = '']) => field);
  const fields = found.join(delimiter) === line ? found : line.split(delimiter);
  return fields.map((field) =>
    field
      .trim()
      .replace(/^"(.*)"$/, (_, text: string) => text.replaceAll('""', '"'))
      .trim(),
  );
}

const matches = (column: string, name: string | RegExp): boolean =>
  typeof name === 'string' ? column.toLowerCase() === name.toLowerCase() : name.test(column);

const nameText = (name: string | RegExp): string =>
  typeof name === 'string' ? name : name.source.replace(/^\^|\$$/g, '');
