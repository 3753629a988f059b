/**
 * Purpose: give a request the one Serving that it responds from, and respond 304 if the client has
 * that response already (RFC 9110, 13.1.2).
 * Invariants: a request takes the state exactly once, so a swap in between cannot mix versions. The
 * ETag is the version of model and snapshot and the URL, so no body is hashed. It is compared
 * weakly or in a list; @fastify/etag compares one value only, after the body was made. A star
 * matches any existing response, so it is checked once there is one (13.2.1).
 * Fails: NotReady with the reason while nothing is served: a 503 problem.
 */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import { HeadwayError } from '../../../platform/errors.ts';
import { NotReady } from '../responses/problems.ts';
import type { Serving } from '../serving/build-serving-snapshot.ts';
import type { ServingState } from '../serving/serving-state.ts';
import { appPlugin } from './app.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** What is served. The owner of the app calls `serving.refresh()` from time to time. */
    serving: ServingState;
  }
  interface FastifyRequest {
    serving: Serving | null;
    /** The chosen one of several representations, where the route has them. */
    variant: string | null;
  }
}

export const servingState = appPlugin(
  'serving-state',
  async (app, { state }: { readonly state: ServingState }) => {
    app.decorate('serving', state);
    app.decorateRequest('serving', null);
    app.decorateRequest('variant', null);
    app.addHook('onSend', (request, reply, payload, done) => {
      if (!hasStar(request) || !isRead(request) || reply.statusCode !== 200) return done();
      if (request.serving === null) return done();
      if (payload instanceof Readable) payload.destroy();
      reply.code(304).removeHeader('content-type').removeHeader('content-length');
      done(null, '');
    });
  },
);

const isRead = ({ method }: FastifyRequest): boolean => method === 'GET' || method === 'HEAD';

const hasStar = ({ headers }: FastifyRequest): boolean =>
  headers['if-none-match']?.split(',').some((one) => one.trim() === '*') ?? false;

/** FNV-1a: a URL without such a response has had no ETag, so none of another URL matches here. */
function hashOf(url: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < url.length; i++) hash = Math.imul(hash ^ url.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(36);
}

/**
 * A preHandler.
 * @param choose for a route with several representations: the one for this request, a part of its
 * ETag
 */
export function attachServing(state: ServingState, choose?: (request: FastifyRequest) => string) {
  return (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    const serving = requireServing(state);
    request.serving = serving;
    if (!isRead(request)) {
      reply.header('cache-control', 'no-store');
      done();
      return;
    }
    let etag = `${serving.etag.slice(0, -1)}-${hashOf(request.url)}"`;
    if (choose) {
      request.variant = choose(request);
      etag = `${etag.slice(0, -1)}-${request.variant}"`;
      const vary = reply.getHeader('vary');
      reply.header('vary', vary === undefined ? 'accept' : `${vary}, accept`);
    }
    const isKnown = isNotModified(etag, request, reply);
    if (isKnown && !hasStar(request)) reply.code(304).send();
    else done();
  };
}

/** What is served now; NotReady with the reason while nothing is. */
export function requireServing(state: ServingState): Serving {
  const serving = state.current();
  if (serving === null) throw new NotReady(state.failure()?.error ?? null);
  return serving;
}

/** The ETag of a response that does not depend on model and snapshot: a hash of its content. */
function etagOf(body: object): string {
  const hash = createHash('sha256').update(JSON.stringify(body)).digest('base64url');
  return `W/"${hash.slice(0, 20)}"`;
}

/** Sets the cache headers of a response. @returns whether the client has it already */
export function isNotModified(etag: string, request: FastifyRequest, reply: FastifyReply): boolean {
  // no-cache: a cache stores it, but revalidates before use. That costs microseconds; a stale
  // forecast may cost more.
  reply.header('etag', etag).header('cache-control', 'no-cache');
  const known = request.headers['if-none-match']?.split(',') ?? [];
  return known.some((one) => one.trim() === '*' || opaqueOf(one.trim()) === opaqueOf(etag));
}

/** A response that does not depend on model and snapshot; 304 if the client has it already. */
export function revalidated<Body extends object>(
  body: Body,
  request: FastifyRequest,
  reply: FastifyReply,
): Body {
  return isNotModified(etagOf(body), request, reply) ? (reply.code(304).send() as never) : body;
}

const opaqueOf = (etag: string): string => (etag.startsWith('W/') ? etag.slice(2) : etag);

/** The state of a request that `attachServing` has seen. */
export function servingOf(request: FastifyRequest): Serving {
  if (request.serving) return request.serving;
  throw new HeadwayError('INTERNAL', 'the route did not attach the serving state');
}

/** What `choose` of its route chose. */
export function variantOf<Variant extends string>(request: FastifyRequest): Variant {
  if (request.variant !== null) return request.variant as Variant;
  throw new HeadwayError('INTERNAL', 'the route did not choose a representation');
}
