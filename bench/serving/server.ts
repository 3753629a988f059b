/**
 * Purpose: a process that serves for bench/serve.ts: the real service on a store, or a bare Fastify
 * app with the same official plugins and the same bytes.
 * Invariants: the service has everything on that it has in production: validation, metrics, rate
 * limit (too high to be reached), security headers, a log line a request. To a message it replies
 * with what it used since the last one.
 * Fails: with the error of what it serves; ends with its parent.
 */
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import Fastify from 'fastify';
import { restoreNetwork } from '../../forecasting/models/network/forecaster.ts';
import { systemClock } from '../../platform/clock.ts';
import { createLogger } from '../../platform/telemetry/logger.ts';
import { startTensorBackend } from '../../platform/tensorflow/tensor-backend.ts';
import { openPredictQueue } from '../../services/inference/prediction/predict-queue.ts';
import { startServer } from '../../services/inference/server.ts';
import { defaultInferenceSettings } from '../../services/inference/settings.ts';
import { benchDomain, openBenchStore } from './fixture.ts';

/** What a process used since it was asked before. */
export interface Used {
  readonly cpuMs: number;
  readonly rssMb: number;
  readonly heapMb: number;
  /** Of the event loop, beyond the 10 ms that the watch itself waits. */
  readonly delayP50Ms: number;
  readonly delayP99Ms: number;
  readonly delayMaxMs: number;
}

const [kind, argument = '', refreshMs = '1000'] = process.argv.slice(2);
const RESOLUTION_MS = 10;
/** Too high to be reached. */
const RATE_LIMIT = 1e9;

async function serveBare(): Promise<string> {
  const app = Fastify({ logger: false });
  const body = await readFile(argument, 'utf8');
  await app.register(helmet);
  await app.register(rateLimit, { max: RATE_LIMIT, timeWindow: '1 minute', enableDraftSpec: true });
  app.get('/v1/series/:id/forecast', (_request, reply) => {
    reply.type('application/json; charset=utf-8').send(body);
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  return `127.0.0.1:${(app.server.address() as AddressInfo).port}`;
}

async function serveOurs(): Promise<string> {
  const logger = createLogger({ level: 'info', pretty: false, isBusy: true });
  const backend = await startTensorBackend(logger, 'auto', 'prediction');
  const limits = {
    ...defaultInferenceSettings,
    rateLimitPerMinute: RATE_LIMIT,
    staleAfterIntervals: 0,
  };
  const { features, registry } = openBenchStore(argument);
  const server = await startServer({
    domain: benchDomain,
    features,
    registry,
    restoreForecaster: restoreNetwork,
    clock: systemClock,
    logger,
    settings: limits,
    openPredictor: openPredictQueue({ backend, clock: systemClock, logger, limits }),
    host: '127.0.0.1',
    port: 0,
    refreshIntervalMs: Number(refreshMs),
    closeTimeoutMs: 5000,
  });
  return `127.0.0.1:${server.port}`;
}

const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
let cpu = process.cpuUsage();

function used(): Used {
  const { user, system } = process.cpuUsage(cpu);
  const { rss, heapUsed } = process.memoryUsage();
  const beyond = (ns: number): number => Math.max(0, ns / 1e6 - RESOLUTION_MS);
  const [delayP50Ms, delayP99Ms, delayMaxMs] = [
    delays.percentile(50),
    delays.percentile(99),
    delays.max,
  ].map(beyond) as [number, number, number];
  cpu = process.cpuUsage();
  delays.reset();
  return {
    cpuMs: (user + system) / 1000,
    rssMb: rss / 1e6,
    heapMb: heapUsed / 1e6,
    delayP50Ms,
    delayP99Ms,
    delayMaxMs,
  };
}

const address = kind === 'bare' ? await serveBare() : await serveOurs();
delays.enable();
process.on('message', () => process.send?.(used()));
process.on('disconnect', () => process.exit(0));
process.send?.({ address });
