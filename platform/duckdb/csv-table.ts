/**
 * Purpose: CSV files as a relation whose columns are found by their names in each file's header,
 * whatever their order, and whichever of , ; tab and | separates them.
 * Invariants: one row per line after the header that is not blank, in file order, fields as trimmed
 * text; a line that does not have the header's number of fields, or whose quotes do not fit, is a
 * row with `bad_line`, and is never dropped. `file` names its file.
 * Fails: RAW_FILE_INVALID with the file, its first line and what is expected where a column is
 * missing or there twice; else as checkTextFile.
 */
import { checkTextFile, isGzip, rawFileError, shownLine } from '../files/text-file.ts';
import { csvLines, sqlName, sqlText } from './sql.ts';

const DELIMITERS = [',', ';', '\t', '|'];

/** A column's name in the relation → its name in a header, in any case. */
export type WantedColumns = Readonly<Record<string, string | RegExp>>;

export interface CsvFile {
  readonly path: string;
  readonly delimiter: string;
  readonly header: readonly string[];
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
): Promise<CsvFile> {
  const { firstLine: line, lines } = await checkTextFile(path);
  const headers = DELIMITERS.map((delimiter) => ({
    delimiter,
    header: splitHeader(line, delimiter),
  }));
  const isThere = (header: readonly string[], name: string | RegExp) =>
    header.some((column) => matches(column, name));
  const missingIn = (header: readonly string[]) =>
    Object.values(wanted).filter((name) => !isThere(header, name));
  // The one that finds the most columns; of equals the first.
  const [best] = headers
    .map((one) => ({ ...one, missing: missingIn(one.header) }))
    .sort((a, b) => a.missing.length - b.missing.length) as [
    (typeof headers)[number] & { missing: (string | RegExp)[] },
  ];
  if (best.missing.length > 0) {
    throw rawFileError(
      path,
      1,
      `has no column ${best.missing.map(nameText).join(', ')}: expected is a header with ` +
        `${Object.values(wanted).map(nameText).join(', ')}, found is ${shownLine(line)}`,
    );
  }
  const places: Record<string, number> = {};
  for (const [name, pattern] of Object.entries({ ...wanted, ...optional })) {
    const found = best.header.flatMap((column, at) => (matches(column, pattern) ? [at] : []));
    if (found.length > 1)
      throw rawFileError(path, 1, `has ${found.length} columns ${nameText(pattern)}`);
    places[name] = found[0] ?? -1;
  }
  return { path, delimiter: best.delimiter, header: best.header, lines: lines - 1, places };
}

/** All lines of the files: columns `file`, `bad_line`, and the wanted ones. */
export const csvTable = (files: readonly CsvFile[]): string =>
  `(${groupsOf(files).map(selectOf).join(' UNION ALL ')})`;

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
  const layoutOf = ({ path, delimiter, header }: CsvFile) =>
    JSON.stringify([isGzip(path), delimiter, header]);
  const groups: CsvFile[][] = [];
  for (const file of files) {
    const last = groups.at(-1);
    if (last?.[0] !== undefined && layoutOf(last[0]) === layoutOf(file)) last.push(file);
    else groups.push([file]);
  }
  return groups;
}

function selectOf(files: readonly CsvFile[]): string {
  const [{ delimiter, header, places }] = files as [CsvFile];
  const field = `("(?:[^"]|"")*"|[^"${delimiter}]*)`;
  const pattern = sqlText(`${field}[${delimiter}]`);
  const end = sqlText(delimiter);
  const columns = Object.entries(places).map(
    ([name, at]) => `${at < 0 ? "''" : fieldSql(`f[${at + 1}]`)} AS ${sqlName(name)}`,
  );
  return `
    SELECT file,
      len(f) <> ${header.length} OR (quoted AND array_to_string(f, ${end}) <> line) AS bad_line,
      ${columns.join(', ')}
    FROM (
      SELECT parse_filename(filename) AS file, line, contains(line, '"') AS quoted,
        CASE WHEN contains(line, '"') THEN regexp_extract_all(line || ${end}, ${pattern}, 1)
          ELSE string_split(line, ${end}) END AS f
      FROM ${csvLines(files.map(({ path }) => path))} WHERE trim(line) <> '')`;
}

const fieldSql = (field: string): string =>
  `coalesce(trim(CASE WHEN quoted AND ${field} LIKE '"%' THEN ` +
  `replace(substr(${field}, 2, length(${field}) - 2), '""', '"') ELSE ${field} END), '')`;

const splitHeader = (line: string, delimiter: string): string[] =>
  line.split(delimiter).map((name) =>
    name
      .trim()
      .replace(/^"(.*)"$/, '$1')
      .trim(),
  );

const matches = (column: string, name: string | RegExp): boolean =>
  typeof name === 'string' ? column.toLowerCase() === name.toLowerCase() : name.test(column);

const nameText = (name: string | RegExp): string =>
  typeof name === 'string' ? name : name.source.replace(/^\^|\$$/g, '');
