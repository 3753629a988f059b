/**
 * Purpose: let the pages of named origins, and of no others, call the API from a browser.
 * Invariants: off without a list; an origin is allowed as a whole and exactly, never a pattern or
 * "*"; no cookies, so no credentials; a preflight needs no key, because browsers send none with it.
 * Fails: never; an origin that is not allowed gets no header, and the browser refuses the page.
 */
import type { App } from '../routes/context.ts';

const ALLOWED_HEADERS =
  'authorization, content-type, idempotency-key, if-none-match, traceparent, tracestate, x-request-id';
const EXPOSED_HEADERS =
  'etag, retry-after, ratelimit-limit, ratelimit-remaining, ratelimit-reset, www-authenticate, x-request-id, x-series-left-out';
const METHODS = 'GET, HEAD, POST';
const PREFLIGHT_CACHE_SECONDS = 600;

/** @param origins scheme, host and port, as browsers write them: https://shop.example */
export function allowOrigins(app: App, origins: readonly string[]): void {
  const allowed = new Set(origins);
  app.addHook('onRequest', (request, reply, done) => {
    const { origin } = request.headers;
    if (origin === undefined || !allowed.has(origin)) return done();
    reply.header('access-control-allow-origin', origin);
    if (
      request.method !== 'OPTIONS' ||
      request.headers['access-control-request-method'] === undefined
    ) {
      reply.header('access-control-expose-headers', EXPOSED_HEADERS);
      return done();
    }
    reply
      .code(204)
      .header('access-control-allow-methods', METHODS)
      .header('access-control-allow-headers', ALLOWED_HEADERS)
      .header('access-control-max-age', PREFLIGHT_CACHE_SECONDS)
      .send();
  });
  // A cache must not give one origin's answer to another, nor one without the header to a page that
  // needs it.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    const vary = reply.getHeader('vary');
    reply.header('vary', vary === undefined ? 'Origin' : `${vary}, Origin`);
    done();
  });
}
