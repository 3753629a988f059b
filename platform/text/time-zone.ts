/**
 * Purpose: whether a name is a time zone of this machine's IANA list.
 * Invariants: what it says yes to, `Intl` and Temporal take.
 * Fails: never.
 */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** What to do about a name that is none. */
export const TIME_ZONE_FIX = 'Use a name of the IANA list, such as UTC or Europe/Berlin.';
