/**
 * Purpose: rows of series, time and value, or such a CSV text, as a panel.
 * Invariants: an interval without a row is unknown, or zero between a series' first row and the end
 * of the panel where `missing` says so; no row is dropped, moved or added up in silence.
 * Fails: PANEL_INVALID with the row at fault: a time that is not an instant, is off the grid or
 * makes it too long, a value that is not a number, two rows of one series and interval, a column
 * that is absent; and for a frequency that is not whole minutes.
 */
import { csvParseRows } from 'd3-dsv';
import { createPanel, type Panel } from '../forecasting/panel/panel.ts';
import { HeadwayError } from '../platform/errors.ts';

/** Some gigabytes of memory. */
const MAX_VALUES = 2 ** 29;

export interface Row {
  readonly seriesId: string;
  /** UTC start of the interval: with `Z`, an offset or neither, which is UTC too. */
  readonly timestamp: string | Date;
  /** null: unknown. */
  readonly value: number | null;
}

export interface RowOptions {
  /** Length of an interval: 60 for hours, 1440 for days. */
  readonly frequencyMinutes: number;
  /** What an interval without a row means; `unknown` where absent. */
  readonly missing?: 'zero' | 'unknown';
}

export interface CsvOptions extends RowOptions {
  /** Names of the columns; unique_id, ds and y where absent. */
  readonly series?: string;
  readonly time?: string;
  readonly value?: string;
}

/** A CSV text with a header. An empty value is unknown. */
export function panelFromCsv(text: string, options: CsvOptions): Panel {
  const [header = [], ...records] = csvParseRows(text.replace(/^\uFEFF/, ''));
  const place = (name: string): number => {
    const at = header.indexOf(name);
    if (at >= 0) return at;
    throw invalid(
      `the CSV has no column ${JSON.stringify(name)}, it has ${header.join(', ')}`,
      'line 1',
      'Name the columns: panelFromCsv(text, { series, time, value, … }).',
    );
  };
  const series = place(options.series ?? 'unique_id');
  const time = place(options.time ?? 'ds');
  const value = place(options.value ?? 'y');
  const rows: Row[] = [];
  const lines: number[] = [];
  let line = 1 + linesOf(header);
  for (const fields of records) {
    if (fields.length > 1 || fields[0] !== '') {
      lines.push(line);
      rows.push({
        seriesId: fields[series] ?? '',
        timestamp: fields[time] ?? '',
        value: numberOf(fields[value], line),
      });
    }
    line += linesOf(fields);
  }
  return panelOf(rows, options, (row) => `line ${lines[row]}`);
}

/** A quoted field may hold line ends. */
const linesOf = (fields: readonly string[]): number =>
  fields.reduce((sum, field) => sum + field.split('\n').length - 1, 1);

export const panelFromRows = (rows: readonly Row[], options: RowOptions): Panel =>
  panelOf(rows, options, (row) => `row ${row}`);

function numberOf(text: string | undefined, line: number): number | null {
  if (text === undefined || text.trim() === '') return null;
  const value = Number(text);
  if (Number.isFinite(value)) return value;
  throw invalid(`${JSON.stringify(text)} is not a number`, `line ${line}`, 'Write it as 12.5.');
}

function panelOf(
  rows: readonly Row[],
  { frequencyMinutes, missing = 'unknown' }: RowOptions,
  where: (row: number) => string,
): Panel {
  if (!Number.isInteger(frequencyMinutes) || frequencyMinutes < 1)
    throw invalid(
      `${frequencyMinutes} is not the length of an interval`,
      'frequencyMinutes',
      'Use whole minutes: 60 for hours, 1440 for days.',
    );
  const step = frequencyMinutes * 60_000;
  if (rows.length === 0) throw invalid('there is no row', 'rows', 'Provide at least one.');
  const times = rows.map(({ timestamp }, i) => instantOf(timestamp, where(i)));
  const start = times.reduce((least, time) => Math.min(least, time));
  const end = times.reduce((most, time) => Math.max(most, time));
  if (start % 60_000 !== 0)
    throw invalid(
      `${new Date(start).toISOString()} is not a whole minute`,
      where(times.indexOf(start)),
      'Round the times down to the start of their interval.',
    );
  const length = Math.round((end - start) / step) + 1;
  const seriesIds = [...new Set(rows.map(({ seriesId }) => seriesId))];
  if (seriesIds.length * length > MAX_VALUES)
    throw invalid(
      `${seriesIds.length} series × ${length} intervals up to ${new Date(end).toISOString()} ` +
        `are more than ${MAX_VALUES} values`,
      where(times.indexOf(end)),
      'Look for a time that is wrong, or forecast fewer series at once.',
    );
  const rowOf = new Map(seriesIds.map((id, i) => [id, i]));
  const target = new Float32Array(seriesIds.length * length).fill(Number.NaN);
  const seen = new Uint8Array(target.length);
  for (const [i, { seriesId, value }] of rows.entries()) {
    const index = ((times[i] as number) - start) / step;
    if (!Number.isInteger(index)) {
      throw invalid(
        `${new Date(times[i] as number).toISOString()} is not a whole number of intervals of ` +
          `${frequencyMinutes} minutes after ${new Date(start).toISOString()}`,
        where(i),
        'Set frequencyMinutes, or round the times down to the start of their interval.',
      );
    }
    if (value !== null && !Number.isFinite(value))
      throw invalid(
        `the value ${value} is not a number`,
        where(i),
        'Use null for what is unknown.',
      );
    const at = (rowOf.get(seriesId) as number) * length + index;
    if (seen[at] === 1) {
      throw invalid(
        `series ${JSON.stringify(seriesId)} has two rows of ` +
          new Date(times[i] as number).toISOString(),
        where(i),
        'Add them up, or leave one out: only you know which is right.',
      );
    }
    seen[at] = 1;
    if (value !== null) target[at] = value;
  }
  if (missing === 'zero') fillZeros(target, seen, length);
  return createPanel({ seriesIds, start, frequencyMinutes, length, columns: { target } });
}

/** From a series' first row on: before it the series was not there. */
function fillZeros(target: Float32Array, seen: Uint8Array, length: number): void {
  for (let from = 0; from < target.length; from += length) {
    const first = seen.subarray(from, from + length).indexOf(1);
    for (let at = from + Math.max(0, first); at < from + length; at++)
      if (seen[at] === 0) target[at] = 0;
  }
}

const ISO = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

function instantOf(timestamp: string | Date, where: string): number {
  const text = typeof timestamp === 'string' ? timestamp.trim() : '';
  const [, offset] = ISO.exec(text) ?? [];
  const time =
    timestamp instanceof Date
      ? timestamp.getTime()
      : ISO.test(text)
        ? Date.parse(`${text.replace(' ', 'T')}${offset || text.length === 10 ? '' : 'Z'}`)
        : Number.NaN;
  const day = text.slice(0, 10);
  const isReal =
    timestamp instanceof Date || new Date(Date.parse(day) || 0).toISOString().startsWith(day);
  if (Number.isFinite(time) && isReal) return time;
  throw invalid(
    `${JSON.stringify(timestamp)} is not a time`,
    where,
    'Write UTC as 2025-01-31T17:00:00Z, 2025-01-31 17:00 or 2025-01-31.',
  );
}

const invalid = (message: string, where: string, fix: string): HeadwayError =>
  new HeadwayError('PANEL_INVALID', message, { where, fix });
