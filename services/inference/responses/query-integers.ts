/**
 * Purpose: read the named parameters of a query string as integers, before validation.
 * Invariants: only plain decimal digits count: "1e2", "0x10", " 5" and "" stay text, and the schema
 * then refuses them. Bodies are never coerced.
 * Fails: never; refusing is the schema's part.
 */
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';

export function queryIntegers(...names: string[]) {
  return (request: FastifyRequest, _reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    const query = request.query as Record<string, unknown>;
    for (const name of names) {
      const value = query[name];
      if (typeof value === 'string' && /^-?\d{1,9}$/.test(value)) query[name] = Number(value);
    }
    done();
  };
}
