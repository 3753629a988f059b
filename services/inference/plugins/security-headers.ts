/**
 * Purpose: set the security headers of responses with @fastify/helmet.
 * Invariants: open routes get the policy of pages, because a browser may show them; routes that
 * need a key, and errors without a route, are data and get the fewer headers that data needs.
 * Fails: with helmet's error for unknown directives.
 */
import helmet from '@fastify/helmet';
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

/** Registered for all, because helmet builds the headers of a route with its own slower. */
const DATA = headers({ 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] }, false);
const PAGE = headers(CONTENT_SECURITY, true);

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

/** Register it after routes declare their access, and before any route is added. */
export const securityHeaders = appPlugin('security-headers', async (app) => {
  app.addHook('onRoute', (route) => {
    if (route.config?.access === 'open') route.helmet = PAGE;
  });
  await app.register(helmet, DATA);
});
