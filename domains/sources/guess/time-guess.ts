/**
 * Purpose: where the times of a table are, and in which format: in a column, in two of which one is
 * the time of day, in parts (year, month, day), or as the start of a range.
 * Invariants: of two formats that read the same cells and differ in day and month, the one by which
 * the data span less time; that is a doubt.
 * Fails: SOURCE_INVALID where there are none; with the engine's errors.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { rowsOf } from '../../../platform/duckdb/duckdb.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import type { Table } from '../table-declaration.ts';
import { clockOf, isRange, parsed, startOf, textOf } from './clock-guess.ts';
import type { ColumnProfile, TableProfile } from './column-profile.ts';
import { type Doubt, type Hints, timeColumnOf, timePartsOf } from './columns-guess.ts';
import { shapeOf, swapsDayAndMonth, TIME_FORMATS } from './time-formats.ts';

export interface TimeGuess {
  readonly table: Pick<Table, 'time' | 'timeFormat' | 'timeOf'>;
  /** That holds the time, alone or with another; null where it is in parts. */
  readonly column: ColumnProfile | null;
  /** Columns that are neither a series nor a value. */
  readonly taken: readonly ColumnProfile[];
  readonly doubt: Doubt | null;
}

/** A year and a month: of fewer parts no time can be made. */
const MIN_PARTS = 2;

/** @param connection where the table `sample` is */
export async function timeOfTable(
  connection: DuckDBConnection,
  profile: TableProfile,
  hints: Hints,
): Promise<TimeGuess> {
  const column = timeColumnOf(profile, hints);
  if (column !== undefined) return timeFormatOf(connection, profile, column, hints);
  const { columns, format } = timePartsOf(profile);
  if (columns.length >= MIN_PARTS) {
    const time = columns.map(({ name }) => name);
    return { table: { time, timeFormat: format }, column: null, taken: columns, doubt: null };
  }
  const range = await timeOfRanges(connection, profile, hints);
  if (range === null) throw noTime(profile);
  return range;
}

/** Of a column such as `01.01.2024 00:00 - 01.01.2024 01:00`: its start. */
async function timeOfRanges(
  connection: DuckDBConnection,
  { columns }: TableProfile,
  hints: Hints,
): Promise<TimeGuess | null> {
  for (const column of columns) {
    if (column.examples.length === 0 || !column.examples.every(isRange)) continue;
    const starts = column.examples.map((text) => text.split(' - ')[0] as string);
    const formats = TIME_FORMATS.filter(
      (format) => !format.startsWith('epoch') && starts.every((text) => shapeOf(format).test(text)),
    );
    if (formats[0] === undefined) continue;
    const text = startOf(textOf(column.name));
    const { format, doubt } = await formatOf(connection, text, formats, hints);
    const time = { sql: parsed(text, format) };
    return { table: { time }, column: null, taken: [column], doubt };
  }
  return null;
}

const noTime = ({ columns }: TableProfile): HeadwayError =>
  new HeadwayError('SOURCE_INVALID', 'no column holds times from 1900 to 2199', {
    where: columns.map(({ name, examples }) => `${name} (${examples[0] ?? 'empty'})`).join(', '),
    fix: 'Name it with --time COLUMN, and its format with --time-format, such as "%d.%m.%Y %H:%M".',
  });

async function timeFormatOf(
  connection: DuckDBConnection,
  profile: TableProfile,
  column: ColumnProfile,
  hints: Hints,
): Promise<TimeGuess> {
  const { name } = column;
  // Other times, such as that of the end, are not series.
  const taken = profile.columns.filter(
    (other) => other === column || (other.timeFormats.length > 0 && other.numbers.length === 0),
  );
  const formats = column.timeFormats;
  const { format, doubt } = await formatOf(connection, textOf(name), formats, hints);
  const clock = await clockOf(connection, profile.columns, column, format);
  if (clock !== null) return { table: clock.table, column, taken: [...taken, clock.column], doubt };
  const table = { time: name, ...(format !== 'iso' && { timeFormat: format }) };
  return { table, column, taken, doubt };
}

/** @param text SQL of the time */
async function formatOf(
  connection: DuckDBConnection,
  text: string,
  [first = 'iso', ...others]: readonly string[],
  { timeFormat }: Hints,
): Promise<{ format: string; doubt: Doubt | null }> {
  if (timeFormat !== undefined) return { format: timeFormat, doubt: null };
  const swapped = others.find((format) => swapsDayAndMonth(first, format));
  if (swapped === undefined) return { format: first, doubt: null };
  const days = await spansOf(connection, text, [first, swapped]);
  const format = (days[1] as number) < (days[0] as number) ? swapped : first;
  const other = format === first ? swapped : first;
  const why = `${other} reads all of them too`;
  return { format, doubt: { flag: '--time-format', chosen: format, why } };
}

async function spansOf(
  connection: DuckDBConnection,
  text: string,
  formats: readonly string[],
): Promise<number[]> {
  const spans = formats.map((format, at) => {
    const time = parsed(text, format);
    return `coalesce(epoch(max(${time})) - epoch(min(${time})), 0) AS s${at}`;
  });
  const [found = {}] = await rowsOf(connection, `SELECT ${spans.join(', ')} FROM sample`);
  return formats.map((_, at) => Number(found[`s${at}`]));
}
