/**
 * Purpose: respond to every error with a problem document (RFC 9457): errors of handlers, of
 * Fastify, of the connection, and paths or methods that do not exist.
 * Invariants: a wrong method on a path that exists is 405 with Allow, not a 404; Fastify offers no
 * lookup of the methods of a path, so they are collected here, with paths matched as its router
 * matches them. An unexpected error is logged; nothing of it is sent.
 * Fails: never.
 */
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from '../openapi/common-schemas.ts';
import {
  brokenConnectionResponse,
  HttpProblem,
  NotReady,
  problemOf,
} from '../responses/problems.ts';
import { type App, appPlugin } from './app.ts';

/** A 503 without a known duration. */
const RETRY_AFTER_SECONDS = 2;

/**
 * A refused body is still on its way, and a connection that is closed on it is reset, which may
 * lose the response (RFC 9112, 9.6). Up to this size the body is read and discarded instead.
 */
const MAX_UNREAD_BYTES = 16e6;

/** Register it before any route is added, and after the rate limit, which counts its 404s. */
export const problems = appPlugin('problems', async (app) => {
  const methodsOf = collectMethods(app);
  app.setErrorHandler(respondWithError);
  const limit = app.hasDecorator('rateLimit') ? { preHandler: app.rateLimit() } : {};
  app.setNotFoundHandler(limit, (request, reply) => {
    const methods = methodsOf(request.url);
    // A missing file of /docs gets here too, and its path has the method.
    if (methods.length === 0 || methods.includes(request.method))
      throw new HttpProblem('ROUTE_NOT_FOUND', 'there is nothing at this path for this method');
    reply.header('allow', methods.join(', '));
    throw new HttpProblem('METHOD_NOT_ALLOWED', `this path has no ${request.method.slice(0, 16)}`);
  });
});

export function respondWithError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const problem = problemOf(error, request.id);
  // Why nothing is served was logged when the refresh failed; a line a probe would drown it.
  if (problem.code === 'INTERNAL' && !(error instanceof NotReady))
    request.log.error({ reqId: request.id, err: error }, 'unexpected error');
  const size = Number(request.headers['content-length']);
  if (problem.code === 'BODY_TOO_LARGE' && size <= MAX_UNREAD_BYTES)
    reply.removeHeader('connection');
  // Errors before there is a route pass no hook, so the id is set here too.
  return sendProblem(problem, reply.header('x-request-id', request.id));
}

function sendProblem(problem: Problem, reply: FastifyReply): FastifyReply {
  if (problem.status === 503 && !reply.hasHeader('retry-after'))
    reply.header('retry-after', RETRY_AFTER_SECONDS);
  return reply
    .code(problem.status)
    .header('cache-control', 'no-store')
    .removeHeader('etag')
    .type('application/problem+json')
    .send(problem);
}

/** Bytes that are not an HTTP request have no reply object, so this writes to the socket. */
export function respondToBrokenConnection(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
  else socket.end(brokenConnectionResponse(error.code));
}

/** @returns the methods of a path, sorted; of the routes that are added from now on */
function collectMethods(app: App): (url: string) => string[] {
  const routes: { pattern: RegExp; methods: string[] }[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    // The preflight route of CORS matches every path.
    if (url !== '*') routes.push({ pattern: patternOf(url), methods: [method].flat() });
  });
  return (url) => {
    const path = url.split('?', 1)[0] as string;
    const methods = routes.flatMap((route) => (route.pattern.test(path) ? route.methods : []));
    return [...new Set(methods)].sort();
  };
}

/** A parameter matches one segment, a star the rest. */
function patternOf(url: string): RegExp {
  const escaped = url.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replace(/:[^/]+/g, '[^/]+').replaceAll('*', '.*')}$`);
}
