/**
 * Purpose: how people write times: the formats among which a guess chooses.
 * Invariants: of two formats that read the same cells the earlier one is preferred.
 * Fails: never.
 */

const DATES = [
  ...['%m/%d/%Y', '%d/%m/%Y', '%d.%m.%Y', '%Y/%m/%d', '%d-%m-%Y', '%m-%d-%Y', '%Y.%m.%d'],
  ...['%Y%m%d', '%m/%d/%y', '%d/%m/%y', '%d.%m.%y'],
  ...['%b %d, %Y', '%B %d, %Y', '%d %b %Y', '%d %B %Y', '%d-%b-%Y', '%d-%b-%y', '%b %d %Y'],
  ...['%d/%b/%Y', '%d/%b/%y', '%d %m %Y', '%Y-%m-%d'],
];
const CLOCKS = [
  ...['', ' %H:%M', ' %H:%M:%S', ' %I:%M %p', ' %I:%M:%S %p', ' %I:%M%p', ' %I %p'],
  ...['T%H', 'T%H:%M', 'T%H:%M:%S', ', %H:%M', ', %I:%M %p', ' %H', ' %H.%M'],
  ...[', %H:%M:%S', ', %I:%M:%S %p', ', %I:%M:%S.%g %p', ' @ %H:%M:%S.%g'],
];
/** Of a column with the time of day alone. */
export const TIMES_OF_DAY: readonly string[] = [
  ...['%H:%M', '%H:%M:%S', '%I:%M %p', '%I:%M:%S %p', '%H'],
  ...['%H.%M', '%H.%M.%S', '%H%M', '%I %p'],
];

/** How many intervals a day may have, also with an hour more: how many it has as a rule. */
export const INTERVALS_OF_DAY: Readonly<Record<number, number>> = {
  ...{ 24: 24, 25: 24, 48: 48, 50: 48, 96: 96, 100: 96 },
};

export const TIME_FORMATS: readonly string[] = [
  'iso',
  // Before seconds since 1970, of which hardly any look like these.
  ...['%Y%m%d%H', '%Y%m%d%H%M', '%Y%m%d%H%M%S'],
  'epoch-s',
  'epoch-ms',
  'epoch-us',
  'epoch-ns',
  ...DATES.flatMap((date) => CLOCKS.map((clock) => `${date}${clock}`)),
  '%Y-%m',
  '%G-W%V',
  '%Y%m%d:%H%M',
];

/** Two formats that differ in which of the two first numbers is the month. */
export const swapsDayAndMonth = (a: string, b: string): boolean =>
  a !== b && a.replace('%d', '%x').replace('%m', '%d').replace('%x', '%m') === b;

/** Only dates: no time of day. */
export const isDateOnly = (format: string): boolean =>
  format !== 'iso' && !format.startsWith('epoch') && !/%[HI]/.test(format);

const FIELDS: Readonly<Record<string, string>> = {
  '%Y': '(?:19|2[01])\\d\\d',
  '%G': '(?:19|2[01])\\d\\d',
  '%y': '\\d\\d',
  '%m': '(?:0?[1-9]|1[0-2])',
  '%d': '(?:0?[1-9]|[12]\\d|3[01])',
  '%V': '\\d\\d',
  '%H': '(?:[01]?\\d|2[0-3])',
  '%I': '(?:0?[1-9]|1[0-2])',
  '%M': '[0-5]\\d',
  '%S': '[0-5]\\d(?:\\.\\d+)?',
  '%g': '\\d{3}',
  '%p': '[AaPp][Mm]',
  '%b': '[A-Za-z]{3}',
  '%B': '[A-Za-z]{3,9}',
};
const SHAPES: Readonly<Record<string, RegExp>> = {
  iso: /^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}.*)?$/,
  'epoch-s': /^\d{9,10}(\.\d+)?$/,
  'epoch-ms': /^\d{12,13}(\.\d+)?$/,
  'epoch-us': /^\d{16}$/,
  'epoch-ns': /^\d{19}$/,
};

/** What a text of a format looks like: sifts formats before the engine reads with them. */
export const shapeOf = (format: string): RegExp =>
  SHAPES[format] ??
  new RegExp(
    `^${format
      .replace(/[.,/]/g, '\\$&')
      .replace(/%[a-zA-Z]/g, (field) => FIELDS[field] ?? field)}$`,
  );
