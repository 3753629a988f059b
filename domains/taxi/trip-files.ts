/**
 * Purpose: read trip files of every published schema: names differ in case and age, columns come
 * and go, types vary.
 * Invariants: a file whose needed columns are not there, or are of another kind, is refused before
 * a row is read; each rejected row has one reason.
 * Fails: RAW_FILE_INVALID naming the file, what is wrong with it and what to do.
 */
import { basename } from 'node:path';
import { engineMessage, rowsOf, withDuckDB } from '../../platform/duckdb/duckdb.ts';
import { parquetFiles, sqlName, sqlText } from '../../platform/duckdb/sql.ts';
import { HeadwayError, isHeadwayError } from '../../platform/errors.ts';
import type { RawRange, RawRows } from '../domain.ts';
import { localTime, sqlLocalTime } from './local-month.ts';
import { SPELLINGS } from './spellings.ts';

/** Places are numbered 1…263; 264 and 265 mean that the place is not known. */
export const LAST_PLACE = 263;

const COORDINATES = ['pickup_longitude', 'start_lon', 'pickup_latitude', 'start_lat'];
const TIME_TYPES = /^(TIMESTAMP|TIMESTAMP_S|TIMESTAMP_MS|TIMESTAMP_NS|VARCHAR)$/;
const PLACE_TYPES = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(.*\)|VARCHAR)$/;

export interface Column {
  readonly name: string;
  readonly type: string;
}

export interface TripSpan {
  readonly start: number;
  readonly end: number;
}

/** The rows of one trip file that is authoritative for `span`. */
export const readTrips = async (path: string, span: TripSpan): Promise<RawRows> =>
  tripRows({ path, relation: parquetFiles(path), columns: await columnsOf(path), span });

export interface TripTable {
  /** For messages. */
  readonly path: string;
  readonly relation: string;
  readonly columns: readonly Column[];
  readonly span: TripSpan;
}

/** The rows of a relation that has the columns of a trip file. */
export function tripRows({ path, relation, columns, span }: TripTable): RawRows {
  const find = (spellings: readonly string[]): Column | undefined => {
    for (const spelling of spellings) {
      const found = columns.find((column) => column.name.trim().toLowerCase() === spelling);
      if (found) return found;
    }
    return undefined;
  };
  const pickup = find(SPELLINGS.pickup);
  const place = find(SPELLINGS.place);
  if (pickup && !place && find(COORDINATES)) {
    throw refused(
      path,
      'has coordinates instead of place numbers',
      'Use trips from 2011 on as published today; files with coordinates only cannot be ' +
        'assigned to a place.',
    );
  }
  if (!pickup)
    throw refused(
      path,
      `has no pick-up time, only ${listed(columns)}`,
      'Use trip files as the TLC publishes them.',
    );
  if (!place)
    throw refused(
      path,
      `has no pick-up place, only ${listed(columns)}`,
      'Use trip files as the TLC publishes them.',
    );
  if (!TIME_TYPES.test(pickup.type)) throw mistyped(path, pickup, 'a local time');
  if (!PLACE_TYPES.test(place.type)) throw mistyped(path, place, 'a place number');

  const time = localTimeOf(pickup);
  const number = placeNumber(place);
  // The same trip duplicated: a trip and its refund differ in the amounts only. Without all five
  // the columns are not enough.
  const key = [
    find(SPELLINGS.vendor),
    pickup,
    find(SPELLINGS.dropoff),
    place,
    find(SPELLINGS.target),
  ];
  const from = sqlLocalTime(localTime(span.start));
  // The last hour's wall clock plus one: a span may end where the clock is set back.
  const to = sqlLocalTime(localTime(span.end - 3_600_000));
  return {
    relation,
    seriesId: number,
    localTime: time,
    value: null,
    duplicateKey: key.every((column) => column !== undefined)
      ? key.map((column) => sqlName(column.name))
      : [],
    rejections: [
      { reason: 'missing_time', when: `${time} IS NULL` },
      {
        reason: 'outside_month',
        when: `${time} < ${from} OR ${time} >= ${to} + INTERVAL '1' HOUR`,
      },
      {
        reason: 'unknown_place',
        when: `${number} IS NULL OR ${number} NOT BETWEEN 1 AND ${LAST_PLACE}`,
      },
    ],
    ranges: rangesOf(time, find(SPELLINGS.dropoff)),
  };
}

/** A text with an offset from UTC is none: the cast would drop it. */
function localTimeOf({ name, type }: Column): string {
  const column = sqlName(name);
  if (type === 'TIMESTAMP') return column;
  const cast = `try_cast(${column} AS TIMESTAMP)`;
  if (type !== 'VARCHAR') return cast;
  const clock = `substr(${column}, 11)`;
  const zones = ['Z', 'z', 'UTC', '+', '-'].map((sign) => `strpos(${clock}, ${sqlText(sign)}) > 0`);
  return `CASE WHEN ${zones.join(' OR ')} THEN NULL ELSE ${cast} END`;
}

/** A trip ends after it began, and within a day. */
function rangesOf(time: string, dropoff: Column | undefined): RawRange[] {
  if (dropoff === undefined) return [];
  const end = `try_cast(${sqlName(dropoff.name)} AS TIMESTAMP)`;
  return [
    {
      name: 'trip of 0 to 24 hours',
      value: `date_diff('second', ${time}, ${end}) / 3600e0`,
      atLeast: 0,
      atMost: 24,
    },
  ];
}

/**
 * Place numbers were written as integers, as floating point (where some are missing) and as text.
 */
function placeNumber(column: Column): string {
  const name = sqlName(column.name);
  if (/INT|INTEGER/.test(column.type)) return name;
  const number = `try_cast(${name} AS DOUBLE)`;
  return `CASE WHEN ${number} = floor(${number}) THEN try_cast(${number} AS BIGINT) END`;
}

async function columnsOf(path: string): Promise<Column[]> {
  try {
    return await withDuckDB({ threads: 1 }, async (connection) => {
      const rows = await rowsOf(connection, `DESCRIBE SELECT * FROM ${parquetFiles(path)}`);
      return rows.map((row) => ({ name: String(row.column_name), type: String(row.column_type) }));
    });
  } catch (error) {
    if (isHeadwayError(error)) throw error;
    const detail = engineMessage(error).split('\n')[0];
    throw refused(
      path,
      `is not a readable Parquet file (${detail})`,
      'Download it again; it may be truncated.',
      error,
    );
  }
}

const listed = (columns: readonly Column[]): string =>
  columns.map((column) => column.name).join(', ');

const mistyped = (path: string, column: Column, expected: string): HeadwayError =>
  refused(
    path,
    `has ${column.type} in column ${column.name}, where ${expected} is expected`,
    'Use trip files as the TLC publishes them.',
  );

const refused = (path: string, what: string, fix: string, cause?: unknown): HeadwayError =>
  new HeadwayError('RAW_FILE_INVALID', `${basename(path)} ${what}`, { where: path, fix, cause });
