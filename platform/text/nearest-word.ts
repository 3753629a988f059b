/**
 * Purpose: the word that somebody may have meant who wrote another.
 * Invariants: the nearest by edits, the first of equals; none where the nearest is a different word
 * altogether.
 * Fails: never.
 */
const MAX_EDITS = 4;

export function nearestWord(written: string, words: readonly string[]): string | undefined {
  const nearest = words
    .map((word) => ({ word, distance: editDistance(written, word) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return nearest && nearest.distance <= MAX_EDITS ? nearest.word : undefined;
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      row[j] = Math.min(
        previous[j]! + 1,
        row[j - 1]! + 1,
        previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
    }
    previous = row;
  }
  return previous[b.length]!;
}
