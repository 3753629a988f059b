/**
 * Purpose: put text from data into HTML and SVG safely.
 * Invariants: the result holds no markup of its own and no character that XML forbids, whatever the
 * input holds.
 * Fails: never.
 */

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for an element or an attribute; characters that XML forbids are dropped. */
export const escaped = (text: string | number): string =>
  String(text)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must go.
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
    .replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
