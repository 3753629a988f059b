/**
 * Purpose: the newest forecasts that a batch issued, for a service that starts: read without the
 * SQL engine, which a Lambda function does not have and whose loading any start would wait for.
 * Invariants: the same issues as `read` gives of that issue time; the shards of a batch are one
 * issue. Only parts of at most MAX_ROWS rows are read, because this reader takes time in proportion
 * to the whole part: what a batch appended, and not what months were merged into.
 * Fails: STORE_CORRUPT with the key.
 */
import { isHeadwayError } from '../../platform/errors.ts';
import { sha256 } from '../../platform/files/content-hash.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import type { LedgerPart } from './ledger-entry.ts';
import { type CanonicalIssue, canonicalIssues, type LedgerIssue } from './ledger-issue.ts';
import { corrupt } from './part-files.ts';
import { columnNames, FIXED_COLUMNS } from './part-sql.ts';

export const BATCH_SERVING = 'serving batch';
/** Who wants all shards of a batch at once has no use for more. */
const MAX_SHARDS = 16;
/** Half a second of reading. */
const MAX_ROWS = 250_000;

/**
 * Serving issues of batches of the last issue time since `since` and until `until`; none where they
 * are in more than MAX_SHARDS parts, or in a large one.
 */
export async function latestIssues(
  store: ObjectStore,
  parts: readonly LedgerPart[],
  { since, until }: { readonly since: number; readonly until: number },
): Promise<CanonicalIssue[]> {
  const candidates = parts
    .filter(
      ({ issued, kinds }) =>
        issued.first <= until && issued.last >= since && kinds.includes(BATCH_SERVING),
    )
    .sort((a, b) => b.issued.last - a.issued.last);
  let found: LedgerIssue[] = [];
  let newest = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < candidates.length; ) {
    const last = (candidates[at] as LedgerPart).issued.last;
    if (last < newest) break;
    const group = candidates.slice(at).filter(({ issued }) => issued.last === last);
    at += group.length;
    if (at > MAX_SHARDS || group.some(({ rows }) => rows > MAX_ROWS)) return [];
    const issues = (await Promise.all(group.map((part) => servingIssues(store, part))))
      .flat()
      .filter(({ issuedAt }) => issuedAt >= since && issuedAt <= until);
    newest = issues.reduce((most, { issuedAt }) => Math.max(most, issuedAt), newest);
    found = [...found, ...issues];
  }
  return canonicalIssues(found.filter(({ issuedAt }) => issuedAt === newest));
}

type Columns = Readonly<Record<string, readonly unknown[]>>;

/** What batches issued to be served, of a part. */
async function servingIssues(store: ObjectStore, part: LedgerPart): Promise<LedgerIssue[]> {
  const bytes = await store.get(part.key, part.sha256).catch((error: unknown) => {
    throw isHeadwayError(error, 'OBJECT_NOT_FOUND') ? corrupt(part, 'it is missing', error) : error;
  });
  if (sha256(bytes) !== part.sha256) throw corrupt(part, 'its SHA-256 differs');
  const columns = await columnsOf(part, bytes);
  const issues: LedgerIssue[] = [];
  const steps = columns.step as readonly number[];
  const horizons = columns.horizon as readonly number[];
  // The steps of one series follow one another.
  for (let row = 0; row < steps.length; row += horizons[row] as number) {
    if (steps[row] !== 1) throw corrupt(part, 'its rows are in another order');
    if (`${columns.role?.[row]} ${columns.origin?.[row]}` === BATCH_SERVING)
      issues.push(seriesIssue(columns, row));
  }
  return issues;
}

async function columnsOf(part: LedgerPart, bytes: Uint8Array): Promise<Columns> {
  const { parquetRead } = await import('hyparquet');
  const columns: Record<string, unknown[]> = {};
  const wanted = [...Object.keys(FIXED_COLUMNS), ...columnNames(part.quantiles), 'mean'];
  await parquetRead({
    // A copy: Node's buffers may be windows of a larger one.
    file: Uint8Array.from(bytes).buffer,
    columns: wanted,
    parsers: { timestampFromMicroseconds: (micros) => Number(micros / 1000n) },
    onChunk({ columnName, columnData, rowStart }) {
      const column = columns[columnName] ?? [];
      columns[columnName] = column;
      for (let i = 0; i < columnData.length; i++) column[rowStart + i] = columnData[i];
    },
  }).catch((error: unknown) => {
    throw corrupt(part, 'it cannot be read', error);
  });
  return columns;
}

/** The issue of one series that begins at a row. */
function seriesIssue(columns: Columns, row: number): LedgerIssue {
  const value = (name: string) => columns[name]?.[row];
  const text = (name: string) => String(value(name));
  const optional = (name: string) => (value(name) == null ? null : text(name));
  const horizon = Number(value('horizon'));
  const quantiles = text('quantiles').split(',').map(Number);
  const numbers = (name: string) =>
    Array.from({ length: horizon }, (_, k) => (columns[name]?.[row + k] ?? Number.NaN) as number);
  return {
    issuedAt: Number(value('issued_at')),
    cutoff: Number(value('cutoff')),
    forecaster: text('forecaster'),
    modelVersion: optional('model_version'),
    snapshotVersion: text('snapshot_version'),
    role: 'serving',
    origin: 'batch',
    fallback: optional('fallback'),
    quantiles,
    horizon,
    frequencyMinutes: Number(value('frequency_minutes')),
    seriesIds: [text('series_id')],
    values: columnNames(quantiles).flatMap(numbers),
    mean: numbers('mean'),
  };
}
