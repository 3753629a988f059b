/**
 * Purpose: the order in which the store keeps text.
 * Invariants: a total order; that of the UTF-8 bytes.
 * Fails: never.
 */

/** The order of Unicode code points, which is that of SQL; JavaScript's own is another. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a.charCodeAt(i) === b.charCodeAt(i)) continue;
    // One of the two may be the first half of a pair, which stands above U+FFFF.
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    const isPair = (unit: number) => unit >= 0xd800 && unit <= 0xdfff;
    return isPair(x) === isPair(y) ? x - y : isPair(x) ? 1 : -1;
  }
  return a.length - b.length;
}
