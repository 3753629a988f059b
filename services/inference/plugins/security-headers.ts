/**
 * Purpose: set the security headers of responses with helmet. Its middleware is made once for each
 * policy; @fastify/helmet 13 makes it again for each request, which is a fifth of a short one.
 * Invariants: open routes get the policy of pages, because a browser may show them; routes that
 * need a key, and errors without a route, are data and get the fewer headers that data needs.
 * Fails: with helmet's error for unknown directives.
 */
import helmet from 'helmet';
import { appPlugin } from './app.ts';

/**
 * No inline script or style, nothing from other hosts. The icons of the documentation page are
 * data: URLs.
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

const DATA = helmet(headers({ 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] }, false));
const PAGE = helmet(headers(CONTENT_SECURITY, true));

/** Data must not be shown as a page, sniffed, embedded by others or fetched without TLS. */
function headers(directives: Record<string, string[]>, isPage: boolean) {
  return {
    contentSecurityPolicy: { useDefaults: false, directives },
    crossOriginOpenerPolicy: isPage,
    originAgentCluster: isPage,
    xDnsPrefetchControl: isPage,
    xDownloadOptions: isPage,
    xFrameOptions: isPage,
    xPermittedCrossDomainPolicies: isPage,
    xXssProtection: isPage,
  };
}

/** Register it before any route is added. */
export const securityHeaders = appPlugin('security-headers', async (app) => {
  app.addHook('onRequest', ({ raw, routeOptions }, reply, done) => {
    const setHeaders = routeOptions.config.access === 'open' ? PAGE : DATA;
    setHeaders(raw, reply.raw, (error) => done(error as Error | undefined));
  });
});
