/**
 * Purpose: the rows of a Parquet file in memory, as they came when it was read through.
 * Invariants: every row is inside the grid of its file.
 * Fails: never.
 */

export interface ObjectRows {
  /** In code-point order. */
  readonly seriesIds: readonly string[];
  /** UTC epoch milliseconds of the first interval; between intervals; how many there are. */
  readonly start: number;
  readonly step: number;
  readonly length: number;
  /** Of each row its series, its interval and its value. */
  readonly series: Int32Array;
  readonly intervals: Int32Array;
  readonly values: Float32Array;
}

/**
 * Calls `take` with place and value of every row of one of `ids` from the start of the grid on.
 * @param wins 1 for each interval of `rows` that is asked for
 */
export function placeRows(
  rows: ObjectRows,
  ids: readonly string[],
  grid: { readonly start: number; readonly step: number; readonly length: number },
  take: (at: number, value: number) => void,
  wins: Uint8Array | null = null,
): void {
  const positions = new Map(ids.map((id, position) => [id, position]));
  const positionOf = Int32Array.from(rows.seriesIds, (id) => positions.get(id) ?? -1);
  const shift = (rows.start - grid.start) / grid.step;
  for (let row = 0; row < rows.values.length; row++) {
    const t = rows.intervals[row] as number;
    const position = positionOf[rows.series[row] as number] as number;
    if (position < 0 || t + shift < 0 || (wins !== null && wins[t] !== 1)) continue;
    take(position * grid.length + t + shift, rows.values[row] as number);
  }
}
