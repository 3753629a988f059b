/**
 * Purpose: the demand that a quality report and the data contract look at, before it is committed:
 * the parts of this run over what the store has.
 * Invariants: the panel begins twelve weeks before what is new (after a first run: at its
 * beginning), as far as MOST_VALUES allow. `fresh` marks intervals that this run adds or changes:
 * what is published again as it was is not judged twice. Where a part is published anew and several
 * feeds add up, the store's old values stand in the report (the feed's own share is not known
 * here); the snapshot itself is exact.
 * Fails: as the store's readAsOf.
 */
import type { Domain } from '../../domains/domain.ts';
import { createPanel, type Panel } from '../../forecasting/panel.ts';
import { fileHash } from '../../runtime/file-hash.ts';
import { parquetFiles } from '../../runtime/sql.ts';
import { filesOf, isExogenous } from '../../storage/coverage.ts';
import {
  columnItems,
  nameRows,
  type SqlSession,
  withSqlSession,
} from '../../storage/duckdb-session.ts';
import { checkContent, rowsOfContent } from '../../storage/feature-objects.ts';
import type { FeatureStore } from '../../storage/feature-store.ts';
import { placeRows } from '../../storage/kept-rows.ts';
import type { Manifest, TimeSpan } from '../../storage/manifest.ts';
import type { Claims } from '../../storage/parquet-check.ts';
import type { AggregatedPart } from './aggregate.ts';

const MOST_VALUES = 4_000_000;
const WEEKS = 12;
/** A correction of something older changes the snapshot, and is not in the report. */
const MOST_WEEKS = 104;
const WEEK_MS = 604_800_000;

export interface RecentDemand {
  readonly panel: Panel;
  /** 1 where this run adds or changes something. */
  readonly fresh: Uint8Array;
  /** 1 where every feed has spoken: only there is the total of all feeds the total. */
  readonly covered: Uint8Array;
  /** Every series the store had before; null where this panel does not reach what it had. */
  readonly knownSeries: ReadonlySet<string> | null;
}

export interface RecentPanelOptions {
  readonly domain: Domain;
  readonly features: Pick<FeatureStore, 'readAsOf' | 'readOnline'>;
  readonly head: Manifest | null;
  readonly fresh: readonly AggregatedPart[];
  /** When these become known. */
  readonly availableAt: number;
}

export async function recentPanel({
  domain,
  features,
  availableAt,
  ...all
}: RecentPanelOptions): Promise<RecentDemand> {
  const step = domain.frequencyMinutes * 60_000;
  // The report is about demand.
  const fresh = all.fresh.filter(({ part }) => !isExogenous(part.feed));
  const committed = filesOf(all.head).filter(({ feed }) => !isExogenous(feed));
  const spans: TimeSpan[] = [...fresh, ...committed].map((object) => object.span);
  const end = Math.max(...spans.map((span) => span.end));
  const first = Math.min(...spans.map((span) => span.start));

  return withSqlSession(async (session) => {
    const files: FileRows[] = [];
    for (const made of fresh)
      files.push(
        await openFile(session, made.path, { ...made, availableAt }, domain.frequencyMinutes),
      );
    const found = new Set(files.flatMap(({ ids }) => ids));
    const isNew = committed.length === 0;
    const most = Math.max(
      (WEEKS * WEEK_MS) / step,
      Math.floor(MOST_VALUES / Math.max(1, found.size)),
    );
    const newest = Math.min(end, ...fresh.map(({ span }) => span.start));
    const furthest = Math.min(most, (MOST_WEEKS * WEEK_MS) / step);
    const wanted = isNew ? most : Math.min(furthest, (end - newest + WEEKS * WEEK_MS) / step);
    const start = Math.max(first, end - Math.floor(wanted) * step);
    const isOldIn = committed.some(({ span }) => span.end > start);
    const old = isOldIn ? await committedSince(features, all.head, start) : null;
    const seriesIds = [...new Set([...found, ...(old?.seriesIds ?? [])])].sort();
    const length = Math.round((end - start) / step);
    const target = new Float32Array(seriesIds.length * length).fill(Number.NaN);
    const panel = createPanel({
      seriesIds,
      start,
      frequencyMinutes: domain.frequencyMinutes,
      length,
      columns: { target },
    });
    if (old) copyInto(panel, old);
    const before = old ? target.slice() : target.fill(Number.NaN).slice();
    const told = new Uint8Array(length);

    const feeds = new Set(
      [...committed, ...fresh.map(({ part }) => part)].map((object) => object.feed),
    );
    for (const [index, { part, span }] of fresh.entries()) {
      const isAnew = committed.some(
        (object) => object.feed === part.feed && overlap(object.span, span),
      );
      if (isAnew && feeds.size > 1) continue;
      const from = Math.max(0, Math.round((span.start - start) / step));
      const to = Math.min(length, Math.round((span.end - start) / step));
      if (from < to) told.fill(1, from, to);
      for (let series = 0; series < seriesIds.length; series++) {
        for (let at = series * length + from; at < series * length + to; at++) {
          if (isAnew || Number.isNaN(target[at]))
            target[at] = domain.missing === 'zero' ? 0 : Number.NaN;
        }
      }
      await (files[index] as FileRows).read(seriesIds, { start, step, length }, (at, value) => {
        target[at] = (Number.isNaN(target[at]) ? 0 : (target[at] as number)) + value;
      });
    }
    return {
      panel,
      fresh: changedIntervals(told, before, panel, coverage(committed, [...feeds], panel)),
      covered: coverage(
        [...committed, ...fresh.map(({ part, span }) => ({ feed: part.feed, span }))],
        [...feeds],
        panel,
      ),
      knownSeries: old ? new Set(old.seriesIds) : null,
    };
  });
}

interface FileRows {
  readonly ids: readonly string[];
  /**
   * Calls `take` with place (position in `seriesIds`, which must hold `ids`, × length + interval)
   * and value of every row from the start on.
   */
  read(
    seriesIds: readonly string[],
    grid: { start: number; step: number; length: number },
    take: (at: number, value: number) => void,
  ): Promise<void>;
}

/** The file is looked at as the commit will look at it, so that its rows are read once for both. */
async function openFile(
  session: SqlSession,
  path: string,
  claims: Claims,
  frequencyMinutes: number,
): Promise<FileRows> {
  const hash = await fileHash(path);
  await checkContent(session, path, hash, claims, frequencyMinutes);
  const rows = rowsOfContent(hash, claims, frequencyMinutes);
  if (rows === null) return openUnkept(session, path);
  return {
    ids: rows.seriesIds,
    async read(seriesIds, grid, take) {
      placeRows(rows, seriesIds, grid, take);
    },
  };
}

/**
 * Too large to be kept, or not what the commit will take: that is said when everything else has
 * been judged.
 */
async function openUnkept(session: SqlSession, path: string): Promise<FileRows> {
  const file = parquetFiles(path);
  const found = await session.rows(`SELECT DISTINCT series_id FROM ${file}`);
  return {
    ids: found.map(([id]) => String(id)),
    async read(seriesIds, { start, step, length }, take) {
      await nameRows(session, seriesIds);
      const sql = `SELECT series.position::INTEGER, ((epoch_ms(timestamp) - ${start}) // ${step})::INTEGER, target::FLOAT
        FROM ${file} JOIN series ON series_id = series.id WHERE timestamp >= make_timestamp(${start} * 1000)`;
      await session.stream(sql, (chunk) => {
        const [positions, steps] = [
          columnItems<Int32Array>(chunk, 0),
          columnItems<Int32Array>(chunk, 1),
        ];
        const values = columnItems<Float32Array>(chunk, 2);
        for (let i = 0; i < values.length; i++)
          take((positions[i] as number) * length + (steps[i] as number), values[i] as number);
      });
    },
  };
}

/** 1 where each of the feeds covers the interval. */
function coverage(
  objects: readonly { feed: string; span: TimeSpan }[],
  feeds: readonly string[],
  panel: Panel,
): Uint8Array {
  const step = panel.frequencyMinutes * 60_000;
  const all = new Uint8Array(panel.length).fill(1);
  for (const feed of feeds) {
    const mine = new Uint8Array(panel.length);
    for (const { span } of objects.filter((object) => object.feed === feed)) {
      const from = Math.max(0, Math.round((span.start - panel.start) / step));
      const to = Math.min(panel.length, Math.round((span.end - panel.start) / step));
      if (from < to) mine.fill(1, from, to);
    }
    for (let t = 0; t < panel.length; t++) all[t] &= mine[t] as number;
  }
  return all;
}

/**
 * Of the intervals that this run tells of, those that were not told of before or read otherwise
 * now.
 */
function changedIntervals(
  told: Uint8Array,
  before: Float32Array,
  panel: Panel,
  had: Uint8Array,
): Uint8Array {
  const fresh = new Uint8Array(panel.length);
  const now = panel.columns.target;
  for (let t = 0; t < panel.length; t++) {
    if (!told[t]) continue;
    let isChanged = !had[t];
    for (let at = t; at < now.length && !isChanged; at += panel.length)
      isChanged = !Object.is(now[at], before[at]);
    fresh[t] = isChanged ? 1 : 0;
  }
  return fresh;
}

/**
 * From the online view where that reaches back so far: it reads the same, and takes no SQL engine.
 */
async function committedSince(
  features: RecentPanelOptions['features'],
  head: Manifest | null,
  start: number,
): Promise<Panel> {
  if (head?.online && head.online.span.start <= start) {
    const { panel, manifest } = await features.readOnline();
    if (manifest.snapshotVersion === head.snapshotVersion) return panel;
  }
  return features.readAsOf({ from: start });
}

const overlap = (a: TimeSpan, b: TimeSpan): boolean => a.start < b.end && b.start < a.end;

function copyInto(panel: Panel, old: Panel): void {
  const row = new Map(panel.seriesIds.map((id, index) => [id, index]));
  const shift = Math.round((old.start - panel.start) / (panel.frequencyMinutes * 60_000));
  for (const [series, id] of old.seriesIds.entries()) {
    const base = row.get(id)! * panel.length + shift;
    for (let t = 0; t < old.length; t++) {
      if (shift + t >= 0 && shift + t < panel.length) {
        panel.columns.target[base + t] = old.columns.target[series * old.length + t];
      }
    }
  }
}
