/**
 * Purpose: a wrong method on a path that exists is 405 with Allow, and not a 404 that sends people
 * looking for a typing error.
 * Invariants: a path matches as the router matches it: a parameter is one segment, a star the rest.
 * Fails: never.
 */
import type { FastifyInstance } from 'fastify';

/**
 * Begins to note the routes of the app: call it before any is added. @returns the methods that a
 * path has, sorted.
 */
export function noteMethods(app: Pick<FastifyInstance, 'addHook'>): (url: string) => string[] {
  const routes: { pattern: RegExp; methods: string[] }[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    // The preflight route of CORS matches every path.
    if (url !== '*') routes.push({ pattern: patternOf(url), methods: [method].flat() });
  });
  return (url) => {
    const path = url.split('?', 1)[0] as string;
    return [
      ...new Set(routes.flatMap(({ pattern, methods }) => (pattern.test(path) ? methods : []))),
    ].sort();
  };
}

function patternOf(url: string): RegExp {
  const escaped = url.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replace(/:[^/]+/g, '[^/]+').replaceAll('*', '.*')}$`);
}
