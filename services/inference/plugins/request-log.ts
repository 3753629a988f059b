/**
 * Purpose: one log line a completed request.
 * Invariants: a line has the id, method, route pattern, status and milliseconds of its request, the
 * ids of its key and trace, and no payload.
 * Fails: never.
 */
import { appPlugin } from './app.ts';

/** Register it before any route is added. */
export const requestLog = appPlugin('request-log', async (app) => {
  app.addHook('onResponse', async (request, reply) => {
    const { method, apiKey, span, routeOptions } = request;
    const line = {
      method,
      route: routeOptions.url ?? '(none)',
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 1000) / 1000,
      ...(apiKey ? { key: apiKey.id } : {}),
      ...(span ? { trace: span.traceId } : {}),
    };
    request.log[routeOptions.config.quiet ? 'debug' : 'info'](line, 'request completed');
  });
});
