/**
 * Purpose: which column is the time, which names the series, which is the value, by what the
 * columns hold and how they are called.
 * Invariants: pure; what somebody said is taken as it is.
 * Fails: SOURCE_INVALID where no column holds times, or a named column is not there.
 */
import { HeadwayError } from '../../../platform/errors.ts';
import type { Table } from '../table-declaration.ts';
import {
  isAttribute,
  isClockName,
  isFirstPlace,
  isFirstTime,
  isForecastName,
  isId,
  isKey,
  isLastPlace,
  isLastTime,
  isMeasure,
  isNoValue,
  isRowId,
  isSeriesName,
  isTimeName,
  isValueName,
} from './column-names.ts';
import type { ColumnProfile, TableProfile } from './column-profile.ts';
import { INTERVALS_OF_DAY } from './time-formats.ts';

/** What a person says instead of a guess: the flags of the command. */
export interface Hints {
  readonly time?: string | undefined;
  readonly timeFormat?: string | undefined;
  readonly clock?: string | undefined;
  readonly timeZone?: string | undefined;
  /** A column, or `columns`, `files` or `one`. */
  readonly series?: string | undefined;
  /** A column, or `count`. */
  readonly value?: string | undefined;
  readonly aggregate?: Table['aggregate'] | undefined;
  readonly decimal?: Table['decimal'] | undefined;
  readonly thousands?: Table['thousands'] | undefined;
  readonly frequencyMinutes?: number | undefined;
  readonly missing?: 'zero' | 'unknown' | undefined;
  /** Of text files, as the WHATWG standard calls it. */
  readonly encoding?: string | undefined;
  /** Of a workbook. */
  readonly sheet?: string | undefined;
}

/** What the data do not say for sure. */
export interface Doubt {
  readonly flag: string;
  readonly chosen: string;
  readonly why: string;
}

const MIN_CLOCKS = 3;
const MIN_FILLED = 0.5;
/** Of rows: a column with more names is an id of rows. */
const MAX_NAMES_SHARE = 0.5;
const MAX_NAMES = 20_000;
/** Rows of each name, on average: with fewer a column rather names rows. */
const MIN_ROWS_EACH = 10;

interface TimePart {
  readonly name: RegExp;
  readonly format: string;
  readonly min: number;
  readonly max: number;
}

const YEAR = { name: /^(year|yr|yyyy|jahr)$/i, min: 1900, max: 2199 };
const WEEK_PARTS: readonly TimePart[] = [
  { ...YEAR, format: '%G' },
  { name: /^(iso.?)?(week|wk|kw|week.?of.?year)$/i, format: '%V', min: 1, max: 53 },
];
const TIME_PARTS: readonly TimePart[] = [
  { ...YEAR, format: '%Y' },
  { name: /^(month|mon|mnth|mm|monat)$/i, format: '%m', min: 1, max: 12 },
  { name: /^(day|dd|tag|day.?of.?month)$/i, format: '%d', min: 1, max: 31 },
  { name: /^(hour|hr|hh|stunde)$/i, format: '%H', min: 0, max: 23 },
  { name: /^(minute|min)$/i, format: '%M', min: 0, max: 59 },
];
/** A column of an hour or a quarter of one: 07:00, HE7, h7, 7. */
const PART_OF_DAY = /^(?:(?:he?|hr|hour|std|stunde)[ _.-]?)?(\d{1,2})$|^\d{1,2}:\d{2}(?::\d{2})?$/i;

/** Refuses a row a day with a column for each of its hours. */
export function refuseHoursAsColumns(columns: readonly { readonly name: string }[]): void {
  const found = columns
    .map(({ name }) => PART_OF_DAY.exec(name.trim()))
    .filter((one) => one !== null);
  // Series may be numbered too, from 0 to 320.
  if (columns.some(({ name }) => /^\d{3,}$/.test(name.trim()))) return;
  const numbers = found.flatMap(([, number]) => (number === undefined ? [] : [Number(number)]));
  const isRun = Math.max(...numbers) - Math.min(...numbers) === numbers.length - 1;
  const hasHours = numbers.length in INTERVALS_OF_DAY && isRun && Math.min(...numbers) <= 1;
  if (!hasHours && found.length - numbers.length < MIN_CLOCKS) return;
  throw new HeadwayError('SOURCE_INVALID', 'there is a column for each hour of a day', {
    where: found.map(([name]) => name).join(', '),
    fix: 'Turn the table: a row for each time. Where they are series, give --series columns.',
  });
}

/** Undefined where no column holds times. */
export function timeColumnOf({ columns }: TableProfile, hints: Hints): ColumnProfile | undefined {
  if (hints.time !== undefined) return named(columns, hints.time);
  // A number may be seconds since 1970 by chance.
  const isNumber = ({ timeFormats }: ColumnProfile) =>
    timeFormats.every((format) => /^epoch|^%Y%m%d/.test(format));
  const candidates = columns.filter(
    (column) =>
      column.timeFormats.length > 0 &&
      column.filled >= MIN_FILLED &&
      !(isNumber(column) && isId(column.name)),
  );
  const hasClock = ({ examples }: ColumnProfile) => examples.every((text) => text.length > 10);
  const score = (column: ColumnProfile): number =>
    (isTimeName(column.name) ? 4 : 0) +
    (isFirstTime(column.name) ? 1 : 0) +
    (hasClock(column) ? 0.5 : 0) -
    (isLastTime(column.name) ? 3 : 0) -
    (isNumber(column) ? 3 : 0);
  return [...candidates].sort((a, b) => score(b) - score(a))[0];
}

/** The columns of a year, a month and so on, as far down as there are any. */
export function timePartsOf(profile: TableProfile): TimeParts {
  const week = partsOf(profile, WEEK_PARTS);
  return week.columns.length === WEEK_PARTS.length ? week : partsOf(profile, TIME_PARTS);
}

export interface TimeParts {
  readonly columns: readonly ColumnProfile[];
  readonly format: string;
}

function partsOf({ columns }: TableProfile, wanted: readonly TimePart[]): TimeParts {
  const parts: ColumnProfile[] = [];
  for (const { name, min, max } of wanted) {
    const part = columns.find((column) => column.isWhole && name.test(column.name));
    if (part === undefined || Number(part.min) < min || Number(part.max) > max) break;
    parts.push(part);
  }
  const format = wanted.slice(0, parts.length).map((part) => part.format);
  return { columns: parts, format: format.join(' ') };
}

/** Few enough values for names. */
const hasFewValues = ({ distinct }: ColumnProfile, { rows }: TableProfile): boolean =>
  distinct <= Math.min(MAX_NAMES, Math.max(1, rows * MAX_NAMES_SHARE));

/** A column that counts the rows: 0, 1, 2. */
const isRowNumber = (
  { isWhole, distinct, cells, min, max }: ColumnProfile,
  { rows, total }: TableProfile,
): boolean =>
  isWhole &&
  distinct === cells &&
  cells === rows &&
  (min === 0 || min === 1 || rows < total) &&
  (max ?? 0) - (min ?? 0) < total &&
  rows > 10;

const mayNameSeries = (name: string): boolean =>
  (isSeriesName(name) || isKey(name)) && !isValueName(name);

/** Columns that may name the series, the likeliest first. */
export function seriesColumnsOf(
  profile: TableProfile,
  taken: readonly ColumnProfile[],
): ColumnProfile[] {
  const candidates = profile.columns.filter(
    (column) =>
      !taken.includes(column) &&
      !column.isUnnamed &&
      // A number of a meter may be seconds since 1970 by chance.
      (column.timeFormats.length === 0 || column.numbers.length > 0) &&
      column.isShort &&
      column.filled >= MIN_FILLED &&
      hasFewValues(column, profile) &&
      (column.numbers.length === 0 || (column.isWhole && mayNameSeries(column.name))) &&
      !isClockName(column.name),
  );
  const score = ({ name, distinct, cells }: ColumnProfile): number =>
    (distinct * MIN_ROWS_EACH > cells ? -4 : 0) +
    (isSeriesName(name) ? 4 : isKey(name) ? 2 : 0) +
    (isFirstPlace(name) ? 2 : 0) -
    (isLastPlace(name) ? 2 : 0) -
    (isRowId(name) || isAttribute(name) ? 6 : 0) +
    (distinct > 1 ? 1 : 0);
  return [...candidates].sort((a, b) => score(b) - score(a));
}

/** Columns that may be the value, the likeliest first. */
export function valueColumnsOf(
  profile: TableProfile,
  taken: readonly ColumnProfile[],
): ColumnProfile[] {
  const candidates = profile.columns.filter(
    (column) =>
      !taken.includes(column) &&
      !column.isUnnamed &&
      !isRowNumber(column, profile) &&
      column.numbers.length > 0 &&
      !isNoValue(column.name),
  );
  const score = ({ name, distinct }: ColumnProfile): number =>
    (isValueName(name) ? 2 : 0) -
    (isMeasure(name) && !/^close$/i.test(name) ? 1 : 0) -
    (isForecastName(name) ? 2 : 0) -
    (isAttribute(name) ? 3 : 0) -
    // What never changes is not forecast.
    (distinct <= 1 ? 4 : 0);
  return [...candidates].sort((a, b) => score(b) - score(a));
}

/** Whole numbers that may be names, though they are not called so: those of the fewest first. */
export const numbersThatName = (
  values: readonly ColumnProfile[],
  profile: TableProfile,
): ColumnProfile[] =>
  values
    .filter(({ isWhole, distinct }) => isWhole && distinct > 1)
    .filter(({ name }) => !isValueName(name) && !isClockName(name))
    .filter((column) => hasFewValues(column, profile))
    .sort((a, b) => a.distinct - b.distinct);

/** A column whose cells differ in almost all rows: rows that agree in it are one fact. */
export const rowIdOf = ({ columns, rows }: TableProfile): ColumnProfile | undefined =>
  columns.find(
    ({ name, distinct, cells, timeFormats }) =>
      timeFormats.length === 0 &&
      cells >= 0.99 * rows &&
      distinct >= 0.98 * rows &&
      rows > 10 &&
      /(^|[ _-])(id|no|nr|number|key|uuid|guid)$|Id$/.test(name),
  );

/** What describes others, such as a price or a forecast of them. */
export const describes = ({ name }: ColumnProfile): boolean =>
  isMeasure(name) || isForecastName(name) || isAttribute(name);

/** Whether the value columns are series of their own, by their names. */
export const areSeries = (values: readonly ColumnProfile[]): boolean =>
  values.length > 1 && values.filter(describes).length * 2 < values.length;

export function named(columns: readonly ColumnProfile[], name: string): ColumnProfile {
  const found = columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  throw new HeadwayError('SOURCE_INVALID', `there is no column ${JSON.stringify(name)}`, {
    where: columns.map((column) => column.name).join(', '),
    fix: 'Name one of these columns.',
  });
}
