/**
 * Purpose: `headway serve`: the HTTP service until a signal ends it.
 * Invariants: SIGINT and SIGTERM let running requests finish; a second signal ends at once.
 * Fails: SETTINGS_INVALID where the address cannot be listened on.
 */
import { restoreNetwork } from '../forecasting/models/network-forecaster.ts';
import { startTensorBackend } from '../runtime/tensor-backend.ts';
import { type InferenceServer, startServer } from '../services/inference/server.ts';
import { defaultInferenceSettings } from '../services/inference/settings.ts';
import type { CommandContext } from './context.ts';

export async function serveCommand(context: CommandContext): Promise<void> {
  const server = await openServer(context);
  context.print(`Headway serves ${context.domain.title} on ${server.url} (documentation: ${server.url}/docs). Ctrl-C stops it.`);
  await untilSignal();
  await server.close();
}

export async function openServer(context: CommandContext): Promise<InferenceServer> {
  const { settings, domain, clock, logger } = context;
  await startTensorBackend(logger, settings.backend, 'prediction');
  return startServer({
    domain,
    features: await context.features(),
    registry: await context.registry(),
    restoreForecaster: restoreNetwork,
    clock,
    logger,
    settings: { ...defaultInferenceSettings, rateLimitPerMinute: settings.rateLimit },
    host: settings.host,
    port: settings.port,
    refreshIntervalMs: settings.refreshSeconds * 1000,
    closeTimeoutMs: 10_000,
  });
}

/** Resolves at the first SIGINT or SIGTERM; the second one finds no handler and ends the process. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const done = (signal: NodeJS.Signals) => {
      process.off('SIGINT', done);
      process.off('SIGTERM', done);
      resolve(signal);
    };
    process.on('SIGINT', done);
    process.on('SIGTERM', done);
  });
}
