/**
 * Purpose: the figures operators watch, in a registry of the app's own, so that two apps in one
 * process do not mix.
 * Invariants: labels are bounded: routes are patterns, never paths; status codes, never messages.
 * Fails: never.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock } from '../../../platform/clock.ts';
import type { Predictor, PredictorWatch } from '../prediction/predictor.ts';
import { dataAgeSeconds } from '../routes/health.ts';
import { FALLBACK_REASONS, type FallbackReason } from '../serving/fallback.ts';
import type { RefreshOutcome, ServingState } from '../serving/serving-state.ts';
import type { Refusal } from './authentication.ts';
import type { CompletedRequest } from './request-log.ts';

export interface ServiceMetrics {
  readonly registry: Registry;
  readonly refreshed: (outcome: RefreshOutcome) => void;
  readonly completed: (request: CompletedRequest) => void;
  /** A request was refused for want of a key that counts. */
  readonly refused: (why: Refusal) => void;
  /** A forecast of a fallback was given out. */
  readonly fellBack: (reason: FallbackReason) => void;
  /** A connection beyond the maximum was closed. */
  readonly connectionClosed: () => void;
  readonly predictions: PredictorWatch;
  /** Adds the gauges that read the state when they are scraped. */
  watch(state: ServingState, predictor: Predictor, clock: Clock): void;
}

export interface MetricsOptions {
  /** With the figures of the process, for which a timer runs. */
  readonly ofProcess: boolean;
  readonly droppedLogLines: () => number;
}

export function createServiceMetrics({
  ofProcess,
  droppedLogLines,
}: MetricsOptions): ServiceMetrics {
  const registry = new Registry();
  if (ofProcess) collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const refreshes = new Counter({
    name: 'headway_refresh_total',
    help: 'Looks for a newer model or snapshot, by outcome',
    labelNames: ['outcome'],
    registers,
  });
  const requests = new Histogram({
    name: 'headway_http_request_duration_seconds',
    help: 'Time to answer',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });
  const fallbacks = new Counter({
    name: 'headway_fallback_total',
    help: 'Forecasts given out that were a fallback, by reason',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of FALLBACK_REASONS) fallbacks.inc({ reason }, 0);
  const refusals = new Counter({
    name: 'headway_access_refused_total',
    help: 'Requests refused for want of a key that counts, by reason',
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
    help: 'Times the process that computes forecasts ended or did not answer in time',
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
  const closedConnections = new Counter({
    name: 'headway_connections_closed_total',
    help: 'Connections closed at once because the service held its maximum (HEADWAY_CONNECTIONS)',
    registers,
  });
  return {
    registry,
    connectionClosed: () => closedConnections.inc(),
    refused: (reason) => refusals.inc({ reason }),
    fellBack: (reason) => fallbacks.inc({ reason }),
    refreshed: (outcome) => refreshes.inc({ outcome }),
    completed: ({ method, route, status, ms }) =>
      requests.observe({ method, route, status }, ms / 1000),
    predictions: {
      onBatch: (size) => batches.observe(size),
      onFailure: () => workerFailures.inc(),
    },
    watch(state, predictor, clock) {
      new Gauge({
        name: 'headway_forecast_queue',
        help: 'Forecasts that were asked for and wait to be computed',
        registers,
        collect() {
          this.set(predictor.waiting());
        },
      });
      new Gauge({
        name: 'headway_data_age_seconds',
        help: 'Since the end of the last observed interval',
        registers,
        collect() {
          const serving = state.current();
          if (serving) this.set(dataAgeSeconds(serving, clock.now()));
        },
      });
      new Gauge({
        name: 'headway_forecast_age_seconds',
        help: 'Since the forecasts that are served were computed',
        registers,
        collect() {
          const serving = state.current();
          if (serving) this.set(Math.max(0, Math.round((clock.now() - serving.issuedAt) / 1000)));
        },
      });
      new Gauge({
        name: 'headway_ready',
        help: '1 while forecasts can be answered',
        registers,
        collect() {
          this.set(state.current() ? 1 : 0);
        },
      });
      new Gauge({
        name: 'headway_fallback',
        help: '1 while all that is served is a fallback, by reason',
        labelNames: ['reason'],
        registers,
        collect() {
          const serving = state.current();
          for (const reason of FALLBACK_REASONS)
            this.set({ reason }, serving?.fallback?.reason === reason ? 1 : 0);
        },
      });
      new Gauge({
        name: 'headway_rescued_series',
        help: 'Series for which a baseline answers instead of the model',
        registers,
        collect() {
          this.set(state.current()?.replaced.size ?? 0);
        },
      });
      new Gauge({
        name: 'headway_serving_info',
        help: 'The served model and snapshot, as labels',
        labelNames: ['model_version', 'snapshot_version'],
        registers,
        collect() {
          this.reset();
          const serving = state.current();
          if (!serving) return;
          const { model, snapshot } = serving;
          this.set(
            {
              model_version: model.card.modelVersion,
              snapshot_version: snapshot.manifest.snapshotVersion,
            },
            1,
          );
        },
      });
    },
  };
}
