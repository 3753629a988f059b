/**
 * Purpose: the metrics of the service for Prometheus, in a registry of the app's own, so that two
 * apps in one process do not mix.
 * Invariants: labels are bounded: route patterns, never paths; status codes, never messages.
 * Fails: never.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock } from '../../../platform/clock.ts';
import type { Predictor, PredictorWatch } from '../prediction/predictor.ts';
import { dataAgeSeconds } from '../responses/data-age.ts';
import type { Serving } from '../serving/build-serving-snapshot.ts';
import { FALLBACK_REASONS, type FallbackReason } from '../serving/fallback.ts';
import type { RefreshOutcome, ServingState } from '../serving/serving-state.ts';
import { appPlugin } from './app.ts';
import type { Refusal } from './authentication.ts';

export interface ServiceMetrics {
  readonly registry: Registry;
  readonly refreshed: (outcome: RefreshOutcome) => void;
  /** A request was refused for want of a valid key. */
  readonly refused: (why: Refusal) => void;
  /** A forecast of a fallback was sent. */
  readonly fellBack: (reason: FallbackReason) => void;
  /** Served forecasts on their way into the ledger. */
  readonly servedForecasts: (outcome: 'written' | 'dropped', forecasts: number) => void;
  readonly predictions: PredictorWatch;
}

export interface MetricsOptions {
  /** With the metrics of the process, for which a timer runs. */
  readonly ofProcess: boolean;
  readonly droppedLogLines: () => number;
}

export function createServiceMetrics(options: MetricsOptions): ServiceMetrics {
  const { ofProcess, droppedLogLines } = options;
  const registry = new Registry();
  if (ofProcess) collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const refreshes = new Counter({
    name: 'headway_refresh_total',
    help: 'Checks for a newer model or snapshot, by outcome',
    labelNames: ['outcome'],
    registers,
  });
  const fallbacks = new Counter({
    name: 'headway_fallback_total',
    help: 'Forecasts sent that were a fallback, by reason',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of FALLBACK_REASONS) fallbacks.inc({ reason }, 0);
  const ledger = new Counter({
    name: 'headway_ledger_forecasts_total',
    help:
      'Served forecasts that were written to the ledger, or dropped because it could not be ' +
      'written',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of ['written', 'dropped']) ledger.inc({ outcome }, 0);
  const refusals = new Counter({
    name: 'headway_access_refused_total',
    help: 'Requests refused for lack of a valid key, by reason',
    labelNames: ['reason'],
    registers,
  });
  const batches = new Histogram({
    name: 'headway_forecast_batch_size',
    help: 'Forecasts that were computed together',
    buckets: [1, 2, 4, 8, 16, 32],
    registers,
  });
  const workerFailures = new Counter({
    name: 'headway_worker_failures_total',
    help: 'How often the process that computes forecasts ended or did not respond in time',
    registers,
  });
  new Counter({
    name: 'headway_log_lines_dropped_total',
    help: 'Log lines that could not be written, such as on a full disk',
    registers,
    collect() {
      this.reset();
      this.inc(droppedLogLines());
    },
  });
  return {
    registry,
    refused: (reason) => refusals.inc({ reason }),
    fellBack: (reason) => fallbacks.inc({ reason }),
    servedForecasts: (outcome, forecasts) => ledger.inc({ outcome }, forecasts),
    refreshed: (outcome) => refreshes.inc({ outcome }),
    predictions: {
      onBatch: (size) => batches.observe(size),
      onFailure: () => workerFailures.inc(),
    },
  };
}

/** Counts requests and refused connections. Register it before any route is added. */
export const requestMetrics = appPlugin(
  'request-metrics',
  async (app, { registry }: { readonly registry: Registry }) => {
    const registers = [registry];
    const requests = new Histogram({
      name: 'headway_http_request_duration_seconds',
      help: 'Time to respond',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers,
    });
    const closed = new Counter({
      name: 'headway_connections_closed_total',
      help:
        'Connections closed at once because the service had reached its maximum ' +
        '(HEADWAY_CONNECTIONS)',
      registers,
    });
    app.server.on('drop', () => closed.inc());
    app.addHook('onResponse', ({ method, routeOptions }, { statusCode, elapsedTime }, done) => {
      const labels = { method, route: routeOptions.url ?? '(none)', status: statusCode };
      requests.observe(labels, elapsedTime / 1000);
      done();
    });
  },
);

export interface ServingSource {
  readonly state: ServingState;
  readonly predictor: Predictor;
  readonly clock: Clock;
}

/** Adds the gauges that read what is served when they are scraped. */
export function addServingGauges(registry: Registry, source: ServingSource): void {
  const { state, predictor, clock } = source;
  const gauge = (name: string, help: string, read: (serving: Serving | null) => number | null) =>
    new Gauge({
      name: `headway_${name}`,
      help,
      registers: [registry],
      collect() {
        const value = read(state.current());
        if (value !== null) this.set(value);
      },
    });
  gauge('forecast_queue', 'Forecasts that wait to be computed', () => predictor.waiting());
  gauge('data_age_seconds', 'Since the end of the last observed interval', (serving) =>
    serving ? dataAgeSeconds(serving, clock.now()) : null,
  );
  gauge('forecast_age_seconds', 'Since the served forecasts were computed', (serving) =>
    serving ? Math.max(0, Math.round((clock.now() - serving.issuedAt) / 1000)) : null,
  );
  gauge('ready', '1 while forecasts can be served', (serving) => (serving ? 1 : 0));
  gauge(
    'rescued_series',
    'Series for which a baseline is served instead of the model',
    (serving) => serving?.replaced.size ?? 0,
  );
  new Gauge({
    name: 'headway_fallback',
    help: '1 while all that is served is a fallback, by reason',
    labelNames: ['reason'],
    registers: [registry],
    collect() {
      const current = state.current()?.fallback?.reason;
      for (const reason of FALLBACK_REASONS) this.set({ reason }, current === reason ? 1 : 0);
    },
  });
  new Gauge({
    name: 'headway_serving_info',
    help: 'The served model, snapshot and, if not all series are served, shard, as labels',
    labelNames: ['model_version', 'snapshot_version', 'shard'],
    registers: [registry],
    collect() {
      this.reset();
      const serving = state.current();
      if (!serving) return;
      const { modelVersion } = serving.model.card;
      const { manifest, shard } = serving.snapshot;
      const versions = { model_version: modelVersion, snapshot_version: manifest.snapshotVersion };
      this.set({ ...versions, ...(shard && { shard: shard.name }) }, 1);
    },
  });
}
