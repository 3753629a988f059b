/**
 * Purpose: raw rows of one part → values per series and UTC interval, as one Parquet file, with an
 * account of every row.
 * Invariants: rowsIn = rowsUsed + Σ rejected, or nothing is returned; the first reason that applies
 * counts; events are conserved (a repeated local hour shares its events between its two UTC hours,
 * larger half first); an interval of demand that is not over when the rows are read is left out
 * (unfinished.ts); memory is capped, DuckDB spills.
 * Fails: RAW_FILE_INVALID where rows cannot be read or none is usable, STORE_FULL, SETTINGS_INVALID
 * (memory, frequency).
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Domain, RawPart, RawRows } from '../../../domains/domain.ts';
import { rowsOf } from '../../../platform/duckdb/duckdb.ts';
import { sqlFilename } from '../../../platform/duckdb/sql.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import {
  countOutside,
  kindOf,
  type ProfileOptions,
  type RawProfile,
  type RawSessionOptions,
  withRawPart,
} from '../sources/raw-part.ts';
import {
  gridOrigin,
  offGrid,
  reasonsOf,
  requireRegularGrid,
  requireUsableRows,
} from './interval-rules.ts';
import {
  aggregateValues,
  countEvents,
  type IntervalRules,
  type IntervalStatements,
  measureValues,
  utcLane,
} from './interval-sql.ts';
import { type IsolatedTimes, isolatedTimes } from './isolated-times.ts';
import { clockStretches, gridPhase, UNFINISHED } from './local-time.ts';
import { committedSpan, knownUntil, type Unfinished, unfinishedIn } from './unfinished.ts';

const DAY_MS = 86_400_000;
/** All times that a usable row may state. */
const LANE_TIMES = { first: Date.UTC(1890, 0, 1), past: Date.UTC(2210, 0, 1) };

export interface AggregateOptions extends RawSessionOptions {
  readonly domain: Domain;
  /**
   * The time zone that intervals are aligned to. If it is not the domain's, times of rows are in
   * UTC.
   */
  readonly gridTimeZone?: string;
  readonly rows: RawRows;
  /** Where the Parquet file goes. */
  readonly path: string;
  /** The time of the run: what becomes known, and which intervals are over by then. */
  readonly availableAt: number;
}

export interface AggregatedPart {
  readonly part: RawPart;
  readonly path: string;
  readonly rows: number;
  /** Empty where no interval of the part is over: there is nothing to commit. */
  readonly span: { readonly start: number; readonly end: number };
  /** What was left out because it is not over; null where there is nothing. */
  readonly unfinished: Unfinished | null;
  readonly rowsIn: number;
  readonly rowsUsed: number;
  readonly rejected: Record<string, number>;
  /** Rows far from the others in time; null where there are none. */
  readonly isolated: IsolatedTimes | null;
}

/**
 * The port of SQL engines that read the raw rows of demand: the embedded one, or a cluster
 * (engines/query-engine.ts). All give the same parts, bit for bit, and the same accounts. Exogenous
 * parts are small and always read by the embedded one.
 */
export interface PartEngine {
  aggregate(options: AggregateOptions): Promise<AggregatedPart>;
  countOutside(options: ProfileOptions): Promise<RawProfile['outside']>;
}

export async function aggregatePart(options: AggregateOptions): Promise<AggregatedPart> {
  requireRegularGrid(options.domain);
  return withRawPart(options, (connection) => aggregateWith(connection, options));
}

export const embeddedEngine: PartEngine = { aggregate: aggregatePart, countOutside };

async function aggregateWith(
  connection: DuckDBConnection,
  options: AggregateOptions,
): Promise<AggregatedPart> {
  const { domain, part, rows, path, availableAt } = options;
  const frequencyMs = domain.frequencyMinutes * 60_000;
  const isTextId = await checkTypes(connection, part, rows);
  const rowsIn = Number(
    (await rowsOf(connection, `SELECT count(*) AS n FROM ${rows.relation}`))[0].n,
  );

  const reasons = reasonsOf(domain, rows, { isTextId });
  const rules = { reasons, frequencyMs, origin: gridOrigin(domain, options.gridTimeZone) };
  const statements = statementsOf(rows, rules);
  for (const sql of statements.read) await connection.run(sql);
  const lane = utcLane(rules);
  const isolated = part.span === null ? await findIsolated(connection, statements, lane) : null;
  const until = knownUntil(options);
  await createClock(connection, { domain, part, lane, isolated, until });
  for (const sql of statements.place) await connection.run(sql);

  // Every way makes `hw_account` (reason or its number, both NULL for used, n) and `hw_values`
  // (series, utc, value).
  const account = await rowsOf(
    connection,
    'SELECT number, reason, sum(n)::BIGINT AS n FROM hw_account GROUP BY ALL ORDER BY ' +
      'number, reason',
  );
  let rowsUsed = 0;
  const rejected: Record<string, number> = {};
  for (const { number, reason, n } of account) {
    const name = number === null ? reason : reasons[Number(number)]?.reason;
    if (name === null) rowsUsed = Number(n);
    else if (Number(n) > 0) rejected[String(name)] = (rejected[String(name)] ?? 0) + Number(n);
  }
  const total = Object.values(rejected).reduce((sum, n) => sum + n, rowsUsed);
  if (total !== rowsIn) {
    throw new HeadwayError(
      'INTERNAL',
      `the account of ${part.name} does not balance: ${rowsIn} rows in, ${total} accounted for`,
    );
  }
  const unfinished =
    part.span === null
      ? await unfinishedRows(connection, frequencyMs)
      : unfinishedIn(part.span, until, frequencyMs);
  const isUnfinished = unfinished !== null;
  requireUsableRows({ part, rows, rowsIn, rowsUsed, rejected, isUnfinished });

  const written = await writeValues(
    connection,
    'hw_values ORDER BY series, utc',
    path,
    availableAt,
  );
  const known = part.span ?? (await spanOfValues(connection, frequencyMs));
  const span = committedSpan(known, unfinished);
  return { part, path, rows: written, span, unfinished, rowsIn, rowsUsed, rejected, isolated };
}

function statementsOf(rows: RawRows, rules: IntervalRules): IntervalStatements {
  const { value, aggregate } = rows;
  if (value === null && aggregate !== undefined)
    throw new HeadwayError('SETTINGS_INVALID', 'rows are aggregated, but no value is named', {
      where: `aggregate: ${JSON.stringify(aggregate)}`,
      fix: 'Name the column of the value, or leave out `aggregate`: rows are then counted.',
    });
  if (value === null) return countEvents(rows, rules);
  return aggregate === undefined
    ? measureValues(rows, value, rules)
    : aggregateValues(rows, value, aggregate, rules);
}

/**
 * The part's Parquet file, from a relation of (series, utc, value) in the order of its rows.
 * Returns how many there are.
 */
export async function writeValues(
  connection: DuckDBConnection,
  relation: string,
  path: string,
  availableAt: number,
): Promise<number> {
  // Sorted before it becomes text: sorting numbers is a third cheaper.
  const written = await connection.run(`
    COPY (
      SELECT CAST(series AS VARCHAR) AS series_id, make_timestamp(utc * 1000) AS timestamp,
        CAST(value AS DOUBLE) AS target, make_timestamp(${availableAt} * 1000) AS available_at
      FROM (SELECT * FROM ${relation})
    ) TO ${sqlFilename(path)} (FORMAT parquet, COMPRESSION zstd)`);
  return written.rowsChanged;
}

/** Null where there are none. */
async function spanOfValues(
  connection: DuckDBConnection,
  frequencyMs: number,
): Promise<{ start: number; end: number } | null> {
  const [found] = await rowsOf(
    connection,
    'SELECT min(utc) AS first, max(utc) AS last FROM hw_values',
  );
  if (found.first === null) return null;
  return { start: Number(found.first), end: Number(found.last) + frequencyMs };
}

/** Intervals with rows that are not over; of a repeated local interval the first. */
async function unfinishedRows(
  connection: DuckDBConnection,
  frequencyMs: number,
): Promise<Unfinished | null> {
  const [found] = await rowsOf(
    connection,
    `SELECT count(DISTINCT utc)::INTEGER AS n, min(utc) AS first, max(utc) AS last
     FROM (
       SELECT min(utc) AS utc FROM hw_instants WHERE unfinished AND NOT isolated GROUP BY local
     )`,
  );
  const intervals = Number(found.n);
  if (intervals === 0) return null;
  return { intervals, start: Number(found.first), end: Number(found.last) + frequencyMs };
}

/** Whether the ids are text. A local time that is an instant would be wrong by the offset of the time zone. */
async function checkTypes(
  connection: DuckDBConnection,
  part: RawPart,
  { relation, seriesId, localTime }: RawRows,
): Promise<boolean> {
  const [id, time] = await rowsOf(
    connection,
    `DESCRIBE SELECT ${seriesId} AS id, ${localTime} AS local_time FROM ${relation}`,
  );
  if (String(time.column_type) === 'TIMESTAMP WITH TIME ZONE') {
    throw new HeadwayError(
      'SOURCE_INVALID',
      `the local time of ${part.name} has a time zone: it is an instant`,
      {
        where: `${part.name}: ${localTime}`,
        fix: "Give it as RawRows.instant in the domain's source, and NULL as localTime.",
      },
    );
  }
  return kindOf(String(id.column_type)) !== 'number';
}

async function findIsolated(
  connection: DuckDBConnection,
  { usable }: IntervalStatements,
  { first, shift }: Lane,
): Promise<IsolatedTimes | null> {
  const days = await rowsOf(
    connection,
    `SELECT floor((${timeSql(first, shift)}) / ${DAY_MS}.0)::INTEGER AS day, sum(n)::DOUBLE AS n
     FROM (${usable}) GROUP BY day ORDER BY day`,
  );
  return isolatedTimes(days.map(({ day, n }) => ({ day: Number(day), rows: Number(n) })));
}

type Lane = ReturnType<typeof utcLane>;

/** A local time, or the UTC time of a row that states an instant. */
const timeSql = (first: number, shift: number): string =>
  `CASE WHEN local >= ${first} THEN local - ${shift} ELSE local END`;

interface ClockOptions {
  readonly domain: Domain;
  readonly part: RawPart;
  readonly lane: Lane;
  readonly isolated: IsolatedTimes | null;
  /** Intervals that start here or later are not over. */
  readonly until: number;
}

/**
 * `hw_clock`: for each local interval that occurs, the UTC intervals inside the part's span that it
 * can mean: none (skipped in spring, outside the span or not over), one, or two (repeated in
 * autumn), numbered in their order. Its middle decides: some places moved their clocks a minute
 * after midnight.
 */
async function createClock(
  connection: DuckDBConnection,
  { domain, part, lane, isolated, until }: ClockOptions,
): Promise<void> {
  const [range] = await rowsOf(
    connection,
    `SELECT min(local) AS first, max(local) AS last FROM hw_locals WHERE local < ${lane.first}`,
  );
  const frequencyMs = domain.frequencyMinutes * 60_000;
  // To the end of the last interval: its middle decides.
  const stretches =
    range.first === null
      ? []
      : clockStretches(domain.timeZone, Number(range.first), Number(range.last) + frequencyMs);
  if (gridPhase(domain.timeZone, frequencyMs, stretches) === null) throw offGrid(domain);
  await connection.run('CREATE TEMP TABLE hw_stretches (first BIGINT, past BIGINT, shift BIGINT)');
  const values = stretches.map(({ start, end, offset }) => `(${start}, ${end}, ${offset})`);
  values.push(`(${LANE_TIMES.first}, ${LANE_TIMES.past}, ${lane.shift})`);
  await connection.run(`INSERT INTO hw_stretches VALUES ${values.join(', ')}`);
  const inSpan = part.span
    ? `local - shift >= ${part.span.start} AND local - shift < ${part.span.end}`
    : 'true';
  const time = timeSql(lane.first, lane.shift);
  const { first, past } = isolated?.isRejected ? isolated.body : { first: 0, past: 0 };
  const isIsolated = isolated?.isRejected
    ? `(${time}) < ${first * DAY_MS} OR (${time}) >= ${past * DAY_MS}`
    : 'false';
  const isUnfinished = Number.isFinite(until) ? `local - shift >= ${until}` : 'false';
  const middle = `local + ${frequencyMs / 2} - shift`;
  await connection.run(`
    CREATE TEMP TABLE hw_instants AS
    SELECT local, local - shift AS utc, (${inSpan}) AS inside, (${isIsolated}) AS isolated,
      (${isUnfinished}) AS unfinished
    FROM hw_locals, hw_stretches WHERE ${middle} >= first AND ${middle} < past`);
  await connection.run(`
    CREATE TEMP TABLE hw_clock AS
    SELECT local, utc, row_number() OVER (PARTITION BY local ORDER BY utc) AS turn,
      count(*) OVER (PARTITION BY local) AS turns
    FROM hw_instants WHERE inside AND NOT isolated AND NOT unfinished`);
  await connection.run(`
    CREATE TEMP TABLE hw_lost AS
    SELECT local, CASE WHEN ${isIsolated} THEN 'isolated_time'
      WHEN local IN (SELECT local FROM hw_instants WHERE inside AND unfinished) THEN '${UNFINISHED}'
      WHEN local IN (SELECT local FROM hw_instants) THEN 'outside_span'
      ELSE 'nonexistent_local_time' END AS reason
    FROM hw_locals WHERE local NOT IN (SELECT local FROM hw_clock)`);
}
