/**
 * Purpose: the security headers of every answer, as helmet sets them.
 * Invariants: helmet is asked once, at the start, because its answer is always the same and asking
 * it for every request costs as much as the rest of an answer. It is middleware that only sets
 * headers: what stands in for the answer notes them.
 * Fails: with helmet's error for directives that are none.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet from 'helmet';

/**
 * No inline script or style, nothing from elsewhere; images as data: URLs are what the docs page
 * draws its icons with.
 */
export const CONTENT_SECURITY = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'font-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
};

/**
 * What an answer that is data needs: it must not be shown as a page, guessed at, embedded by others
 * or fetched without TLS.
 */
const DATA = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] },
  },
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xFrameOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
} as const;
const PAGE = { contentSecurityPolicy: { useDefaults: false, directives: CONTENT_SECURITY } };

/** Name → value, names in lower case: of what a browser shows, or of what programs read. */
export function securityHeaders(of: 'page' | 'data'): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  const response = {
    setHeader: (name: string, value: string) => {
      headers[name.toLowerCase()] = value;
    },
    removeHeader: () => undefined,
  };
  const setHeaders = helmet(of === 'page' ? PAGE : DATA);
  setHeaders({} as IncomingMessage, response as unknown as ServerResponse, (problem) => {
    if (problem) throw problem;
  });
  return headers;
}
