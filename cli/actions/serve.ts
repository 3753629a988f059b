/**
 * Purpose: `headway serve`: the HTTP service until a signal ends it.
 * Invariants: it listens at once, also where the store does not reply; a signal lets running
 * requests finish, within the limit of the settings; a second signal ends at once.
 * Fails: SETTINGS_INVALID where the address cannot be used; USAGE for an invalid shard.
 */
import { createLogger } from '../../platform/telemetry/logger.ts';
import type { Tracing } from '../../platform/telemetry/tracing.ts';
import { startTensorBackend } from '../../platform/tensorflow/tensor-backend.ts';
import { countdown } from '../../platform/timers.ts';
import { openApiKeys } from '../../services/inference/access/open-keys.ts';
import type { AppOptions } from '../../services/inference/app-options.ts';
import { openPredictQueue } from '../../services/inference/prediction/predict-queue.ts';
import { type InferenceServer, startServer } from '../../services/inference/server.ts';
import { defaultInferenceSettings } from '../../services/inference/settings.ts';
import { parseShard, shardName } from '../../services/inference/shards/shard.ts';
import { restoreForecaster } from '../../storage/models/restore-forecaster.ts';
import type { CommandContext } from '../context.ts';
import { stopOf } from '../stop.ts';

export interface ServeFlags {
  readonly shard?: string;
}

export async function serveCommand(context: CommandContext, flags: ServeFlags): Promise<void> {
  const text = flags.shard ?? context.settings.shard;
  const shard = text === null ? null : parseShard(text);
  const stop = stopOf(context);
  const server = await openServer(context, shard ? { shard } : {});
  const { title } = context.domain;
  const part = shard ? `, shard ${shardName(shard)},` : '';
  context.print(
    `Serving ${title}${part} on ${server.url} (API: ${server.url}/docs). Press Ctrl-C to stop.`,
  );
  await stop.happened;
  await server.close();
  stop.forget();
}

/** A store that does not reply keeps the command from saying that it serves for this long. */
const START_PATIENCE_MS = 5000;
/** The part of the time for stopping that is left for the last traces and the process itself. */
const END_MS = 1000;

export async function openServer(
  context: CommandContext,
  part: Pick<AppOptions, 'shard'> = {},
): Promise<InferenceServer> {
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
    ledgerSample: settings.ledgerSample,
    ledgerFlushMs: settings.ledgerFlushSeconds * 1000,
    actualsDays: settings.actualsDays,
    urlPrefix: settings.urlPrefix ?? '',
    corsOrigins: settings.corsOrigins ?? [],
  };
  const ledger = await context.ledger();
  const server = await startServer({
    ...part,
    domain,
    features: await context.features(),
    registry: await context.registry(),
    restoreForecaster,
    issued: ledger,
    ledger,
    actuals: settings.actuals === 'on' ? await context.actuals() : null,
    decisions: await context.decisions(),
    figures: await context.figures(),
    monitoring: {
      overviews: await context.overviews(),
      records: await context.seriesRecords(),
      jobs: await context.recentRuns(),
    },
    apiKeys:
      settings.apiKeys === null
        ? null
        : await openApiKeys(settings.apiKeys, { clock, logger, keyLog: await context.keyLog() }),
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
    startPatienceMs: START_PATIENCE_MS,
    drainMs: settings.drainSeconds * 1000,
    closeTimeoutMs: Math.max(0, settings.stopSeconds * 1000 - END_MS),
    maxConnections: settings.connections,
  });
  const close = async () => {
    const leftMs = countdown(settings.stopSeconds * 1000 - END_MS / 2);
    await server.close().finally(() => tracing?.close(leftMs()));
  };
  return { ...server, close };
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
