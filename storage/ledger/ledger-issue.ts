/**
 * Purpose: what the ledger holds: the forecasts of one forecaster at one cutoff, many series at
 * once; and its one canonical form, so that what is read equals what was written.
 * Invariants: canonical issues of one identity are one issue; its series are in the order of
 * Unicode code points, each once (of equals the first stays); issues are in the order of issue
 * time, cutoff and forecaster. Numbers are those of 32 bits.
 * Fails: PANEL_INVALID for an issue whose sizes or numbers do not fit.
 */
import { groupBy } from '../../forecasting/evaluation/group-by.ts';
import { HeadwayError } from '../../platform/errors.ts';
import { lazyValidator, record, schemaProblem } from '../../platform/settings/validator.ts';
import { compareText } from '../../platform/text/compare-text.ts';
import { quantileColumn } from './part-sql.ts';

export type LedgerRole = 'serving' | 'shadow';
export type LedgerOrigin = 'batch' | 'served' | 'replayed';

/** One forecaster, one cutoff, many series: a block of rows. */
export interface LedgerIssue {
  /** UTC epoch milliseconds, as all times here. */
  readonly issuedAt: number;
  readonly cutoff: number;
  /** As in forecasting/evaluation/forecaster-names.ts. */
  readonly forecaster: string;
  /** null for baselines. */
  readonly modelVersion: string | null;
  readonly snapshotVersion: string;
  readonly role: LedgerRole;
  /** Computed by a batch, served by the service, or computed afterwards for a past time. */
  readonly origin: LedgerOrigin;
  /** Why a baseline forecasts in the model's place; null where none does. */
  readonly fallback: string | null;
  /** Ascending. */
  readonly quantiles: readonly number[];
  readonly horizon: number;
  readonly frequencyMinutes: number;
  readonly seriesIds: readonly string[];
  /** [series][quantile][step], row-major; NaN is unknown. */
  readonly values: Float32Array | readonly number[];
  /** [series][step]; null where the forecaster gives no mean. */
  readonly mean: Float32Array | readonly number[] | null;
}

/** As `read` gives it. */
export interface CanonicalIssue extends LedgerIssue {
  readonly values: Float32Array;
  readonly mean: Float32Array | null;
}

/** The year 9999: DuckDB and ISO 8601 both have it. */
const MAX_TIME = 253_402_300_799_999;
const MAX_STEPS = 100_000;
/** Control characters, and halves of characters. */
const ODD_TEXT = /[\p{Cc}\p{Cs}]/u;

const text = { type: 'string', minLength: 1, maxLength: 1024 };
const optional = { anyOf: [text, { type: 'null' }] };
const time = { type: 'integer', minimum: -MAX_TIME, maximum: MAX_TIME };
const validator = lazyValidator(
  record({
    issuedAt: { ...time, minimum: 0 },
    cutoff: time,
    forecaster: text,
    modelVersion: optional,
    snapshotVersion: text,
    role: { enum: ['serving', 'shadow'] },
    origin: { enum: ['batch', 'served', 'replayed'] },
    fallback: optional,
    quantiles: { type: 'array', minItems: 1, items: { type: 'number', minimum: 0, maximum: 1 } },
    horizon: { type: 'integer', minimum: 1, maximum: MAX_STEPS },
    frequencyMinutes: { type: 'integer', minimum: 1, maximum: 10_000_000 },
    seriesIds: { type: 'array', items: text },
  }),
);

/** Everything of an issue but its series and numbers. */
export type IssueHeader = Omit<LedgerIssue, 'seriesIds' | 'values' | 'mean'>;

const headerOf = (issue: LedgerIssue): IssueHeader => ({
  issuedAt: issue.issuedAt,
  cutoff: issue.cutoff,
  forecaster: issue.forecaster,
  modelVersion: issue.modelVersion,
  snapshotVersion: issue.snapshotVersion,
  role: issue.role,
  origin: issue.origin,
  fallback: issue.fallback,
  quantiles: [...issue.quantiles],
  horizon: issue.horizon,
  frequencyMinutes: issue.frequencyMinutes,
});

/** Two issues of one identity are parts of one. */
export const identityOf = (issue: IssueHeader): string =>
  JSON.stringify(Object.values(headerOf(issue as LedgerIssue)));

export function requireWritable(issue: LedgerIssue, where: string): void {
  const problem = problemIn(issue);
  if (problem !== null)
    throw new HeadwayError('PANEL_INVALID', `The forecast cannot be recorded: ${problem}`, {
      where,
    });
}

function problemIn(issue: LedgerIssue): string | null {
  const { seriesIds, quantiles, horizon, values, mean } = issue;
  const problem = schemaProblem(validator, { ...headerOf(issue), seriesIds: [...seriesIds] });
  if (problem !== null) return problem;
  if (new Set(seriesIds).size < seriesIds.length) return 'a series appears twice';
  const texts = [issue.forecaster, issue.modelVersion, issue.snapshotVersion, issue.fallback];
  const odd = [...seriesIds, ...texts].find((one) => one !== null && ODD_TEXT.test(one));
  if (odd !== undefined) return `${JSON.stringify(odd)} has characters that cannot be stored`;
  if (quantiles.some((q, i) => i > 0 && q <= (quantiles[i - 1] as number)))
    return 'its quantiles do not ascend';
  const unnamed = quantiles.find((q) => quantileColumn(q) === null);
  if (unnamed !== undefined) return `${unnamed} is too small a quantile`;
  const expected = seriesIds.length * quantiles.length * horizon;
  if (values.length !== expected)
    return (
      `it has ${values.length} values, not ${seriesIds.length} series × ${quantiles.length} ` +
      `quantiles × ${horizon} steps`
    );
  if (mean !== null && mean.length !== seriesIds.length * horizon)
    return `it has ${mean.length} means, not ${seriesIds.length} series × ${horizon} steps`;
  return hasInfinite(values) || (mean !== null && hasInfinite(mean))
    ? 'a value is infinite, or larger than 32 bits hold'
    : null;
}

const hasInfinite = (values: Float32Array | readonly number[]): boolean => {
  for (const value of values)
    if (Math.abs(Math.fround(value)) === Number.POSITIVE_INFINITY) return true;
  return false;
};

/** As all readers give them. */
export function canonicalIssues(issues: readonly LedgerIssue[]): CanonicalIssue[] {
  const groups = groupBy(
    issues.filter(({ seriesIds }) => seriesIds.length > 0),
    identityOf,
  );
  return [...groups.values()].map(merged).sort(compareIssues);
}

function merged(issues: readonly LedgerIssue[]): CanonicalIssue {
  const header = headerOf(issues[0] as LedgerIssue);
  const { horizon } = header;
  const size = header.quantiles.length * horizon;
  const rows = new Map<string, [LedgerIssue, number]>();
  for (const issue of issues)
    for (const [i, id] of issue.seriesIds.entries()) if (!rows.has(id)) rows.set(id, [issue, i]);
  const seriesIds = [...rows.keys()].sort(compareText);
  const values = new Float32Array(seriesIds.length * size);
  const mean = new Float32Array(seriesIds.length * horizon).fill(Number.NaN);
  for (const [s, id] of seriesIds.entries()) {
    const [issue, i] = rows.get(id) as [LedgerIssue, number];
    for (let k = 0; k < size; k++) values[s * size + k] = issue.values[i * size + k] as number;
    if (issue.mean === null) continue;
    for (let k = 0; k < horizon; k++) mean[s * horizon + k] = issue.mean[i * horizon + k] as number;
  }
  return { ...header, seriesIds, values, mean: mean.every(Number.isNaN) ? null : mean };
}

export function compareIssues(a: CanonicalIssue, b: CanonicalIssue): number {
  return (
    a.issuedAt - b.issuedAt ||
    a.cutoff - b.cutoff ||
    compareText(a.forecaster, b.forecaster) ||
    compareText(identityOf(a), identityOf(b))
  );
}
