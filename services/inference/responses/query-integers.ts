/**
 * Purpose: read the named parameters of a query string as numbers, before validation.
 * Invariants: only decimals count, and where a part is allowed an exponent, as programs write it
 * ("1e-7"): "0x10", " 5" and "" stay text, and the schema then refuses them. Bodies are never
 * coerced.
 * Fails: never; refusing is the schema's part.
 */
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';

export const queryIntegers = (...names: string[]) => readAs(/^-?\d{1,9}$/, names);
export const queryNumbers = (...names: string[]) =>
  readAs(/^-?\d{1,21}(\.\d{1,20})?(e[-+]?\d{1,2})?$/i, names);

function readAs(form: RegExp, names: readonly string[]) {
  return (request: FastifyRequest, _reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    const query = request.query as Record<string, unknown>;
    for (const name of names) {
      const value = query[name];
      if (typeof value === 'string' && form.test(value)) query[name] = Number(value);
    }
    done();
  };
}
