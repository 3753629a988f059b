/**
 * Purpose: weighted least squares with a penalty, from running sums: rows are seen once and not
 * kept.
 * Invariants: double precision; sums of disjoint rows can be added, so that one pass serves a fit,
 * its validation and the fit on both; `settle` comes before a sum is read.
 * Fails: a RangeError where there is no penalty and the rows do not decide the coefficients.
 */
import { solvePositiveDefinite } from './cholesky.ts';

/** What least squares needs of its rows, whatever their number. */
export interface Sums {
  /** Σ w x xᵀ [size × size], lower triangle. */
  readonly square: Float64Array;
  /** Σ w x y [size]. */
  readonly cross: Float64Array;
  /** Σ w y². */
  targets: number;
  /** Σ w. */
  weight: number;
  /**
   * Rows √w x that `square` does not hold yet, [size × BLOCK]: many at once cost less than one by
   * one.
   */
  readonly pending: Float64Array;
  rows: number;
}

const BLOCK = 64;

export const createSums = (size: number): Sums => ({
  square: new Float64Array(size * size),
  cross: new Float64Array(size),
  targets: 0,
  weight: 0,
  pending: new Float64Array(size * BLOCK),
  rows: 0,
});

export function addRow(sums: Sums, row: Float64Array, target: number, weight: number): void {
  const { cross, pending } = sums;
  const root = Math.sqrt(weight);
  const scaled = weight * target;
  for (let i = 0; i < row.length; i++) {
    const x = row[i] as number;
    pending[i * BLOCK + sums.rows] = root * x;
    cross[i] = (cross[i] as number) + x * scaled;
  }
  sums.targets += scaled * target;
  sums.weight += weight;
  sums.rows++;
  if (sums.rows === BLOCK) settle(sums);
}

/**
 * Adds the pending rows to `square`. Four sums at a time, because each addition waits for the one
 * before it.
 */
export function settle(sums: Sums): void {
  const { square, pending, cross } = sums;
  const size = cross.length;
  for (let i = 0; i < size; i++) {
    const a = i * BLOCK;
    for (let j = 0; j <= i; j++) {
      const b = j * BLOCK;
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      for (let r = 0; r < BLOCK; r += 4) {
        s0 += (pending[a + r] as number) * (pending[b + r] as number);
        s1 += (pending[a + r + 1] as number) * (pending[b + r + 1] as number);
        s2 += (pending[a + r + 2] as number) * (pending[b + r + 2] as number);
        s3 += (pending[a + r + 3] as number) * (pending[b + r + 3] as number);
      }
      square[i * size + j] = (square[i * size + j] as number) + (s0 + s1) + (s2 + s3);
    }
  }
  pending.fill(0);
  sums.rows = 0;
}

export const added = (a: Sums, b: Sums): Sums => ({
  ...a,
  square: a.square.map((value, i) => value + (b.square[i] as number)),
  cross: a.cross.map((value, i) => value + (b.cross[i] as number)),
  targets: a.targets + b.targets,
  weight: a.weight + b.weight,
});

/**
 * The coefficients at a penalty; the intercept (the first) goes free, and is 0 where there are no
 * rows.
 */
export function solved({ square, cross, weight }: Sums, penalty: number): Float64Array {
  const size = cross.length;
  if (weight === 0) return new Float64Array(size);
  const penalised = square.slice();
  for (let i = 1; i < size; i++)
    penalised[i * size + i] = (penalised[i * size + i] as number) + penalty * weight;
  return solvePositiveDefinite(penalised, cross);
}

/** Σ w (y − xᵀβ)², from the sums alone: Σ w y² − 2 βᵀ Σ w x y + βᵀ (Σ w x xᵀ) β. */
export function squaredError({ square, cross, targets }: Sums, beta: Float64Array): number {
  const size = beta.length;
  let error = targets;
  for (let i = 0; i < size; i++) {
    const b = beta[i] as number;
    error += b * b * (square[i * size + i] as number) - 2 * b * (cross[i] as number);
    for (let j = 0; j < i; j++)
      error += 2 * b * (beta[j] as number) * (square[i * size + j] as number);
  }
  return error;
}
