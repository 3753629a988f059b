/**
 * Purpose: the rules of rows and intervals that hold for every engine: which row is rejected and
 * why, where the grid of intervals starts, which frequencies and clocks there can be.
 * Invariants: the expressions are SQL that DuckDB and Trino read alike, as far as the domain's own
 * are.
 * Fails: SETTINGS_INVALID for a frequency or a clock without a regular grid, RAW_FILE_INVALID where
 * no row is usable.
 */
import type { Domain, RawPart, RawRows } from '../../../domains/domain.ts';
import { sqlText } from '../../../platform/duckdb/sql.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import { isTimeZone, TIME_ZONE_FIX } from '../../../platform/text/time-zone.ts';
import { gridAnchor, gridPhase, UNFINISHED } from './local-time.ts';

/**
 * Times that no clock of ours has shown: guards the arithmetic against the far ends of the
 * calendar.
 */
const EARLIEST = "TIMESTAMP '1900-01-01 00:00:00'";
const EARLIEST_MS = Date.UTC(1900, 0, 1);
const LATEST = "TIMESTAMP '2200-01-01 00:00:00'";
/** Limits of the feature store: of an id in bytes of UTF-8, of a value the largest FLOAT. */
const MAX_ID_BYTES = 1024;
const MAX_VALUE = '3.4028234e38';

const MINUTES_A_DAY = 1440;
const MINUTES_A_WEEK = 7 * MINUTES_A_DAY;

/**
 * Refuses a domain whose intervals are not all of one length, whose time zone there is not, or
 * whose closed weekdays have no meaning on its grid.
 */
export function requireRegularGrid(domain: Domain): void {
  const { name, frequencyMinutes, closedWeekdays, timeZone, dayTimeZone, missing } = domain;
  const refuse = (problem: string, fix: string): never => {
    throw new HeadwayError('SETTINGS_INVALID', problem, { where: `domain ${name}`, fix });
  };
  if (!isTimeZone(timeZone))
    refuse(`${JSON.stringify(timeZone)} is not a time zone`, TIME_ZONE_FIX);
  if (frequencyMinutes > MINUTES_A_WEEK)
    refuse(
      `intervals of ${frequencyMinutes} minutes are longer than a week: months are of unequal ` +
        'length, and no regular grid fits them',
      'Forecast days (1440) or weeks (10080), and add their medians up to months where a plan ' +
        'needs them (docs/fork.md).',
    );
  if (MINUTES_A_DAY % frequencyMinutes !== 0 && frequencyMinutes !== MINUTES_A_WEEK)
    refuse(
      `${frequencyMinutes} minutes do not divide a day`,
      'Use a frequency of 5, 10, 15, 20, 30 or 60 minutes, of some hours, of a day (1440) ' +
        'or of a week (10080).',
    );
  if (dayTimeZone !== undefined) requireDayClock(domain, refuse);
  if (closedWeekdays === undefined) return;
  const isValid = closedWeekdays.every((day) => Number.isInteger(day) && day >= 1 && day <= 7);
  if (!isValid || new Set(closedWeekdays).size > 6)
    refuse(
      `closedWeekdays [${closedWeekdays.join(', ')}] must be some of 1 (Monday) to 7 (Sunday)`,
      'Name at most six weekdays: [6, 7] leaves Monday to Friday.',
    );
  if (frequencyMinutes !== MINUTES_A_DAY || timeZone !== 'UTC' || missing !== 'unknown')
    refuse(
      'closedWeekdays need days of the calendar on which a day without a row is unknown',
      "Set frequencyMinutes to 1440, timeZone to 'UTC' and missing to 'unknown'.",
    );
}

function requireDayClock(
  { dayTimeZone = '', timeZone, frequencyMinutes }: Domain,
  refuse: (problem: string, fix: string) => never,
): void {
  if (!isTimeZone(dayTimeZone))
    refuse(`dayTimeZone ${JSON.stringify(dayTimeZone)} is not a time zone`, TIME_ZONE_FIX);
  if (frequencyMinutes < MINUTES_A_DAY || timeZone !== 'UTC')
    refuse(
      'dayTimeZone is for days and weeks of the calendar',
      "Leave it out, or set frequencyMinutes to 1440 or 10080 and timeZone to 'UTC'.",
    );
}

/** What is added to times (milliseconds) so that whole intervals are counted from zero. */
export interface GridOrigin {
  /** Of local times: counted from before the earliest time, where division rounds down. */
  readonly local: number;
  /** Of instants. */
  readonly utc: number;
}

export function gridOrigin(domain: Domain, gridTimeZone = domain.timeZone): GridOrigin {
  const frequencyMs = domain.frequencyMinutes * 60_000;
  const phase = gridPhase(gridTimeZone, frequencyMs) ?? 0;
  const origin = (Math.ceil(-EARLIEST_MS / frequencyMs) + 1) * frequencyMs;
  // By its own clock the intervals of a time zone start at whole local times.
  return {
    local: origin - (gridTimeZone === domain.timeZone ? gridAnchor(frequencyMs) : phase),
    utc: origin - phase,
  };
}

export interface ReasonOptions {
  /** False where the ids are known to be whole numbers: that spares a look at each. */
  readonly isTextId?: boolean;
  /** SQL of a text's length in bytes of UTF-8. */
  readonly byteLength?: (text: string) => string;
}

/** The domain's reasons in their order, then what no domain may let through. */
export function reasonsOf(
  domain: Domain,
  rows: RawRows,
  { isTextId = true, byteLength = (text) => `strlen(${text})` }: ReasonOptions = {},
): RawRows['rejections'] {
  const { seriesId, localTime, instant, value } = rows;
  const id = `CAST(${seriesId} AS VARCHAR)`;
  const isOutside = (time: string) => `(${time}) < ${EARLIEST} OR (${time}) >= ${LATEST}`;
  const isOdd =
    `${byteLength(id)} > ${MAX_ID_BYTES} OR ` + `${id} <> regexp_replace(${id}, '\\p{Cc}', '')`;
  const ours = [
    { reason: 'missing_series', when: `(${seriesId}) IS NULL${isTextId ? ` OR ${id} = ''` : ''}` },
    ...(isTextId ? [{ reason: 'bad_series', when: isOdd }] : []),
    {
      reason: 'missing_time',
      when: `(${localTime}) IS NULL${instant === undefined ? '' : ` AND (${instant}) IS NULL`}`,
    },
    {
      reason: 'absurd_time',
      when:
        instant === undefined
          ? isOutside(localTime)
          : `CASE WHEN (${instant}) IS NULL THEN ${isOutside(localTime)} ` +
            `ELSE ${isOutside(instant)} END`,
    },
  ];
  if (domain.closedWeekdays !== undefined && domain.closedWeekdays.length > 0)
    ours.push({ reason: 'closed_day', when: isClosedSql(rows, domain.closedWeekdays) });
  if (value !== null) {
    ours.push({ reason: 'missing_value', when: `(${value}) IS NULL OR NOT isfinite(${value})` });
    ours.push({
      reason: 'value_out_of_range',
      when: `abs(CAST(${value} AS DOUBLE)) > ${MAX_VALUE}`,
    });
    if (domain.nonNegative) ours.push({ reason: 'negative_value', when: `(${value}) < 0` });
  }
  return [...rows.rejections, ...ours];
}

/** Whether a row is dated on a closed weekday, counted from a Monday: engines agree on that. */
function isClosedSql({ localTime, instant }: RawRows, closedWeekdays: readonly number[]): string {
  const time = instant === undefined ? localTime : `coalesce(${instant}, ${localTime})`;
  const days = `date_diff('day', DATE '1899-12-25', CAST(${time} AS DATE))`;
  return `mod(${days}, 7) IN (${closedWeekdays.map((day) => day - 1).join(', ')})`;
}

/** Whether a row has a key that another may repeat, as a condition. */
export const hasKeySql = (columns: readonly string[]): string =>
  columns.map((column) => `coalesce(trim(CAST(${column} AS VARCHAR)), '') <> ''`).join(' AND ');

/**
 * The first reason that applies, by its name: for the rows that a person looks at. NULL: usable.
 */
export const reasonNameSql = (domain: Domain, rows: RawRows, options?: ReasonOptions): string =>
  `CASE ${reasonsOf(domain, rows, options)
    .map(({ reason, when }) => `WHEN ${when} THEN ${sqlText(reason)}`)
    .join(' ')} END`;

/** The clock moves by a part of an interval: half an hour of an hour, an hour of a day. */
export function offGrid({ name, timeZone, frequencyMinutes }: Domain): HeadwayError {
  const isLong = frequencyMinutes > 60;
  const length =
    frequencyMinutes === MINUTES_A_WEEK
      ? 'weeks'
      : frequencyMinutes === MINUTES_A_DAY
        ? 'days'
        : `intervals of ${frequencyMinutes} minutes`;
  return new HeadwayError(
    'SETTINGS_INVALID',
    `Clock changes of ${timeZone} are not a multiple of ${length}: no regular grid fits`,
    {
      where: `domain ${name}`,
      fix: isLong
        ? "For the days of the calendar set timeZone to 'UTC' and leave local times as they " +
          'are: an interval is then the day that a row is dated (docs/fork.md).'
        : 'Use a frequency of 15 or 30 minutes in this time zone.',
    },
  );
}

/** What was counted of a part. */
export interface PartCounts {
  readonly part: RawPart;
  readonly rows: Pick<RawRows, 'mayBeUnusable'>;
  readonly rowsIn: number;
  readonly rowsUsed: number;
  readonly rejected: Readonly<Record<string, number>>;
  /** Whether intervals were left out because they are not over. */
  readonly isUnfinished: boolean;
}

/** Fails with RAW_FILE_INVALID where no row is usable, and that is no matter of time. */
export function requireUsableRows(counts: PartCounts): void {
  const { part, rows, rowsIn, rowsUsed, rejected, isUnfinished } = counts;
  if (rowsUsed > 0) return;
  const needsUsable = rowsIn > 0 && rows.mayBeUnusable !== true && !(UNFINISHED in rejected);
  if (needsUsable || (part.span === null && !isUnfinished)) throw nothingUsable(part, rejected);
}

function nothingUsable(part: RawPart, rejected: Readonly<Record<string, number>>): HeadwayError {
  const reasons = Object.entries(rejected).map(([reason, n]) => `${reason} ${n}`);
  const detail =
    reasons.length > 0 ? `every row was rejected: ${reasons.join(', ')}` : 'there are no rows';
  return new HeadwayError('RAW_FILE_INVALID', `${part.name} has no usable row (${detail})`, {
    where: part.name,
    fix: 'Check the file: its times or its series are not in the form that this domain expects.',
  });
}
