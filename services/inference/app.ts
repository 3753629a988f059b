/**
 * Purpose: compose the prediction service of plugins and routes. It does not listen, so tests and a
 * Lambda function use it too.
 * Invariants: every error is a problem document; logs hold no payload. Hooks run in the order in
 * which their plugins are registered.
 * Fails: a model or snapshot that cannot be loaded does not stop the start: forecasts are 503 with
 * the reason until a later refresh succeeds.
 */
import { withTimeout } from '../../platform/timers.ts';
import type { AppOptions } from './app-options.ts';
import { createApp } from './create-app.ts';
import { kserveRoute } from './kserve/route.ts';
import { mcpRoute } from './mcp/route.ts';
import { openService } from './open-service.ts';
import type { App } from './plugins/app.ts';
import { servingState } from './plugins/attach-serving.ts';
import { authentication } from './plugins/authentication.ts';
import { crossOrigin } from './plugins/cors.ts';
import { documentation } from './plugins/documentation.ts';
import { jsonBody } from './plugins/json-body.ts';
import { requestMetrics } from './plugins/metrics.ts';
import { overload } from './plugins/overload.ts';
import { problems } from './plugins/problems.ts';
import { rateLimit } from './plugins/rate-limit.ts';
import { requestContext } from './plugins/request-context.ts';
import { requestLog } from './plugins/request-log.ts';
import { requestSpans } from './plugins/request-spans.ts';
import { routeAccess } from './plugins/route-access.ts';
import { securityHeaders } from './plugins/security-headers.ts';
import { actualsRoutes } from './routes/actuals.ts';
import { allForecastRoutes } from './routes/all-forecasts.ts';
import { decisionRoutes } from './routes/decisions.ts';
import { eventRoutes } from './routes/events.ts';
import { explanationRoutes } from './routes/explanations.ts';
import { forecastRoutes } from './routes/forecasts.ts';
import { healthRoutes } from './routes/health.ts';
import { jobRoutes } from './routes/jobs.ts';
import { modelRoutes } from './routes/model.ts';
import { modelsRoutes } from './routes/models.ts';
import { monitoringRoutes } from './routes/monitoring.ts';
import { pageRoutes } from './routes/pages.ts';
import { recordRoutes } from './routes/record.ts';
import { seriesRoutes } from './routes/series.ts';
import { decisionQuantityRoutes } from './routes/totals/decision.ts';
import { groupRoutes } from './routes/totals/groups.ts';
import { pathRoutes } from './routes/totals/paths.ts';

export type { AppOptions };

export async function buildApp(options: AppOptions): Promise<App> {
  const { domain, clock, settings, apiKeys = null, tracing = null } = options;
  const { context, metrics, served } = openService(options);
  const { state, predictor } = context;
  const firstRefresh = state.refresh(); // reads the store while the app is built
  const hasKeys = apiKeys !== null;
  const app = createApp(options);
  app.addHook('onClose', () => predictor.close());
  app.addHook('onClose', () => served.close());

  await app.register(requestSpans, { tracing });
  await app.register(routeAccess, { hasKeys });
  await app.register(securityHeaders);
  await app.register(requestContext);
  await app.register(crossOrigin, { origins: settings.corsOrigins });
  await app.register(rateLimit, {
    ...{ apiKeys, trustProxy: settings.trustProxy },
    requestsPerMinute: settings.rateLimitPerMinute,
  });
  await app.register(authentication, { apiKeys, clock, refused: metrics.refused });
  await app.register(requestLog);
  await app.register(requestMetrics, metrics);
  await app.register(problems);
  await app.register(jsonBody);
  await app.register(servingState, { state });
  await app.register(documentation, {
    ...{ domain, hasKeys, hasPage: options.hasDocsPage ?? true },
    urlPrefix: settings.urlPrefix,
  });

  await app.register(healthRoutes, context);
  await app.register(pageRoutes, context);
  await app.register(async (api: App) => {
    await api.register(overload, settings);
    await api.register(seriesRoutes, context);
    await api.register(forecastRoutes, context);
    await api.register(allForecastRoutes, context);
    await api.register(groupRoutes, context);
    await api.register(decisionQuantityRoutes, context);
    await api.register(pathRoutes, context);
    await api.register(explanationRoutes, context);
    await api.register(modelRoutes, context);
    await api.register(modelsRoutes, context);
    await api.register(decisionRoutes, context);
    await api.register(monitoringRoutes, context);
    await api.register(recordRoutes, context);
    await api.register(jobRoutes, context);
    await api.register(actualsRoutes, context);
    await api.register(eventRoutes, context);
    await api.register(kserveRoute, context);
    await api.register(mcpRoute, { context, ledger: options.ledger ?? null });
  });
  await withTimeout(options.startPatienceMs ?? Number.POSITIVE_INFINITY, firstRefresh);
  return app;
}
