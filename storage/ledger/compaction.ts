/**
 * Purpose: merge the parts of the ledger, so that a query opens few files and few rows of them: all
 * parts of a day, and of a month that is over, become a few that are sorted by series and cut at
 * MAX_PART_ROWS. The JSON log of earlier versions is moved into the ledger on the way.
 * Invariants: an entry replaces parts by others that have the same rows, each once; readers see the
 * one or the other. Of two versions of a forecast the first that was written stays. Parts of the
 * last KEEP_LOOSE_MS stay as they are: a service that starts reads them without a SQL engine. A
 * compaction that is killed, or overtaken by another, leaves parts that nothing names. Nothing is
 * removed: that is the collection's (ledger-gc.ts).
 * Fails: as reading and writing parts does; INTERNAL where rows would be lost (nothing is
 * replaced).
 */
import { withSqlSession } from '../../platform/duckdb/session.ts';
import { parquetFiles, sqlText } from '../../platform/duckdb/sql.ts';
import { HeadwayError } from '../../platform/errors.ts';
import type { LedgerPart } from './ledger-entry.ts';
import { canonicalIssues } from './ledger-issue.ts';
import type { LedgerLog } from './ledger-log.ts';
import type { OldLog } from './old-log.ts';
import type { PartFiles } from './part-files.ts';
import { quantilesOf } from './part-range.ts';
import { firstWrittenSql, PART_ORDER, partColumns, timestampSql } from './part-sql.ts';

/** Some 20 MB. */
const MAX_PART_ROWS = 1 << 20;
const KEEP_LOOSE_MS = 2 * 60 * 60 * 1000;
/** Entries of the old log that become one part. */
const MOVED_AT_ONCE = 200;

export interface CompactRequest {
  /** UTC epoch milliseconds: what is over, and what is recent. */
  readonly now: number;
  /**
   * Whether to look for entries of the JSON log also where all were moved: an earlier version may
   * have gone on writing.
   */
  readonly looksForOldLog?: boolean;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface CompactReport {
  /** Parts that were merged, and what became of them. */
  readonly replaced: number;
  readonly parts: number;
  readonly rows: number;
  /** Entries of the JSON log that were moved. */
  readonly moved: number;
  /** Periods that another compaction merged at the same time. */
  readonly overtaken: number;
}

export interface CompactionParts {
  readonly log: LedgerLog;
  readonly files: PartFiles;
  readonly oldLog: OldLog;
  readonly append: (issues: ReturnType<typeof canonicalIssues>) => Promise<unknown>;
}

export async function compactLedger(
  ledger: CompactionParts,
  { now, looksForOldLog = false, onProgress = () => undefined }: CompactRequest,
): Promise<CompactReport> {
  const moved = await moveOldLog(ledger, now, looksForOldLog);
  const groups = mergeable([...(await ledger.log.state()).live.values()], now);
  const report = { replaced: 0, parts: 0, rows: 0, moved, overtaken: 0 };
  for (const [i, group] of groups.entries()) {
    onProgress(i, groups.length);
    const made = await merge(ledger, group);
    if (made === null) {
      report.overtaken++;
      continue;
    }
    report.replaced += group.parts.length;
    report.parts += made.length;
    report.rows += made.reduce((sum, { rows }) => sum + rows, 0);
  }
  if (groups.length > 0) onProgress(groups.length, groups.length);
  return report;
}

/** Month by month, so that what is moved merges by itself. */
async function moveOldLog(
  { log, oldLog, append }: CompactionParts,
  now: number,
  isForced: boolean,
): Promise<number> {
  if (!isForced && (await log.state()).oldLogMovedAt !== null) return 0;
  const keys = await oldLog.keys();
  const month = (key: string) => /\/(\d{6})[^/]*$/.exec(key)?.[1];
  for (let from = 0; from < keys.length; ) {
    let to = from + 1;
    const isSame = (key = '') => month(key) === month(keys[from] as string);
    while (to < keys.length && to - from < MOVED_AT_ONCE && isSame(keys[to])) to++;
    await append(canonicalIssues(await oldLog.read(keys.slice(from, to))));
    from = to;
  }
  if ((await log.size()) > 0) await log.commit({ kind: 'compact', parts: [], oldLogMovedAt: now });
  return keys.length;
}

interface Period {
  readonly kind: 'day' | 'month';
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

/** Parts that are merged by one entry, and the periods that their rows are of. */
interface MergeGroup {
  readonly parts: readonly LedgerPart[];
  readonly periods: readonly Period[];
}

const DAY_MS = 86_400_000;

/** The month of a moment, if it is over; else the day. */
function periodOf(ms: number, now: number): Period {
  const day = new Date(ms);
  const start = Date.UTC(day.getUTCFullYear(), day.getUTCMonth());
  const end = Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1);
  if (end <= now - KEEP_LOOSE_MS) return { kind: 'month', start, end };
  const midnight = Math.floor(ms / DAY_MS) * DAY_MS;
  return { kind: 'day', start: midnight, end: midnight + DAY_MS };
}

function periodsOf({ issued }: LedgerPart, now: number): Period[] {
  const periods: Period[] = [];
  for (let at = issued.first; at <= issued.last; at = (periods.at(-1) as Period).end)
    periods.push(periodOf(at, now));
  return periods;
}

/** What there is to merge: groups of parts that share a period. */
function mergeable(live: readonly LedgerPart[], now: number): MergeGroup[] {
  const isLoose = ({ compacted, issued }: LedgerPart) =>
    compacted === null && issued.last >= now - KEEP_LOOSE_MS;
  const groups = new Set<{ parts: LedgerPart[]; periods: Map<number, Period> }>();
  for (const part of live.filter((one) => !isLoose(one))) {
    const periods = periodsOf(part, now);
    const touched = [...groups].filter((one) =>
      periods.some(({ start }) => one.periods.has(start)),
    );
    const [group = { parts: [], periods: new Map<number, Period>() }, ...others] = touched;
    groups.add(group);
    for (const other of others) {
      groups.delete(other);
      group.parts.push(...other.parts);
      for (const period of other.periods.values()) group.periods.set(period.start, period);
    }
    group.parts.push(part);
    for (const period of periods) group.periods.set(period.start, period);
  }
  const position = new Map(live.map(({ key }, i) => [key, i]));
  return [...groups]
    .map(({ parts, periods }) => ({
      // As they were written.
      parts: parts.sort((a, b) => Number(position.get(a.key)) - Number(position.get(b.key))),
      periods: [...periods.values()].sort((a, b) => a.start - b.start),
    }))
    .filter(({ parts, periods }) => isUnmerged(parts, periods))
    .sort((a, b) => (a.periods[0] as Period).start - (b.periods[0] as Period).start);
}

/** A part that stands alone gains by it only when it becomes that of a month. */
const isUnmerged = (parts: readonly LedgerPart[], [period]: readonly Period[]): boolean =>
  parts.length === 1
    ? parts[0]?.compacted === null && period?.kind === 'month'
    : parts.some(({ compacted }) => compacted !== period?.kind);

/** @returns null where another compaction was first */
function merge({ log, files }: CompactionParts, { parts, periods }: MergeGroup) {
  return withSqlSession(async (session): Promise<LedgerPart[] | null> => {
    const paths = await files.paths(parts);
    const columns = partColumns(quantilesOf(parts));
    const rows = (where: string) => firstWrittenSql(paths, columns, where);
    const made: LedgerPart[] = [];
    for (const { kind, start, end } of periods) {
      const within = `issued_at >= ${timestampSql(start)} AND issued_at < ${timestampSql(end)}`;
      const counts = await session.rows(
        `SELECT series_id, count(*)::DOUBLE FROM ${parquetFiles(paths)} WHERE ${within} ` +
          'GROUP BY series_id ORDER BY series_id',
      );
      for (const [first, last] of cuts(counts.map(([id, count]) => [String(id), Number(count)]))) {
        const among = `series_id BETWEEN ${sqlText(first)} AND ${sqlText(last)}`;
        const part = await files.write(
          session,
          { select: rows(`${within} AND ${among}`), order: PART_ORDER },
          { compacted: kind, content: null },
        );
        if (part) made.push(part);
      }
    }
    const before = sum(parts);
    if (sum(made) !== before) {
      const [[distinct] = []] = await session.rows(
        `SELECT count(*)::DOUBLE FROM (${rows('true')})`,
      );
      if (Number(distinct) !== sum(made))
        throw new HeadwayError('INTERNAL', 'A merge would lose rows of the ledger', {
          where: parts[0]?.key as string,
          fix: 'Nothing was replaced. Keep the store as it is and report this.',
        });
    }
    const replaced = parts.map(({ key }) => key);
    return (await log.commit({ kind: 'compact', parts: made, replaced })) === null ? null : made;
  });
}

const sum = (parts: readonly LedgerPart[]): number =>
  parts.reduce((total, { rows }) => total + rows, 0);

/** Neighbours in the order of series, as many as one part holds. */
function cuts(counts: readonly (readonly [string, number])[]): [first: string, last: string][] {
  const ranges: [string, string][] = [];
  let held = Number.POSITIVE_INFINITY;
  for (const [id, count] of counts) {
    const range = ranges.at(-1);
    if (range && held + count <= MAX_PART_ROWS) range[1] = id;
    else ranges.push([id, id]);
    held = range && held + count <= MAX_PART_ROWS ? held + count : count;
  }
  return ranges;
}
