/**
 * Purpose: `headway ledger query`: SQL over the forecasts that were issued.
 * Invariants: reads the ledger and no other file, and changes nothing.
 * Fails: USAGE for SQL that is not one SELECT, and for a query that would read more than
 * MAX_BYTES without --all.
 */
import Table from 'cli-table3';
import { csvField } from '../../../forecasting/panel/csv.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import type { QueryResult } from '../../../storage/ledger/ledger.ts';
import type { CommandContext } from '../../context.ts';
import { timestamp } from '../panel.ts';

export interface QueryFlags {
  readonly from?: string;
  readonly until?: string;
  readonly series?: readonly string[];
  readonly limit: number;
  readonly format: 'table' | 'csv' | 'json';
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
  if (context.wantsJson || flags.format === 'json')
    process.stdout.write(`${JSON.stringify(objects(result), null, 2)}\n`);
  else context.print(flags.format === 'csv' ? csv(result) : table(result));
  if (result.isCut)
    context.logger.warn({ limit: flags.limit }, 'there are more rows: --limit shows more');
}

const objects = ({ columns, rows }: QueryResult) =>
  rows.map((row) => Object.fromEntries(columns.map((name, c) => [name, row[c]])));

const cell = (value: unknown): string =>
  value === null || value === undefined
    ? ''
    : typeof value === 'object'
      ? JSON.stringify(value)
      : String(value);

const csv = ({ columns, rows }: QueryResult): string =>
  [columns, ...rows].map((row) => row.map((value) => csvField(cell(value))).join(',')).join('\n');

function table({ columns, rows }: QueryResult): string {
  const made = new Table({ head: [...columns], style: { head: [], border: [] } });
  for (const row of rows) made.push(row.map(cell));
  return made.toString();
}
