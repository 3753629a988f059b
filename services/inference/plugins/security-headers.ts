/**
 * Purpose: set the security headers of responses with @fastify/helmet.
 * Invariants: open routes and errors without a route get the policy of pages, because a browser may
 * show them; routes that need a key return data and get the fewer headers that data needs.
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

/** Data must not be shown as a page, sniffed, embedded by others or fetched without TLS. */
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

/** Register it after routes declare their access, and before any route is added. */
export const securityHeaders = appPlugin('security-headers', async (app) => {
  app.addHook('onRoute', (route) => {
    if (route.config?.access !== 'open') route.helmet = DATA;
  });
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: CONTENT_SECURITY },
  });
});
