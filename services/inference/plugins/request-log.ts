/**
 * Purpose: one log line a completed request.
 * Invariants: a line has the id, method, route pattern, status and milliseconds of its request, the
 * ids of its key and trace, and no payload.
 * Fails: never.
 */
import type { Logger } from '../../../platform/telemetry/logger.ts';
import { appPlugin } from './app.ts';

/** Register it before any route is added. */
export const requestLog = appPlugin('request-log', async (app) => {
  // Nothing in a line can be a secret, and searching for one costs more than writing the line.
  const log = (app.log as Logger).child({}, { redact: [] });
  app.addHook('onResponse', (request, reply, done) => {
    const { id, method, apiKey, span, routeOptions } = request;
    const line = {
      reqId: id,
      method,
      route: routeOptions.url ?? '(none)',
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 1000) / 1000,
      key: apiKey?.id,
      trace: span?.traceId,
    };
    log[routeOptions.config.quiet ? 'debug' : 'info'](line, 'request completed');
    done();
  });
});
