/**
 * Purpose: a span for every request, and for what is done for it: forecasts computed, the store
 * read and written.
 * Invariants: without traces none of this is called. Probes and pages have no span. Spans hold
 * route patterns and codes only; @fastify/otel 0.21 sends the whole address and the text of errors,
 * and needs a global context manager, which two apps in one process would share.
 * Fails: never; what is wrapped fails as it did.
 */
import type { Forecaster } from '../../../forecasting/models/forecaster.ts';
import type { NetworkForecaster } from '../../../forecasting/models/network/forecaster.ts';
import type { RequestSpan, Tracing } from '../../../platform/telemetry/tracing.ts';
import type { ServicePorts } from '../ports.ts';
import type { Predictor } from '../prediction/predictor.ts';
import { appPlugin } from './app.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** null without traces, and of what is not traced. */
    span: RequestSpan | null;
  }
}

/** Register it before any other hook: what comes later is within the span. */
export const requestSpans = appPlugin(
  'request-spans',
  async (app, options: RequestSpansOptions) => {
    const { tracing } = options;
    app.decorateRequest('span', null);
    if (tracing === null) return;
    app.addHook('onRequest', (request, _reply, done) => {
      if (request.routeOptions.config.quiet) return done();
      const name = `${request.method} ${request.routeOptions.url ?? ''}`.trim();
      request.span = tracing.request(request.headers, name, {
        'http.request.method': request.method,
      });
      return request.span.within(done);
    });
    app.addHook(
      'onResponse',
      ({ span, method, routeOptions, apiKey, id }, { statusCode }, done) => {
        if (span === null) return done();
        const route = routeOptions.url;
        span.end(
          route === undefined ? method : `${method} ${route}`,
          {
            'http.response.status_code': statusCode,
            'headway.request_id': id,
            ...(route === undefined ? {} : { 'http.route': route }),
            ...(apiKey ? { 'headway.key_id': apiKey.id } : {}),
          },
          statusCode >= 500,
        );
        done();
      },
    );
  },
);

export interface RequestSpansOptions {
  /** null: nothing is traced. */
  readonly tracing: Tracing | null;
}

/** The same ports, each call a span. */
export function tracedPorts(
  tracing: Tracing,
  { features, registry, restoreForecaster, actuals, decisions, monitoring }: ServicePorts,
): ServicePorts {
  const store = <T>(name: string, work: () => T): T => tracing.span(`store ${name}`, {}, work);
  return {
    features: {
      head: () => store('features head', () => features.head()),
      openOnline: (head) => store('features online view', () => features.openOnline(head)),
    },
    registry: {
      list: () => store('models list', () => registry.list()),
      promotions: () => store('models promotions', () => registry.promotions()),
      champion: () => store('models champion', () => registry.champion()),
      earlierChampions: () => store('models earlier champions', () => registry.earlierChampions()),
      load: (version) => store('models load', () => registry.load(version)),
    },
    restoreForecaster: (model, weights) => traced(tracing, restoreForecaster(model, weights)),
    actuals: actuals && { append: (post) => store('actuals append', () => actuals.append(post)) },
    decisions: decisions && {
      recent: (query) => store('decisions recent', () => decisions.recent(query)),
    },
    monitoring: monitoring && {
      overviews: {
        newest: () => store('monitoring overview', () => monitoring.overviews.newest()),
      },
      records: {
        read: (id, range) => store('monitoring record', () => monitoring.records.read(id, range)),
      },
      jobs: { runs: (query) => store('jobs runs', () => monitoring.jobs.runs(query)) },
    },
  };
}

/** Computing is a span, the wait for a turn included. */
export function tracedPredictor(tracing: Tracing, predictor: Predictor): Predictor {
  return {
    predict: (model, panel, cutoff, urgency) =>
      tracing.span(
        'forecast',
        { 'headway.series': panel.seriesIds.length, 'headway.urgency': urgency },
        () => predictor.predict(model, panel, cutoff, urgency),
      ),
    waiting: () => predictor.waiting(),
    close: () => predictor.close(),
  };
}

/** Only the network explains, and does so here. */
function traced(tracing: Tracing, forecaster: Forecaster): Forecaster {
  const { predictStored } = forecaster as Partial<NetworkForecaster>;
  if (predictStored === undefined) return forecaster;
  const explain: NetworkForecaster['predictStored'] = (...given) =>
    tracing.span('explain', {}, () => predictStored.apply(forecaster, given));
  return Object.assign({ ...forecaster }, { predictStored: explain });
}
