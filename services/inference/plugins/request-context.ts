/**
 * Purpose: put the request id on every response, and refuse what cannot be served at all: a request
 * without a host, or one that comes while the service stops.
 * Invariants: while it stops, connections are closed, so that clients go to another instance.
 * Fails: REQUEST_MALFORMED, STOPPING.
 */
import { HttpProblem } from '../responses/problems.ts';
import { appPlugin } from './app.ts';

export const requestContext = appPlugin('request-context', async (app) => {
  let isStopping = false;
  app.addHook('preClose', async () => {
    isStopping = true;
  });
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1')
      throw new HttpProblem('REQUEST_MALFORMED', 'the request names no host');
    if (!isStopping) return done();
    reply.header('connection', 'close').header('retry-after', '1');
    throw new HttpProblem('STOPPING', 'the service is stopping');
  });
});
