/**
 * Purpose: build what an app serves from: ports with spans, metrics, predictor and serving state,
 * as the options of the routes.
 * Invariants: nothing is read from the store before `state.refresh()` is called.
 * Fails: as the predictor does at its start.
 */
import { seasonsOf } from '../../forecasting/panel/seasons.ts';
import { droppedLines } from '../../platform/telemetry/logger.ts';
import type { AppOptions } from './app-options.ts';
import { decisionHistory } from './models/decision-history.ts';
import { modelHistory } from './models/model-history.ts';
import { monitoringReader } from './models/monitoring-reader.ts';
import { addServingGauges, createServiceMetrics, type ServiceMetrics } from './plugins/metrics.ts';
import { tracedPorts, tracedPredictor } from './plugins/request-spans.ts';
import { backendReady, inProcessPredictor } from './prediction/predictor.ts';
import { prepareForecasts } from './responses/prepared-forecasts.ts';
import type { RouteContext } from './routes/context.ts';
import { ALL, openGroupTotals } from './serving/group-totals.ts';
import { addMonitoringGauges } from './serving/monitoring-gauges.ts';
import { openServedForecasts, type ServedForecasts } from './serving/served-forecasts.ts';
import { createServingState } from './serving/serving-state.ts';

/** How long models, decisions and what monitoring published are cached. */
const MODELS_CACHE_MS = 15_000;

/** How long stopping waits until the served forecasts are written. */
const CLOSE_MS = 5_000;

/** Features are stale after this many of the domain's days, where the domain sets no limit. */
const STALE_DAYS = 2;

export interface OpenedService {
  readonly context: RouteContext;
  readonly metrics: ServiceMetrics;
  readonly served: ServedForecasts;
}

export function openService(options: AppOptions): OpenedService {
  const { domain, clock, logger, settings, tracing, startBackend = backendReady } = options;
  const { handlerTimeoutMs, streamTimeoutMs, eventStreamMs, actualsDays, urlPrefix } = settings;
  const given = {
    ...options,
    actuals: options.actuals ?? null,
    decisions: options.decisions ?? null,
    monitoring: options.monitoring ?? null,
  };
  const ports = tracing ? tracedPorts(tracing, given) : given;
  const metrics = createServiceMetrics({
    ofProcess: options.hasProcessMetrics ?? true,
    droppedLogLines: () => droppedLines(logger),
  });
  const opened = (options.openPredictor ?? inProcessPredictor(startBackend))(metrics.predictions);
  const predictor = tracing ? tracedPredictor(tracing, opened) : opened;
  const totals = openGroupTotals(domain);
  const state = createServingState({
    ...options,
    ...ports,
    predictor,
    staleAfterIntervals:
      settings.staleAfterIntervals ??
      domain.staleAfterIntervals ??
      STALE_DAYS * seasonsOf(domain).day,
    onRefresh(outcome) {
      metrics.refreshed(outcome);
      const serving = state.current();
      // A failure is that of the request that asks for a total first.
      if (options.preparesTotals && outcome === 'changed' && serving?.snapshot.shard === null)
        totals.totalOf(serving, ALL).catch(() => undefined);
    },
  });
  const served = openServedForecasts({
    ...{ logger, ledger: options.ledger ?? null, closeMs: CLOSE_MS },
    ...{ sample: settings.ledgerSample, flushMs: settings.ledgerFlushMs },
    onOutcome: metrics.servedForecasts,
  });
  addServingGauges(metrics.registry, { state, predictor, clock });
  if (options.figures)
    addMonitoringGauges(metrics.registry, { figures: options.figures, clock, logger });
  const context: RouteContext = {
    ...{
      domain,
      clock,
      state,
      predictor,
      startBackend,
      handlerTimeoutMs,
      streamTimeoutMs,
      eventStreamMs,
      actualsDays,
      urlPrefix,
      isShard: (options.shard?.count ?? 1) > 1,
    },
    prepared: prepareForecasts(domain, served),
    served,
    totals,
    fellBack: metrics.fellBack,
    access: options.apiKeys ? 'api-keys' : 'open',
    metrics: metrics.registry,
    modelHistory: modelHistory(ports.registry, clock, MODELS_CACHE_MS),
    decisionHistory: decisionHistory({
      ...{ decisions: ports.decisions, registry: ports.registry, clock },
      keepMs: MODELS_CACHE_MS,
    }),
    monitoring: monitoringReader(ports.monitoring, clock, MODELS_CACHE_MS),
    actuals: ports.actuals,
    dashboard: options.dashboard ?? new URL('../../web/', import.meta.url),
  };
  return { context, metrics, served };
}
