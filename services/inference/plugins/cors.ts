/**
 * Purpose: let the pages of named origins call the API from a browser, with @fastify/cors.
 * Invariants: off without a list; an origin matches as a whole and exactly; no cookies; a preflight
 * needs no key, because browsers send none with it; caches learn that responses vary by Origin.
 * Fails: never; an origin that is not allowed gets no header, and the browser refuses the page.
 */
import cors from '@fastify/cors';
import { appPlugin } from './app.ts';

const ALLOWED_HEADERS = [
  'authorization',
  'content-type',
  'idempotency-key',
  'if-none-match',
  'traceparent',
  'tracestate',
  'x-request-id',
];
const EXPOSED_HEADERS = [
  'etag',
  'retry-after',
  'ratelimit-limit',
  'ratelimit-remaining',
  'ratelimit-reset',
  'www-authenticate',
  'x-request-id',
  'x-series-left-out',
];
const PREFLIGHT_CACHE_SECONDS = 600;

export interface CrossOriginOptions {
  /** Scheme, host and port, as browsers write them: https://shop.example */
  readonly origins: readonly string[];
}

export const crossOrigin = appPlugin(
  'cross-origin',
  async (app, { origins }: CrossOriginOptions) => {
    if (origins.length === 0) return;
    const allowed = new Set(origins);
    await app.register(cors, {
      // A list would send the other headers to every origin; a function sends none to the others.
      origin: (origin, done) => done(null, origin !== undefined && allowed.has(origin) && origin),
      methods: ['GET', 'HEAD', 'POST'],
      allowedHeaders: ALLOWED_HEADERS,
      exposedHeaders: EXPOSED_HEADERS,
      maxAge: PREFLIGHT_CACHE_SECONDS,
      // Strict mode refuses with plain text, and every error here is a problem document.
      strictPreflight: false,
    });
  },
);
