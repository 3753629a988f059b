/**
 * Purpose: what the charts of the data-quality report show, as small tables: volume over time,
 * series by day, rows rejected by part.
 * Invariants: bounded, whatever the data: at most MAX_BINS bins of time, MAX_ROWS series and
 * MAX_COLUMNS bins of theirs; days are local. Made for the page of a run and not stored with it.
 * Fails: never.
 */
import type { Domain } from '../../../domains/domain.ts';
import { timestampAt } from '../../../forecasting/panel/panel.ts';
import type { DemandView } from '../../../services/feature/contract/demand-view.ts';

const MAX_BINS = 360;
const MAX_COLUMNS = 92;
const MAX_ROWS = 300;
/** A bin of which less than half is known is shown as missing. */
const MIN_KNOWN = 0.5;

export interface VolumeBin {
  /** UTC epoch milliseconds. */
  readonly start: number;
  /** Means per interval; null where less than half of the bin is known. */
  readonly actual: number | null;
  readonly expected: number | null;
  readonly isFresh: boolean;
}

export interface HeatRow {
  readonly seriesId: string;
  readonly mean: number;
  /**
   * One character a bin: "." missing, "0" nothing, "1" to "5" up to the series' own highest; where
   * values are below zero, from its lowest on.
   */
  readonly cells: string;
}

export interface QualityTables {
  /** By whose clock bins begin. */
  readonly timeZone: string;
  readonly volume: { readonly daysEach: number; readonly bins: readonly VolumeBin[] };
  readonly heat: {
    readonly daysEach: number;
    readonly starts: readonly number[];
    readonly rows: readonly HeatRow[];
    /** Series with less volume than those shown. */
    readonly more: number;
  };
  readonly countsEvents: boolean;
}

export function drawQuality(domain: Domain, view: DemandView | null): QualityTables {
  const countsEvents = domain.missing === 'zero';
  if (view === null) {
    return {
      timeZone: domain.timeZone,
      volume: { daysEach: 1, bins: [] },
      heat: { daysEach: 1, starts: [], rows: [], more: 0 },
      countsEvents,
    };
  }
  const days = localDays(view);
  const volumeBins = binsOf(days, MAX_BINS);
  const heatBins = binsOf(days, MAX_COLUMNS);
  const rows = heatRows(view, heatBins.edges);
  return {
    timeZone: domain.timeZone,
    volume: { daysEach: volumeBins.daysEach, bins: volumeOf(view, volumeBins.edges) },
    heat: {
      daysEach: heatBins.daysEach,
      starts: heatBins.edges.slice(0, -1).map((t) => timestampAt(view.panel, t)),
      rows: rows.slice(0, MAX_ROWS),
      more: Math.max(0, rows.length - MAX_ROWS),
    },
    countsEvents,
  };
}

/** Indexes at which a local day begins, and the end. */
function localDays({ calendar, panel }: DemandView): number[] {
  const starts: number[] = [];
  for (let t = 0; t < panel.length; t++) {
    // Where the clock is set back it is earlier too, but by less than half a day.
    const back = t === 0 ? 1440 : calendar.minuteOfDay[t - 1]! - calendar.minuteOfDay[t]!;
    if (back > 720 || panel.frequencyMinutes === 1440) starts.push(t);
  }
  return [...starts, panel.length];
}

function binsOf(days: readonly number[], most: number): { daysEach: number; edges: number[] } {
  const count = days.length - 1;
  const daysEach = Math.max(1, Math.ceil(count / most));
  const edges: number[] = [];
  for (let day = 0; day < count; day += daysEach) edges.push(days[day] as number);
  return { daysEach, edges: [...edges, days[count] as number] };
}

function volumeOf(view: DemandView, edges: readonly number[]): VolumeBin[] {
  return edges.slice(0, -1).map((from, bin) => {
    const to = edges[bin + 1] as number;
    return {
      start: timestampAt(view.panel, from),
      actual: meanOf(view.totals, from, to),
      expected: meanOf(view.expected, from, to),
      isFresh: view.fresh.subarray(from, to).includes(1),
    };
  });
}

function meanOf(values: Float64Array | Float32Array, from: number, to: number): number | null {
  let sum = 0;
  let known = 0;
  for (let t = from; t < to; t++) {
    const value = values[t] as number;
    if (Number.isNaN(value)) continue;
    sum += value;
    known++;
  }
  return known < MIN_KNOWN * (to - from) || known === 0 ? null : sum / known;
}

/** All series, the busiest first. */
function heatRows({ panel }: DemandView, edges: readonly number[]): HeatRow[] {
  const rows = panel.seriesIds.map((seriesId, series) => {
    const values = panel.columns.target.subarray(
      series * panel.length,
      (series + 1) * panel.length,
    );
    const means = edges
      .slice(0, -1)
      .map((from, bin) => meanOf(values, from, edges[bin + 1] as number));
    // Not the very highest: one freak day would make all others pale.
    const sorted = means.filter((mean) => mean !== null).sort((a, b) => a - b);
    const low = Math.min(0, sorted[0] ?? 0);
    const high = sorted[Math.floor(0.95 * (sorted.length - 1))] ?? 0;
    const top = (high > 0 ? high : (sorted.at(-1) ?? 0)) - low;
    const cells = means.map((mean) => {
      if (mean === null) return '.';
      const height = mean - low;
      return height <= 0 || top <= 0
        ? '0'
        : String(Math.min(5, Math.max(1, Math.ceil((5 * height) / top))));
    });
    return {
      seriesId,
      mean: meanOf(values, 0, panel.length) ?? meanOfKnown(sorted),
      magnitude: meanOf(values.map(Math.abs), 0, panel.length) ?? meanOfKnown(sorted.map(Math.abs)),
      cells: cells.join(''),
    };
  });
  return rows
    .sort((a, b) => b.magnitude - a.magnitude || (a.seriesId < b.seriesId ? -1 : 1))
    .map(({ magnitude: _, ...row }) => row);
}

const meanOfKnown = (means: readonly number[]): number =>
  means.length === 0 ? 0 : means.reduce((sum, mean) => sum + mean, 0) / means.length;
