/**
 * Purpose: the average of each group of series as a further series to learn from: what moves
 * together shows in it without the noise of single series.
 * Invariants: pure. A value is that of all members, or of most of them by size: the others are then
 * taken to be like these. Else it is unknown.
 * Fails: never; a series that the panel does not hold is left out.
 * Source of learning all levels of a hierarchy at once: Rangapuram et al. 2021, "End-to-end
 * learning of coherent probabilistic forecasts for hierarchical time series" (ICML).
 */
import { meanSizeOf, type Panel, targetOf } from './panel.ts';

export interface AveragedGroup {
  /** The id of the average among the series; of no series of the panel. */
  readonly id: string;
  readonly seriesIds: readonly string[];
}

/** Of the members' summed sizes, what must be known of an interval. */
const MIN_KNOWN = 0.8;

/** The panel with an average more for each group, at its end; the panel itself where none is. */
export function withGroupAverages(panel: Panel, groups: readonly AveragedGroup[]): Panel {
  if (groups.length === 0) return panel;
  const { seriesIds, columns, length } = panel;
  const target = new Float32Array((seriesIds.length + groups.length) * length);
  target.set(columns.target);
  const rowOf = new Map(seriesIds.map((id, row) => [id, row]));
  for (const [g, group] of groups.entries()) {
    const rows = group.seriesIds.flatMap((id) => rowOf.get(id) ?? []);
    const members = rows.map((row) => targetOf(panel, row));
    target.set(averageOf(members, length), (seriesIds.length + g) * length);
  }
  return {
    ...panel,
    seriesIds: [...seriesIds, ...groups.map(({ id }) => id)],
    columns: { target },
  };
}

function averageOf(members: readonly Float32Array[], length: number): Float32Array {
  const sizes = members.map((values) => meanSizeOf(values) || 0);
  const all = sizes.reduce((sum, size) => sum + size, 0);
  return Float32Array.from({ length }, (_, t) => {
    let sum = 0;
    let known = 0;
    for (const [m, values] of members.entries()) {
      const value = values[t] as number;
      if (Number.isNaN(value)) continue;
      sum += value;
      known += sizes[m] as number;
    }
    if (known < MIN_KNOWN * all || known === 0) return Number.NaN;
    return ((sum / members.length) * all) / known;
  });
}
