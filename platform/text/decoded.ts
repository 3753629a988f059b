/**
 * Purpose: the text that a part of an address stands for.
 * Invariants: without Node: the page in the browser uses it too.
 * Fails: never: what is not encoded right, such as `100%.csv`, stays as it is.
 */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
