/**
 * Purpose: the SQL of the two ways from rows to intervals: events are counted, values are measured.
 * Invariants: both read `hw_reason` (NULL: usable) and leave `hw_locals` (the local intervals that occur), then, with
 * `hw_clock` and `hw_lost` in place, `hw_values` and `hw_account`, where each raw row is counted once.
 * Fails: never; the statements may.
 */
import type { RawRows } from '../../domains/domain.ts';

export interface IntervalStatements {
  /** From the judged relation and the expression of a row's local interval, up to `hw_locals`. */
  read(judged: string, bucket: string): string[];
  /** From there to `hw_values` and `hw_account`. */
  readonly place: readonly string[];
}

const numbered = (names: readonly string[]): string[] => names.map((_, index) => `k${index}`);

const ACCOUNT_OF_EVENTS = `CREATE TEMP VIEW hw_account AS
  SELECT reason AS number, NULL AS reason, n FROM hw_events WHERE reason IS NOT NULL
  UNION ALL SELECT NULL, 'duplicate', n - used FROM hw_events WHERE reason IS NULL AND n > used
  UNION ALL SELECT NULL, hw_lost.reason, used FROM hw_events LEFT JOIN hw_lost USING (local) WHERE used > 0`;

/**
 * Each row is an event. One pass over the rows, grouped by what the domain's expression gives for the series and not by its text:
 * whole numbers group twice as fast as their names.
 */
export function countEvents(rows: RawRows): IntervalStatements {
  if (rows.duplicateKey.length > 0) return countEventsOnce(rows);
  return {
    read: (judged, bucket) => [
      `CREATE TEMP TABLE hw_groups AS
       SELECT hw_reason AS reason, CASE WHEN hw_reason IS NULL THEN ${rows.seriesId} END AS series,
         CASE WHEN hw_reason IS NULL THEN ${bucket} END AS local, count(*) AS n
       FROM ${judged} GROUP BY ALL`,
      'CREATE TEMP VIEW hw_events AS SELECT *, CASE WHEN reason IS NULL THEN n ELSE 0 END AS used FROM hw_groups',
      'CREATE TEMP TABLE hw_locals AS SELECT DISTINCT local FROM hw_groups WHERE reason IS NULL',
    ],
    place: [placedEvents('hw_groups WHERE reason IS NULL', 'n'), ACCOUNT_OF_EVENTS],
  };
}

/** `hw_values` from groups of one row for a series and local interval: a repeated hour shares its events between its two. */
const placedEvents = (groups: string, used: string): string => `
  CREATE TEMP VIEW hw_values AS
  SELECT series, utc, value FROM (
    SELECT series, utc, CASE WHEN turns = 1 THEN used WHEN turn = 1 THEN (used + 1) // 2 ELSE used // 2 END AS value
    FROM (SELECT series, local, ${used} AS used FROM ${groups}) JOIN hw_clock USING (local)
  ) WHERE value > 0`;

/**
 * Rows that tell the same event twice are found in two steps: rows whose key's 64-bit hash occurs more than once are suspects, and
 * only suspects are compared by the key itself. So a collision costs a little and rejects nothing.
 */
function countEventsOnce(rows: RawRows): IntervalStatements {
  const key = rows.duplicateKey;
  const names = numbered(key);
  const hash = `hash(${key.join(', ')})`;
  return {
    read: (judged, bucket) => [
      `CREATE TEMP TABLE hw_suspects AS
       SELECT ${hash} AS h FROM ${judged} WHERE hw_reason IS NULL GROUP BY h HAVING count(*) > 1`,
      `CREATE TEMP TABLE hw_groups AS
       WITH seen AS (
         SELECT hw_reason AS reason,
           CASE WHEN hw_reason IS NULL THEN ${rows.seriesId} END AS series,
           CASE WHEN hw_reason IS NULL THEN ${bucket} END AS local,
           CASE WHEN hw_reason IS NULL THEN ${hash} END AS h
           ${key.map((column, index) => `, ${column} AS ${names[index]}`).join('')}
         FROM ${judged}
       )
       SELECT reason, series, local, s.h IS NOT NULL AS suspect
         ${names.map((name) => `, CASE WHEN s.h IS NOT NULL THEN ${name} END AS ${name}`).join('')}, count(*) AS n
       FROM seen LEFT JOIN hw_suspects s ON seen.h = s.h
       GROUP BY ALL`,
      `CREATE TEMP TABLE hw_events AS
       SELECT reason, series, local, n, CASE WHEN reason IS NOT NULL THEN 0 ELSE n END AS used FROM hw_groups WHERE NOT suspect
       UNION ALL
       SELECT reason, series, local, n,
         CASE WHEN row_number() OVER (PARTITION BY ${names.join(', ')} ORDER BY local, series) = 1 THEN 1 ELSE 0 END
       FROM hw_groups WHERE suspect`,
      'CREATE TEMP TABLE hw_locals AS SELECT DISTINCT local FROM hw_events WHERE used > 0',
    ],
    place: [placedEvents('hw_events WHERE used > 0 GROUP BY series, local', 'sum(used)::BIGINT'), ACCOUNT_OF_EVENTS],
  };
}

/**
 * Each row is a value of one interval. In the repeated hour the first row in file order is the first of the two hours, the
 * second the second. A further row for an interval that has its value is a `duplicate` if it says the same and a
 * `conflicting_value` if not; the earlier row stands.
 */
export function measureValues(rows: RawRows, value: string): IntervalStatements {
  const key = rows.duplicateKey;
  const names = numbered(key);
  const again = key.length > 0 ? `row_number() OVER (PARTITION BY reason, ${names.join(', ')} ORDER BY line) > 1` : 'false';
  return {
    read: (judged, bucket) => [
      `CREATE TEMP TABLE hw_lines AS
       SELECT row_number() OVER () AS line, hw_reason AS reason,
         CASE WHEN hw_reason IS NULL THEN ${rows.seriesId} END AS series,
         CASE WHEN hw_reason IS NULL THEN ${bucket} END AS local,
         CASE WHEN hw_reason IS NULL THEN ${value} END AS value
         ${key.map((column, index) => `, ${column} AS ${names[index]}`).join('')}
       FROM ${judged}`,
      `CREATE TEMP TABLE hw_measured AS
       SELECT line, series, local, value, reason, reason IS NULL AND ${again} AS again FROM hw_lines`,
      'CREATE TEMP TABLE hw_locals AS SELECT DISTINCT local FROM hw_measured WHERE reason IS NULL AND NOT again',
    ],
    place: [
      `CREATE TEMP TABLE hw_turns AS
       SELECT line, series, local, value, row_number() OVER (PARTITION BY series, local ORDER BY line) AS turn
       FROM hw_measured WHERE reason IS NULL AND NOT again`,
      `CREATE TEMP TABLE hw_values AS
       SELECT series, utc, value, local FROM hw_turns JOIN hw_clock USING (local, turn)`,
      `CREATE TEMP TABLE hw_account AS
       SELECT reason AS number, NULL AS reason, count(*) AS n FROM hw_measured WHERE reason IS NOT NULL GROUP BY ALL
       UNION ALL SELECT NULL, 'duplicate', count(*) FROM hw_measured WHERE again
       UNION ALL SELECT NULL, NULL, count(*) FROM hw_values
       UNION ALL SELECT NULL, hw_lost.reason, count(*) FROM hw_turns JOIN hw_lost USING (local) GROUP BY hw_lost.reason
       UNION ALL
       SELECT NULL, CASE WHEN EXISTS (
           FROM hw_values v WHERE v.series = late.series AND v.local = late.local AND v.value = late.value
         ) THEN 'duplicate' ELSE 'conflicting_value' END, 1
       FROM (
         SELECT series, local, value FROM hw_turns ANTI JOIN hw_clock USING (local, turn) WHERE local NOT IN (SELECT local FROM hw_lost)
       ) late`,
    ],
  };
}
