/**
 * Purpose: the counting of events as one SQL text that DuckDB, Trino and Athena read alike: the
 * same rules as interval-sql.ts, which says them in the way that is fastest on one machine
 * (docs/decisions/0027).
 * Invariants: engines differ in what a SqlDialect names, and in nothing else; the raw rows are
 * named once in a statement, for Trino reads a relation as often as it is named; whole numbers stay
 * whole (an exact division by two of an even number is the only one).
 * Fails: SOURCE_INVALID for a domain whose expressions only DuckDB reads, or whose rows are values
 * in file order.
 */
import type { Domain, RawPart, RawRows } from '../../../../domains/domain.ts';
import { sqlName, sqlText } from '../../../../platform/duckdb/sql.ts';
import { HeadwayError } from '../../../../platform/errors.ts';
import { gridOrigin, hasKeySql, reasonNameSql } from '../interval-rules.ts';
import { type ClockSegment, UNFINISHED } from '../local-time.ts';

/**
 * Where the raw rows are is all that had to differ: the rest is written in SQL that both engines
 * know.
 */
export interface SqlDialect {
  readonly name: string;
  /** The raw rows of one part, as a relation. */
  relation(part: Pick<RawPart, 'name' | 'feed'>, rows: Pick<RawRows, 'relation'>): string;
}

export const duckdbDialect: SqlDialect = {
  name: 'duckdb',
  relation: (_part, rows) => rows.relation,
};

/**
 * Trino, and Athena's engine of version 3, which is one. A feed is the table of its name in the
 * session's catalog and schema, over a folder of files; a part is the file of its name in it.
 */
export const trinoDialect: SqlDialect = {
  name: 'trino',
  relation: ({ name, feed }) =>
    `(SELECT * FROM ${sqlName(feed)} WHERE substr("$path", -${[...name].length + 1}) = ` +
    `${sqlText(`/${name}`)})`,
};

export interface PortablePart {
  readonly dialect: SqlDialect;
  readonly domain: Domain;
  readonly gridTimeZone?: string;
  readonly part: Pick<RawPart, 'name' | 'feed'>;
  readonly rows: RawRows;
}

/**
 * Columns: day (since 1970, by the local clock; NULL for rows that are not usable), row_count,
 * first_ms, last_ms (starts of the first and last local interval). Days are in their order.
 */
export const probeStatement = (query: PortablePart): string => `
SELECT CAST(floor(local_ms / 86400000e0) AS INTEGER) AS day, count(*) AS row_count,
  min(local_ms) AS first_ms, max(local_ms) AS last_ms
FROM (
  SELECT CASE WHEN hw_reason IS NULL THEN ${bucketOf(query)} END AS local_ms
  FROM ${judged(query)} AS judged
) AS usable
GROUP BY 1
ORDER BY 1`;

/**
 * Columns: reason (NULL: used), series_id, utc_ms, target, row_count (raw rows of this reason),
 * duplicates (further ones, of an event that was counted before); of what was used one row for a
 * series and UTC interval, in their order, of the rest one row a reason, or a reason and UTC
 * interval where that is not over.
 */
export function countStatement(query: PortablePart, segments: readonly ClockSegment[]): string {
  const half = (sign: string) => `(c.used ${sign} mod(c.used, 2)) / 2`;
  return `
WITH clock (first_ms, past_ms, shift_ms, turn, turns, lost) AS (
  VALUES
${clockRows(segments)}
),
${query.rows.duplicateKey.length > 0 ? countedOnce(query) : countedAll(query)},
placed AS (
  SELECT coalesce(c.reason, k.lost) AS reason,
    CASE WHEN k.lost IS NULL THEN c.series END AS series,
    CASE WHEN k.lost IS NULL OR k.lost = '${UNFINISHED}' THEN c.local_ms - k.shift_ms
      END AS utc_ms,
    CASE WHEN k.turns = 1 THEN c.used WHEN k.turn = 1 THEN ${half('+')}
      ELSE ${half('-')} END AS amount,
    CASE WHEN k.turn > 1 THEN 0 WHEN c.reason IS NULL THEN c.used ELSE c.n END AS row_count,
    CASE WHEN k.turn = 1 AND c.reason IS NULL THEN c.n - c.used ELSE 0 END AS duplicates
  FROM counted AS c
  JOIN clock AS k ON (c.reason IS NOT NULL AND k.turn = 0)
    OR (c.reason IS NULL AND k.turn > 0 AND c.local_ms >= k.first_ms AND c.local_ms < k.past_ms)
)
SELECT reason, CAST(series AS VARCHAR) AS series_id, utc_ms, CAST(sum(amount) AS DOUBLE) AS target,
  CAST(sum(row_count) AS BIGINT) AS row_count, CAST(sum(duplicates) AS BIGINT) AS duplicates
FROM placed
GROUP BY reason, series, utc_ms
ORDER BY reason, series, utc_ms`;
}

/** Columns: one a range: usable rows outside it. */
export function outsideStatement(query: PortablePart, outside: readonly string[]): string {
  const counts = outside.map(
    (condition, index) => `count(*) FILTER (WHERE ${condition}) AS n${index}`,
  );
  return `
SELECT ${counts.join(', ')}
FROM ${judged(query)} AS judged
WHERE hw_reason IS NULL`;
}

/** Each row is an event. */
const countedAll = (query: PortablePart): string => `counted AS (
  SELECT hw_reason AS reason, ${usable(query.rows.seriesId)} AS series,
    ${usable(bucketOf(query))} AS local_ms,
    count(*) AS n, count(*) FILTER (WHERE hw_reason IS NULL) AS used
  FROM ${judged(query)} AS judged
  GROUP BY 1, 2, 3
)`;

/** Rows that agree in the key are one event: that of the earliest interval, then series. */
function countedOnce(query: PortablePart): string {
  const { seriesId, duplicateKey } = query.rows;
  const names = duplicateKey.map((_, index) => `k${index}`);
  const keys = duplicateKey.map((column, index) => `${usable(column)} AS ${names[index]}`);
  return `keyed AS (
  SELECT hw_reason AS reason, ${usable(seriesId)} AS series, ${usable(bucketOf(query))} AS local_ms,
    ${keys.join(', ')}, ${hasKeySql(duplicateKey)} AS has_key, count(*) AS n
  FROM ${judged(query)} AS judged
  GROUP BY ${Array.from({ length: 4 + names.length }, (_, index) => index + 1).join(', ')}
),
ranked AS (
  SELECT reason, series, local_ms, n, has_key,
    row_number() OVER (PARTITION BY reason, ${names.join(', ')} ORDER BY local_ms, series) AS place
  FROM keyed
),
counted AS (
  SELECT reason, series, local_ms, sum(n) AS n,
    sum(CASE WHEN reason IS NOT NULL THEN 0 WHEN NOT has_key THEN n WHEN place = 1 THEN 1
      ELSE 0 END) AS used
  FROM ranked
  GROUP BY 1, 2, 3
)`;
}

const usable = (expression: string): string => `CASE WHEN hw_reason IS NULL THEN ${expression} END`;

/** Of characters, where an engine has no other: a longer id fails at the commit. */
const byteLength = (text: string): string => `length(${text})`;

function judged({ dialect, domain, part, rows }: PortablePart): string {
  requirePortable(dialect, part, rows);
  return (
    `(SELECT *, ${reasonNameSql(domain, rows, { byteLength })} AS hw_reason FROM ` +
    `${dialect.relation(part, rows)} AS raw)`
  );
}

function bucketOf({ domain, gridTimeZone, rows }: PortablePart): string {
  const local = `date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00', ${rows.localTime})`;
  return (
    `${local} - mod(${local} + ${gridOrigin(domain, gridTimeZone).local}, ` +
    `${domain.frequencyMinutes * 60_000})`
  );
}

/** The first row is for raw rows that were rejected and so have no interval. */
const clockRows = (segments: readonly ClockSegment[]): string =>
  [
    "(0, 0, 0, 0, 0, 'rejected')",
    ...segments.map(
      ({ first, past, shift, turn, turns, lost }) =>
        `(${first}, ${past}, ${shift}, ${turn}, ${turns}, ` +
        `${lost === null ? 'NULL' : sqlText(lost)})`,
    ),
  ]
    .map((row) => `    ${row}`)
    .join(',\n');

/**
 * What DuckDB reads and Trino does not, as far as domains have use for it. A text that passes may
 * still be refused by the engine.
 */
const DUCKDB_ONLY =
  /::|\/\/|\b(read_(parquet|csv|json)\w*|try_strptime|strptime|strftime|epoch_ms|make_timestamp|list_\w+|struct_\w+|regexp_matches)\s*\(|INTERVAL\s+\d|\bQUALIFY\b/i;

/** Throws where another engine could not read the rows, or would read them otherwise. */
function requirePortable(
  dialect: SqlDialect,
  { name }: Pick<RawPart, 'name'>,
  rows: RawRows,
): void {
  if (rows.value !== null) {
    throw new HeadwayError(
      'SOURCE_INVALID',
      'rows that carry values are distinguished by their order in the file, which a table ' +
        'does not keep',
      {
        where: name,
        fix:
          'Use the embedded engine (leave --engine out): only counted events go to ' +
          'another engine.',
      },
    );
  }
  if (rows.instant !== undefined) {
    throw new HeadwayError('SOURCE_INVALID', 'only the embedded engine reads rows with instants', {
      where: name,
      fix: 'Leave --engine out.',
    });
  }
  if (dialect.name === duckdbDialect.name) return;
  const expressions = [
    rows.seriesId,
    rows.localTime,
    ...rows.duplicateKey,
    ...rows.rejections.map(({ when }) => when),
  ];
  const found = expressions.find((expression) => DUCKDB_ONLY.test(withoutText(expression)));
  if (found === undefined) return;
  throw new HeadwayError(
    'SOURCE_INVALID',
    `only DuckDB reads the expression ${JSON.stringify(found.slice(0, 120))} of this source`,
    {
      where: name,
      fix:
        "Write it in standard SQL in the domain's source (CAST, TRY_CAST, INTERVAL '1' " +
        'HOUR), or leave --engine out.',
    },
  );
}

/** Without literals and quoted names, in which anything may stand. */
const withoutText = (sql: string): string =>
  sql.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, (text) => text[0]! + text[0]!);
