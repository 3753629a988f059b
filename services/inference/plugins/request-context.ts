/**
 * Purpose: put the request id on every response, and refuse what cannot be served at all: a request
 * without a host, or one that comes while the service stops.
 * Invariants: from `startDraining` on, each response closes its connection, so that clients go to
 * another instance; requests are refused only once the service closes.
 * Fails: REQUEST_MALFORMED, STOPPING.
 */
import { HttpProblem } from '../responses/problems.ts';
import { appPlugin } from './app.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** From now on each response closes its connection. */
    startDraining(): void;
    /** Aborts when it stops: streams that would go on end then. */
    readonly draining: AbortSignal;
  }
}

export const requestContext = appPlugin('request-context', async (app) => {
  const draining = new AbortController();
  let isStopping = false;
  app.decorate('startDraining', () => {
    draining.abort();
  });
  app.decorate('draining', draining.signal);
  app.addHook('preClose', async () => {
    isStopping = true;
    draining.abort();
  });
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1')
      throw new HttpProblem('REQUEST_MALFORMED', 'the request names no host');
    if (draining.signal.aborted) reply.header('connection', 'close');
    if (!isStopping) return done();
    reply.header('retry-after', '1');
    throw new HttpProblem('STOPPING', 'the service is stopping');
  });
});
