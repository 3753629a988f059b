/**
 * Purpose: a time that stands in a text column, as SQL: local wall-clock time, or an instant where
 * the text states its difference from UTC.
 * Invariants: read are a date, and a date with a time after a space or a T, to the minute, second
 * or fraction, with or without Z, UTC or an offset; 24:00 is the next day's 00:00. Of any other
 * text both are NULL; an offset is never dropped.
 * Fails: never.
 */
import { sqlText } from './sql.ts';

const MINUTE = '\\d{4}-\\d{2}-\\d{2}[ T]\\d{2}:\\d{2}';
const SECOND = ':\\d{2}(?:[.]\\d+)?';
const OFFSET = 'Z|z|UTC|[+-]\\d{2}(?::?\\d{2})?';
const LOCAL = sqlText(`\\d{4}-\\d{2}-\\d{2}|${MINUTE}(${SECOND})?`);
const INSTANT = sqlText(`^(${MINUTE})(${SECOND})? ?(${OFFSET})$`);

export interface TimeSql {
  /** TIMESTAMP; NULL where the text states an instant. */
  readonly localTime: string;
  /** TIMESTAMP in UTC; NULL where the text states a local time. */
  readonly instant: string;
  /** BOOLEAN: whether it states neither. */
  readonly isBad: string;
}

/**
 * Long expressions: a relation that has them as columns evaluates them once for each row.
 * @param column SQL of a VARCHAR
 */
export function timeSql(column: string): TimeSql {
  const isLocal = `regexp_full_match(${column}, ${LOCAL})`;
  const localTime = `(CASE WHEN ${isLocal} THEN try_cast(${column} AS TIMESTAMP) END)`;
  const [minute, second, offset] = [1, 2, 3].map(
    (group) => `regexp_extract(${column}, ${INSTANT}, ${group})`,
  );
  // As the engine reads it: with seconds, and Z or an offset right after them.
  const text =
    `${minute} || CASE ${second} WHEN '' THEN ':00' ELSE ${second} END || ` +
    `CASE WHEN ${offset} IN ('z', 'UTC') THEN 'Z' ELSE ${offset} END`;
  // Most rows of most files are local: they cost one pattern.
  const instant =
    `(CASE WHEN NOT ${isLocal} THEN ` + `try_cast(${text} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' END)`;
  return { localTime, instant, isBad: `(${localTime} IS NULL AND ${instant} IS NULL)` };
}
