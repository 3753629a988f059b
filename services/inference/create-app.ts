/**
 * Purpose: the Fastify instance with the limits of the service.
 * Invariants: a caller's request id is used if it is harmless in a log; otherwise ours is unique
 * within and between runs. Validation stops at the first error, so a large wrong body does not
 * become a large list of errors.
 * Fails: never.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyBaseLogger, type FastifyServerOptions, LogController } from 'fastify';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';
import type { App } from './plugins/app.ts';
import { respondToBrokenConnection, respondWithError } from './plugins/problems.ts';
import type { InferenceSettings } from './settings.ts';

export interface CreateAppOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: InferenceSettings;
  /** What compiles the JSON schemas; absent: Fastify's own compilers, for this app alone. */
  readonly schemaController?: FastifyServerOptions['schemaController'];
}

export function createApp(options: CreateAppOptions): App {
  const { clock, logger, settings, schemaController } = options;
  const { bodyLimitBytes, requestTimeoutMs, trustProxy, urlPrefix } = settings;
  const app = Fastify({
    loggerInstance: logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    childLoggerFactory: (parent) => parent, // the few lines about a request name it themselves
    genReqId: requestIds(clock.now()),
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    trustProxy: trustProxy > 0 ? (_address, hop) => hop < trustProxy : false,
    // Node's own errors are not problem documents, so a missing Host is refused by a hook. By
    // default Node looks for late requests every half minute only.
    http: {
      requireHostHeader: false,
      connectionsCheckingInterval: Math.ceil(requestTimeoutMs / 4),
      // Where this is the longer one, Node takes it as the limit of the whole request.
      headersTimeout: requestTimeoutMs,
    },
    rewriteUrl: ({ url = '/' }) => withoutPrefix(url, urlPrefix),
    return503OnClosing: false, // a hook responds with a problem document
    routerOptions: { maxParamLength: 512 },
    frameworkErrors: respondWithError,
    clientErrorHandler: respondToBrokenConnection,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allErrors: false } },
    ...(schemaController === undefined ? {} : { schemaController }),
  }).withTypeProvider<TypeBoxTypeProvider>();
  // An unknown expectation is ignored, as RFC 9110 (10.1.1) allows; Node would send an empty 417.
  app.server.on('checkExpectation', (request, response) =>
    app.server.emit('request', request, response),
  );
  return app;
}

/** For a proxy that passes the whole path on; one that cuts the prefix off needs nothing. */
function withoutPrefix(url: string, prefix: string): string {
  if (prefix === '' || !url.startsWith(prefix)) return url;
  const rest = url.slice(prefix.length);
  return rest.startsWith('/') ? rest : rest === '' || rest.startsWith('?') ? `/${rest}` : url;
}

function requestIds(startedAt: number) {
  const run = startedAt.toString(36);
  let count = 0;
  return ({ headers }: { headers: IncomingHttpHeaders }): string => {
    const given = headers['x-request-id'];
    if (typeof given === 'string' && /^[\w.-]{1,64}$/.test(given)) return given;
    return `${run}-${(++count).toString(36)}`;
  };
}
