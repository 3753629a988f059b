/**
 * Purpose: what a person says about the data, as flags or as replies, and whether it can be.
 * Invariants: both are judged by the same rules.
 * Fails: USAGE with the flag, where a value cannot be.
 */
import type { Domain } from '../../../domains/domain.ts';
import type { Hints } from '../../../domains/sources/guess/columns-guess.ts';
import { holidaysProblem } from '../../../forecasting/features/calendar.ts';
import { engineMessage, rowsOf, withDuckDB } from '../../../platform/duckdb/duckdb.ts';
import { sqlText } from '../../../platform/duckdb/sql.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import { isEncoding } from '../../../platform/text/text-of-bytes.ts';
import { isTimeZone, TIME_ZONE_FIX } from '../../../platform/text/time-zone.ts';

/** What is asked where the data do not say it, by its flag. */
export const HINT_OF: Readonly<Record<string, keyof Hints>> = {
  '--time': 'time',
  '--time-format': 'timeFormat',
  '--clock': 'clock',
  '--time-zone': 'timeZone',
  '--series': 'series',
  '--value': 'value',
  '--aggregate': 'aggregate',
  '--decimal': 'decimal',
  '--thousands': 'thousands',
  '--missing': 'missing',
  '--encoding': 'encoding',
};

const NO_FORMATS = ['iso', 'epoch-s', 'epoch-ms', 'epoch-us', 'epoch-ns'];

/** @returns what is wrong with the value, and what to give in its place; null: it can be */
export async function hintProblem(hint: keyof Hints, value: string): Promise<string | null> {
  if (hint === 'missing')
    return value === 'zero' || value === 'unknown' ? null : 'It must be zero or unknown.';
  if (hint === 'aggregate') return /^(sum|mean)$/.test(value) ? null : 'It must be sum or mean.';
  if (hint === 'decimal') return /^[.,]$/.test(value) ? null : 'It must be "." or ",".';
  if (hint === 'thousands')
    return /^[.,' ]$/.test(value) ? null : `It must be ".", ",", "'" or " ".`;
  if (hint === 'timeZone' || hint === 'clock')
    return isTimeZone(value) ? null : `There is no such time zone. ${TIME_ZONE_FIX}`;
  if (hint === 'encoding')
    return isEncoding(value) ? null : 'Give a label of the WHATWG standard, such as shift_jis.';
  return hint === 'timeFormat' ? formatProblem(value) : null;
}

const formatProblem = (format: string): Promise<string | null> =>
  NO_FORMATS.includes(format)
    ? Promise.resolve(null)
    : withDuckDB({ threads: 1 }, (connection) =>
        rowsOf(connection, `SELECT try_strptime('', ${sqlText(format)})`),
      ).then(
        () => null,
        (cause) =>
          `It cannot be parsed: ${engineMessage(cause).split('\n')[0]}. ` +
          `Give ${NO_FORMATS.join(', ')}, or a format such as "%d.%m.%Y %H:%M".`,
      );

/** @param holidays as the flag has it: "DE" or "US-NY" */
export async function requireHints(hints: Hints, holidays: string | undefined): Promise<void> {
  for (const [flag, hint] of Object.entries(HINT_OF)) {
    const value = hints[hint];
    const problem = value === undefined ? null : await hintProblem(hint, String(value));
    if (problem !== null) throw wrong(flag, String(value), problem);
  }
  if (hints.decimal !== undefined && hints.decimal === hints.thousands)
    throw wrong('--thousands', hints.decimal, 'The sign must differ from that of --decimal.');
  if (hints.value === 'count' && hints.aggregate !== undefined)
    throw wrong(
      '--aggregate',
      hints.aggregate,
      'Rows that are counted have no values: leave one out.',
    );
  if (holidays === undefined || holidaysProblem(holidaysIn(holidays)) === null) return;
  const fix = 'Give a country of the package date-holidays, such as DE, or with a state, US-NY.';
  throw wrong('--holidays', holidays, fix);
}

/** The place that the flag `--holidays` names. */
export function holidaysIn(flag: string): NonNullable<Domain['holidays']> {
  const [country = '', state] = flag.split('-');
  return { country, ...(state && { state }) };
}

const wrong = (where: string, value: string, fix: string): HeadwayError =>
  new HeadwayError('USAGE', `${JSON.stringify(value)} is not accepted`, { where, fix });
