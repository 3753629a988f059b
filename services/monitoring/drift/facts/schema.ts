/**
 * Purpose: whether the data still has the columns, types, grid and series ids that it had.
 * Invariants: a new schema is accepted after ACCEPT_DAYS of checks; single series may come and go;
 * columns that a check does not know, or did not before, have not changed.
 * Fails: never.
 */
import type { Finding } from '../verdict.ts';
import { timeAt, type Window } from '../window.ts';

const DAY_MS = 86_400_000;
const ACCEPT_DAYS = 7;
/** Share of the ids that may be replaced at once. */
const MAX_REPLACED = 0.3;

const INTERVAL = 'interval: ';

export interface Schema {
  /** Texts such as "speed: DOUBLE"; sorted. Null before the first check. */
  readonly columns: readonly string[] | null;
  readonly seriesIds: readonly string[];
  readonly changedAt: number | null;
}

export interface SchemaRequest {
  readonly at: number;
  readonly lastAt: number | null;
  /** Columns as the caller knows them, one text each; none where it does not know them. */
  readonly columns: readonly string[];
}

export function schema(
  window: Window,
  before: Schema,
  { at, lastAt, columns }: SchemaRequest,
): { readonly findings: Finding[]; readonly after: Schema } {
  const known = before.columns?.filter((column) => !column.startsWith(INTERVAL)) ?? [];
  const interval = `${INTERVAL}${window.intervalMs / 60_000} minutes`;
  const now = [...(columns.length > 0 ? columns : known), interval].sort();
  const current = { columns: now, seriesIds: window.seriesIds, changedAt: null };
  if (before.columns === null) return { findings: [], after: current };
  const gone = before.columns.filter((column) => !now.includes(column));
  const added = now.filter(
    (column) =>
      !before.columns?.includes(column) && (known.length > 0 || column.startsWith(INTERVAL)),
  );
  const ids = new Set(window.seriesIds);
  const lost = before.seriesIds.filter((id) => !ids.has(id));
  const previous = new Set(before.seriesIds);
  const fresh = window.seriesIds.filter((id) => !previous.has(id));
  const replaced = Math.min(lost.length, fresh.length) / Math.max(1, before.seriesIds.length);
  const changes = gone.length + added.length;
  if (changes === 0 && replaced <= MAX_REPLACED) return { findings: [], after: current };
  const changedAt = before.changedAt ?? at;
  if (at - changedAt >= ACCEPT_DAYS * DAY_MS) return { findings: [], after: current };
  const list = (texts: readonly string[]) =>
    texts.length > 3 ? `${texts.slice(0, 3).join(', ')}, …` : texts.join(', ') || 'nothing';
  const finding: Finding = {
    name: 'schema',
    since: Math.min(lastAt ?? at, timeAt(window, window.end)),
    seriesIds: window.seriesIds,
    evidence:
      changes > 0
        ? { statistic: 'columns that changed', value: changes, limit: 0 }
        : { statistic: 'share of series ids replaced', value: replaced, limit: MAX_REPLACED },
    message:
      changes > 0
        ? `Columns have changed: ${list(gone)} disappeared, ${list(added)} appeared.`
        : `${lost.length} series disappeared (${list(lost)}) and ${fresh.length} appeared ` +
          `(${list(fresh)}).`,
  };
  return { findings: [finding], after: { ...before, changedAt } };
}
