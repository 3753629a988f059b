/**
 * Purpose: `headway serve`: the HTTP service until a signal ends it.
 * Invariants: SIGINT and SIGTERM let running requests finish; a second signal ends at once.
 * Fails: SETTINGS_INVALID where the address cannot be used.
 */
import { restoreNetwork } from '../../forecasting/models/network/forecaster.ts';
import { createLogger } from '../../platform/telemetry/logger.ts';
import type { Tracing } from '../../platform/telemetry/tracing.ts';
import { startTensorBackend } from '../../platform/tensorflow/tensor-backend.ts';
import { openApiKeys } from '../../services/inference/access/key-file.ts';
import { openPredictQueue } from '../../services/inference/prediction/predict-queue.ts';
import { type InferenceServer, startServer } from '../../services/inference/server.ts';
import { defaultInferenceSettings } from '../../services/inference/settings.ts';
import type { CommandContext } from '../context.ts';

export async function serveCommand(context: CommandContext): Promise<void> {
  const stop = stopSignal();
  const server = await openServer(context);
  const { title } = context.domain;
  context.print(
    `Serving ${title} on ${server.url} (API: ${server.url}/docs). Press Ctrl-C to stop.`,
  );
  await stop.happened;
  await server.close();
}

export async function openServer(context: CommandContext): Promise<InferenceServer> {
  const { settings, domain, clock } = context;
  // The service has its own logger, because it logs every request.
  const logger = createLogger({
    level: settings.logLevel,
    pretty: process.stderr.isTTY === true,
    isBusy: true,
  });
  const tracing = await openTracing(context);
  const backend = await startTensorBackend(logger, settings.backend, 'prediction');
  const limits = {
    ...defaultInferenceSettings,
    rateLimitPerMinute: settings.rateLimit,
    staleAfterIntervals: settings.staleAfter,
    queueLimit: settings.queue,
    trustProxy: settings.proxies,
    corsOrigins: settings.corsOrigins ?? [],
  };
  const server = await startServer({
    domain,
    features: await context.features(),
    registry: await context.registry(),
    restoreForecaster: restoreNetwork,
    issued: await context.forecasts(),
    actuals: settings.actuals === 'on' ? await context.actuals() : null,
    apiKeys:
      settings.apiKeys === null ? null : await openApiKeys(settings.apiKeys, { clock, logger }),
    tracing,
    clock,
    logger,
    settings: limits,
    ...(settings.worker === 'on'
      ? { openPredictor: openPredictQueue({ backend, clock, logger, limits }) }
      : {}),
    host: settings.host,
    port: settings.port,
    refreshIntervalMs: settings.refreshSeconds * 1000,
    closeTimeoutMs: 10_000,
    maxConnections: settings.connections,
  });
  return { ...server, close: () => server.close().finally(() => tracing?.close()) };
}

/** Traces, where our setting or OpenTelemetry's own variables enable them. */
async function openTracing({
  settings,
  environment,
  logger,
}: CommandContext): Promise<Tracing | null> {
  const { OTEL_SDK_DISABLED, OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT } =
    environment;
  const isAsked =
    settings.traces || OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || OTEL_EXPORTER_OTLP_ENDPOINT;
  if (!isAsked || OTEL_SDK_DISABLED?.toLowerCase() === 'true') return null;
  const { openTelemetry } = await import('../../platform/telemetry/open-telemetry.ts');
  return openTelemetry({ endpoint: settings.traces, share: settings.tracesPercent / 100, logger });
}

export interface StopSignal {
  /** Aborts at the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  readonly happened: Promise<void>;
  /** Stops listening. */
  forget(): void;
}

/**
 * Listens for SIGINT and SIGTERM once; a second one has no handler and ends the process at once.
 */
export function stopSignal(): StopSignal {
  const controller = new AbortController();
  const forget = () => {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  };
  const stop = () => {
    forget();
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const happened = new Promise<void>((resolve) =>
    controller.signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  return { signal: controller.signal, happened, forget };
}
