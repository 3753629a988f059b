/**
 * Purpose: the rows of a table's files as the feature service sees them: from the declaration to
 * SQL.
 * Invariants: an empty cell is not a row; any other row is used or rejected. The report, the
 * evidence and the features read one relation.
 * Fails: RAW_FILE_INVALID for a file without the declared columns, SOURCE_INVALID for SQL of the
 * declaration that does not fit the files.
 */
import { engineMessage, rowsOf, withDuckDB } from '../../platform/duckdb/duckdb.ts';
import { sqlName, sqlText } from '../../platform/duckdb/sql.ts';
import { HeadwayError } from '../../platform/errors.ts';
import { rawFileError } from '../../platform/files/text-file.ts';
import type { RawRows } from '../domain.ts';
import { type Column, isMeasured, isWide, nameIn, type Table } from './table-declaration.ts';
import { type FileGroup, type TableColumn, tableFiles } from './table-files.ts';
import { tableTime } from './table-time.ts';

/** Cells that say nothing, in any case. */
const BLANKS = ['', 'na', 'n/a', '#n/a', 'nan', 'null', 'none', '-'];
const NUMBER = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*)$/;
/** Of a number for the engine, which reads it without a style. */
export const isNumberType = (type: string): boolean => NUMBER.test(type);
const WHOLE_NUMBER = /^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/;

export async function tableRows(
  table: Table,
  paths: readonly string[],
  nameOf: (path: string) => string,
  rawFolder: string,
): Promise<RawRows> {
  const needed = [...new Set(neededColumns(table))];
  const groups = await tableFiles({ table, paths, nameOf, needed, rawFolder });
  const types: string[][] = [];
  for (const group of groups) types.push(await typesOf(table, group));
  // Whole numbers stay what they are, where they are in all files.
  const isWhole = types.every(([, series]) => WHOLE_NUMBER.test(series as string));
  const selectOf = (isEvidence: boolean): string => {
    const selects = groups.map((group, at) =>
      groupSelect(table, group, { isEvidence, types: types[at] ?? [], isWhole }),
    );
    return `(${selects.join(' UNION ALL BY NAME ')})`;
  };
  const rejections = (table.rejections ?? []).map(({ reason }, at) => ({
    reason,
    when: `hw_reason_${at}`,
  }));
  return {
    relation: selectOf(false),
    evidence: selectOf(true),
    columns: columnsSql(table, groups),
    files: { name: 'hw_file', all: paths.map(nameOf) },
    seriesId: 'hw_series',
    localTime: 'hw_local_time',
    instant: 'hw_instant',
    value: isMeasured(table) ? 'hw_value' : null,
    aggregate: table.aggregate,
    duplicateKey: (table.once ?? []).map((_, at) => `hw_key_${at}`),
    rejections: [
      { reason: 'bad_line', when: 'hw_bad_line' },
      ...rejections,
      { reason: 'bad_time', when: 'hw_local_time IS NULL AND hw_instant IS NULL' },
      ...(isMeasured(table) ? [{ reason: 'bad_value', when: 'hw_value IS NULL' }] : []),
    ],
    ranges: (table.ranges ?? []).map((range, at) => ({ ...range, value: `hw_range_${at}` })),
  };
}

/** Names of columns that the declaration gives; what SQL names, the engine checks. */
function neededColumns({ time, series, value, once = [] }: Table): string[] {
  const all = [...(Array.isArray(time) ? time : [time]), value, ...once];
  all.push(...(Array.isArray(series) ? series : [series]));
  return all.filter((column) => typeof column === 'string');
}

const columnSql = (column: Column): string =>
  typeof column === 'string' ? sqlName(column) : `(${column.sql})`;

const asText = (sql: string): string => `CAST(${sql} AS VARCHAR)`;

const timeColumn = (time: Table['time']): string =>
  Array.isArray(time)
    ? `concat_ws(' ', ${time.map((name) => asText(sqlName(name))).join(', ')})`
    : columnSql(time as Column);

function seriesColumn({ series }: Table, { names }: FileGroup): string {
  if (typeof series === 'string') return sqlName(series);
  if (Array.isArray(series))
    return `concat_ws('-', ${series.map((name) => asText(sqlName(name))).join(', ')})`;
  if ('sql' in series) return `(${series.sql})`;
  if ('only' in series) return sqlText(series.only);
  if ('columns' in series) return 'hw_column';
  const ids = names.map((name) => nameIn(name, (series as { files: RegExp }).files));
  const keys = names.map((name) => sqlText(name)).join(', ');
  return `map([${keys}], [${ids.map((id) => sqlText(id ?? '')).join(', ')}])[hw_file]`;
}

/** The value columns of a wide file, and the series that each is. */
function valueColumns(
  table: Table,
  { columns, names }: FileGroup,
): { column: TableColumn; id: string }[] {
  const { series } = table;
  if (!isWide(series)) return [];
  const others = new Set(neededColumns(table).map((name) => name.toLowerCase()));
  const found = columns.flatMap((column) => {
    const isOther = column.isUnnamed || others.has(column.name.toLowerCase());
    const id = isOther ? null : nameIn(column.name, series.columns);
    return id === null ? [] : [{ column, id }];
  });
  const file = names[0] ?? '';
  if (found.length === 0)
    throw rawFileError(file, null, `has no series column: none matches ${series.columns}`);
  return found;
}

/** Each cell of a wide file as a row. A bad line is one row. */
function cellsSql(table: Table, group: FileGroup, relation: string): string {
  const cells = valueColumns(table, group);
  if (cells.length === 0) return relation;
  const list = (items: readonly string[]) =>
    `unnest(CASE WHEN hw_bad_line THEN [NULL] ELSE [${items.join(', ')}] END)`;
  const isNumber = cells.every(({ column }) => isNumberType(column.type));
  const values = cells.map(({ column: { name } }) =>
    isNumber ? `CAST(${sqlName(name)} AS DOUBLE)` : asText(sqlName(name)),
  );
  return (
    `(SELECT *, ${list(cells.map(({ id }) => sqlText(id)))} AS hw_column, ` +
    `${list(values)} AS hw_cell FROM ${relation})`
  );
}

const valueColumn = (table: Table): string =>
  isWide(table.series) ? 'hw_cell' : columnSql(table.value as Column);

/** Types of the time, the series and the value; here SQL that does not fit fails. */
async function typesOf(table: Table, group: FileGroup): Promise<string[]> {
  const expressions = [
    timeColumn(table.time),
    seriesColumn(table, group),
    isMeasured(table) ? valueColumn(table) : 'NULL',
    ...(table.once ?? []).map(columnSql),
    ...(table.rejections ?? []).map(({ when }) => `(${when})::BOOLEAN`),
    ...(table.ranges ?? []).map(({ value }) => `(${value})::DOUBLE`),
  ];
  const select = expressions.map((sql, at) => `${sql} AS e${at}`).join(', ');
  const sql = `DESCRIBE SELECT ${select} FROM ${cellsSql(table, group, group.numbered)}`;
  try {
    const rows = await withDuckDB({ threads: 1 }, (connection) => rowsOf(connection, sql));
    return rows.map(({ column_type }) => String(column_type));
  } catch (cause) {
    const [first = ''] = engineMessage(cause).split('\n\n');
    throw new HeadwayError('SOURCE_INVALID', `the SQL of the table is not valid: ${first}`, {
      where: group.names[0] ?? 'table',
      fix: 'Correct the SQL in the definition of the domain.',
      cause,
    });
  }
}

interface SelectOptions {
  /** With all columns of the files, and the numbers of lines. */
  readonly isEvidence: boolean;
  readonly types: readonly string[];
  readonly isWhole: boolean;
}

function groupSelect(table: Table, group: FileGroup, options: SelectOptions): string {
  const { timeFormat = 'iso', clock, timeOf = 'start' } = table;
  const [timeType = '', , valueType = ''] = options.types;
  const formats = [timeFormat].flat();
  const time = tableTime(timeColumn(table.time), timeType, { formats, clock, timeOf });
  const series = seriesColumn(table, group);
  const fields = [
    options.isEvidence ? '*' : 'hw_file, hw_bad_line',
    `${options.isWhole ? series : `trim(${asText(series)})`} AS hw_series`,
    `${time.localTime} AS hw_local_time`,
    `${time.instant} AS hw_instant`,
    ...(table.once ?? []).map((column, at) => `${columnSql(column)} AS hw_key_${at}`),
    ...(table.rejections ?? []).map(({ when }, at) => `(${when})::BOOLEAN AS hw_reason_${at}`),
    ...(table.ranges ?? []).map(({ value }, at) => `(${value})::DOUBLE AS hw_range_${at}`),
  ];
  const cells = cellsSql(table, group, options.isEvidence ? group.numbered : group.relation);
  if (!isMeasured(table)) return `SELECT ${fields.join(', ')} FROM ${cells}`;
  const column = valueColumn(table);
  const { value, isBlank } = isNumberType(valueType)
    ? { value: `CAST(${column} AS DOUBLE)`, isBlank: `coalesce(isnan(${column}::DOUBLE), true)` }
    : numberSql(table, column);
  return `SELECT ${fields.join(', ')}, ${value} AS hw_value FROM ${cells}
    WHERE hw_bad_line OR NOT ${isBlank}`;
}

/** A number as people write it, (5) and 5- for -5 too; NULL where the text is none. */
export function numberSql(
  { decimal = '.', thousands, symbol, blanks = [] }: NumberTable,
  column: string,
): { value: string; isBlank: string } {
  const text = `trim(${asText(column)})`;
  const bare = symbol === undefined ? text : withoutSymbol(text, symbol);
  const group = thousands === ' ' ? BLANK : thousands && `[${thousands}]`;
  // 0,237 is no group of thousands.
  const whole = group ? `([1-9]\\d{0,2}(${group}\\d{3})+|\\d+)` : '\\d+';
  const number = `(${whole}([${decimal}]\\d*)?|[${decimal}]\\d+)([eE][+-]?\\d+)?`;
  const plain = group ? `regexp_replace(${bare}, ${sqlText(group)}, '', 'g')` : bare;
  const point = decimal === ',' ? `replace(${plain}, ',', '.')` : plain;
  const nothing = [...BLANKS, ...blanks.map((cell) => cell.toLowerCase())].map(sqlText).join(', ');
  return {
    value:
      `CASE WHEN regexp_full_match(${bare}, ${sqlText(`[+-]?${number}`)}) ` +
      `THEN try_cast(${point} AS DOUBLE) ` +
      `WHEN regexp_full_match(${bare}, ${sqlText(`\\(${number}\\)|${number}-`)}) ` +
      `THEN -try_cast(trim(${point}, '()-') AS DOUBLE) END`,
    isBlank: `coalesce(lower(${text}) IN (${nothing}), true)`,
  };
}

type NumberTable = Pick<Table, 'decimal' | 'thousands' | 'symbol' | 'blanks'>;

const BLANK = '[ \u00A0\u202F]';

/** `-5` of `-$5` and `(5)` of `(5 %)`. */
function withoutSymbol(text: string, symbol: string): string {
  const sign = symbol.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pattern = `^([(+-]?)${BLANK}*${sign}${BLANK}*|${BLANK}*${sign}${BLANK}*(\\)?)$`;
  return `regexp_replace(${text}, ${sqlText(pattern)}, '\\1\\2', 'g')`;
}

/** The columns of the files, those of series apart: what the data contract looks at. */
function columnsSql(table: Table, groups: readonly FileGroup[]): string {
  const columns = new Map<string, string>();
  const needed = neededColumns(table).map((name) => name.toLowerCase());
  for (const group of groups) {
    const values = new Set(valueColumns(table, group).map(({ column }) => column.name));
    for (const { name, type, isUnnamed } of group.columns) {
      // A trailing delimiter makes no column.
      const isThere = !isUnnamed || needed.includes(name.toLowerCase());
      if (isThere && !values.has(name) && !columns.has(name)) columns.set(name, type);
    }
  }
  const list = [...columns].map(([name, type]) => `NULL::${type} AS ${sqlName(name)}`);
  return `(SELECT ${list.join(', ') || 'NULL AS nothing'} LIMIT 0)`;
}
