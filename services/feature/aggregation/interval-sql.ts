/**
 * Purpose: the SQL of the ways from rows to intervals: events are counted, values are measured, one
 * an interval or several that make one.
 * Invariants: all judge a row by the first reason that applies, evaluate its series and time only
 * where none does, and make `hw_locals` (the local intervals that occur), then, with `hw_clock`
 * and `hw_lost` in place, `hw_values` and `hw_account`, where each raw row is counted once. Rows
 * that state an instant have "local" intervals of their own, UTC_LANE intervals later, each of
 * which is one UTC interval.
 * Fails: never; the statements may.
 */
import type { RawRows } from '../../../domains/domain.ts';
import { duplicateStatements } from './duplicates.ts';
import { type GridOrigin, hasKeySql } from './interval-rules.ts';

/** More minutes than there are between the earliest time and the latest; with them an INTEGER. */
const UTC_LANE = 1_000_000_000;

export interface IntervalStatements {
  /** The statements up to `hw_locals`. */
  readonly read: readonly string[];
  /** Query of usable rows (local, n). */
  readonly usable: string;
  /** The statements from there to `hw_values` and `hw_account`. */
  readonly place: readonly string[];
}

/** How rows are judged, and where their intervals start. */
export interface IntervalRules {
  /** In the order in which they apply. */
  readonly reasons: RawRows['rejections'];
  readonly frequencyMs: number;
  readonly origin: GridOrigin;
}

/** The local times of rows that state an instant: from `first` on; UTC = local − `shift`. */
export const utcLane = ({ origin, frequencyMs }: Omit<IntervalRules, 'reasons'>) => ({
  first: UTC_LANE * frequencyMs - origin.local,
  shift: UTC_LANE * frequencyMs - origin.local + origin.utc,
});

const numbered = (names: readonly string[]): string[] => names.map((_, index) => `k${index}`);

/** The number of a row's local interval, counted from the origin. */
function intervalSql({ localTime, instant }: RawRows, rules: IntervalRules): string {
  const { origin, frequencyMs } = rules;
  const local = `(epoch_ms(${localTime}) + ${origin.local}) // ${frequencyMs}`;
  if (instant === undefined) return local;
  return (
    `CASE WHEN (${instant}) IS NULL THEN ${local} ` +
    `ELSE (epoch_ms(${instant}) + ${origin.utc}) // ${frequencyMs} + ${UTC_LANE} END`
  );
}

const ACCOUNT_OF_EVENTS = `CREATE TEMP VIEW hw_account AS
  SELECT -1 - hw_interval AS number, NULL AS reason, n FROM hw_groups WHERE hw_interval < 0
  UNION ALL SELECT NULL, 'duplicate', n - used FROM hw_used WHERE n > used
  UNION ALL SELECT NULL, hw_lost.reason, used FROM hw_locals LEFT JOIN hw_lost USING (local)`;

/**
 * Each row is an event. One pass over the rows, grouped by as little as possible: by what the
 * domain's expression gives for the series and not by its text, because whole numbers group twice
 * as fast as their names; and by one INTEGER for the interval or, below zero, the reason why the
 * row has none.
 */
export function countEvents(rows: RawRows, rules: IntervalRules): IntervalStatements {
  const reasons = rules.reasons
    .map(({ when }, number) => `WHEN ${when} THEN ${-1 - number}`)
    .join(' ');
  const judged = (relation: string): string =>
    `(SELECT *, CASE ${reasons} ELSE (${intervalSql(rows, rules)})::INTEGER END AS ` +
    `hw_interval FROM ${relation})`;
  const series = `CASE WHEN hw_interval >= 0 THEN ${rows.seriesId} END AS series`;
  const isOnce = rows.duplicateKey.length > 0;
  const used = isOnce ? 'n - coalesce(again, 0)' : 'n';
  const again = isOnce ? 'LEFT JOIN hw_again USING (series, hw_interval)' : '';
  // A repeated hour shares its events between its two.
  const placed = `
    SELECT series, utc, value FROM (
      SELECT series, utc, CASE WHEN turns = 1 THEN used WHEN turn = 1 THEN (used + 1) // 2
        ELSE used // 2 END AS value
      FROM hw_events JOIN hw_clock USING (local) WHERE used > 0
    ) WHERE value > 0`;
  return {
    read: [
      `CREATE TEMP TABLE hw_groups AS
       SELECT ${series}, hw_interval, count(*) AS n FROM ${judged(rows.relation)} GROUP BY ALL`,
      ...(isOnce ? duplicateStatements(rows, judged, series) : []),
      `CREATE TEMP VIEW hw_events AS
       SELECT series, hw_interval::BIGINT * ${rules.frequencyMs} - ${rules.origin.local} AS local,
         n, ${used} AS used
       FROM hw_groups ${again} WHERE hw_interval >= 0`,
      `CREATE TEMP TABLE hw_used AS
       SELECT local, sum(n)::BIGINT AS n, sum(used)::BIGINT AS used FROM hw_events GROUP BY local`,
      'CREATE TEMP VIEW hw_locals AS SELECT local, used FROM hw_used WHERE used > 0',
    ],
    usable: 'SELECT local, n FROM hw_used',
    place: [
      // Local times and instants may mean one interval.
      rows.instant === undefined
        ? `CREATE TEMP VIEW hw_values AS ${placed}`
        : `CREATE TEMP VIEW hw_values AS
           SELECT series, utc, sum(value)::BIGINT AS value FROM (${placed}) GROUP BY series, utc`,
      ACCOUNT_OF_EVENTS,
    ],
  };
}

/** The first reason that applies, as its number. NULL: usable. */
function reasonSql(reasons: RawRows['rejections']): string {
  const cases = reasons.map(({ when }, number) => `WHEN ${when} THEN ${number}::USMALLINT`);
  return `CASE ${cases.join(' ')} END`;
}

/**
 * Each row is a value of one interval. In the repeated hour the first row in file order is the
 * first of the two hours, the second the second. A further row for an interval that has its value
 * is a `duplicate` if the values are equal and a `conflicting_value` if not: the earlier counts.
 */
export function measureValues(
  rows: RawRows,
  value: string,
  rules: IntervalRules,
): IntervalStatements {
  return {
    read: [
      ...linesOf(rows, value, rules),
      `CREATE TEMP TABLE hw_locals AS
       SELECT local, count(*) AS n FROM hw_measured WHERE reason IS NULL AND NOT again
       GROUP BY local`,
    ],
    usable: 'SELECT local, n FROM hw_locals',
    place: PLACE_VALUES,
  };
}

/**
 * The values of an interval are added up, or their mean is taken. The repeated hour shares its sum
 * between its two, and gives both its mean.
 */
export function aggregateValues(
  rows: RawRows,
  value: string,
  aggregate: NonNullable<RawRows['aggregate']>,
  rules: IntervalRules,
): IntervalStatements {
  const made = aggregate === 'sum' ? 'sum(total / turns)' : 'sum(total) / sum(n)';
  return {
    read: [
      ...linesOf(rows, value, rules),
      'CREATE TEMP TABLE hw_groups AS SELECT series, local, value AS total, 0::BIGINT AS n ' +
        'FROM hw_measured LIMIT 0',
      ...Array.from({ length: SLICES }, (_, slice) => groupSql(slice)),
      `CREATE TEMP TABLE hw_locals AS
       SELECT local, sum(n)::BIGINT AS n FROM hw_groups GROUP BY local`,
    ],
    usable: 'SELECT local, n FROM hw_locals',
    place: [
      // A local time and an instant may mean one interval.
      `CREATE TEMP VIEW hw_values AS
       SELECT series, utc, ${made} AS value FROM hw_groups JOIN hw_clock USING (local)
       GROUP BY series, utc`,
      `CREATE TEMP VIEW hw_account AS
       ${REJECTED_LINES}
       UNION ALL SELECT NULL, hw_lost.reason, n FROM hw_locals LEFT JOIN hw_lost USING (local)`,
    ],
  };
}

/** What the engine orders at a time: it keeps all groups of an ordered sum in memory. */
const SLICES = 16;

/** In file order: a sum of another order may differ in its last bits. */
const groupSql = (slice: number): string =>
  `INSERT INTO hw_groups
   SELECT series, local, sum(value ORDER BY line), count(*) FROM hw_measured
   WHERE reason IS NULL AND NOT again AND hash(series, local) % ${SLICES} = ${slice}
   GROUP BY series, local`;

/** The rows with their values, in file order, as `hw_measured`. */
function linesOf(rows: RawRows, value: string, rules: IntervalRules): string[] {
  const key = rows.duplicateKey;
  const names = numbered(key);
  const local = `(${intervalSql(rows, rules)}) * ${rules.frequencyMs} - ${rules.origin.local}`;
  const judged = `(SELECT *, ${reasonSql(rules.reasons)} AS hw_reason FROM ${rows.relation})`;
  const again =
    key.length > 0
      ? `${hasKeySql(names)} AND ` +
        `row_number() OVER (PARTITION BY reason, ${names.join(', ')} ORDER BY line) > 1`
      : 'false';
  return [
    `CREATE TEMP TABLE hw_lines AS
     SELECT row_number() OVER () AS line, hw_reason AS reason,
       CASE WHEN hw_reason IS NULL THEN ${rows.seriesId} END AS series,
       CASE WHEN hw_reason IS NULL THEN ${local} END AS local,
       CASE WHEN hw_reason IS NULL THEN ${value} END AS value
       ${key.map((column, index) => `, ${column} AS ${names[index]}`).join('')}
     FROM ${judged}`,
    `CREATE TEMP TABLE hw_measured AS
     SELECT line, series, local, value, reason, reason IS NULL AND ${again} AS again
     FROM hw_lines`,
  ];
}

const REJECTED_LINES = `SELECT reason AS number, NULL AS reason, count(*) AS n
   FROM hw_measured WHERE reason IS NOT NULL GROUP BY ALL
   UNION ALL SELECT NULL, 'duplicate', count(*) FROM hw_measured WHERE again`;

const PLACE_VALUES = [
  `CREATE TEMP TABLE hw_turns AS
   SELECT line, series, local, value,
     row_number() OVER (PARTITION BY series, local ORDER BY line) AS turn
   FROM hw_measured WHERE reason IS NULL AND NOT again`,
  // A local time and an instant may mean one interval: the earlier row counts.
  `CREATE TEMP TABLE hw_values AS
   SELECT line, series, utc, value, local FROM hw_turns JOIN hw_clock USING (local, turn)
   QUALIFY row_number() OVER (PARTITION BY series, utc ORDER BY line) = 1`,
  `CREATE TEMP TABLE hw_late AS
   SELECT late.series, late.local, late.value, hw_clock.utc
   FROM (
     SELECT * FROM hw_turns ANTI JOIN hw_values USING (line)
     WHERE local NOT IN (SELECT local FROM hw_lost)
   ) AS late LEFT JOIN hw_clock USING (local, turn)`,
  `CREATE TEMP TABLE hw_account AS
   ${REJECTED_LINES}
   UNION ALL SELECT NULL, NULL, count(*) FROM hw_values
   UNION ALL SELECT NULL, hw_lost.reason, count(*)
     FROM hw_turns JOIN hw_lost USING (local) GROUP BY hw_lost.reason
   UNION ALL
   SELECT NULL, CASE WHEN EXISTS (
       FROM hw_values v WHERE v.series = late.series AND v.value = late.value
         AND (v.local = late.local OR v.utc = late.utc)
     ) THEN 'duplicate' ELSE 'conflicting_value' END, 1
   FROM hw_late AS late`,
];
