/**
 * Purpose: a raw part in SQL: a session over it that reports what is wrong with its file, and what
 * the data contract needs of it: columns, counts outside the declared ranges, sample rows.
 * Invariants: memory and threads are capped, DuckDB spills; mistakes of ours or of the domain pass
 * unchanged; a sample has at most MAX_ROWS rows of MAX_COLUMNS columns of MAX_TEXT characters.
 * Fails: RAW_FILE_INVALID naming the file and, where the engine does, the line that cannot be read.
 */
import { basename } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Domain, RawPart, RawRange, RawRows } from '../../../domains/domain.ts';
import type { ColumnKind } from '../../../domains/expectations.ts';
import {
  engineFailure,
  engineMessage,
  rowsOf,
  withDuckDB,
} from '../../../platform/duckdb/duckdb.ts';
import { sqlText } from '../../../platform/duckdb/sql.ts';
import { HeadwayError, isHeadwayError } from '../../../platform/errors.ts';
import { hasKeySql, reasonNameSql } from '../aggregation/interval-rules.ts';

const MAX_COLUMNS = 40;
const MAX_TEXT = 120;
const MAX_ROWS = 20;
const ROWS_EACH = 5;
/**
 * More columns than any table for people has: a file with more is cut here, and says so by its last
 * column.
 */
const MAX_DESCRIBED = 2000;

export interface RawSessionOptions {
  readonly part: RawPart;
  readonly tempFolder: string;
  readonly memoryLimitMb: number;
  /** A session over the part that is open already: opening one costs as much as a small part. */
  readonly connection?: DuckDBConnection;
}

export async function withRawPart<T>(
  { part, tempFolder, memoryLimitMb, connection }: RawSessionOptions,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const options = { memoryLimitMb, tempFolder, threads: 2 };
  try {
    return await (connection === undefined ? withDuckDB(options, work) : work(connection));
  } catch (failure) {
    const error = engineFailure(failure, options);
    const message = engineMessage(error);
    // A statement that does not bind is a mistake of the domain or ours; anything else came out of
    // the file.
    if (isHeadwayError(error) || /^(Binder|Parser|Catalog|INTERNAL) Error/.test(message))
      throw error;
    throw unreadable(part, message, error);
  }
}

/** The engine names the file and the line of a CSV error, further down in its message. */
function unreadable(part: RawPart, message: string, cause: unknown): HeadwayError {
  const [first = message] = message.split('\n');
  const line = /^.*CSV Error on Line: (\d+)/.exec(first)?.[1];
  const file = /^ *file = (.+)$/m.exec(message)?.[1];
  const details = [
    ...(line === undefined ? [first] : []),
    ...(/^Expected Number of Columns: .*$/m.exec(message) ?? []),
    ...(/^(Invalid unicode|Value with unterminated quote).*$/m.exec(message) ?? []).slice(0, 1),
    ...(/^Original Line: .*$/m.exec(message) ?? []).map((text) => text.slice(0, 120)),
  ];
  const place = `${file === undefined ? part.name : basename(file)}${line ? ` line ${line}` : ''}`;
  return new HeadwayError('RAW_FILE_INVALID', `${place} cannot be read: ${details.join('; ')}`, {
    where: file === undefined ? part.name : `${file}${line ? `:${line}` : ''}`,
    fix: 'The file is truncated or not in this format: correct it or fetch it again.',
    cause,
  });
}

/**
 * Names of the part's files of which no row is usable; empty where its domain names no files.
 * @param rejected rows of the part that were: a file with more rows than these has a usable one
 */
export async function unusableFiles(options: ProfileOptions, rejected: number): Promise<string[]> {
  const { domain, rows } = options;
  const { files } = rows;
  if (files === undefined) return [];
  return withRawPart(options, async (connection) => {
    const counts = await rowsOf(
      connection,
      `SELECT ${files.name} AS name, count(*)::DOUBLE AS n FROM ${rows.relation} GROUP BY ALL`,
    );
    const countOf = new Map(counts.map(({ name, n }) => [name, Number(n)]));
    const candidates = files.all.filter((name) => (countOf.get(name) ?? 0) <= rejected);
    if (candidates.length === 0) return [];
    const usable = await rowsOf(
      connection,
      `SELECT DISTINCT ${files.name} AS name FROM ${rows.relation}
       WHERE ${files.name} IN (${candidates.map(sqlText).join(', ')})
         AND (${reasonNameSql(domain, rows)}) IS NULL`,
    );
    const names = new Set(usable.map(({ name }) => name));
    return candidates.filter((name) => !names.has(name));
  });
}

export interface RawColumn {
  readonly name: string;
  /** As the engine calls it: BIGINT, VARCHAR, … */
  readonly type: string;
}

export interface RawProfile {
  readonly columns: readonly RawColumn[];
  /** Usable rows outside each declared range. */
  readonly outside: readonly { readonly range: string; readonly rows: number }[];
}

export interface RowSample {
  readonly part: string;
  readonly fingerprint: string;
  readonly reason: string;
  /** Rows as text, cut to a bounded size. */
  readonly rows: readonly Readonly<Record<string, string | null>>[];
}

export interface ProfileOptions extends RawSessionOptions {
  readonly domain: Domain;
  readonly rows: RawRows;
}

export function kindOf(type: string): ColumnKind {
  if (/^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*)$/.test(type)) return 'number';
  if (/^(TIMESTAMP|DATE|TIME)/.test(type)) return 'time';
  if (/^(VARCHAR|ENUM.*|UUID)$/.test(type)) return 'text';
  return type === 'BOOLEAN' ? 'boolean' : 'other';
}

/** The columns of the raw file itself. */
export const columnsOf = (options: ProfileOptions): Promise<RawColumn[]> =>
  withRawPart(options, async (connection) => {
    const { rows } = options;
    const found = await rowsOf(
      connection,
      `DESCRIBE SELECT * FROM ${rows.columns ?? rows.relation}`,
    );
    return found
      .slice(0, MAX_DESCRIBED)
      .map((row) => ({ name: String(row.column_name), type: String(row.column_type) }));
  });

export async function countOutside(options: ProfileOptions): Promise<RawProfile['outside']> {
  const { domain, rows } = options;
  const ranges = rows.ranges ?? [];
  if (ranges.length === 0) return [];
  return withRawPart(options, async (connection) => {
    const counts = ranges.map(
      (range, index) => `count(*) FILTER (WHERE ${outsideSql(range)}) AS n${index}`,
    );
    const [found] = await rowsOf(
      connection,
      `SELECT ${counts.join(', ')} FROM ${rows.relation} WHERE ` +
        `(${reasonNameSql(domain, rows)}) IS NULL`,
    );
    return ranges.map(({ name }, index) => ({ range: name, rows: Number(found[`n${index}`]) }));
  });
}

/**
 * Rows for the evidence: of each reason of rejection, doubled ones, those outside a range, and the
 * newest.
 */
export async function sampleRows(options: ProfileOptions): Promise<RowSample[]> {
  const { domain, part, rows } = options;
  const relation = rows.evidence ?? rows.relation;
  const reason = reasonNameSql(domain, rows);
  const times = [rows.localTime, ...(rows.instant === undefined ? [] : [rows.instant])];
  const newest = `greatest(${times.map((time) => `epoch_ms(${time})`).join(', ')})`;
  const wanted: [string, string][] = [
    ['newest', `SELECT * FROM ${relation} ORDER BY ${newest} DESC NULLS LAST LIMIT ${ROWS_EACH}`],
  ];
  if (rows.duplicateKey.length > 0) {
    const key = rows.duplicateKey.join(', ');
    const doubled =
      `QUALIFY count(*) OVER (PARTITION BY ${key}) > 1 ORDER BY ${key} LIMIT ` + `${ROWS_EACH}`;
    wanted.push([
      'duplicate',
      `SELECT * FROM ${relation} WHERE (${reason}) IS NULL AND ` +
        `${hasKeySql(rows.duplicateKey)} ${doubled}`,
    ]);
  }
  for (const range of rows.ranges ?? []) {
    const where = `(${reason}) IS NULL AND ${outsideSql(range)}`;
    wanted.push([
      `outside ${range.name}`,
      `SELECT * FROM ${relation} WHERE ${where} LIMIT ${ROWS_EACH}`,
    ]);
  }
  const sample = (why: string, found: readonly Record<string, unknown>[]): RowSample => ({
    part: part.name,
    fingerprint: part.fingerprint,
    reason: why,
    rows: found.slice(0, MAX_ROWS).map(bounded),
  });
  return withRawPart(options, async (connection) => {
    const samples: RowSample[] = [];
    const reasons = await rowsOf(
      connection,
      `SELECT DISTINCT ${reason} AS reason FROM ${relation} ORDER BY 1 LIMIT 20`,
    );
    for (const { reason: name } of reasons) {
      if (name === null) continue;
      const query =
        `SELECT * FROM ${relation} WHERE (${reason}) = ${sqlText(String(name))} ` +
        `LIMIT ${ROWS_EACH}`;
      samples.push(sample(`rejected: ${String(name)}`, await rowsOf(connection, query)));
    }
    for (const [why, query] of wanted) {
      const found = await rowsOf(connection, query);
      if (found.length > 0) samples.push(sample(why, found));
    }
    return samples;
  });
}

/** The first rows of a file whose columns are not those that its domain reads. */
export const firstRows = (options: ProfileOptions): Promise<RowSample[]> =>
  withRawPart(options, async (connection) => {
    const { part, rows } = options;
    const found = await rowsOf(
      connection,
      `SELECT * FROM ${rows.columns ?? rows.relation} LIMIT ${ROWS_EACH}`,
    );
    return [
      {
        part: part.name,
        fingerprint: part.fingerprint,
        reason: 'first rows',
        rows: found.map(bounded),
      },
    ];
  });

/** Whether a row's figure lies outside its range, as a condition. */
export function outsideSql({ value, atLeast, atMost }: RawRange): string {
  const sides = [
    ...(atLeast === undefined ? [] : [`(${value}) < ${atLeast}`]),
    ...(atMost === undefined ? [] : [`(${value}) > ${atMost}`]),
  ];
  return sides.length > 0 ? `coalesce(${sides.join(' OR ')}, false)` : 'false';
}

const bounded = (row: Record<string, unknown>): Record<string, string | null> =>
  Object.fromEntries(
    Object.entries(row)
      .slice(0, MAX_COLUMNS)
      .map(([name, value]) => [
        cut(name),
        value === null ? null : cut(typeof value === 'string' ? value : JSON.stringify(value)),
      ]),
  );

const cut = (text: string): string =>
  text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
