/**
 * Purpose: build the prediction service: plugins, routes, error answers. It does not listen, so
 * tests and a Lambda use it too.
 * Invariants: everything it depends on is passed in; every error leaves as problem+json; logs hold
 * no payload.
 * Fails: a model or snapshot that cannot be loaded does not stop the start: the app answers 503 and
 * says why, and a later refresh may heal it.
 */
import type { IncomingHttpHeaders } from 'node:http';
import swagger from '@fastify/swagger';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import type { Domain } from '../../domains/domain.ts';
import { seasonsOf } from '../../forecasting/panel/seasons.ts';
import type { Clock } from '../../platform/clock.ts';
import { droppedLines, type Logger } from '../../platform/telemetry/logger.ts';
import type { Tracing } from '../../platform/telemetry/tracing.ts';
import { withTimeout } from '../../platform/timers.ts';
import type { ApiKeys } from './access/key-file.ts';
import { modelHistory } from './models/model-history.ts';
import { completeDocument, openapiInfo } from './openapi/document.ts';
import { noteMethods } from './plugins/allowed-methods.ts';
import { authenticate } from './plugins/authentication.ts';
import { allowOrigins } from './plugins/cors.ts';
import { watchEventLoop } from './plugins/event-loop-delay.ts';
import { takeJsonAlone } from './plugins/json-body.ts';
import { createServiceMetrics } from './plugins/metrics.ts';
import { limitRates } from './plugins/rate-limit.ts';
import { type CompletedRequest, lazyLogger, requestLog } from './plugins/request-log.ts';
import { tracedPorts, tracedPredictor, traceRequests } from './plugins/request-spans.ts';
import { declareAccess } from './plugins/route-access.ts';
import { CONTENT_SECURITY, setSecurityHeaders } from './plugins/security-headers.ts';
import type {
  ActualsSink,
  IssuedForecastsLog,
  OnlineFeatures,
  RestoreForecaster,
  ServedModels,
} from './ports.ts';
import { backendReady, inProcessPredictor, type OpenPredictor } from './prediction/predictor.ts';
import { prepareForecasts } from './responses/prepared-forecasts.ts';
import {
  HttpProblem,
  problemOf,
  respondToBrokenConnection,
  respondWithError,
  sendProblem,
} from './responses/problems.ts';
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
import { createServingState, type ServingState } from './serving/serving-state.ts';
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
  /** Where batches keep the forecasts they issue; null or absent: all are computed at the start. */
  readonly issued?: IssuedForecastsLog | null;
  /** Where actuals that clients post are kept; null or absent: they are refused. */
  readonly actuals?: ActualsSink | null;
  /** The keys that clients must bring; null or absent: open mode, in which none is asked for. */
  readonly apiKeys?: ApiKeys | null;
  /** Where forecasts are computed; absent: by this process, as on Lambda. */
  readonly openPredictor?: OpenPredictor;
  /**
   * Starts what computes in this process, where it is not to run before something is to be
   * computed; called again and again.
   */
  readonly startBackend?: () => Promise<unknown>;
  /** Where spans go; null or absent: nothing is traced. */
  readonly tracing?: Tracing | null;
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

/** The list of models is read from the store once in so long, however many ask. */
const MODELS_CACHE_MS = 15_000;

/** Where the domain says nothing: after so many of its days. */
const STALE_DAYS = 2;

/** The one inline style that the docs page's own code adds, by its hash. */
const DOCS_STYLE = "'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='";

export async function buildApp(options: AppOptions): Promise<App> {
  const {
    domain,
    clock,
    logger,
    settings,
    apiKeys = null,
    tracing = null,
    startBackend = backendReady,
  } = options;
  const given = { ...options, actuals: options.actuals ?? null };
  const ports = tracing ? tracedPorts(tracing, given) : given;
  const metrics = createServiceMetrics({
    ofProcess: options.hasProcessMetrics ?? true,
    droppedLogLines: () => droppedLines(logger),
  });
  const staleAfterIntervals =
    settings.staleAfterIntervals ??
    domain.staleAfterIntervals ??
    STALE_DAYS * seasonsOf(domain).day;
  const opened = (options.openPredictor ?? inProcessPredictor(startBackend))(metrics.predictions);
  const predictor = tracing ? tracedPredictor(tracing, opened) : opened;
  const state = createServingState({
    ...options,
    ...ports,
    predictor,
    staleAfterIntervals,
    onRefresh: metrics.refreshed,
  });
  metrics.watch(state, predictor, clock);
  const firstLook = state.refresh(); // waits for the store while the app is built

  const logRequest = requestLog(logger);
  const reportResponse = (level: 'info' | 'debug', answered: CompletedRequest): void => {
    metrics.completed(answered);
    logRequest(level, answered);
  };
  const started = clock.now().toString(36);
  let requests = 0;
  let stopping = false;
  const { maxEventLoopDelayMs } = settings;
  const eventLoop = maxEventLoopDelayMs > 0 ? watchEventLoop(maxEventLoopDelayMs) : null;
  // A caller's id is kept if it is harmless in a log; else ours is unique within and between runs.
  const requestId = ({ 'x-request-id': given }: IncomingHttpHeaders): string =>
    typeof given === 'string' && /^[\w.-]{1,64}$/.test(given)
      ? given
      : `${started}-${(++requests).toString(36)}`;
  const app: App = Fastify({
    loggerInstance: logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    childLoggerFactory: lazyLogger,
    genReqId: ({ headers }) => requestId(headers),
    bodyLimit: settings.bodyLimitBytes,
    requestTimeout: settings.requestTimeoutMs,
    trustProxy: settings.trustProxy > 0 ? (_address, hop) => hop < settings.trustProxy : false,
    // Node's own answers are no problems: a missing Host is refused below. It looks for late
    // requests every half minute unless told.
    http: {
      requireHostHeader: false,
      connectionsCheckingInterval: Math.ceil(settings.requestTimeoutMs / 4),
    },
    return503OnClosing: false, // ours is a problem too, see below
    routerOptions: { maxParamLength: 512 },
    frameworkErrors: respondWithError,
    clientErrorHandler: respondToBrokenConnection,
    // Validation stops at the first error: a megabyte of wrong values must not become a megabyte of
    // errors.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allErrors: false } },
  }).withTypeProvider<TypeBoxTypeProvider>();

  // An expectation that nobody knows is passed over, as RFC 9110 (10.1.1) allows; Node would answer
  // 417 with nothing.
  app.server.on('checkExpectation', (request, response) =>
    app.server.emit('request', request, response),
  );
  const methodsOf = noteMethods(app);
  takeJsonAlone(app);
  app.decorate('serving', state);
  app.decorateRequest('serving', null);
  app.decorateRequest('variant', null);
  app.decorateRequest('span', null);
  app.decorateRequest('apiKey', null);
  if (tracing) traceRequests(app, tracing);
  app.setErrorHandler(respondWithError);
  app.addHook('onClose', () => predictor.close());
  app.addHook('onClose', () => eventLoop?.close());
  app.server.on('drop', metrics.connectionClosed);
  app.addHook('preClose', async () => {
    stopping = true;
  });
  declareAccess(app, apiKeys !== null);
  await setSecurityHeaders(app);
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1') {
      done(new HttpProblem('REQUEST_MALFORMED', 'the request names no host'));
      return;
    }
    if (!stopping) {
      done();
      return;
    }
    reply.header('connection', 'close').header('retry-after', '1');
    done(new HttpProblem('STOPPING', 'the service is stopping'));
  });
  if (settings.corsOrigins.length > 0) await allowOrigins(app, settings.corsOrigins);
  if (settings.rateLimitPerMinute > 0 || apiKeys)
    await limitRates(app, settings.rateLimitPerMinute);
  if (apiKeys) authenticate(app, { apiKeys, clock, refused: metrics.refused });
  app.addHook('onResponse', (request, reply, done) => {
    const { method, apiKey, span } = request;
    const { url: route = '(none)', config } = request.routeOptions;
    const answered = {
      reqId: request.id,
      method,
      route,
      status: reply.statusCode,
      ms: roundedMs(reply.elapsedTime),
    };
    const who =
      apiKey || span
        ? { ...(apiKey ? { key: apiKey.id } : {}), ...(span ? { trace: span.traceId } : {}) }
        : null;
    reportResponse(config.quiet ? 'debug' : 'info', who ? { ...answered, ...who } : answered);
    done();
  });

  await app.register(swagger, {
    openapi: openapiInfo(domain, apiKeys !== null),
    transformObject: completeDocument,
  });
  if (options.hasDocsPage ?? true) {
    const { default: swaggerUi } = await import('@fastify/swagger-ui');
    await app.register(swaggerUi, {
      routePrefix: '/docs',
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
  }
  const limited = app.hasDecorator('rateLimit') ? { preHandler: app.rateLimit() } : {};
  app.setNotFoundHandler(limited, (request, reply) => {
    const methods = methodsOf(request.url);
    // A file of /docs that is not there comes here too, and its path has the method.
    if (methods.length > 0 && !methods.includes(request.method)) {
      const problem = new HttpProblem(
        'METHOD_NOT_ALLOWED',
        `this path has no ${request.method.slice(0, 16)}`,
      );
      return sendProblem(problemOf(problem, request.id), reply.header('allow', methods.join(', ')));
    }
    return sendProblem(
      problemOf(
        new HttpProblem('ROUTE_NOT_FOUND', 'there is nothing at this path for this method'),
        request.id,
      ),
      reply,
    );
  });

  const prepared = prepareForecasts(domain);
  const { handlerTimeoutMs } = settings;
  const context = {
    domain,
    clock,
    state,
    prepared,
    predictor,
    startBackend,
    handlerTimeoutMs,
    fellBack: metrics.fellBack,
  };
  healthRoutes(app, context, apiKeys === null ? 'open' : 'api-keys');
  await pageRoutes(app, metrics.registry, options.dashboard);
  // Only what computes is refused under pressure: an overloaded instance is still alive, and its
  // figures are wanted most then.
  await app.register(async (api: App) => {
    if (eventLoop)
      api.addHook('onRequest', (_request, _reply, done) => {
        if (eventLoop.isLate()) done(new HttpProblem('OVERLOADED', 'the service is too busy', 2));
        else done();
      });
    seriesRoutes(api, context);
    forecastRoutes(api, context);
    allForecastRoutes(api, context, settings.streamTimeoutMs);
    explanationRoutes(api, context);
    modelRoutes(api, context);
    modelsRoutes(api, modelHistory(ports.registry, clock, MODELS_CACHE_MS), handlerTimeoutMs);
    actualsRoutes(api, context, ports.actuals);
  });

  await withTimeout(options.startPatienceMs ?? Number.POSITIVE_INFINITY, firstLook);
  return app;
}

const roundedMs = (ms: number): number => Math.round(ms * 1000) / 1000;
