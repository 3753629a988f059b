/**
 * Purpose: SQL over the ledger: one SELECT over the view `ledger`, whose columns part-sql.ts names.
 * Invariants: the engine reads the parts that were asked for, and no other file; it changes
 * nothing, in the store or outside. At most `maxRows` rows are returned. Entries of the JSON log of
 * earlier versions are rows too.
 * Fails: USAGE for SQL that is not one SELECT or that the engine refuses; as reading parts does.
 */
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { sessionOf } from '../../platform/duckdb/session.ts';
import { parquetFiles, sqlName, sqlText } from '../../platform/duckdb/sql.ts';
import { HeadwayError, isHeadwayError } from '../../platform/errors.ts';
import type { LedgerPart } from './ledger-entry.ts';
import type { CanonicalIssue } from './ledger-issue.ts';
import { quantilesOf } from './part-range.ts';
import { FIXED_COLUMNS, partColumns } from './part-sql.ts';
import { type LedgerRange, rangeSql } from './read-issues.ts';
import { issuesAsRows } from './write-issues.ts';

export interface LedgerQuery {
  readonly sql: string;
  readonly range?: LedgerRange;
  readonly maxRows: number;
  readonly memoryLimitMb?: number;
}

export interface QueryResult {
  readonly columns: readonly string[];
  /** The engine's type of each: VARCHAR, TIMESTAMP, FLOAT. */
  readonly types: readonly string[];
  /** Values as JSON has them: times and large integers are text. */
  readonly rows: readonly (readonly unknown[])[];
  /** Whether there were more rows. */
  readonly isCut: boolean;
}

export async function queryLedger(
  query: LedgerQuery,
  parts: readonly LedgerPart[],
  paths: readonly string[],
  old: readonly CanonicalIssue[],
): Promise<QueryResult> {
  const { withDuckDB, engineMessage } = await import('../../platform/duckdb/duckdb.ts');
  const tempFolder = path.join(tmpdir(), `headway-duckdb-${process.pid}`);
  const { memoryLimitMb = 512 } = query;
  return withDuckDB({ tempFolder, memoryLimitMb }, async (connection) => {
    const rows = await rowsSql(connection, parts, paths, old);
    await connection.run(
      `CREATE TEMP VIEW ledger AS SELECT * FROM (${rows}) WHERE ${rangeSql(query.range ?? {})}`,
    );
    // After this neither the query nor anything else in this engine reaches another file.
    await connection.run(`SET allowed_paths = [${paths.map(sqlText).join(', ')}]`);
    await connection.run('SET enable_external_access = false');
    await connection.run('SET lock_configuration = true');
    try {
      return await select(connection, query);
    } catch (error) {
      if (isHeadwayError(error)) throw error;
      throw new HeadwayError('USAGE', `The query failed: ${engineMessage(error)}`, {
        fix: 'The table is `ledger`; `DESCRIBE ledger` lists its columns.',
        cause: error,
      });
    }
  });
}

/** SQL of all rows: those of the parts, and those of issues in memory. */
async function rowsSql(
  connection: DuckDBConnection,
  parts: readonly LedgerPart[],
  paths: readonly string[],
  old: readonly CanonicalIssue[],
): Promise<string> {
  const quantiles = quantilesOf([...parts, ...old]);
  const types = Object.entries(FIXED_COLUMNS);
  const none = partColumns(quantiles).map((name) => {
    const type = types.find(([fixed]) => fixed === name)?.[1] ?? 'FLOAT';
    return `NULL::${type} AS ${sqlName(name)}`;
  });
  // All columns in their order, whatever the parts have.
  const selects = [`SELECT ${none.join(', ')} WHERE false`];
  if (paths.length > 0)
    selects.push(`SELECT * FROM ${parquetFiles(paths, 'union_by_name = true')}`);
  if (old.length > 0) selects.push((await issuesAsRows(sessionOf(connection), old)).select);
  return selects.join(' UNION ALL BY NAME ');
}

async function select(
  connection: DuckDBConnection,
  { sql, maxRows }: LedgerQuery,
): Promise<QueryResult> {
  const { StatementType } = await import('@duckdb/node-api');
  const refused = () =>
    new HeadwayError('USAGE', 'The query is not a single SELECT', {
      where: sql.slice(0, 200),
      fix: 'Write one statement: SELECT … FROM ledger …',
    });
  if (sql.trim() === '') throw refused();
  const statements = await connection.extractStatements(sql);
  if (statements.count !== 1) throw refused();
  const prepared = await statements.prepare(0);
  if (prepared.statementType !== StatementType.SELECT) throw refused();
  const result = await prepared.stream();
  const rows: unknown[][] = [];
  for await (const some of result.yieldRowsJson()) {
    rows.push(...some);
    if (rows.length > maxRows) break;
  }
  return {
    columns: result.columnNames(),
    types: result.columnTypes().map(String),
    rows: rows.slice(0, maxRows),
    isCut: rows.length > maxRows,
  };
}
