/**
 * Purpose: what is there to be looked at: the dashboard, the OpenAPI document, and the figures for
 * Prometheus.
 * Invariants: the dashboard's files are read once at the start; nothing of it comes from another
 * host.
 * Fails: the app does not start where a file of the dashboard is missing.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { App } from '../plugins/app.ts';
import { isNotModified } from '../plugins/attach-serving.ts';
import { DASHBOARD_SCRIPTS } from '../web-files.ts';
import type { RouteContext } from './context.ts';

const FILES = [
  { url: '/', file: 'page.html', type: 'text/html; charset=utf-8' },
  { url: '/dashboard/page.css', file: 'page.css', type: 'text/css; charset=utf-8' },
  ...DASHBOARD_SCRIPTS.map((file) => ({
    url: `/dashboard/${file}`,
    file,
    type: 'text/javascript; charset=utf-8',
  })),
];

export async function pageRoutes(app: App, context: RouteContext): Promise<void> {
  const { metrics, dashboard, urlPrefix } = context;
  const config = { access: 'open' as const, rateLimit: false as const, quiet: true };
  const hidden = { schema: { hide: true }, config };
  for (const { url, file, type } of FILES) {
    const bytes = await readFile(new URL(file, dashboard));
    const etag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 20)}"`;
    app.get(url, hidden, async (request, reply) => {
      // Without the slash, relative addresses of the page would lead out of the prefix.
      if (url === '/' && !request.originalUrl.split('?', 1)[0]?.endsWith('/'))
        return reply.redirect(`${urlPrefix}/`, 308);
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
