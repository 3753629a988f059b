/**
 * Purpose: hand every request the one Serving it answers from, and answer 304 where the client has
 * that answer already.
 * Invariants: a request takes the state exactly once, so a swap in between cannot mix versions; the
 * ETag is of that same state.
 * Fails: NotReady with the reason while nothing is served: a 503 problem.
 */
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import { HeadwayError } from '../../../platform/errors.ts';
import { NotReady } from '../responses/problems.ts';
import type { Serving } from '../serving/build-serving-snapshot.ts';
import type { ServingState } from '../serving/serving-state.ts';
import { hasAlready } from './if-none-match.ts';

declare module 'fastify' {
  interface FastifyRequest {
    serving: Serving | null;
    /** Which of several representations it gets, where its route has them. */
    variant: string | null;
  }
}

/**
 * @param choose of a route with several representations: which of them this request gets, a part of
 * its ETag
 */
export function attachServing(state: ServingState, choose?: (request: FastifyRequest) => string) {
  return (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    const serving = currentOf(state);
    request.serving = serving;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      reply.header('cache-control', 'no-store');
      done();
      return;
    }
    if (choose) {
      request.variant = choose(request);
      const vary = reply.getHeader('vary');
      reply.header('vary', vary === undefined ? 'accept' : `${vary}, accept`);
    }
    const etag =
      request.variant === null ? serving.etag : `${serving.etag.slice(0, -1)}-${request.variant}"`;
    if (isNotModified(etag, request, reply)) reply.code(304).send();
    else done();
  };
}

/** What is served, or NotReady. */
function currentOf(state: ServingState): Serving {
  const serving = state.current();
  if (serving) return serving;
  throw new NotReady(state.failure()?.error ?? null);
}

/**
 * Sets the headers by which an answer is kept. @returns whether the client has that answer already:
 * a 304 says so
 */
export function isNotModified(etag: string, request: FastifyRequest, reply: FastifyReply): boolean {
  // no-cache: keep it, but ask before using it. Asking costs a few microseconds, a stale forecast
  // may cost more.
  reply.header('etag', etag).header('cache-control', 'no-cache');
  return hasAlready(request, etag);
}

/** The state of a request that `attachServing` has seen. */
export function servingOf(request: FastifyRequest): Serving {
  if (request.serving) return request.serving;
  throw new HeadwayError('INTERNAL', 'the route did not take the serving state');
}

/** What `choose` of its route chose. */
export function variantOf<Variant extends string>(request: FastifyRequest): Variant {
  if (request.variant !== null) return request.variant as Variant;
  throw new HeadwayError('INTERNAL', 'the route did not choose a representation');
}
