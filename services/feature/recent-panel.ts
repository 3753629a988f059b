/**
 * Purpose: the demand that a quality report and the data contract look at: what the snapshot will
 * contain once this run is committed, and which part of it is new; for very many series, a sample.
 * Invariants: the panel is what the store will return; nothing is computed a second way. It begins
 * twelve weeks before what is new (after a first run: at its beginning), as far as MAX_VALUES
 * allow. A sample is drawn by the ids alone, so that it is the same in every run. `fresh` marks
 * intervals that this run adds or changes: what is published again unchanged is not judged twice.
 * Fails: as the store's readNext and readAsOf.
 */
import type { Domain } from '../../domains/domain.ts';
import { indexAt, type Panel, panelTail } from '../../forecasting/panel/panel.ts';
import { withSqlSession } from '../../platform/duckdb/session.ts';
import { parquetFiles } from '../../platform/duckdb/sql.ts';
import { seedFrom } from '../../platform/random.ts';
import type { FeatureStore } from '../../storage/features/feature-store.ts';
import {
  demandOf,
  filesOf,
  isRanged,
  type Manifest,
  type TimeSpan,
} from '../../storage/features/manifest.ts';
import {
  joinPanels,
  onlySeriesOf,
  panelsOf,
} from '../../storage/features/online/online-snapshot.ts';
import type { Staged, StagedObject } from '../../storage/features/requests.ts';

const MAX_VALUES = 4_000_000;
/**
 * If the series have more values together, a sample is judged: 0.5 GB, or 66,000 of twelve weeks.
 */
const MAX_JUDGED = 2 ** 27;
const WEEKS = 12;
/** A correction of something older changes the snapshot, and is not in the report. */
const MAX_WEEKS = 104;
const WEEK_MS = 604_800_000;

export interface RecentDemand {
  readonly panel: Panel;
  /** 1 where this run adds or changes something. */
  readonly fresh: Uint8Array;
  /** 1 where every feed covers the interval: only there is the total of all feeds the total. */
  readonly covered: Uint8Array;
  /** The same span as in the head, before this run; null if the head has none of it. */
  readonly before: Panel | null;
  /** One series in this many is judged. */
  readonly oneIn: number;
}

export interface RecentPanelOptions {
  readonly domain: Domain;
  readonly features: Pick<FeatureStore, 'readAsOf' | 'openOnline' | 'readNext'>;
  readonly head: Manifest | null;
  /** What this run is about to commit. */
  readonly staged: Staged;
  /** For tests: values that are judged at most. */
  readonly maxJudged?: number;
}

export async function recentPanel({
  domain,
  features,
  head,
  staged,
  maxJudged = MAX_JUDGED,
}: RecentPanelOptions): Promise<RecentDemand> {
  const step = domain.frequencyMinutes * 60_000;
  // The report is about demand.
  const fresh = demandOf(staged.objects);
  const committed = demandOf(filesOf(head));
  const all = [...committed, ...fresh];
  const end = Math.max(...all.map(({ span }) => span.end));
  const first = Math.min(...all.map(({ span }) => span.start));
  const series = await countSeries(fresh);
  const most = Math.max((WEEKS * WEEK_MS) / step, Math.floor(MAX_VALUES / Math.max(1, series)));
  const newest = Math.min(end, ...fresh.map(({ span }) => span.start));
  const furthest = Math.min(most, (MAX_WEEKS * WEEK_MS) / step);
  const wanted =
    committed.length === 0 ? most : Math.min(furthest, (end - newest + WEEKS * WEEK_MS) / step);
  const start = Math.max(first, end - Math.floor(wanted) * step);

  const values = Math.max(series, seriesIn(head)) * ((end - start) / step);
  const oneIn = Math.max(1, Math.ceil(values / maxJudged));
  const takes = (id: string) => oneIn === 1 || seedFrom(id) % oneIn === 0;
  const next = { head, staged, from: start };
  const panel = await features.readNext(oneIn === 1 ? next : { ...next, takes });
  const isOldIn = committed.some(({ span }) => span.end > start);
  const old = isOldIn && head ? await committedSince(features, head, start, oneIn, takes) : null;
  const feeds = [...new Set(all.map(({ feed }) => feed))];
  const brought = covered(fresh, panel);
  const had = coverage(committed, feeds, panel);
  return {
    panel,
    fresh: changedIntervals(brought, placedBefore(old, panel), panel, had),
    covered: coverage(all, feeds, panel),
    before: old,
    oneIn,
  };
}

async function countSeries(objects: readonly StagedObject[]): Promise<number> {
  const files = [...new Set(objects.map(({ path }) => path))];
  if (files.length === 0) return 0;
  return withSqlSession(async (session) => {
    const [row] = await session.rows(
      `SELECT count(DISTINCT series_id)::INTEGER FROM ${parquetFiles(files)}`,
    );
    return Number(row?.[0]);
  });
}

/** 1 where any of the objects covers the interval. */
function covered(objects: readonly { readonly span: TimeSpan }[], panel: Panel): Uint8Array {
  const step = panel.frequencyMinutes * 60_000;
  const cells = new Uint8Array(panel.length);
  for (const { span } of objects) {
    const from = Math.max(0, Math.round((span.start - panel.start) / step));
    const to = Math.min(panel.length, Math.round((span.end - panel.start) / step));
    if (from < to) cells.fill(1, from, to);
  }
  return cells;
}

/** 1 where each of the feeds covers the interval. */
function coverage(
  objects: readonly { feed: string; span: TimeSpan }[],
  feeds: readonly string[],
  panel: Panel,
): Uint8Array {
  const all = new Uint8Array(panel.length).fill(1);
  for (const feed of feeds) {
    const mine = covered(
      objects.filter((object) => object.feed === feed),
      panel,
    );
    for (let t = 0; t < panel.length; t++) all[t] &= mine[t] as number;
  }
  return all;
}

/**
 * Of the intervals that this run brings, those that are new or have other values now.
 */
function changedIntervals(
  brought: Uint8Array,
  { before, lost }: Before,
  panel: Panel,
  had: Uint8Array,
): Uint8Array {
  const fresh = new Uint8Array(panel.length);
  const now = panel.columns.target;
  for (let t = 0; t < panel.length; t++) {
    if (!brought[t]) continue;
    let isChanged = !had[t] || lost[t] === 1;
    for (let at = t; at < now.length && !isChanged; at += panel.length)
      isChanged = !Object.is(now[at], before[at]);
    fresh[t] = isChanged ? 1 : 0;
  }
  return fresh;
}

/** The number that a view in ranges states; 0 for a view of one object, which has few. */
const seriesIn = (head: Manifest | null): number =>
  head?.online && isRanged(head.online)
    ? head.online.ranges.reduce((sum, { series }) => sum + series, 0)
    : 0;

/**
 * From the online view if it reaches back that far: it has the same values and needs no SQL engine.
 * For a sample nothing else is read: then all that this run brings is new.
 */
async function committedSince(
  features: RecentPanelOptions['features'],
  head: Manifest,
  start: number,
  oneIn: number,
  takes: (seriesId: string) => boolean,
): Promise<Panel | null> {
  if (head.online && head.online.span.start <= start) {
    const online = await features.openOnline(head);
    if (online.ranges.length === 1 && oneIn === 1) return online.range(0);
    return joinPanels(since(onlySeriesOf(panelsOf(online), takes), start));
  }
  return oneIn === 1 ? features.readAsOf({ from: start }) : null;
}

/** What the panels have from a time on. */
async function* since(panels: AsyncIterable<Panel>, start: number): AsyncGenerator<Panel> {
  for await (const panel of panels) yield panelTail(panel, panel.length - indexAt(panel, start));
}

interface Before {
  /** The values that the store had, in the places of the panel; NaN where it had none. */
  readonly before: Float32Array;
  /** 1 where it had values of a series whose rows are all replaced: no panel has them now. */
  readonly lost: Uint8Array;
}

function placedBefore(old: Panel | null, panel: Panel): Before {
  const before = new Float32Array(panel.columns.target.length).fill(Number.NaN);
  const lost = new Uint8Array(panel.length);
  if (old === null) return { before, lost };
  const rows = new Map(panel.seriesIds.map((id, index) => [id, index]));
  const shift = Math.round((old.start - panel.start) / (panel.frequencyMinutes * 60_000));
  const from = Math.max(0, -shift);
  const until = Math.max(from, Math.min(old.length, panel.length - shift));
  for (const [series, id] of old.seriesIds.entries()) {
    const row = rows.get(id);
    const first = series * old.length;
    const values = old.columns.target.subarray(first + from, first + until);
    if (row !== undefined) before.set(values, row * panel.length + from + shift);
    else
      for (const [t, value] of values.entries())
        if (!Number.isNaN(value) && value !== 0) lost[t + from + shift] = 1;
  }
  return { before, lost };
}
