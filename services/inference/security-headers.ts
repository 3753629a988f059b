/**
 * Purpose: the security headers of every answer, as helmet sets them.
 * Invariants: helmet is asked once, at the start, because its answer is always the same and asking it for every request costs as much as
 * the rest of an answer.
 * Fails: never.
 */
import helmet from '@fastify/helmet';
import Fastify from 'fastify';

/** No inline script or style, nothing from elsewhere; images as data: URLs are what the docs page draws its icons with. */
export const CONTENT_SECURITY = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'font-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
};

/** Name → value, names in lower case. */
export async function securityHeaders(): Promise<Readonly<Record<string, string>>> {
  const asked = Fastify();
  await asked.register(helmet, { contentSecurityPolicy: { useDefaults: false, directives: CONTENT_SECURITY } });
  asked.get('/', (_request, reply) => {
    const set = Object.entries(reply.raw.getHeaders());
    reply.send(Object.fromEntries(set.map(([name, value]) => [name.toLowerCase(), String(value)])));
  });
  const headers = (await asked.inject('/')).json() as Record<string, string>;
  await asked.close();
  return headers;
}
