/**
 * Purpose: a timestamp for people, in UTC to the minute: one format for pages, tables and messages.
 * Invariants: the text never depends on the machine's own time zone or language.
 * Fails: RangeError for a number that is not a timestamp.
 */

/** "2026-03-01 17:00". @param timestamp UTC epoch milliseconds */
export const minuteText = (timestamp: number): string =>
  new Date(timestamp).toISOString().slice(0, 16).replace('T', ' ');

/** "2026-03-01 17:00 UTC", where nothing else names the time zone. */
export const utcText = (timestamp: number): string => `${minuteText(timestamp)} UTC`;
