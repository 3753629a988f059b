/**
 * Purpose: the last weeks of every series of a snapshot, as they are read: range by range, or some
 * of them, or all as one panel.
 * Invariants: the ranges, one after another, are the panel; of rows that are asked for no other
 * range is read, and one is in memory at a time.
 * Fails: USAGE for a panel that is too large to be one; as reading a range does.
 */
import {
  createPanel,
  lastObserved,
  onlyRows,
  type Panel,
  seriesSlice,
} from '../../../forecasting/panel/panel.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import type { Manifest } from '../manifest.ts';
import type { Rows } from './view-ranges.ts';

/** 4 GB: no array can be much larger. */
const MAX_VALUES = 2 ** 30;

/** Series that are read together. */
export interface SeriesRange extends Rows {
  /** Ids from here on, up to the next range, belong here; null: from the beginning. */
  readonly first: string | null;
}

/** The last weeks of every series of a snapshot. */
export interface OnlineSnapshot {
  readonly manifest: Manifest;
  readonly start: number;
  readonly frequencyMinutes: number;
  readonly length: number;
  /** How many series there are. */
  readonly series: number;
  /** In order. */
  readonly ranges: readonly SeriesRange[];
  /** The panel of a range. */
  range(index: number): Promise<Panel>;
  /** The range that holds a series, if the snapshot has it. */
  rangeOf(seriesId: string): number;
  /** Grid index of the last interval before `end` in which any series has a value; -1: none. */
  lastObserved(end?: number): Promise<number>;
}

/** A snapshot of which all series are in memory. */
export function heldSnapshot(panel: Panel, manifest: Manifest): OnlineSnapshot {
  const { start, frequencyMinutes, length, seriesIds } = panel;
  return {
    ...{ manifest, start, frequencyMinutes, length, series: seriesIds.length },
    ranges: [{ from: 0, to: seriesIds.length, first: null }],
    range: async () => panel,
    rangeOf: () => 0,
    lastObserved: async (end) => lastObserved(panel, end),
  };
}

/** Rows of one range. */
export interface RangeRows extends Rows {
  readonly index: number;
}

/**
 * The rows of each range that are among the asked rows of the snapshot; no row of the first range
 * where there are none.
 */
export function rangeRowsOf({ ranges }: OnlineSnapshot, asked: Rows): RangeRows[] {
  const found = ranges.flatMap(({ from, to }, index) => {
    const first = Math.max(from, asked.from);
    const end = Math.min(to, asked.to);
    return first < end ? [{ index, from: first - from, to: end - from }] : [];
  });
  return found.length > 0 ? found : [{ index: 0, from: 0, to: 0 }];
}

/** The whole of a snapshot: only where it fits into memory. */
export const wholePanel = (snapshot: OnlineSnapshot): Promise<Panel> =>
  panelOfRows(snapshot, { from: 0, to: snapshot.series });

/**
 * Rows of a snapshot as one panel: only where they fit into memory.
 * @param onRange gets each range that is read
 */
export async function panelOfRows(
  snapshot: OnlineSnapshot,
  rows: Rows,
  onRange: (index: number, range: Panel) => void = () => undefined,
): Promise<Panel> {
  const parts = rangeRowsOf(snapshot, rows);
  const read = async ({ index, from, to }: RangeRows): Promise<Panel> => {
    const range = await snapshot.range(index);
    onRange(index, range);
    return seriesSlice(range, from, to);
  };
  async function* all() {
    for (const part of parts) yield await read(part);
  }
  if (parts.length === 1) return read(parts[0] as RangeRows);
  const series = rows.to - rows.from;
  refuseTooLarge(series, snapshot.length);
  return joined(all(), series * snapshot.length);
}

/** Of these series the ones that the snapshot has, in its order; their ranges alone are read. */
export async function pickFromRanges(
  snapshot: OnlineSnapshot,
  seriesIds: readonly string[],
): Promise<Panel> {
  const wanted = new Set(seriesIds);
  // Without any of them there is a panel of no series: its grid is that of the first range.
  const indexes = new Set([0, ...seriesIds.map((id) => snapshot.rangeOf(id))]);
  const panels = panelsOf(
    snapshot,
    [...indexes].sort((a, b) => a - b),
  );
  return joinPanels(onlySeriesOf(panels, (id) => wanted.has(id)));
}

/** Of each panel the series that `takes` accepts. */
export async function* onlySeriesOf(
  panels: AsyncIterable<Panel>,
  takes: (seriesId: string) => boolean,
): AsyncGenerator<Panel> {
  for await (const panel of panels)
    yield onlyRows(
      panel,
      [...panel.seriesIds.keys()].filter((row) => takes(panel.seriesIds[row] as string)),
    );
}

/** The panels of these ranges, by default of all. */
export async function* panelsOf(
  snapshot: OnlineSnapshot,
  indexes: Iterable<number> = snapshot.ranges.keys(),
): AsyncGenerator<Panel> {
  for (const index of indexes) yield await snapshot.range(index);
}

/** One panel of some that follow one another. */
export async function joinPanels(panels: AsyncIterable<Panel> | Iterable<Panel>): Promise<Panel> {
  const all: Panel[] = [];
  let series = 0;
  for await (const panel of panels) {
    all.push(panel);
    series += panel.seriesIds.length;
    refuseTooLarge(series, panel.length);
  }
  const [first] = all as [Panel];
  if (all.length === 1) return first;
  return joined(all, series * first.length);
}

async function joined(
  panels: AsyncIterable<Panel> | Iterable<Panel>,
  values: number,
): Promise<Panel> {
  const target = new Float32Array(values);
  const seriesIds: (readonly string[])[] = [];
  const shared = new Map<string, Float32Array>();
  let first: Panel | null = null;
  let at = 0;
  for await (const panel of panels) {
    first ??= panel;
    target.set(panel.columns.target, at);
    at += panel.columns.target.length;
    seriesIds.push(panel.seriesIds);
    // Copied: the columns of a range are views into all of its bytes, which would stay in memory.
    for (const [name, column] of Object.entries(panel.exogenous ?? {}))
      if (!shared.has(name)) shared.set(name, column.slice());
  }
  const exogenous = first?.exogenous && {
    exogenous: Object.fromEntries([...shared].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
  return createPanel({
    ...(first as Panel),
    ...{ seriesIds: seriesIds.flat(), columns: { target } },
    ...exogenous,
  });
}

function refuseTooLarge(series: number, length: number): void {
  if (series * length <= MAX_VALUES) return;
  throw new HeadwayError(
    'USAGE',
    `${series} series × ${length} intervals are too many to be in memory at once`,
    {
      fix:
        'Serve them in shards: `headway serve --shard 1/4` holds a quarter of the series; ' +
        '`headway forecast` reads any number, some at a time.',
    },
  );
}
