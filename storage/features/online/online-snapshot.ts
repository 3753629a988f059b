/**
 * Purpose: the last weeks of every series of a snapshot, as they are read: range by range, or some
 * of them, or all as one panel.
 * Invariants: the ranges, one after another, are the panel.
 * Fails: USAGE for a panel that is too large to be one; as reading a range does.
 */
import {
  createPanel,
  lastObserved,
  onlyRows,
  type Panel,
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

/** The whole of a snapshot: only where it fits into memory. */
export async function wholePanel(snapshot: OnlineSnapshot): Promise<Panel> {
  const { series, length, ranges } = snapshot;
  if (ranges.length === 1) return snapshot.range(0);
  refuseTooLarge(series, length);
  return joined(panelsOf(snapshot), series * length);
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
        'Serve them from several stores; `headway forecast` reads any number of series, some ' +
        'at a time.',
    },
  );
}
