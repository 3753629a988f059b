/**
 * Purpose: build the prediction service: plugins, routes, error answers. It does not listen, so tests and a Lambda use it too.
 * Invariants: everything it depends on is passed in; every error leaves as problem+json; logs hold no payload.
 * Fails: a model or snapshot that cannot be loaded does not stop the start: the app answers 503 and says why, and a later
 * refresh may heal it.
 */
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import underPressure from '@fastify/under-pressure';
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import type { Domain } from '../../domains/domain.ts';
import { seasonsOf } from '../../forecasting/seasons.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { atMost } from '../../runtime/timers.ts';
import { noteMethods } from './allowed-methods.ts';
import { takeJsonAlone } from './json-body.ts';
import { modelHistory } from './model-history.ts';
import { completeDocument, openapiInfo } from './openapi-document.ts';
import type { ActualsSink, OnlineFeatures, RestoreForecaster, ServedModels } from './ports.ts';
import { answerBrokenConnection, answerError, HttpProblem, problemOf, sendProblem } from './problems.ts';
import { actualsRoutes } from './routes/actuals.ts';
import { allForecastRoutes } from './routes/all-forecasts.ts';
import type { App } from './routes/context.ts';
import { explanationRoutes } from './routes/explanations.ts';
import { forecastRoutes } from './routes/forecasts.ts';
import { healthRoutes } from './routes/health.ts';
import { modelRoutes } from './routes/model.ts';
import { modelsRoutes } from './routes/models.ts';
import { pageRoutes } from './routes/pages.ts';
import { seriesRoutes } from './routes/series.ts';
import { createServiceMetrics } from './service-metrics.ts';
import { createServingState, type ServingState } from './serving-state.ts';
import type { InferenceSettings } from './settings.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** What is being served. The owner of the app calls `serving.refresh()` from time to time. */
    serving: ServingState;
  }
  interface FastifyContextConfig {
    /** Answers are logged at debug: probes and page files would drown the rest. */
    quiet?: boolean;
  }
}

export interface AppOptions {
  readonly domain: Domain;
  readonly features: OnlineFeatures;
  readonly registry: ServedModels;
  readonly restoreForecaster: RestoreForecaster;
  /** Where actuals that clients post are kept; null or absent: they are refused. */
  readonly actuals?: ActualsSink | null;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: InferenceSettings;
  /** Where the files of the dashboard lie; default: in this repository. */
  readonly dashboard?: URL;
  /** Whether /docs shows the API; default: true. */
  readonly hasDocsPage?: boolean;
  /** Whether /metrics tells of the process too, which a timer measures; default: true. */
  readonly hasProcessMetrics?: boolean;
  /** The start waits no longer for the first look at the store; default: as long as that takes. */
  readonly startPatienceMs?: number;
}

const DASHBOARD = new URL('../../dashboard/', import.meta.url);

/** The list of models is read from the store once in so long, however many ask. */
const MODELS_KEPT_MS = 15_000;

/** Where the domain says nothing: after so many of its days. */
const STALE_DAYS = 2;

/** No inline script or style, nothing from elsewhere; images as data: URLs are what the docs page draws its icons with. */
const CONTENT_SECURITY = {
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
/** The one inline style that the docs page's own code adds, by its hash. */
const DOCS_STYLE = "'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='";

export async function buildApp(options: AppOptions): Promise<App> {
  const { domain, clock, logger, settings } = options;
  const metrics = createServiceMetrics(options.hasProcessMetrics ?? true);
  const staleAfterIntervals = settings.staleAfterIntervals ?? domain.staleAfterIntervals ?? STALE_DAYS * seasonsOf(domain).day;
  const state = createServingState({ ...options, staleAfterIntervals, onRefresh: metrics.refreshed });
  metrics.watch(state, clock);
  const firstLook = state.refresh(); // waits for the store while the app is built

  const started = clock.now().toString(36);
  let requests = 0;
  let stopping = false;
  const app: App = Fastify({
    loggerInstance: logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    // A caller's id is kept if it is harmless in a log; else ours is unique within and between runs.
    genReqId: ({ headers }) => {
      const given = headers['x-request-id'];
      return typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : `${started}-${(++requests).toString(36)}`;
    },
    bodyLimit: settings.bodyLimitBytes,
    requestTimeout: settings.requestTimeoutMs,
    handlerTimeout: settings.handlerTimeoutMs,
    trustProxy: settings.trustProxy,
    // Node's own answers are no problems: a missing Host is refused below. It looks for late requests every half minute unless told.
    http: { requireHostHeader: false, connectionsCheckingInterval: Math.ceil(settings.requestTimeoutMs / 4) },
    return503OnClosing: false, // ours is a problem too, see below
    routerOptions: { maxParamLength: 512 },
    frameworkErrors: answerError,
    clientErrorHandler: answerBrokenConnection,
    // Validation stops at the first error: a megabyte of wrong values must not become a megabyte of errors.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allErrors: false } },
  }).withTypeProvider<TypeBoxTypeProvider>();

  // An expectation that nobody knows is passed over, as RFC 9110 (10.1.1) allows; Node would answer 417 with nothing.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  const methodsOf = noteMethods(app);
  takeJsonAlone(app);
  app.decorate('serving', state);
  app.decorateRequest('serving', null);
  app.decorateRequest('variant', null);
  app.setErrorHandler(answerError);
  app.addHook('preClose', async () => {
    stopping = true;
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1')
      throw new HttpProblem('REQUEST_MALFORMED', 'the request names no host');
    if (!stopping) return;
    reply.header('connection', 'close').header('retry-after', '1');
    throw new HttpProblem('STOPPING', 'the service is stopping');
  });
  app.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request;
    const route = routeOptions.url ?? '(none)';
    metrics.answered(method, route, reply.statusCode, reply.elapsedTime / 1000);
    const level = routeOptions.config.quiet ? 'debug' : 'info';
    request.log[level]({ method, route, status: reply.statusCode, ms: Math.round(reply.elapsedTime * 1000) / 1000 }, 'answered');
  });

  await app.register(helmet, { contentSecurityPolicy: { useDefaults: false, directives: CONTENT_SECURITY } });
  if (settings.rateLimitPerMinute > 0) {
    await app.register(rateLimit, {
      max: settings.rateLimitPerMinute,
      timeWindow: 60_000,
      errorResponseBuilder: (_request, { max }) => new HttpProblem('RATE_LIMITED', `more than ${max} requests in a minute`),
    });
  }
  await app.register(swagger, { openapi: openapiInfo(domain), transformObject: completeDocument });
  if (options.hasDocsPage ?? true) {
    const { default: swaggerUi } = await import('@fastify/swagger-ui');
    await app.register(swaggerUi, {
      routePrefix: '/docs',
      uiConfig: { deepLinking: true, tryItOutEnabled: true },
      staticCSP: { ...CONTENT_SECURITY, 'style-src': [...CONTENT_SECURITY['style-src'], DOCS_STYLE] },
      theme: { title: 'Headway API', css: [{ filename: 'headway.css', content: '.topbar { display: none }' }] },
    });
  }
  app.setNotFoundHandler((request, reply) => {
    const methods = methodsOf(request.url);
    if (methods.length > 0) {
      const problem = new HttpProblem('METHOD_NOT_ALLOWED', `this path has no ${request.method.slice(0, 16)}`);
      return sendProblem(problemOf(problem, request.id), reply.header('allow', methods.join(', ')));
    }
    return sendProblem(
      problemOf(new HttpProblem('ROUTE_NOT_FOUND', 'there is nothing at this path for this method'), request.id),
      reply,
    );
  });

  const context = { domain, clock, state, fellBack: metrics.fellBack };
  healthRoutes(app, context);
  await pageRoutes(app, metrics.registry, options.dashboard ?? DASHBOARD);
  // Only what computes is refused under pressure: an overloaded instance is still alive, and its figures are wanted most then.
  await app.register(async (api: App) => {
    if (settings.maxEventLoopDelayMs > 0) {
      await api.register(underPressure, { maxEventLoopDelay: settings.maxEventLoopDelayMs, retryAfter: 2 });
    }
    seriesRoutes(api, context);
    forecastRoutes(api, context);
    allForecastRoutes(api, context, settings.streamTimeoutMs);
    explanationRoutes(api, context, settings.rateLimitPerMinute);
    modelRoutes(api, context);
    modelsRoutes(api, modelHistory(options.registry, clock, MODELS_KEPT_MS));
    actualsRoutes(api, context, options.actuals ?? null);
  });

  await atMost(options.startPatienceMs ?? Number.POSITIVE_INFINITY, firstLook);
  return app;
}
