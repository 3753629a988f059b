/**
 * Purpose: the rows of a Parquet file as they came when it was checked, for those who need them
 * next: whoever judges a run, and the commit.
 * Invariants: kept under the SHA-256 and the claims of what was read through, so only bytes that
 * were read are spoken for; kept in a scope that says so (`withRowCache`), of at most MAX_CACHED
 * rows, and forgotten when the last such scope ends.
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

/** 96 MB. */
const MAX_CACHED = 8_000_000;

const kept = new Map<string, ObjectRows>();
let scopes = 0;

export async function withRowCache<T>(work: () => Promise<T>): Promise<T> {
  scopes++;
  try {
    return await work();
  } finally {
    scopes--;
    if (scopes === 0) kept.clear();
  }
}

/** @param content names what was read: hash and claims */
export function keepRows(content: string, rows: ObjectRows): void {
  let sum = rows.values.length;
  for (const { values } of kept.values()) sum += values.length;
  if (scopes > 0 && sum <= MAX_CACHED) kept.set(content, rows);
}

export const cachedRows = (content: string): ObjectRows | null => kept.get(content) ?? null;

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
