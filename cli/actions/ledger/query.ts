/**
 * Purpose: `headway ledger query`: SQL over the forecasts that were issued.
 * Invariants: reads the ledger and no other file, and changes nothing but the file that is named.
 * Fails: USAGE for SQL that is not one SELECT, and for a query that would read more than
 * MAX_BYTES without --all.
 */
import TextTable from 'cli-table3';
import { csvField } from '../../../forecasting/panel/csv.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import { encodeTable } from '../../../platform/tables/encode-table.ts';
import {
  isTableFormat,
  type Table,
  type TableFormat,
  textColumn,
} from '../../../platform/tables/table.ts';
import type { QueryResult } from '../../../storage/ledger/ledger.ts';
import type { CommandContext } from '../../context.ts';
import { timestamp } from '../../flags.ts';
import { writeOutput } from '../../output.ts';

export interface QueryFlags {
  readonly from?: string;
  readonly until?: string;
  readonly series?: readonly string[];
  readonly limit: number;
  readonly format: 'table' | 'csv' | 'json' | TableFormat;
  readonly out?: string;
  readonly all?: boolean;
}

/** Every file that may hold a row is fetched and its hash checked. */
const MAX_BYTES = 4e9;

export async function queryCommand(
  context: CommandContext,
  flags: QueryFlags,
  sql: string,
): Promise<void> {
  const ledger = await context.ledger();
  const range = {
    from: flags.from === undefined ? undefined : timestamp(flags.from, '--from'),
    until: flags.until === undefined ? undefined : timestamp(flags.until, '--until'),
    seriesIds: flags.series,
  };
  const bytes = (await ledger.parts(range)).reduce((sum, part) => sum + part.bytes, 0);
  if (bytes > MAX_BYTES && flags.all !== true)
    throw new HeadwayError('USAGE', `The query would read ${(bytes / 1e9).toFixed(1)} GB`, {
      fix: 'Set --from, --until or --series, or --all to read everything.',
    });
  const { memoryMb: memoryLimitMb } = context.settings;
  const result = await ledger.query({ sql, range, maxRows: flags.limit, memoryLimitMb });
  const format = context.wantsJson ? 'json' : flags.format;
  const made = isTableFormat(format)
    ? await encodeTable(typedColumns(result), format)
    : `${TEXTS[format](result)}\n`;
  if (flags.out === undefined) process.stdout.write(made);
  else await writeOutput(flags.out, made);
  if (result.isCut)
    context.logger.warn({ limit: flags.limit }, 'there are more rows: --limit shows more');
}

const TEXTS = {
  table,
  csv,
  json: (result: QueryResult) => JSON.stringify(objects(result), null, 2),
};

const objects = ({ columns, rows }: QueryResult) =>
  rows.map((row) => Object.fromEntries(columns.map((name, c) => [name, row[c]])));

const cell = (value: unknown): string =>
  value === null || value === undefined
    ? ''
    : typeof value === 'object'
      ? JSON.stringify(value)
      : String(value);

function csv({ columns, rows }: QueryResult): string {
  const lines = [columns, ...rows];
  return lines.map((row) => row.map((value) => csvField(cell(value))).join(',')).join('\n');
}

function table({ columns, rows }: QueryResult): string {
  const made = new TextTable({ head: [...columns], style: { head: [], border: [] } });
  for (const row of rows) made.push(row.map(cell));
  return made.toString();
}

/** Types of the engine that a typed column can hold; all others are text. */
const KINDS: Readonly<Record<string, 'integer' | 'float' | 'double' | 'time'>> = {
  ...{ TINYINT: 'integer', SMALLINT: 'integer', INTEGER: 'integer', BIGINT: 'integer' },
  ...{ FLOAT: 'float', DOUBLE: 'double', TIMESTAMP: 'time' },
};

/** As "2026-03-01 17:00:00", in UTC; the engine's times have microseconds, a column's do not. */
const TIME = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,3})?)$/;

/**
 * The rows, whose values are as JSON has them, as typed columns. A column with a whole number or a
 * time that its type would round is text.
 */
export function typedColumns({ columns, types, rows }: QueryResult): Table {
  return columns.map((name, c) => {
    const kind = KINDS[types[c] as string];
    const values = rows.map((row) => row[c] ?? null);
    const isExact = (value: unknown) =>
      value === null ||
      (kind === 'integer' && Number.isSafeInteger(Number(value))) ||
      (kind === 'time' && TIME.test(String(value)));
    const isNumber = kind === 'float' || kind === 'double';
    if (kind === undefined || !(isNumber || values.every(isExact)))
      return textColumn(
        name,
        values.map((value) => (value === null ? null : cell(value))),
      );
    const numbers = values.map((value) => {
      if (value === null) return Number.NaN;
      return kind === 'time' ? Date.parse(String(value).replace(TIME, '$1T$2Z')) : Number(value);
    });
    return kind === 'float'
      ? { name, kind, values: Float32Array.from(numbers) }
      : { name, kind, values: Float64Array.from(numbers) };
  });
}
