/**
 * Purpose: solves A x = b for a symmetric positive definite A, as a ridge regression needs it.
 * Invariants: double precision; A and b stay as they were.
 * Fails: a RangeError where A is not positive definite.
 * Source: Golub & Van Loan, Matrix Computations, 4th ed., algorithm 4.2.1 and section 3.1.
 */

/**
 * @param matrix [size × size], row-major; only the lower triangle (column ≤ row) is read
 * @param right [size]
 * @returns [size]
 */
export function solvePositiveDefinite(matrix: Float64Array, right: Float64Array): Float64Array {
  const size = right.length;
  const factor = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j] as number;
      for (let k = 0; k < j; k++)
        sum -= (factor[i * size + k] as number) * (factor[j * size + k] as number);
      if (i > j) factor[i * size + j] = sum / (factor[j * size + j] as number);
      else if (sum > 0) factor[i * size + i] = Math.sqrt(sum);
      else throw new RangeError(`the matrix is not positive definite at row ${i}`);
    }
  }
  const solution = right.slice();
  for (let i = 0; i < size; i++) {
    let sum = solution[i] as number;
    for (let k = 0; k < i; k++) sum -= (factor[i * size + k] as number) * (solution[k] as number);
    solution[i] = sum / (factor[i * size + i] as number);
  }
  for (let i = size - 1; i >= 0; i--) {
    let sum = solution[i] as number;
    for (let k = i + 1; k < size; k++)
      sum -= (factor[k * size + i] as number) * (solution[k] as number);
    solution[i] = sum / (factor[i * size + i] as number);
  }
  return solution;
}
