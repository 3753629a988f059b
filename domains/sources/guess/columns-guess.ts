/**
 * Purpose: which column is the time, which names the series, which is the value, by what the
 * columns hold and how they are called.
 * Invariants: pure; what somebody said is taken as it is.
 * Fails: SOURCE_INVALID where no column holds times, or a named column is not there.
 */
import { HeadwayError } from '../../../platform/errors.ts';
import type { Table } from '../table-declaration.ts';
import type { ColumnProfile, TableProfile } from './column-profile.ts';

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

const TIME_NAME = /time|date|stamp|^(ts|ds|t|dt|day|hour|month|week|when|datum|zeit|tag|placed)/i;
const FIRST_TIME = /start|begin|pick.?up|from|created|placed|order|depart/i;
const LAST_TIME = /end|stop|drop.?off|update|modified|arriv|until/i;
const TIME_PARTS = [
  { name: /^(year|yr|yyyy|jahr)$/i, format: '%Y', min: 1900, max: 2199 },
  { name: /^(month|mon|mnth|mm|monat)$/i, format: '%m', min: 1, max: 12 },
  { name: /^(day|dd|tag|day.?of.?month)$/i, format: '%d', min: 1, max: 31 },
  { name: /^(hour|hr|hh|stunde)$/i, format: '%H', min: 0, max: 23 },
  { name: /^(minute|min)$/i, format: '%M', min: 0, max: 59 },
];
const SERIES_NAME = new RegExp(
  'station|store|shop|zone|region|site|sensor|meter|product|item|sku|location|city|series|' +
    'unique|categor|branch|filiale|device|plant|country|line|route|ticker|symbol|arti[ck]|' +
    'name|depart|dept|family|zähler|produkt|standort|(^|[ _-])(id|no|nr|code|key)$',
  'i',
);
const FIRST_PLACE = /from|start|pick.?up|origin/i;
const LAST_PLACE = /^to|end|drop.?off|dest/i;
/** Says what a row is like, not where it belongs. */
const ATTRIBUTE = /flag|status|type|mode|payment|week.?day|note|comment|currency|quality/i;
/** An id of rows or people, not of places. */
const ROW_ID =
  /(trip|order|ride|row|event|transaction|ticket|bike|user|customer|invoice).?(id|no|nr)/i;
const VALUE_NAME = new RegExp(
  '^(y|v|n|value|wert|count|cnt|anzahl|load|mw|kwh?|mwh|qty|units|close)$|value|count|demand|' +
    'sales|quantity|amount|total|rides|trips|orders|visit|traffic|menge|umsatz|verkäufe|verkauf|' +
    'revenue|consumption|verbrauch|power|energy|usage|passengers|load',
  'i',
);
const NO_VALUE = new RegExp(
  '(^|[ _-])(id|nr|no|lat|lon|lng|latitude|longitude|zip|index|code)$|' +
    '(^|[ _-])(year|yr|month|mnth|day|hour|hr|weekday|day ?of ?week)$|^season$',
  'i',
);
/** Columns of one thing measured in several ways, and not of several things. */
const MEASURE = new RegExp(
  'open|high|low|close|volume|temp|hum|wind|press|rain|precip|snow|cloud|dew|price|promo|' +
    'discount|cost|min|max|mean|avg|status|holiday|season|working|week|month|year',
  'i',
);

/** A column of an hour or a quarter of one: 07:00, HE7, h7, 7. */
const PART_OF_DAY = /^(?:(?:he?|hr|hour|std|stunde)[ _.-]?)?(\d{1,2})$|^\d{1,2}:\d{2}(?::\d{2})?$/i;
/** Hours, half hours and quarters of a day; with one more where clocks are set back. */
const PARTS = [24, 25, 48, 50, 96, 100];

/** Refuses a row a day with a column for each of its hours. */
export function refuseHoursAsColumns(columns: readonly { readonly name: string }[]): void {
  const found = columns
    .map(({ name }) => PART_OF_DAY.exec(name.trim()))
    .filter((one) => one !== null);
  const numbers = found.flatMap(([, number]) => (number === undefined ? [] : [Number(number)]));
  const isRun = Math.max(...numbers) - Math.min(...numbers) === numbers.length - 1;
  const hasHours = PARTS.includes(numbers.length) && isRun && Math.min(...numbers) <= 1;
  if (!hasHours && found.length - numbers.length < MIN_CLOCKS) return;
  throw new HeadwayError('SOURCE_INVALID', 'there is a column for each hour of a day', {
    where: found.map(([name]) => name).join(', '),
    fix: 'Turn the table: a row for each time. Where they are series, give --series columns.',
  });
}

/** Undefined where no column holds times. */
export function timeColumnOf({ columns }: TableProfile, hints: Hints): ColumnProfile | undefined {
  if (hints.time !== undefined) return named(columns, hints.time);
  const candidates = columns.filter(
    ({ timeFormats, filled }) => timeFormats.length > 0 && filled >= MIN_FILLED,
  );
  const score = ({ name, timeFormats }: ColumnProfile): number => {
    // A number may be seconds since 1970 by chance.
    const isNumber = timeFormats.every((format) => /^epoch|^%Y%m%d/.test(format));
    const byName =
      (TIME_NAME.test(name) ? 4 : 0) +
      (FIRST_TIME.test(name) ? 1 : 0) -
      (LAST_TIME.test(name) ? 2 : 0);
    return byName - (isNumber ? 3 : 0);
  };
  return [...candidates].sort((a, b) => score(b) - score(a))[0];
}

/** The columns of a year, a month and so on, as far down as there are any. */
export function timePartsOf({ columns }: TableProfile): {
  columns: ColumnProfile[];
  format: string;
} {
  const parts: ColumnProfile[] = [];
  for (const { name, min, max } of TIME_PARTS) {
    const part = columns.find((column) => column.isWhole && name.test(column.name));
    if (part === undefined || Number(part.min) < min || Number(part.max) > max) break;
    parts.push(part);
  }
  const format = TIME_PARTS.slice(0, parts.length).map((part) => part.format);
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

/** Columns that may name the series, the likeliest first. */
export function seriesColumnsOf(
  profile: TableProfile,
  taken: readonly ColumnProfile[],
): ColumnProfile[] {
  const candidates = profile.columns.filter(
    (column) =>
      !taken.includes(column) &&
      // A number of a meter may be seconds since 1970 by chance.
      (column.timeFormats.length === 0 || column.numbers.length > 0) &&
      column.isShort &&
      column.filled >= MIN_FILLED &&
      hasFewValues(column, profile) &&
      (column.numbers.length === 0 ||
        (column.isWhole && SERIES_NAME.test(column.name) && !VALUE_NAME.test(column.name))),
  );
  const score = ({ name, distinct, cells }: ColumnProfile): number =>
    (distinct * MIN_ROWS_EACH > cells ? -4 : 0) +
    (SERIES_NAME.test(name) ? 4 : 0) +
    (FIRST_PLACE.test(name) ? 2 : 0) -
    (LAST_PLACE.test(name) ? 2 : 0) -
    (ROW_ID.test(name) || ATTRIBUTE.test(name) ? 6 : 0) +
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
      !NO_VALUE.test(column.name) &&
      !ROW_ID.test(column.name),
  );
  const score = ({ name }: ColumnProfile): number =>
    (VALUE_NAME.test(name) ? 2 : 0) - (MEASURE.test(name) && !/^close$/i.test(name) ? 1 : 0);
  return [...candidates].sort((a, b) => score(b) - score(a));
}

/** Whole numbers that may be names, though they are not called so: those of the fewest first. */
export const numbersThatName = (
  values: readonly ColumnProfile[],
  profile: TableProfile,
): ColumnProfile[] =>
  values
    .filter((column) => column.isWhole && column.distinct > 1 && !VALUE_NAME.test(column.name))
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

/** Whether the value columns are series of their own, by their names. */
export const areSeries = (values: readonly ColumnProfile[]): boolean =>
  values.length > 1 && values.filter(({ name }) => MEASURE.test(name)).length * 2 < values.length;

export function named(columns: readonly ColumnProfile[], name: string): ColumnProfile {
  const found = columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  throw new HeadwayError('SOURCE_INVALID', `there is no column ${JSON.stringify(name)}`, {
    where: columns.map((column) => column.name).join(', '),
    fix: 'Name one of these columns.',
  });
}
