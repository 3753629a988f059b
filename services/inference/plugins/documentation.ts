/**
 * Purpose: the OpenAPI document of the routes, and the page at /docs that shows it.
 * Invariants: the page loads nothing from other hosts and runs no inline script.
 * Fails: as @fastify/swagger does for a wrong schema.
 */
import swagger from '@fastify/swagger';
import type { Domain } from '../../../domains/domain.ts';
import { completeDocument, openapiInfo } from '../openapi/document.ts';
import { appPlugin } from './app.ts';
import { CONTENT_SECURITY } from './security-headers.ts';

/** The one inline style that the page's own code adds, by its hash. */
const DOCS_STYLE = "'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='";

export interface DocumentationOptions {
  readonly domain: Domain;
  readonly hasKeys: boolean;
  readonly hasPage: boolean;
  readonly urlPrefix: string;
}

/** Register it before any route is added. */
export const documentation = appPlugin(
  'documentation',
  async (app, { domain, hasKeys, hasPage, urlPrefix }: DocumentationOptions) => {
    await app.register(swagger, {
      openapi: openapiInfo(domain, hasKeys, urlPrefix),
      transformObject: completeDocument,
    });
    if (!hasPage) return;
    const { default: swaggerUi } = await import('@fastify/swagger-ui');
    await app.register(swaggerUi, {
      routePrefix: '/docs',
      indexPrefix: urlPrefix,
      uiConfig: { deepLinking: true, tryItOutEnabled: true },
      staticCSP: {
        ...CONTENT_SECURITY,
        'style-src': [...CONTENT_SECURITY['style-src'], DOCS_STYLE],
      },
      theme: {
        title: 'Headway API',
        css: [{ filename: 'headway.css', content: '.topbar { display: none }' }],
      },
    });
  },
);
