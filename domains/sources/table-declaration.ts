/**
 * Purpose: the declaration of a table: which files, and what their columns mean.
 * Invariants: plain values and expressions, so that its text says how files are read.
 * Fails: never.
 */
import type { CsvDialect } from '../../platform/duckdb/csv-table.ts';
import type { RawRange, RawRows } from '../domain.ts';

export type TableFormat = 'csv' | 'parquet' | 'json' | 'xlsx';

/** Names of files that are read. */
export const TABLE_FILE = /\.(csv|tsv|txt|json|jsonl|ndjson)(\.gz)?$|\.(parquet|xlsx)$/i;

/** `iso`, `epoch-s`, `epoch-ms`, `epoch-us`, `epoch-ns`, or a format of strptime. */
export type TimeFormat = string;

/** A column by its name, in any case; or DuckDB SQL over the columns and `hw_file`. */
export type Column = string | { readonly sql: string };

export interface Table extends Omit<CsvDialect, 'name'> {
  /** Which files of the folder, by their path inside it. Absent: all of a format that is read. */
  readonly files?: RegExp;
  /** Absent: as the file's name says. */
  readonly format?: TableFormat;
  /** Of a workbook: the name of its sheet. Absent: the only one that has cells. */
  readonly sheet?: string;
  /** Of text files. UTF-8 where it is absent. Any label of the WHATWG standard. */
  readonly encoding?: string;

  /**
   * The column of the time; several (a date, a time) are read as one text with a blank between
   * them. SQL must give a TIMESTAMP.
   */
  readonly time: Column | readonly string[];
  /**
   * `iso` (2024-01-31 13:05, also with Z or an offset), an epoch, or a format of strptime such as
   * `%m/%d/%Y %I:%M %p`; of several the first that fits. `iso` where it is absent.
   */
  readonly timeFormat?: TimeFormat | readonly TimeFormat[];
  /**
   * Whose clock shows times that do not say: the domain's time zone where it is absent, else an
   * IANA zone, such as `UTC`.
   */
  readonly clock?: string;
  /** Whether a time is that of an interval's start (or any instant in it), or of its end. */
  readonly timeOf?: 'start' | 'end';

  /**
   * Where the name of the series stands: in a column, in several (joined by `-`), in the names of
   * the value columns (a wide file), in the names of the files; or there is only one.
   * The first group of an expression is the name, or else the whole match.
   */
  readonly series:
    | Column
    | readonly string[]
    | { readonly columns: RegExp }
    | { readonly files: RegExp }
    | { readonly only: string };

  /** The column of the measured value. Absent: each row is an event, and events are counted. */
  readonly value?: Column;
  /**
   * What the values of a series in one interval make together, such as the sales of a day. Absent:
   * a row is the value of its interval, and of several the first counts.
   */
  readonly aggregate?: 'sum' | 'mean';
  /** The decimal sign of values: `.` where it is absent. */
  readonly decimal?: '.' | ',';
  /** What groups their thousands: nothing where it is absent. */
  readonly thousands?: ',' | '.' | ' ' | "'";
  /** What stands before or after values and is left out, such as `$` or `%`. */
  readonly symbol?: string;
  /** Cells that say nothing. */
  readonly blanks?: readonly string[];

  /** Rows that agree in all of these columns are one fact: the first counts. */
  readonly once?: readonly Column[];
  /** Further reasons to reject a row: a BOOLEAN in SQL over the columns of the file. */
  readonly rejections?: RawRows['rejections'];
  readonly ranges?: readonly RawRange[];
  /**
   * What is read again when it changes: all files together, or each by itself. Files of one series
   * each are feeds of their own; other files must then follow one another in time.
   */
  readonly part?: 'folder' | 'file';
}

/** Whether each series has a column of its own. */
export const isWide = (series: Table['series']): series is { readonly columns: RegExp } =>
  typeof series === 'object' && 'columns' in series;

/** Whether rows state values; else they are events, which are counted. */
export const isMeasured = ({ value, series }: Pick<Table, 'value' | 'series'>): boolean =>
  value !== undefined || isWide(series);

/** The first group of the match, or all of it; null where there is none. */
export function nameIn(text: string, pattern: RegExp): string | null {
  const match = new RegExp(pattern.source, pattern.flags.replace('g', '')).exec(text);
  return match === null ? null : (match[1] ?? match[0]);
}
