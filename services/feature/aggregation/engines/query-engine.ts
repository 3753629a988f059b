/**
 * Purpose: aggregate one raw part by the portable text on an engine that runs queries, and write
 * the result as the same Parquet part that the embedded engine writes.
 * Invariants: two statements, one scan of the raw rows each: the first says how many rows and which
 * local times there are, the second counts them; rowsIn of the first = rowsUsed + Σ rejected of the
 * second, or nothing is returned.
 * Fails: SOURCE_UNAVAILABLE where the rows changed between the two; RAW_FILE_INVALID where none is
 * usable; SETTINGS_INVALID; SOURCE_INVALID; and as the engine fails.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { rowArraysOf, withDuckDB } from '../../../../platform/duckdb/duckdb.ts';
import { HeadwayError } from '../../../../platform/errors.ts';
import { outsideSql } from '../../sources/raw-part.ts';
import {
  type AggregatedPart,
  type AggregateOptions,
  type PartEngine,
  writeValues,
} from '../aggregate.ts';
import { offGrid, reasonsOf, requireRegularGrid, requireUsableRows } from '../interval-rules.ts';
import { type DayRows, type IsolatedTimes, isolatedTimes } from '../isolated-times.ts';
import {
  type ClockSegment,
  clockSegments,
  clockStretches,
  gridPhase,
  UNFINISHED,
} from '../local-time.ts';
import {
  committedSpan,
  knownUntil,
  type ReadAt,
  type Unfinished,
  unfinishedIn,
} from '../unfinished.ts';
import {
  countStatement,
  duckdbDialect,
  outsideStatement,
  type PortablePart,
  probeStatement,
  type SqlDialect,
} from './portable-sql.ts';

const DAY_MS = 86_400_000;

export interface QueryEngine {
  readonly dialect: SqlDialect;
  /** Rows as arrays in the order of the columns; whole numbers as numbers, text or bigint. */
  query(sql: string): AsyncIterable<readonly unknown[]>;
}

/** The portable text on the embedded engine: to see what it says, and that it says the same. */
export const embeddedQueries = (
  connection: DuckDBConnection,
  dialect: SqlDialect = duckdbDialect,
): QueryEngine => ({
  dialect,
  query: (sql) => rowArraysOf(connection, sql),
});

export const queryingEngine = (engine: QueryEngine): PartEngine => ({
  aggregate: (options) => aggregateByQuery(engine, options),
  async countOutside(options) {
    const ranges = options.rows.ranges ?? [];
    if (ranges.length === 0) return [];
    const statement = outsideStatement(
      { ...options, dialect: engine.dialect },
      ranges.map(outsideSql),
    );
    for await (const counts of engine.query(statement)) {
      return ranges.map(({ name }, index) => ({ range: name, rows: Number(counts[index]) }));
    }
    return [];
  },
});

export interface Probe {
  readonly rowsIn: number;
  /** Of usable rows; null where there is none. */
  readonly range: { readonly first: number; readonly last: number } | null;
  /** Of usable rows. */
  readonly days: readonly DayRows[];
}

export async function aggregateByQuery(
  engine: QueryEngine,
  options: AggregateOptions,
): Promise<AggregatedPart> {
  const { domain, part, path, availableAt, tempFolder, memoryLimitMb } = options;
  requireRegularGrid(domain);
  const query: PortablePart = { ...options, dialect: engine.dialect };
  const { rowsIn, range, days } = await probe(engine, query);
  const isolated = part.span === null ? isolatedTimes(days) : null;
  const segments = withoutIsolated(segmentsOf(options, range), isolated);
  const statement = countStatement(query, segments);
  const account = { rowsUsed: 0, rejected: {} as Record<string, number> };
  const frequencyMs = domain.frequencyMinutes * 60_000;
  return withDuckDB({ memoryLimitMb, tempFolder, threads: 2 }, async (connection) => {
    const values = await collect(connection, engine.query(statement), account, frequencyMs);
    const { rowsUsed } = account;
    const rejected = inOrder(account.rejected, reasonsOf(domain, options.rows));
    const total = Object.values(rejected).reduce((sum, n) => sum + n, rowsUsed);
    if (total !== rowsIn) throw changed(part.name, rowsIn, total);
    const unfinished =
      part.span === null
        ? values.unfinished
        : unfinishedIn(part.span, knownUntil(options), frequencyMs);
    const isUnfinished = unfinished !== null;
    requireUsableRows({ part, rows: options.rows, rowsIn, rowsUsed, rejected, isUnfinished });
    const written = await writeValues(connection, 'hw_values ORDER BY line', path, availableAt);
    const span = committedSpan(part.span ?? values.span, unfinished);
    return { part, path, rows: written, span, unfinished, rowsIn, rowsUsed, rejected, isolated };
  });
}

export async function probe(engine: QueryEngine, query: PortablePart): Promise<Probe> {
  const days: DayRows[] = [];
  let rowsIn = 0;
  const times: number[] = [];
  for await (const [day, count, first, last] of engine.query(probeStatement(query))) {
    rowsIn += Number(count);
    if (day === null) continue;
    days.push({ day: Number(day), rows: Number(count) });
    times.push(Number(first), Number(last));
  }
  const range = times.length > 0 ? { first: times[0]!, last: times.at(-1)! } : null;
  return { rowsIn, range, days };
}

/** Local times outside the body of a part are lost, and say why. */
function withoutIsolated(
  segments: readonly ClockSegment[],
  isolated: IsolatedTimes | null,
): readonly ClockSegment[] {
  if (isolated === null || !isolated.isRejected) return segments;
  const [first, past] = [isolated.body.first * DAY_MS, isolated.body.past * DAY_MS];
  const lost = { shift: 0, turn: 1, turns: 1, lost: 'isolated_time' } as const;
  const inside = segments
    .map((one) => ({ ...one, first: Math.max(one.first, first), past: Math.min(one.past, past) }))
    .filter((one) => one.first < one.past);
  const last = Math.max(past, ...segments.map((one) => one.past));
  const from = Math.min(first, ...segments.map((one) => one.first));
  return [
    { ...lost, first: from, past: first },
    ...inside,
    { ...lost, first: past, past: last },
  ].filter((one) => one.first < one.past);
}

/** What the local times in question mean in UTC. */
export function segmentsOf(
  { domain, part, availableAt }: ReadAt & Pick<AggregateOptions, 'domain' | 'part'>,
  range: Probe['range'],
): ClockSegment[] {
  const frequencyMs = domain.frequencyMinutes * 60_000;
  const stretches =
    range === null ? [] : clockStretches(domain.timeZone, range.first, range.last + frequencyMs);
  if (gridPhase(domain.timeZone, frequencyMs, stretches) === null) throw offGrid(domain);
  if (range === null) return [];
  const until = knownUntil({ domain, part, availableAt });
  return clockSegments({ stretches, frequencyMs, span: part.span, until, ...range });
}

interface Collected {
  /** Of the values; null where there is none. */
  readonly span: { readonly start: number; readonly end: number } | null;
  readonly unfinished: Unfinished | null;
}

/** Keeps the values in `hw_values` (series, utc, value, line), the account in `account`. */
async function collect(
  connection: DuckDBConnection,
  result: AsyncIterable<readonly unknown[]>,
  account: { rowsUsed: number; rejected: Record<string, number> },
  frequencyMs: number,
): Promise<Collected> {
  await connection.run(
    'CREATE TABLE hw_values (series VARCHAR, utc BIGINT, value DOUBLE, line BIGINT)',
  );
  const appender = await connection.createAppender('hw_values');
  const reject = (reason: string, n: number) => {
    if (n > 0) account.rejected[reason] = (account.rejected[reason] ?? 0) + n;
  };
  const times = { first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY };
  let unfinished: Unfinished | null = null;
  let line = 0n;
  for await (const [reason, series, utc, target, count, duplicates] of result) {
    reject('duplicate', Number(duplicates));
    if (reason !== null) {
      reject(String(reason), Number(count));
      if (reason === UNFINISHED) unfinished = withInterval(unfinished, Number(utc), frequencyMs);
      continue;
    }
    account.rowsUsed += Number(count);
    // A group of duplicates alone, or the second turn of a single event.
    if (Number(target) === 0) continue;
    const time = Number(utc);
    times.first = Math.min(times.first, time);
    times.last = Math.max(times.last, time);
    appender.appendVarchar(String(series));
    appender.appendBigInt(BigInt(time));
    appender.appendDouble(Number(target));
    appender.appendBigInt(line++);
    appender.endRow();
  }
  appender.closeSync();
  const span = line === 0n ? null : { start: times.first, end: times.last + frequencyMs };
  return { span, unfinished };
}

const withInterval = (
  before: Unfinished | null,
  start: number,
  frequencyMs: number,
): Unfinished => ({
  start: Math.min(before?.start ?? start, start),
  end: Math.max(before?.end ?? start, start + frequencyMs),
  intervals: (before?.intervals ?? 0) + 1,
});

/**
 * As the embedded engine lists them: the reasons as they apply, then what befell usable rows, by
 * name.
 */
function inOrder(
  rejected: Record<string, number>,
  reasons: readonly { readonly reason: string }[],
): Record<string, number> {
  const names = new Set([...reasons.map(({ reason }) => reason), ...Object.keys(rejected).sort()]);
  return Object.fromEntries(
    [...names].filter((name) => name in rejected).map((name) => [name, rejected[name] as number]),
  );
}

const changed = (part: string, before: number, after: number): HeadwayError =>
  new HeadwayError(
    'SOURCE_UNAVAILABLE',
    `${part} had ${before} rows when they were first counted and ${after} when they were read`,
    {
      where: part,
      fix: 'Its table is being written: run again when that is done. Nothing was committed.',
    },
  );
