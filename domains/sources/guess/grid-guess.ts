/**
 * Purpose: how often values come, by which clock, and what an absent one means: by the rows as the
 * declaration reads them.
 * Invariants: the same rows give the same guess.
 * Fails: SOURCE_INVALID where no row can be used.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { rowsOf } from '../../../platform/duckdb/duckdb.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import type { RawRows } from '../../domain.ts';

export interface RowFacts {
  readonly rows: number;
  readonly usable: number;
  readonly series: number;
  /** Rows that have the series and the time of another. */
  readonly repeated: number;
  /** Distinct minutes of the hour with their seconds: few on a grid, many where events happen. */
  readonly minutes: number;
  readonly isMidnightOnly: boolean;
  readonly hasInstants: boolean;
  /** Of one series between a time and the next: the most frequent difference. */
  readonly stepMinutes: number;
  readonly spanHours: number;
  /** Rows on Saturdays and Sundays. */
  readonly weekend: number;
  readonly zeros: number;
  readonly min: number | null;
  readonly isWhole: boolean;
  readonly changes: ClockChanges;
}

/** By the label of the hour that clocks skip: 2 where labels are of starts, 3 of ends. */
type Change = Readonly<Record<2 | 3, { readonly skipped: number; readonly present: number }>>;

/** Days of a change in spring on which the hour that the clocks skip has no rows, and has some. */
export interface ClockChanges {
  readonly europe: Change;
  readonly america: Change;
}

/** Since then clocks are changed on these Sundays. */
const SAME_RULES = 2007;
/** Rows that are looked at. */
const MAX_ROWS = 2_000_000;

export async function rowFacts(connection: DuckDBConnection, rows: RawRows): Promise<RowFacts> {
  const value = rows.value ?? '1.0';
  await connection.run(`
    CREATE OR REPLACE TEMP TABLE facts AS
    SELECT CAST(${rows.seriesId} AS VARCHAR) AS series,
      coalesce(hw_local_time, hw_instant) AS time, hw_instant IS NOT NULL AS instant,
      ${value} AS value
    FROM (FROM ${rows.relation} LIMIT ${MAX_ROWS})
    WHERE NOT hw_bad_line`);
  const usable = 'time IS NOT NULL AND value IS NOT NULL AND series IS NOT NULL';
  const [found = {}] = await rowsOf(
    connection,
    `SELECT (SELECT count(*) FROM facts)::INTEGER AS rows, count(*)::INTEGER AS usable,
       count(DISTINCT series)::INTEGER AS series,
       count(*)::INTEGER - count(DISTINCT (series, time))::INTEGER AS repeated,
       count(DISTINCT date_part('minute', time) * 60 + date_part('second', time))::INTEGER
         AS minutes,
       coalesce(bool_and(time = date_trunc('day', time)), false) AS midnight,
       coalesce(bool_or(instant), false) AS instants,
       coalesce(epoch(max(time)) - epoch(min(time)), 0) / 3600.0 AS span_hours,
       count(*) FILTER (isodow(time) >= 6)::INTEGER AS weekend,
       count(*) FILTER (value = 0)::INTEGER AS zeros, min(value)::DOUBLE AS least,
       coalesce(bool_and(value = floor(value)), false) AS whole
     FROM facts WHERE ${usable}`,
  );
  if (Number(found.usable) === 0) throw nothingUsable();
  const [step = {}] = await rowsOf(
    connection,
    `SELECT mode(minutes)::DOUBLE AS step FROM (
       SELECT (epoch(time) - epoch(lag(time) OVER (PARTITION BY series ORDER BY time))) / 60
         AS minutes
       FROM (SELECT DISTINCT series, time FROM facts WHERE ${usable})
     ) WHERE minutes > 0`,
  );
  return {
    rows: Number(found.rows),
    usable: Number(found.usable),
    series: Number(found.series),
    repeated: Number(found.repeated),
    minutes: Number(found.minutes),
    isMidnightOnly: found.midnight === true,
    hasInstants: found.instants === true,
    stepMinutes: Number(step.step ?? 0),
    spanHours: Number(found.span_hours),
    weekend: Number(found.weekend),
    zeros: Number(found.zeros),
    min: found.least === null ? null : Number(found.least),
    isWhole: found.whole === true,
    changes: {
      europe: await changeOf(connection, 3, -1),
      america: await changeOf(connection, 3, 2),
    },
  };
}

const nothingUsable = (): HeadwayError =>
  new HeadwayError('SOURCE_INVALID', 'no row has a time, a series and a value', {
    where: 'the declaration of the table',
    fix: 'Say what the columns are: --time, --time-format, --series, --value.',
  });

/**
 * The Sundays of a month on which clocks go from 2:00 to 3:00: whether the hour between has about
 * as many rows as on other Sundays.
 * @param nth the Sunday: 2 the second, -1 the last
 */
async function changeOf(connection: DuckDBConnection, month: number, nth: number): Promise<Change> {
  const at = async (hour: 2 | 3) => {
    const isChange =
      nth < 0
        ? 'day(sunday) > day(last_day(sunday)) - 7'
        : `day(sunday) BETWEEN ${7 * nth - 6} AND ${7 * nth}`;
    const [found = {}] = await rowsOf(
      connection,
      `WITH sundays AS (
       SELECT date_trunc('day', time) AS sunday, count(*) FILTER (hour(time) = ${hour}) AS n
       FROM facts WHERE isodow(time) = 7 GROUP BY ALL
     ), usual AS (SELECT median(n) AS usual FROM sundays)
     SELECT count(*) FILTER (n < 0.1 * usual)::INTEGER AS skipped,
       count(*) FILTER (n >= 0.1 * usual)::INTEGER AS present
     FROM sundays, usual
     WHERE usual >= 1 AND year(sunday) >= ${SAME_RULES}
       AND month(sunday) = ${month} AND ${isChange}`,
    );
    return { skipped: Number(found.skipped), present: Number(found.present) };
  };
  return { 2: await at(2), 3: await at(3) };
}
