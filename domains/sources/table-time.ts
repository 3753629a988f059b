/**
 * Purpose: the times of a table as SQL: a local time, or an instant where the row states one.
 * Invariants: at most one of the two is not NULL; both are NULL where the text is of no format. An
 * offset is never dropped. A column that is a time already (Parquet) is taken as it is.
 * Fails: SETTINGS_INVALID for a clock that is not an IANA zone.
 */
import { sqlText } from '../../platform/duckdb/sql.ts';
import { timeSql } from '../../platform/duckdb/time-sql.ts';
import { HeadwayError } from '../../platform/errors.ts';
import { isTimeZone, TIME_ZONE_FIX } from '../../platform/text/time-zone.ts';
import type { TimeFormat } from './table-declaration.ts';

interface Times {
  /** TIMESTAMP, by a wall clock. */
  readonly wall: string;
  /** TIMESTAMP in UTC. */
  readonly instant: string;
}

export interface TimeOptions {
  readonly formats: readonly TimeFormat[];
  readonly clock: string | undefined;
  readonly timeOf: 'start' | 'end';
}

const NONE = 'NULL::TIMESTAMP';
const MICROSECONDS: Readonly<Record<string, number>> = {
  'epoch-s': 1e6,
  'epoch-ms': 1e3,
  'epoch-us': 1,
  'epoch-ns': 1e-3,
};

/**
 * @param column SQL of a column
 * @param type its type as the engine calls it
 * @returns SQL of two TIMESTAMPs: `localTime` in the domain's zone, `instant` in UTC
 */
export function tableTime(
  column: string,
  type: string,
  { formats, clock, timeOf }: TimeOptions,
): { localTime: string; instant: string } {
  const { wall, instant } = timesOf(column, type, formats);
  // Any instant inside its interval will do.
  const end = timeOf === 'end' ? ' - INTERVAL 1 MICROSECOND' : '';
  if (clock === undefined) return { localTime: `(${wall})${end}`, instant: `(${instant})${end}` };
  const ofClock = `(${wall}) AT TIME ZONE ${sqlText(requireZone(clock))} AT TIME ZONE 'UTC'`;
  return { localTime: NONE, instant: `coalesce(${instant}, ${ofClock})${end}` };
}

function timesOf(column: string, type: string, formats: readonly TimeFormat[]): Times {
  if (type === 'TIMESTAMP WITH TIME ZONE')
    return { wall: NONE, instant: `${column} AT TIME ZONE 'UTC'` };
  if (/^(TIMESTAMP|DATE)/.test(type))
    return { wall: `CAST(${column} AS TIMESTAMP)`, instant: NONE };
  const text = `trim(CAST(${column} AS VARCHAR))`;
  const walls: string[] = [];
  const instants: string[] = [];
  for (const format of formats) {
    if (format === 'iso') {
      const iso = timeSql(text);
      walls.push(iso.localTime);
      instants.push(iso.instant);
    } else if (format in MICROSECONDS) {
      const number = `try_cast(${text} AS DOUBLE)`;
      const micros = `try_cast(round(${number} * ${MICROSECONDS[format]}) AS BIGINT)`;
      instants.push(`CASE WHEN isfinite(${number}) THEN make_timestamp(${micros}) END`);
    } else {
      const time = `try_strptime(${text}, ${sqlText(format)})`;
      if (/%z/i.test(format)) instants.push(`${time} AT TIME ZONE 'UTC'`);
      else walls.push(time);
    }
  }
  return { wall: firstOf(walls), instant: firstOf(instants) };
}

const firstOf = (times: readonly string[]): string =>
  times.length === 0 ? NONE : times.length === 1 ? `${times[0]}` : `coalesce(${times.join(', ')})`;

function requireZone(clock: string): string {
  if (isTimeZone(clock)) return clock;
  throw new HeadwayError('SETTINGS_INVALID', `${JSON.stringify(clock)} is not a time zone`, {
    where: 'table.clock',
    fix: TIME_ZONE_FIX,
  });
}
