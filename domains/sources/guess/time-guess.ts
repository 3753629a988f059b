/**
 * Purpose: where the times of a table are, and in which format: in a column, in two of which one is
 * the time of day, or in parts (year, month, day).
 * Invariants: of two formats that read the same cells and differ in day and month, the one by which
 * the data span less time; that is a doubt. Hours from 1 to 24 are the ends of hours.
 * Fails: SOURCE_INVALID where there are none; with the engine's errors.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { rowsOf } from '../../../platform/duckdb/duckdb.ts';
import { sqlName, sqlText } from '../../../platform/duckdb/sql.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import type { Table } from '../table-declaration.ts';
import type { ColumnProfile, TableProfile } from './column-profile.ts';
import { type Doubt, type Hints, timeColumnOf, timePartsOf } from './columns-guess.ts';
import { isDateOnly, swapsDayAndMonth, TIMES_OF_DAY } from './time-formats.ts';

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
  if (columns.length < MIN_PARTS) throw noTime(profile);
  const time = columns.map(({ name }) => name);
  return { table: { time, timeFormat: format }, column: null, taken: columns, doubt: null };
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
  if (hints.timeFormat !== undefined)
    return { table: { time: name, timeFormat: hints.timeFormat }, column, taken, doubt: null };
  const [first = 'iso'] = column.timeFormats;
  const swapped = column.timeFormats.find((format) => swapsDayAndMonth(first, format));
  let format = first;
  let doubt: Doubt | null = null;
  if (swapped !== undefined) {
    const days = await spansOf(connection, name, [first, swapped]);
    format = (days[1] as number) < (days[0] as number) ? swapped : first;
    const other = format === first ? swapped : first;
    doubt = { flag: '--time-format', chosen: format, why: `${other} reads all of them too` };
  }
  const clock = await timeOfDay(connection, profile, column, format);
  if (clock === null) {
    const table = { time: name, ...(format !== 'iso' && { timeFormat: format }) };
    return { table, column, taken, doubt };
  }
  const date = format === 'iso' ? '%Y-%m-%d' : format;
  const table: TimeGuess['table'] = clock.isOneTo24
    ? { time: { sql: hourEndSql(name, date, clock.column.name) }, timeOf: 'end' }
    : { time: [name, clock.column.name], timeFormat: `${date} ${clock.format}` };
  return { table, column, taken: [...taken, clock.column], doubt };
}

const textOf = (column: string): string => `trim(CAST(${sqlName(column)} AS VARCHAR))`;

/** The end of hour 1 is 1:00, that of hour 24 the next day's 0:00. */
const hourEndSql = (date: string, format: string, hour: string): string =>
  `try_strptime(${textOf(date)}, ${sqlText(format)}) + ` +
  `to_hours(try_cast(${textOf(hour)} AS INTEGER))`;

async function spansOf(
  connection: DuckDBConnection,
  name: string,
  formats: readonly string[],
): Promise<number[]> {
  const text = textOf(name);
  const spans = formats.map((format, at) => {
    const time = `try_strptime(${text}, ${sqlText(format)})`;
    return `coalesce(epoch(max(${time})) - epoch(min(${time})), 0) AS s${at}`;
  });
  const [found = {}] = await rowsOf(connection, `SELECT ${spans.join(', ')} FROM sample`);
  return formats.map((_, at) => Number(found[`s${at}`]));
}

/** The column with the time of day, where the time's own has only the date. */
async function timeOfDay(
  connection: DuckDBConnection,
  { columns }: TableProfile,
  column: ColumnProfile,
  format: string,
): Promise<{ column: ColumnProfile; format: string; isOneTo24: boolean } | null> {
  const isShort = column.examples.every((text) => text.length <= 10);
  if (!(isDateOnly(format) || (format === 'iso' && isShort))) return null;
  for (const other of columns) {
    if (other === column || other.filled < 0.9 || other.examples.length === 0) continue;
    const isHour = /hour|hr|stunde|uhr/i.test(other.name);
    const hasColon = other.examples.every((text) => /^\d{1,2}:\d{2}/.test(text));
    if (!isHour && !hasColon) continue;
    const text = textOf(other.name);
    const counts = TIMES_OF_DAY.map(
      (one, at) => `count(try_strptime(${text}, ${sqlText(one)}))::INTEGER AS n${at}`,
    );
    const hour = `try_cast(${text} AS INTEGER)`;
    const [found = {}] = await rowsOf(
      connection,
      `SELECT count(*)::INTEGER AS rows, ${counts.join(', ')},
         coalesce(bool_or(${hour} = 24) AND min(${hour}) > 0, false) AS one_to_24 FROM sample`,
    );
    const best = TIMES_OF_DAY.find((_, at) => Number(found[`n${at}`]) >= 0.9 * Number(found.rows));
    if (best === undefined) continue;
    return { column: other, format: best, isOneTo24: best === '%H' && found.one_to_24 === true };
  }
  return null;
}
