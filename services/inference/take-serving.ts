/**
 * Purpose: hand every request the one Serving it answers from, and answer 304 where the client has that answer already.
 * Invariants: a request takes the state exactly once, so a swap in between cannot mix versions; the ETag is of that same state.
 * Fails: NotReady with the reason while nothing is served: a 503 problem.
 */
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import { HeadwayError } from '../../runtime/errors.ts';
import type { Serving } from './combine.ts';
import { NotReady } from './problems.ts';
import type { ServingState } from './serving-state.ts';

declare module 'fastify' {
  interface FastifyRequest {
    serving: Serving | null;
  }
}

/** @param variantOf of a route with several representations: which of them this request gets, a part of its ETag */
export function takeServing(state: ServingState, variantOf?: (request: FastifyRequest) => string) {
  return (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    const serving = state.current();
    if (!serving) {
      done(new NotReady(state.failure()?.error ?? null));
      return;
    }
    request.serving = serving;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      reply.header('cache-control', 'no-store');
      done();
      return;
    }
    const etag = variantOf ? `${serving.etag.slice(0, -1)}-${variantOf(request)}"` : serving.etag;
    if (variantOf) reply.header('vary', 'accept');
    // no-cache: keep it, but ask before using it. Asking costs a few microseconds, a stale forecast may cost more.
    reply.header('etag', etag).header('cache-control', 'no-cache');
    if (isKnown(request.headers['if-none-match'], etag)) reply.code(304).send();
    else done();
  };
}

function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const known = ifNoneMatch.split(',').map((one) => one.trim());
  return known.includes(etag) || known.includes(etag.slice(2)) || known.includes('*');
}

/** The state of a request that `takeServing` has seen. */
export function servingOf(request: FastifyRequest): Serving {
  if (request.serving) return request.serving;
  throw new HeadwayError('INTERNAL', 'the route did not take the serving state');
}
