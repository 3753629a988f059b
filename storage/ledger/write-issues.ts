/**
 * Purpose: issues as rows: handed to the SQL engine as columns of numbers, which names and spells
 * them out.
 * Invariants: one row for each series and step; an unknown value is NULL, as is the column of a
 * quantile that the issue does not have.
 * Fails: with the engine's own errors.
 */
import type { SqlSession } from '../../platform/duckdb/session.ts';
import { sqlText } from '../../platform/duckdb/sql.ts';
import type { CanonicalIssue } from './ledger-issue.ts';
import { columnNames, FIXED_COLUMNS, timestampSql } from './part-sql.ts';

/** Rows that are handed over at once: 10 MB of each issue's columns. */
const BLOCK_ROWS = 262_144;

/** Fills temporary tables. @returns a SELECT of the rows, with the columns of a part */
export async function issuesAsRows(
  session: SqlSession,
  issues: readonly CanonicalIssue[],
): Promise<string> {
  const quantiles = [...new Set(issues.flatMap((issue) => issue.quantiles))].sort((a, b) => a - b);
  const names = columnNames(quantiles);
  const ids = [...new Set(issues.flatMap(({ seriesIds }) => seriesIds))];
  const position = new Map(ids.map((id, i) => [id, i]));
  await insertTexts(
    session,
    'ids',
    ids.map((id, i) => `(${i}, ${sqlText(id)})`),
  );
  await insertTexts(session, 'headers', issues.map(headerSql));
  const numbers = [...names, 'mean'];
  await session.run(
    'CREATE OR REPLACE TEMP TABLE numbers (header INTEGER, series INTEGER, step INTEGER, ' +
      `${numbers.map((name) => `${name} FLOAT`).join(', ')})`,
  );
  for (const [i, issue] of issues.entries())
    for (const block of blocksOf(issue, i, position, quantiles))
      await session.insert('numbers', block);
  const known = numbers.map((name) => `nullif(${name}, 'NaN'::FLOAT) AS ${name}`);
  const fixed = Object.keys(FIXED_COLUMNS).map((name) =>
    name === 'target_at'
      ? 'cutoff + to_minutes(step::BIGINT * frequency_minutes) AS target_at'
      : name === 'series_id'
        ? 'id AS series_id'
        : name,
  );
  return (
    `SELECT ${[...fixed, ...known].join(', ')} FROM numbers JOIN headers USING (header) ` +
    'JOIN ids USING (series)'
  );
}

/** A table of one row a text; statements are kept short. */
async function insertTexts(
  session: SqlSession,
  table: 'ids' | 'headers',
  rows: readonly string[],
): Promise<void> {
  const columns =
    table === 'ids'
      ? 'series INTEGER, id VARCHAR'
      : `header INTEGER, ${HEADER_TYPES.map((pair) => pair.join(' ')).join(', ')}`;
  await session.run(`CREATE OR REPLACE TEMP TABLE ${table} (${columns})`);
  for (let from = 0; from < rows.length; from += 1000)
    await session.run(`INSERT INTO ${table} VALUES ${rows.slice(from, from + 1000).join(', ')}`);
}

const HEADER_TYPES = Object.entries(FIXED_COLUMNS).filter(
  ([name]) => !['target_at', 'step', 'series_id'].includes(name),
);

function headerSql(issue: CanonicalIssue, i: number): string {
  const text = (value: string | null) => (value === null ? 'NULL' : sqlText(value));
  const values: Readonly<Record<string, string>> = {
    issued_at: timestampSql(issue.issuedAt),
    cutoff: timestampSql(issue.cutoff),
    forecaster: text(issue.forecaster),
    model_version: text(issue.modelVersion),
    snapshot_version: text(issue.snapshotVersion),
    role: text(issue.role),
    origin: text(issue.origin),
    fallback: text(issue.fallback),
    quantiles: text(issue.quantiles.join(',')),
    horizon: String(issue.horizon),
    frequency_minutes: String(issue.frequencyMinutes),
  };
  return `(${[i, ...HEADER_TYPES.map(([name]) => values[name])].join(', ')})`;
}

/** The columns of `numbers`, some series at a time. */
function* blocksOf(
  issue: CanonicalIssue,
  header: number,
  position: ReadonlyMap<string, number>,
  quantiles: readonly number[],
): Generator<(Int32Array | Float32Array)[]> {
  const { seriesIds, horizon, values, mean } = issue;
  const Q = issue.quantiles.length;
  const atOnce = Math.max(1, Math.floor(BLOCK_ROWS / horizon));
  for (let from = 0; from < seriesIds.length; from += atOnce) {
    const count = Math.min(atOnce, seriesIds.length - from);
    const rows = count * horizon;
    const series = new Int32Array(rows);
    const step = new Int32Array(rows);
    for (let s = 0; s < count; s++)
      for (let k = 0; k < horizon; k++) {
        series[s * horizon + k] = position.get(seriesIds[from + s] as string) as number;
        step[s * horizon + k] = k + 1;
      }
    const columns = quantiles.map((quantile) => {
      const column = new Float32Array(rows).fill(Number.NaN);
      const q = issue.quantiles.indexOf(quantile);
      for (let s = 0; s < count && q >= 0; s++) {
        const first = ((from + s) * Q + q) * horizon;
        column.set(values.subarray(first, first + horizon), s * horizon);
      }
      return column;
    });
    const means = mean?.subarray(from * horizon, from * horizon + rows);
    yield [
      new Int32Array(rows).fill(header),
      series,
      step,
      ...columns,
      means ?? new Float32Array(rows).fill(Number.NaN),
    ];
  }
}
