/**
 * Purpose: what a window reads of its series: the values and the week tables, from where the series
 * begins, or as if it had begun later.
 * Invariants: a shortened history gives the bits that a panel without the earlier values gives.
 * Fails: never.
 */
import { targetOf } from '../panel/panel.ts';
import { type FeatureSource, tableSizes, tabulatedFrom } from './feature-source.ts';
import { createWeekTables, WEEKS_OF_SHAPE } from './week-tables.ts';

export interface SeriesHistory {
  readonly values: Float32Array;
  /** The first grid index of the tables: entry t is at `t - from`. */
  readonly from: number;
  readonly weekMeans: Float32Array;
  readonly weekShape: Float32Array;
}

/** Grid index from which on the series is there, as known at the cutoff. */
export function birthAt({ sizes, births }: FeatureSource, series: number, cutoff: number): number {
  const first = births[series]?.(cutoff) ?? 0;
  // What lies further back is not looked at.
  return cutoff - first < sizes.historyIntervals ? first : 0;
}

/** All that is known of a series at the cutoff. */
export function historyAt(source: FeatureSource, series: number, cutoff: number): SeriesHistory {
  const { panel, tables } = source;
  const first = birthAt(source, series, cutoff);
  if (first > 0) return historySince(source, series, cutoff, first);
  const { from, width } = tables;
  const row = (table: Float32Array) => table.subarray(series * width, (series + 1) * width);
  return {
    values: targetOf(panel, series),
    from,
    weekMeans: row(tables.weekMeans),
    weekShape: row(tables.weekShape),
  };
}

/** The history up to `cutoff` in which nothing before grid index `first` is known. */
export function historySince(
  source: FeatureSource,
  series: number,
  cutoff: number,
  first: number,
): SeriesHistory {
  const { spec, panel } = source;
  const values = new Float32Array(panel.length).fill(Number.NaN);
  values.set(targetOf(panel, series).subarray(first, cutoff + 1), first);
  const span = Math.min(panel.length + spec.horizon + 1, cutoff + spec.horizon + 2);
  const from = Math.max(source.tables.from, tabulatedFrom(spec, source.calendar, cutoff, span));
  const one = { ...panel, seriesIds: [''], columns: { target: values } };
  const part = (lags: Int32Array) =>
    lags.subarray(
      (from - source.tables.from) * WEEKS_OF_SHAPE,
      (span - source.tables.from) * WEEKS_OF_SHAPE,
    );
  const lags = { at: part(source.lags.at), day: part(source.lags.day) };
  const sizes = { ...tableSizes(spec, from, span), knownFrom: first };
  const tables = createWeekTables(one, sizes, lags);
  return { values, ...tables };
}
