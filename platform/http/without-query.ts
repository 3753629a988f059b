/**
 * Purpose: what of a URL may be shown.
 * Invariants: neither the user, the password nor the query, any of which may be secret.
 * Fails: never.
 */
export const withoutQuery = (url: string | undefined): string =>
  (url ?? '').replace(/^([a-z][\w+.-]*:)?\/\/[^/?#]*@/i, '$1//').replace(/\?.*$/s, '');
