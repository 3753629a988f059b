/**
 * Purpose: columns of numbers one after another, as one column.
 * Invariants: the values keep their order; the parts stay as they are.
 * Fails: never.
 */
export function concatenated(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
