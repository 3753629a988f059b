/**
 * Purpose: make every route declare its access: open, or an API key with a scope.
 * Invariants: a route that declares none stops the start, so no route is open by mistake. The
 * OpenAPI document shows the declared scope.
 * Fails: an Error that names the route.
 */
import { type Access, SCOPES, type Scope } from '../access/scopes.ts';
import { appPlugin } from './app.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Every route declares it. */
    access?: Access;
  }
}

export interface RouteAccessOptions {
  /** false: open mode. */
  readonly hasKeys: boolean;
}

/** Routes that official plugins add: the documentation, and the preflight route of CORS. */
const isPluginRoute = (url: string): boolean => url === '*' || /^\/docs(\/|$)/.test(url);

/** Register it before any route is added. */
export const routeAccess = appPlugin(
  'route-access',
  async (app, { hasKeys }: RouteAccessOptions) => {
    app.addHook('onRoute', (route) => {
      const access = route.config?.access ?? (isPluginRoute(route.url) ? 'open' : undefined);
      if (access === undefined)
        throw new Error(`the route ${route.method} ${route.url} does not declare its access`);
      route.config = { ...route.config, access };
      route.schema = { ...route.schema, security: securityOf(access, hasKeys) };
    });
  },
);

/** The scope of a route for OpenAPI. In open mode the key is optional and is not checked. */
function securityOf(access: Access, hasKeys: boolean): Record<string, string[]>[] {
  if (access === 'open') return [];
  return [{ apiKey: [access] }, ...(hasKeys ? [] : [{}])];
}

const scopeList = (Object.keys(SCOPES) as Scope[])
  .map((scope) => `\`${scope}\`: ${SCOPES[scope]}`)
  .join('; ');

export const SECURITY_SCHEMES = {
  apiKey: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'hw_<id>_<secret>',
    description:
      'An API key as `Authorization: Bearer hw_…`, created with `headway keys create`. ' +
      `Scopes: ${scopeList}`,
  },
} as const;
