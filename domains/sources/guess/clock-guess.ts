/**
 * Purpose: which column of a table says the time of day, where that of the time has only the date:
 * a clock (07:00, 18.00.00, 0930, 7 AM), a range of it, or the number of an interval of the day.
 * Invariants: intervals that are numbered from 1 on are named by their ends.
 * Fails: with the engine's errors.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { rowsOf } from '../../../platform/duckdb/duckdb.ts';
import { sqlName, sqlText } from '../../../platform/duckdb/sql.ts';
import type { Table } from '../table-declaration.ts';
import { tableTime } from '../table-time.ts';
import { isClockName, isHourName } from './column-names.ts';
import type { ColumnProfile } from './column-profile.ts';
import { INTERVALS_OF_DAY, isDateOnly, TIMES_OF_DAY } from './time-formats.ts';

export interface ClockGuess {
  readonly column: ColumnProfile;
  readonly table: Pick<Table, 'time' | 'timeFormat' | 'timeOf'>;
}

/** Shares of cells. */
const MIN_FILLED = 0.9;
const MIN_READ = 0.9;
const MINUTES_A_DAY = 1440;

/** SQL of a cell as text. */
export const textOf = (column: string): string => `trim(CAST(${sqlName(column)} AS VARCHAR))`;
/** SQL of the start of a range such as `00:00 - 01:00`. */
export const startOf = (text: string): string => `split_part(${text}, ' - ', 1)`;
/** SQL of the time that a text states in a format. */
export const parsed = (text: string, format: string): string =>
  format === 'iso' ? `try_cast(${text} AS TIMESTAMP)` : `try_strptime(${text}, ${sqlText(format)})`;
export const isRange = (text: string): boolean => / - \S/.test(text);

/**
 * @param connection where the table `sample` is
 * @param format of the date
 * @returns null where the date has a time, or no column says it
 */
export async function clockOf(
  connection: DuckDBConnection,
  columns: readonly ColumnProfile[],
  date: ColumnProfile,
  format: string,
): Promise<ClockGuess | null> {
  const isText = isDateText(date, format);
  if (!isText && !(await isMidnight(connection, date, format))) return null;
  for (const column of columns) {
    if (column === date || column.filled < MIN_FILLED || !mayBeClock(column)) continue;
    const mayBeNumber = isHourName(column.name) || isNamedByPlace(column);
    const count =
      INTERVALS_OF_DAY[mayBeNumber && column.isWhole && column.min === 1 ? column.distinct : 0];
    if (count !== undefined) {
      const sql = `${dateSql(date, format)} + ${endOf(column, MINUTES_A_DAY / count)}`;
      return { column, table: { time: { sql }, timeOf: 'end' } };
    }
    const inRange = column.examples.every(isRange);
    const text = inRange ? startOf(textOf(column.name)) : textOf(column.name);
    const formats = TIMES_OF_DAY.filter((one) => mayBeNumber || inRange || one !== '%H');
    const clock = await formatOf(connection, text, formats);
    if (clock === undefined) continue;
    if (isText && !inRange) {
      const timeFormat = `${format === 'iso' ? '%Y-%m-%d' : format} ${clock}`;
      return { column, table: { time: [date.name, column.name], timeFormat } };
    }
    const sinceMidnight = `${parsed(text, clock)} - TIMESTAMP '1900-01-01'`;
    return { column, table: { time: { sql: `${dateSql(date, format)} + (${sinceMidnight})` } } };
  }
  return null;
}

const isDateText = ({ type, examples }: ColumnProfile, format: string): boolean =>
  isDateOnly(format) ||
  (format === 'iso' && type === 'VARCHAR' && examples.every((text) => text.length <= 10));

async function isMidnight(
  connection: DuckDBConnection,
  { name, type }: ColumnProfile,
  format: string,
): Promise<boolean> {
  const options = { formats: [format], clock: undefined, timeOf: 'start' } as const;
  const { localTime } = tableTime(sqlName(name), type, options);
  const [found = {}] = await rowsOf(
    connection,
    `SELECT coalesce(bool_and((${localTime}) = date_trunc('day', ${localTime})), false) AS midnight
     FROM sample`,
  );
  return found.midnight === true;
}

/** By its name, by colons, or as the second column of a file without a header. */
function mayBeClock(column: ColumnProfile): boolean {
  const { name, examples, isWhole, min, max, distinct } = column;
  if (examples.length === 0) return false;
  const isHours = isWhole && min === 0 && max === 23 && distinct === 24;
  return (
    isClockName(name) ||
    examples.every((text) => /^\d{1,2}:\d{2}/.test(text)) ||
    (isNamedByPlace(column) && isHours)
  );
}

/** Of a file without a header. */
const isNamedByPlace = ({ name }: ColumnProfile): boolean => /^c\d+$/.test(name);

/** How most cells of a text state a time of day. */
async function formatOf(
  connection: DuckDBConnection,
  text: string,
  formats: readonly string[],
): Promise<string | undefined> {
  const counts = formats.map((one, at) => `count(${parsed(text, one)})::INTEGER AS n${at}`);
  const [found = {}] = await rowsOf(
    connection,
    `SELECT count(*)::INTEGER AS rows, ${counts.join(', ')} FROM sample`,
  );
  return formats.find((_, at) => Number(found[`n${at}`]) >= MIN_READ * Number(found.rows));
}

/** A column that is a time already is taken as it is. */
const dateSql = ({ name, type }: ColumnProfile, format: string): string =>
  format === 'iso' && type !== 'VARCHAR' ? sqlName(name) : parsed(textOf(name), format);

/** The end of interval 1 of hours is 1:00, that of interval 24 the next day's 0:00. */
function endOf({ name }: ColumnProfile, minutes: number): string {
  const number = `try_cast(${textOf(name)} AS INTEGER)`;
  return minutes === 60 ? `to_hours(${number})` : `to_minutes(${minutes} * ${number})`;
}
