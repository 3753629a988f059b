/**
 * Purpose: a moment as people read it, in UTC to the minute: one spelling on every page, in every
 * table and message.
 * Invariants: the text never depends on the machine's own time zone or language.
 * Fails: RangeError for a number that is no time.
 */

/** "2026-03-01 17:00". @param timestamp UTC epoch milliseconds */
export const minuteText = (timestamp: number): string =>
  new Date(timestamp).toISOString().slice(0, 16).replace('T', ' ');

/** "2026-03-01 17:00 UTC", where nothing else says which clock. */
export const utcText = (timestamp: number): string => `${minuteText(timestamp)} UTC`;
