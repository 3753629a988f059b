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
  /** Of these, rows with another value than those before them. */
  readonly differing: number;
  readonly distinctValues: number;
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

/** Days of a change of clocks on which an hour has no rows, and on which it has some. */
type Change = Readonly<Record<ChangedHour, ChangeCounts>>;
type ChangedHour = 1 | 2 | 3;
export interface ChangeCounts {
  readonly skipped: number;
  readonly present: number;
  /** Share of the other Sundays on which the hour has no rows. */
  readonly empty: number;
}

export type ClockChanges = Readonly<Record<keyof typeof CHANGE_DAYS, Change>>;

/** Sundays on which clocks are set forward, as SQL. */
const CHANGE_DAYS = {
  europe: 'month(sunday) = 3 AND day(sunday) > 24',
  america: 'month(sunday) = 3 AND day(sunday) BETWEEN 8 AND 14',
  australia: 'month(sunday) = 10 AND day(sunday) <= 7',
};

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
       count(DISTINCT (series, time, value))::INTEGER - count(DISTINCT (series, time))::INTEGER
         AS differing,
       count(DISTINCT value)::INTEGER AS distinct_values,
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
    differing: Number(found.differing),
    distinctValues: Number(found.distinct_values),
    minutes: Number(found.minutes),
    isMidnightOnly: found.midnight === true,
    hasInstants: found.instants === true,
    stepMinutes: Number(step.step ?? 0),
    spanHours: Number(found.span_hours),
    weekend: Number(found.weekend),
    zeros: Number(found.zeros),
    min: found.least === null ? null : Number(found.least),
    isWhole: found.whole === true,
    changes: await changesOf(connection),
  };
}

const nothingUsable = (): HeadwayError =>
  new HeadwayError('SOURCE_INVALID', 'no row has a time, a series and a value', {
    where: 'the declaration of the table',
    fix: 'Say what the columns are: --time, --time-format, --series, --value.',
  });

/** Whether an hour has about as many rows on the days of a change as on other Sundays. */
async function changesOf(connection: DuckDBConnection): Promise<ClockChanges> {
  const days = Object.entries(CHANGE_DAYS) as [keyof ClockChanges, string][];
  const counts = days.map(
    ([place, isDay]) => `
      count(*) FILTER (${isDay} AND n < 0.1 * usual)::INTEGER AS ${place}_skipped,
      count(*) FILTER (${isDay} AND n >= 0.1 * usual)::INTEGER AS ${place}_present`,
  );
  const anyDay = days.map(([, isDay]) => `(${isDay})`).join(' OR ');
  const rows = await rowsOf(
    connection,
    `WITH sundays AS (
       SELECT date_trunc('day', time) AS sunday, h, count(*) FILTER (hour(time) = h) AS n
       FROM facts, (SELECT unnest([1, 2, 3]) AS h) WHERE isodow(time) = 7 GROUP BY ALL
     ), usual AS (
       SELECT h, median(n) AS usual,
         coalesce(avg((n = 0)::INTEGER) FILTER (NOT (${anyDay})), 0) AS empty
       FROM sundays GROUP BY h
     )
     SELECT h, any_value(empty) AS empty, ${counts.join(', ')} FROM sundays JOIN usual USING (h)
     WHERE usual >= 1 AND year(sunday) >= ${SAME_RULES} GROUP BY h`,
  );
  const at = (place: string, hour: ChangedHour) => {
    const found = rows.find(({ h }) => Number(h) === hour);
    const of = (what: string) => Number(found?.[`${place}_${what}`] ?? 0);
    const empty = Number(found?.empty ?? 0);
    return { skipped: of('skipped'), present: of('present'), empty };
  };
  const all = days.map(([place]) => [place, { 1: at(place, 1), 2: at(place, 2), 3: at(place, 3) }]);
  return Object.fromEntries(all) as ClockChanges;
}
