/**
 * Purpose: rows of the ledger's parts as issues again.
 * Invariants: issues are canonical (ledger-issue.ts); of a target outside the asked range the value
 * is NaN; an issue without a row in the range is not there. A forecast that was written twice
 * counts once, with the first that was written.
 * Fails: with the engine's own errors.
 */
import type { DuckDBDataChunk } from '@duckdb/node-api';
import { columnItems, type SqlSession } from '../../platform/duckdb/session.ts';
import { parquetFiles, sqlText } from '../../platform/duckdb/sql.ts';
import {
  type CanonicalIssue,
  compareIssues,
  type IssueHeader,
  type LedgerOrigin,
  type LedgerRole,
} from './ledger-issue.ts';
import { columnNames, epochSql, HEADER_COLUMNS, timestampSql } from './part-sql.ts';

/** Times are [from, until) in UTC epoch milliseconds; absent: no bound. */
export interface LedgerRange {
  /** Of the issue. */
  readonly from?: number | undefined;
  readonly until?: number | undefined;
  /** Of the interval that is forecast. */
  readonly targetFrom?: number | undefined;
  readonly targetUntil?: number | undefined;
  readonly seriesIds?: readonly string[] | undefined;
  readonly forecasters?: readonly string[] | undefined;
}

/** SQL of which rows are asked for. */
export function rangeSql(range: LedgerRange): string {
  const among = (column: string, texts: readonly string[] | undefined) =>
    texts === undefined
      ? []
      : texts.length === 0
        ? ['false']
        : [`${column} IN (${texts.map(sqlText).join(', ')})`];
  const bound = (column: string, sign: string, ms: number | undefined) =>
    ms === undefined || !Number.isFinite(ms) ? [] : [`${column} ${sign} ${timestampSql(ms)}`];
  const all = [
    ...bound('issued_at', '>=', range.from),
    ...bound('issued_at', '<', range.until),
    ...bound('target_at', '>=', range.targetFrom),
    ...bound('target_at', '<', range.targetUntil),
    ...among('series_id', range.seriesIds),
    ...among('forecaster', range.forecasters),
  ];
  return all.length === 0 ? 'true' : all.join(' AND ');
}

/** @param quantiles of any of the parts */
export async function readIssues(
  session: SqlSession,
  paths: readonly string[],
  quantiles: readonly number[],
  range: LedgerRange,
): Promise<CanonicalIssue[]> {
  if (paths.length === 0) return [];
  const names = columnNames(quantiles);
  await session.run(
    `CREATE OR REPLACE TEMP TABLE found AS SELECT ${HEADER_COLUMNS.join(', ')}, series_id, step, ` +
      `file_index::INTEGER AS part, ${[...names, 'mean'].join(', ')} ` +
      `FROM ${parquetFiles(paths, 'union_by_name = true')} WHERE ${rangeSql(range)}`,
  );
  const key = HEADER_COLUMNS.join(', ');
  await session.run(
    'CREATE OR REPLACE TEMP TABLE headers AS SELECT (row_number() OVER () - 1)::INTEGER AS ' +
      `header, * FROM (SELECT ${key}, bool_or(mean IS NOT NULL) AS has_mean FROM found ` +
      'GROUP BY ALL)',
  );
  await session.run(
    'CREATE OR REPLACE TEMP TABLE ids AS SELECT (row_number() OVER (ORDER BY series_id) - ' +
      '1)::INTEGER AS series, series_id FROM (SELECT DISTINCT series_id FROM found)',
  );
  const known = [...names, 'mean'].map((name) => `coalesce(f.${name}, 'NaN'::FLOAT) AS ${name}`);
  const isSame = HEADER_COLUMNS.map((name) => `f.${name} IS NOT DISTINCT FROM h.${name}`);
  await session.run(
    'CREATE OR REPLACE TEMP TABLE keyed AS SELECT header, series, step, part, ' +
      `${known.join(', ')} ` +
      `FROM found f JOIN headers h ON ${isSame.join(' AND ')} JOIN ids USING (series_id)`,
  );
  const ids = (await session.rows('SELECT series_id FROM ids ORDER BY series')).map(([id]) =>
    String(id),
  );
  const blocks = await emptyBlocks(session, ids);
  await session.stream('SELECT * FROM keyed', (chunk) => fill(blocks, chunk, quantiles));
  return blocks.map(({ issue }) => issue).sort(compareIssues);
}

/** Later than any. */
const NO_PART = 2 ** 31 - 1;

interface Block {
  readonly issue: CanonicalIssue;
  /** Position of a series among all that were found → its row in the issue. */
  readonly rowOf: ReadonlyMap<number, number>;
  /** The part that each row of the issue is from. */
  readonly partOf: Int32Array;
}

/** The issues, with no value known yet. */
async function emptyBlocks(session: SqlSession, ids: readonly string[]): Promise<Block[]> {
  const seriesOf = new Map<number, number[]>();
  await session.stream(
    'SELECT DISTINCT header, series FROM keyed ORDER BY header, series',
    (chunk) => {
      const headers = columnItems<Int32Array>(chunk, 0);
      const series = columnItems<Int32Array>(chunk, 1);
      for (const [i, header] of headers.entries()) {
        const list = seriesOf.get(header);
        if (list) list.push(series[i] as number);
        else seriesOf.set(header, [series[i] as number]);
      }
    },
  );
  const columns = HEADER_COLUMNS.map((name) =>
    name === 'issued_at' || name === 'cutoff' ? epochSql(name) : name,
  );
  const rows = await session.rows(
    `SELECT ${columns.join(', ')}, has_mean FROM headers ORDER BY header`,
  );
  return rows.map((row, header) => {
    const about = headerOf(row);
    const series = seriesOf.get(header) ?? [];
    const cells = series.length * about.horizon;
    const unknown = (count: number) => new Float32Array(count).fill(Number.NaN);
    const issue = {
      ...about,
      seriesIds: series.map((position) => ids[position] as string),
      values: unknown(cells * about.quantiles.length),
      mean: row.at(-1) === true ? unknown(cells) : null,
    };
    const rowOf = new Map(series.map((position, i) => [position, i]));
    return { issue, rowOf, partOf: new Int32Array(series.length).fill(NO_PART) };
  });
}

function headerOf(row: readonly unknown[]): IssueHeader {
  const text = (value: unknown) => (value === null ? null : String(value));
  const [issuedAt, cutoff, forecaster, model, snapshot, role, origin, fallback, ...rest] = row;
  const [quantiles, horizon, frequency] = rest;
  return {
    issuedAt: Number(issuedAt),
    cutoff: Number(cutoff),
    forecaster: String(forecaster),
    modelVersion: text(model),
    snapshotVersion: String(snapshot),
    role: role as LedgerRole,
    origin: origin as LedgerOrigin,
    fallback: text(fallback),
    quantiles: String(quantiles).split(',').map(Number),
    horizon: Number(horizon),
    frequencyMinutes: Number(frequency),
  };
}

function fill(
  blocks: readonly Block[],
  chunk: DuckDBDataChunk,
  quantiles: readonly number[],
): void {
  const keys = [0, 1, 2, 3].map((c) => columnItems<Int32Array>(chunk, c));
  const [headers, series, steps, parts] = keys as [Int32Array, Int32Array, Int32Array, Int32Array];
  const columns = quantiles.map((_, q) => columnItems<Float32Array>(chunk, keys.length + q));
  const means = columnItems<Float32Array>(chunk, keys.length + quantiles.length);
  const places = new Map<Block, number[]>();
  for (let i = 0; i < headers.length; i++) {
    const block = blocks[headers[i] as number] as Block;
    const { issue, rowOf, partOf } = block;
    const place = places.get(block) ?? issue.quantiles.map((q) => quantiles.indexOf(q));
    places.set(block, place);
    const row = rowOf.get(series[i] as number) as number;
    const part = parts[i] as number;
    if (part > (partOf[row] as number)) continue;
    partOf[row] = part;
    const step = (steps[i] as number) - 1;
    for (let q = 0; q < place.length; q++)
      issue.values[(row * place.length + q) * issue.horizon + step] = columns[place[q] as number]?.[
        i
      ] as number;
    if (issue.mean) issue.mean[row * issue.horizon + step] = means[i] as number;
  }
}
