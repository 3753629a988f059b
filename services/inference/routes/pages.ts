/**
 * Purpose: what is there to be looked at: the dashboard, the OpenAPI document, and the figures for
 * Prometheus.
 * Invariants: the dashboard's files are made once, when the first of them is asked for; nothing of
 * it comes from another host.
 * Fails: where a file of the dashboard is missing or cannot be bundled, a request for it is
 * INTERNAL, and the log says why; the next one tries again. The API does not need it.
 */
import { PAGE_FILES, type PageContent, readPage } from '../page-files.ts';
import type { App } from '../plugins/app.ts';
import { isNotModified } from '../plugins/attach-serving.ts';
import type { RouteContext } from './context.ts';

export async function pageRoutes(app: App, context: RouteContext): Promise<void> {
  const { metrics, dashboard, urlPrefix } = context;
  const config = { access: 'open' as const, rateLimit: false as const, quiet: true };
  const hidden = { schema: { hide: true }, config };
  let content: Promise<PageContent> | null = null;
  for (const { url, name, type } of PAGE_FILES) {
    app.get(url, hidden, async (request, reply) => {
      // Without the slash, relative addresses of the page would lead out of the prefix.
      if (url === '/' && !request.originalUrl.split('?', 1)[0]?.endsWith('/'))
        return reply.redirect(`${urlPrefix}/`, 308);
      content ??= readPage(dashboard).catch((error: unknown) => {
        content = null;
        throw error;
      });
      const file = (await content).get(name);
      if (file === undefined) throw new Error(`the page has no ${name}`);
      const { bytes, etag } = file;
      reply.type(type);
      if (isNotModified(etag, request, reply)) return reply.code(304).send();
      return reply.send(bytes);
    });
  }
  app.get('/openapi.json', hidden, async (_request, reply) => {
    reply.header('cache-control', 'no-cache');
    return app.swagger();
  });
  app.get(
    '/metrics',
    { ...hidden, config: { ...config, access: 'metrics:read' as const } },
    async (_request, reply) => {
      reply.header('cache-control', 'no-store').type(metrics.contentType);
      return metrics.metrics();
    },
  );
}
