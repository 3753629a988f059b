/**
 * Purpose: issues as rows: handed to the SQL engine as columns of numbers, which names and spells
 * them out.
 * Invariants: one row for each series and step; an unknown value is NULL, as is the column of a
 * quantile that the issue does not have.
 * Fails: with the engine's own errors.
 */
import type { SqlSession } from '../../platform/duckdb/session.ts';
import { sqlText } from '../../platform/duckdb/sql.ts';
import { compareText } from '../../platform/text/compare-text.ts';
import type { CanonicalIssue } from './ledger-issue.ts';
import {
  columnNames,
  FIXED_COLUMNS,
  HEADER_COLUMNS,
  type OrderedRows,
  timestampSql,
} from './part-sql.ts';

/** Rows that are handed over at once: some 10 MB of columns. */
const BLOCK_ROWS = 262_144;

/** Fills temporary tables. @returns the rows, with the columns of a part */
export async function issuesAsRows(
  session: SqlSession,
  issues: readonly CanonicalIssue[],
): Promise<OrderedRows> {
  const quantiles = [...new Set(issues.flatMap((issue) => issue.quantiles))].sort((a, b) => a - b);
  const names = columnNames(quantiles);
  const ids = [...new Set(issues.flatMap(({ seriesIds }) => seriesIds))].sort(compareText);
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
  for (const block of blocksOf(issues, position, quantiles)) await session.insert('numbers', block);
  const known = numbers.map((name) => `nullif(${name}, 'NaN'::FLOAT) AS ${name}`);
  const fixed = Object.keys(FIXED_COLUMNS).map((name) =>
    name === 'target_at'
      ? 'cutoff + to_minutes(step::BIGINT * frequency_minutes) AS target_at'
      : name === 'series_id'
        ? 'id AS series_id'
        : name,
  );
  const order = HEADER_COLUMNS.join(', ');
  const places = `SELECT *, row_number() OVER (ORDER BY ${order}) AS place FROM headers`;
  return {
    select:
      `SELECT ${[...fixed, ...known].join(', ')} FROM numbers JOIN (${places}) USING (header) ` +
      'JOIN ids USING (series)',
    // The order of a part, by numbers: texts take several times as long.
    order: 'series, place, step',
  };
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

/** The columns of `numbers`, some series of some issues at a time. */
function* blocksOf(
  issues: readonly CanonicalIssue[],
  position: ReadonlyMap<string, number>,
  quantiles: readonly number[],
): Generator<(Int32Array | Float32Array)[]> {
  let parts: RowRange[] = [];
  let rows = 0;
  for (const [header, issue] of issues.entries()) {
    const { seriesIds, horizon } = issue;
    const atOnce = Math.max(1, Math.floor(BLOCK_ROWS / horizon));
    for (let from = 0; from < seriesIds.length; from += atOnce) {
      const to = Math.min(seriesIds.length, from + atOnce);
      if (rows > 0 && rows + (to - from) * horizon > BLOCK_ROWS) {
        yield blockOf(parts, rows, position, quantiles);
        [parts, rows] = [[], 0];
      }
      parts.push({ header, issue, from, to });
      rows += (to - from) * horizon;
    }
  }
  if (rows > 0) yield blockOf(parts, rows, position, quantiles);
}

/** Series [from, to) of an issue. */
interface RowRange {
  readonly header: number;
  readonly issue: CanonicalIssue;
  readonly from: number;
  readonly to: number;
}

function blockOf(
  parts: readonly RowRange[],
  rows: number,
  position: ReadonlyMap<string, number>,
  quantiles: readonly number[],
): (Int32Array | Float32Array)[] {
  const [headers, series, steps] = [0, 1, 2].map(() => new Int32Array(rows)) as [
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  const columns = quantiles.map(() => new Float32Array(rows).fill(Number.NaN));
  const means = new Float32Array(rows).fill(Number.NaN);
  let at = 0;
  for (const { header, issue, from, to } of parts) {
    const { seriesIds, horizon, values, mean } = issue;
    const Q = issue.quantiles.length;
    const places = issue.quantiles.map((quantile) => quantiles.indexOf(quantile));
    if (mean) means.set(mean.subarray(from * horizon, to * horizon), at);
    for (let s = from; s < to; s++, at += horizon) {
      headers.fill(header, at, at + horizon);
      series.fill(position.get(seriesIds[s] as string) as number, at, at + horizon);
      for (let k = 0; k < horizon; k++) steps[at + k] = k + 1;
      for (const [q, place] of places.entries()) {
        const first = (s * Q + q) * horizon;
        columns[place]?.set(values.subarray(first, first + horizon), at);
      }
    }
  }
  return [headers, series, steps, ...columns, means];
}
