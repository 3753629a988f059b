/**
 * Purpose: what each column of a table holds: times of which format, numbers of which style, names.
 * Invariants: from a sample that is the same for the same files; shares are of cells that say
 * something.
 * Fails: with the engine's errors.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { rowsOf } from '../../../platform/duckdb/duckdb.ts';
import { sqlName } from '../../../platform/duckdb/sql.ts';
import type { Table } from '../table-declaration.ts';
import type { TableColumn } from '../table-files.ts';
import { isNumberType, numberSql } from '../table-rows.ts';
import { tableTime } from '../table-time.ts';
import { shapeOf, TIME_FORMATS } from './time-formats.ts';

/** Rows of a sample, and from how many rows at the beginning it is taken. */
const SAMPLE = { rows: 20_000, from: 1_000_000 };
/** Distinct texts by which formats are sifted. */
const SIFTED = 40;
/** Cells of a column may be wrong: this share need not fit. */
const MIN_SHARE = 0.9;
/** A name list, not a free text. */
const MAX_NAME = 80;

export type NumberStyle = Pick<Table, 'decimal' | 'thousands'>;

/** In the order in which they are preferred where several read the same numbers. */
export const STYLES: readonly NumberStyle[] = [
  {},
  { thousands: ',' },
  { decimal: ',' },
  { decimal: ',', thousands: '.' },
  { decimal: ',', thousands: ' ' },
  { thousands: ' ' },
  { thousands: "'" },
];

/** What a style reads of a column. */
export interface NumberReading {
  readonly style: NumberStyle;
  readonly cells: number;
  /** Equal where the numbers are. */
  readonly digest: string;
}

export interface ColumnProfile {
  readonly name: string;
  readonly type: string;
  readonly isUnnamed: boolean;
  /** Share of the rows whose cell says something. */
  readonly filled: number;
  readonly distinct: number;
  /** Of the rows of the sample that say something. */
  readonly cells: number;
  /** Formats that read the most of its times; empty where it holds no times. */
  readonly timeFormats: readonly string[];
  /** By the styles that read its numbers, best first; empty where it holds other than numbers. */
  readonly numbers: readonly NumberReading[];
  /** A currency or percent sign at its numbers. */
  readonly symbol: string | undefined;
  /** A cell such as 1.234: the sign may be of decimals or of thousands. */
  readonly marked: string | null;
  readonly isWhole: boolean;
  readonly min: number | null;
  readonly max: number | null;
  readonly isShort: boolean;
  readonly examples: readonly string[];
}

export interface TableProfile {
  /** Of the sample. */
  readonly rows: number;
  /** Of which the sample is taken. */
  readonly total: number;
  /** Of these: the share that agrees with another row in all columns. */
  readonly copies: number;
  readonly columns: readonly ColumnProfile[];
}

/** @param relation of a group of files; the sample stays as the table `sample` */
export async function profileColumns(
  connection: DuckDBConnection,
  relation: string,
  columns: readonly TableColumn[],
): Promise<TableProfile> {
  const first = `(FROM ${relation} WHERE NOT hw_bad_line LIMIT ${SAMPLE.from})`;
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE sample AS SELECT * FROM ${first}
     USING SAMPLE reservoir(${SAMPLE.rows} ROWS) REPEATABLE (7)`,
  );
  const profiles: ColumnProfile[] = [];
  for (const column of columns) profiles.push(await profileOf(connection, column));
  // What counts the rows differs in copies too.
  const facts = profiles.filter(
    ({ isUnnamed, timeFormats }) => !isUnnamed || timeFormats.length > 0,
  );
  const [counts] = await rowsOf(
    connection,
    `SELECT (SELECT count(*) FROM sample)::INTEGER AS rows, count(*)::INTEGER AS total,
       count(DISTINCT hash(${facts.map(({ name }) => sqlName(name)).join(', ')}))::INTEGER AS own
     FROM ${first}`,
  );
  const { rows, total, own } = counts as Record<'rows' | 'total' | 'own', number>;
  return { rows, total, copies: 1 - own / Math.max(1, total), columns: profiles };
}

async function profileOf(
  connection: DuckDBConnection,
  { name, type, isUnnamed = false }: TableColumn,
): Promise<ColumnProfile> {
  const column = sqlName(name);
  const text = `trim(CAST(${column} AS VARCHAR))`;
  const { isBlank } = numberSql({}, column);
  const examples = (
    await rowsOf(
      connection,
      `SELECT ${text} AS text FROM sample WHERE NOT ${isBlank}
       GROUP BY text ORDER BY hash(text) LIMIT ${SIFTED}`,
    )
  ).map((row) => String(row.text));
  const [found = {}] = await rowsOf(
    connection,
    `SELECT count(*)::INTEGER AS rows, count(*) FILTER (NOT ${isBlank})::INTEGER AS cells,
       count(DISTINCT ${text})::INTEGER AS distinct_texts, max(strlen(${text}))::INTEGER AS longest
     FROM sample`,
  );
  const cells = Number(found.cells);
  const timeFormats = await timeFormatsOf(connection, { column, type, isBlank, examples, cells });
  const numbers = await numbersOf(connection, { column, type, isBlank, examples, cells });
  return {
    ...{ name, type, isUnnamed, cells, timeFormats, ...numbers, examples: examples.slice(0, 5) },
    filled: cells / Math.max(1, Number(found.rows)),
    distinct: Number(found.distinct_texts),
    isShort: Number(found.longest) <= MAX_NAME,
  };
}

interface Cells {
  readonly column: string;
  readonly type: string;
  readonly isBlank: string;
  readonly examples: readonly string[];
  readonly cells: number;
}

/** Plausible years: a format that reads another is not meant. What is no date may look like one. */
const yearsOf = (format: string): { first: number; last: number } =>
  /^epoch|%y|^%Y%m%d/.test(format) ? { first: 1970, last: 2039 } : { first: 1900, last: 2199 };

async function timeFormatsOf(
  connection: DuckDBConnection,
  { column, type, isBlank, examples, cells }: Cells,
): Promise<string[]> {
  if (/^(TIMESTAMP|DATE)/.test(type)) return cells > 0 ? ['iso'] : [];
  if (cells === 0 || /^(DOUBLE|FLOAT|DECIMAL|BOOLEAN)/.test(type)) return [];
  const share = (format: string) => {
    const options = { formats: [format], clock: undefined, timeOf: 'start' } as const;
    const { localTime, instant } = tableTime(column, type, options);
    const { first, last } = yearsOf(format);
    const year = `year(coalesce(${localTime}, ${instant}))`;
    return `count(*) FILTER (${year} BETWEEN ${first} AND ${last})::INTEGER`;
  };
  const likely = TIME_FORMATS.filter((format) => {
    const shape = shapeOf(format);
    return examples.filter((text) => shape.test(text)).length >= MIN_SHARE * examples.length;
  });
  if (likely.length === 0) return [];
  const counts = likely.map((format, at) => `${share(format)} AS f${at}`);
  const [read = {}] = await rowsOf(
    connection,
    `SELECT ${counts.join(', ')} FROM sample WHERE NOT ${isBlank}`,
  );
  const counted = likely.map((format, at) => ({ format, n: Number(read[`f${at}`]) }));
  const most = Math.max(MIN_SHARE * cells, ...counted.map(({ n }) => n));
  return counted.filter(({ n }) => n >= most).map(({ format }) => format);
}

type NumberProfile = Pick<
  ColumnProfile,
  'numbers' | 'symbol' | 'marked' | 'isWhole' | 'min' | 'max'
>;

const WITH_SYMBOL = /^[(+-]?\s*(\p{Sc})?\s*[(+-]?\d[\d.,'\s]*([%\p{Sc}])?\s*\)?$/u;

/** The sign that stands at almost all numbers. */
function symbolOf(examples: readonly string[]): string | undefined {
  const symbols = examples.map((text) => {
    const [, before, after] = WITH_SYMBOL.exec(text) ?? [];
    return before ?? after;
  });
  return [...new Set(symbols)].find(
    (one) => symbols.filter((other) => other === one).length >= MIN_SHARE * symbols.length,
  );
}

async function numbersOf(
  connection: DuckDBConnection,
  { column, type, isBlank, examples, cells }: Cells,
): Promise<NumberProfile> {
  const symbol = symbolOf(examples);
  const none = { numbers: [], symbol, marked: null, isWhole: false, min: null, max: null };
  if (cells === 0 || /^(TIMESTAMP|DATE|BOOLEAN)/.test(type)) return none;
  // What the engine calls a number has no style.
  const styles = isNumberType(type) ? STYLES.slice(0, 1) : STYLES;
  const values = styles.map(
    (style) => numberSql({ ...style, ...(symbol && { symbol }) }, column).value,
  );
  const fields = values.flatMap((value, at) => [
    `count(${value})::INTEGER AS n${at}`,
    `sum(hash(${value})) FILTER (${value} IS NOT NULL)::VARCHAR AS digest${at}`,
    `min(${value}) AS min${at}`,
    `max(${value}) AS max${at}`,
    `coalesce(bool_and(${value} = floor(${value})), false) AS whole${at}`,
  ]);
  const text = `trim(CAST(${column} AS VARCHAR))`;
  const [found = {}] = await rowsOf(
    connection,
    `SELECT ${fields.join(', ')},
       min(${text}) FILTER (regexp_matches(${text}, '[.,]\\d{3}\\D*$')) AS marked
     FROM sample WHERE NOT ${isBlank}`,
  );
  const best = styles
    .map((style, at) => ({
      ...{ style, at, cells: Number(found[`n${at}`]), digest: String(found[`digest${at}`]) },
    }))
    .filter((reading) => reading.cells >= MIN_SHARE * cells)
    .sort((a, b) => b.cells - a.cells);
  const first = best[0];
  if (first === undefined) return none;
  return {
    numbers: best.map(({ at: _, ...reading }) => reading),
    symbol,
    marked: found.marked === null ? null : String(found.marked),
    isWhole: found[`whole${first.at}`] === true,
    min: Number(found[`min${first.at}`]),
    max: Number(found[`max${first.at}`]),
  };
}
