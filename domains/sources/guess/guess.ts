/**
 * Purpose: looks at somebody's files and guesses the declaration of a domain over them.
 * Invariants: candidates are read by the builder that the definition uses, so what is guessed is
 * what is read. What the data do not say for sure is a doubt, with the flag that settles it.
 * Fails: SOURCE_NOT_FOUND, SOURCE_INVALID, RAW_FILE_INVALID.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { rowsOf, withDuckDB } from '../../../platform/duckdb/duckdb.ts';
import { sqlName, sqlText } from '../../../platform/duckdb/sql.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import { isWide, type Table } from '../table-declaration.ts';
import { type FileGroup, formatOf, tableFiles, textOf } from '../table-files.ts';
import { type CalendarGuess, calendarOf } from './calendar-guess.ts';
import { type Candidate, type GuessOptions, type Look, tried } from './candidate.ts';
import { type ColumnProfile, profileColumns } from './column-profile.ts';
import { type Doubt, type Hints, refuseHoursAsColumns } from './columns-guess.ts';
import type { RowFacts } from './grid-guess.ts';
import { layoutOf } from './layout-guess.ts';
import { lookAtText } from './text-look.ts';
import { type TimeGuess, timeOfTable } from './time-guess.ts';
import { endingOf } from './wide-guess.ts';

export interface Guess extends CalendarGuess {
  readonly table: Table;
  readonly facts: RowFacts;
  readonly doubts: readonly Doubt[];
  /** What a value is, for people: the column's name, or null for events. */
  readonly valueName: string | null;
  readonly seriesName: string;
}

const DAY = 1440;

export async function guessTable(options: GuessOptions): Promise<Guess> {
  const { paths, nameOf, rawFolder, hints } = options;
  const { base, delimiter, isOdd } = await dialectOf(options);
  const table = { ...base, time: '', series: { only: '' } } as Table;
  const groups = await tableFiles({ table, paths, nameOf, needed: [], rawFolder });
  const [first] = groups as [FileGroup];
  if (hints.series !== 'columns') refuseHoursAsColumns(first.columns);
  return withDuckDB({ threads: 2 }, async (connection) => {
    const profile = await profileColumns(connection, first.relation, first.columns);
    const look: Look = { options, connection, base, delimiter, groups, profile };
    const time = await timeOfTable(connection, profile, hints);
    let found = await layoutOf(look, time);
    let calendar = calendarOf(found.facts, found.table, hints, options.defaultTimeZone);
    const date = calendar.frequencyMinutes < DAY ? null : dateOf(time, found, hints);
    if (date !== null) {
      const { timeFormat: _, ...table } = found.table;
      found = await tried(look, { ...table, time: { sql: date } }, found.doubts);
      calendar = calendarOf(found.facts, found.table, hints, options.defaultTimeZone);
      const dayTimeZone =
        calendar.dayTimeZone ??
        (await westernmost(connection, first, time.column as ColumnProfile));
      calendar = { ...calendar, dayTimeZone };
    }
    const { doubts, clock, timeOf, ...rest } = calendar;
    return {
      ...rest,
      table: {
        ...found.table,
        ...(clock !== undefined && { clock }),
        ...(timeOf === 'end' && { timeOf }),
      },
      facts: found.facts,
      doubts: [
        ...(isOdd ? [encodingDoubt(base)] : []),
        ...(time.doubt === null ? [] : [time.doubt]),
        ...found.doubts,
        ...doubts,
      ],
      ...namesOf(found.table),
    };
  });
}

const OFFSET = /\d{2}:\d{2}.*[+-](?!00(?::?00)?$)\d{2}(?::?\d{2})?$/;

/** Whether times are texts with an offset from UTC. */
const hasOffsets = ({ type, examples }: ColumnProfile, { table }: TimeGuess): boolean =>
  type === 'VARCHAR' &&
  table.timeFormat === undefined &&
  typeof table.time === 'string' &&
  examples.some((text) => OFFSET.test(text));

/** The clock by which written days are over last, where it is west of Greenwich. */
async function westernmost(
  connection: DuckDBConnection,
  { relation }: FileGroup,
  { name }: ColumnProfile,
): Promise<string | undefined> {
  const offset = `regexp_extract(${sqlName(name)}, '\\d{2}:\\d{2}.*([+-]\\d{2})(:?\\d{2})?$', 1)`;
  const [found] = await rowsOf(
    connection,
    `SELECT min(try_cast(${offset} AS INTEGER)) AS hours FROM ${relation}`,
  );
  const hours = Number(found?.hours ?? 0);
  // Signs of these zones are those of POSIX: hours west are positive.
  return hours < 0 ? `Etc/GMT+${-hours}` : undefined;
}

/** Of days that start at instants: the local date, as SQL. Null: the time is a date already. */
function dateOf(time: TimeGuess, { facts }: Candidate, { timeZone }: Hints): string | null {
  const { column } = time;
  if (column === null) return null;
  const name = sqlName(column.name);
  if (timeZone === undefined)
    // The day as it is written, where the offset says by whose clock: in UTC it may be another.
    return hasOffsets(column, time) ? `try_cast(left(trim(${name}), 10) AS DATE)` : null;
  const { time: where, timeFormat = 'iso' } = time.table;
  if (!facts.hasInstants || facts.isMidnightOnly || typeof where !== 'string') return null;
  const instants: Readonly<Record<string, string>> = {
    iso: column.type === 'VARCHAR' ? `try_cast(${name} AS TIMESTAMPTZ)` : name,
    'epoch-s': `to_timestamp(try_cast(${name} AS DOUBLE))`,
    'epoch-ms': `to_timestamp(try_cast(${name} AS DOUBLE) / 1e3)`,
    'epoch-us': `to_timestamp(try_cast(${name} AS DOUBLE) / 1e6)`,
    'epoch-ns': `to_timestamp(try_cast(${name} AS DOUBLE) / 1e9)`,
  };
  const instant =
    instants[String(timeFormat)] ?? `try_strptime(trim(${name}), ${sqlText(String(timeFormat))})`;
  return `CAST(${instant} AT TIME ZONE ${sqlText(timeZone)} AS DATE)`;
}

/** What a text file does not say of itself; nothing of the defaults. */
async function dialectOf({
  paths,
  nameOf,
  hints,
  rawFolder,
}: GuessOptions): Promise<Pick<Look, 'base' | 'delimiter'> & { readonly isOdd: boolean }> {
  const [path] = paths as [string];
  const formats = new Set(paths.map((one) => formatOf({}, one)));
  if (formats.size > 1) {
    throw new HeadwayError('SOURCE_INVALID', `the folder holds files of ${formats.size} formats`, {
      where: paths.slice(0, 8).map(nameOf).join(', '),
      fix: 'Give one of the files, or a folder with those of one format.',
    });
  }
  const { encoding: said } = hints;
  if (said !== undefined && !formats.has('csv') && !formats.has('json'))
    throw new HeadwayError('USAGE', 'the files state their encoding themselves', {
      where: '--encoding',
      fix: 'Leave it out: it is for CSV and JSON lines.',
    });
  if (formats.has('json'))
    return {
      base: { ...(said !== undefined && { encoding: said }) },
      delimiter: undefined,
      isOdd: false,
    };
  if (!formats.has('csv') && !formats.has('xlsx'))
    return { base: {}, delimiter: undefined, isOdd: false };
  const sheet = formats.has('xlsx') && hints.sheet !== undefined ? { sheet: hints.sheet } : {};
  const text = await textOf(path, sheet, rawFolder);
  const { encoding, delimiter, header, skipLines, isOdd } = await lookAtText(text, path, said);
  const base = {
    ...sheet,
    ...(encoding !== undefined && { encoding }),
    // With a header the columns say what separates them.
    ...(!header && { header, delimiter }),
    ...(skipLines > 0 && { skipLines }),
  };
  return { base, delimiter, isOdd };
}

const encodingDoubt = ({ encoding = 'utf-8' }: Partial<Table>): Doubt => ({
  flag: '--encoding',
  chosen: encoding,
  why: 'the text is not UTF-8, and has control characters so: shift_jis, gb18030, …?',
});

function namesOf({ series, value }: Table): Pick<Guess, 'valueName' | 'seriesName'> {
  const column =
    typeof series === 'string' ? series : Array.isArray(series) ? series.join('-') : '';
  return {
    valueName: isWide(series) ? endingOf(series.columns) : typeof value === 'string' ? value : null,
    seriesName: column === '' ? 'series' : column,
  };
}
