/**
 * Purpose: traces by OpenTelemetry, sent in batches as OTLP over HTTP. Imported only where traces
 * are on.
 * Invariants: nothing is registered globally, so that two services in one process do not mix and a
 * bundle without traces stays without; what a span holds is bounded: routes and counts, never a
 * path, a body or a key.
 * Fails: never for a collector that is away: spans are dropped, and the log says so once until one
 * arrives again.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  defaultTextMapGetter,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { ExportResultCode, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { withTimeout } from '../timers.ts';
import type { Logger } from './logger.ts';
import type { SpanAttributes, Tracing } from './tracing.ts';

export interface OpenTelemetryOptions {
  /**
   * The collector's address, `/v1/traces` added where it has no path; null: as OpenTelemetry's own
   * variables say.
   */
  readonly endpoint: string | null;
  /**
   * Share of traces begun here that are kept, 0 to 1. A caller's decision in traceparent counts
   * before it.
   */
  readonly share: number;
  readonly logger: Logger;
}

const EXPORT_TIMEOUT_MS = 3_000;

export function openTelemetry({ endpoint, share, logger }: OpenTelemetryOptions): Tracing {
  // The default names the SDK and its language, as OpenTelemetry asks of every resource.
  const named = defaultResource().merge(resourceFromAttributes({ 'service.name': 'headway' }));
  const url = endpoint === null ? {} : { url: tracesUrl(endpoint) };
  const exporter = reportingExporter(
    new OTLPTraceExporter({ ...url, timeoutMillis: EXPORT_TIMEOUT_MS }),
    logger,
  );
  const provider = new TracerProvider({
    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES beat what we call ourselves.
    resource: named.merge(detectResources({ detectors: [envDetector] })),
    sampler: new ParentBasedSampler({
      root: share < 1 ? new TraceIdRatioBasedSampler(share) : new AlwaysOnSampler(),
    }),
    spanProcessors: [new BatchSpanProcessor({ exporter, exportTimeoutMillis: EXPORT_TIMEOUT_MS })],
  });
  const tracer = provider.getTracer('headway');
  const propagator = new W3CTraceContextPropagator();
  const around = new AsyncLocalStorage<Context>();

  return {
    span(name, attributes, work) {
      const parent = around.getStore() ?? ROOT_CONTEXT;
      const span = tracer.startSpan(name, { attributes: { ...attributes } }, parent);
      return around.run(trace.setSpan(parent, span), () => ending(span, work));
    },
    request(headers, name, attributes) {
      const caller = propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
      const span = tracer.startSpan(
        name,
        { kind: SpanKind.SERVER, attributes: { ...attributes } },
        caller,
      );
      const context = trace.setSpan(caller, span);
      return {
        traceId: span.spanContext().traceId,
        within: (next) => around.run(context, next),
        end(finalName: string, last: SpanAttributes, isError: boolean) {
          span.updateName(finalName).setAttributes({ ...last });
          if (isError) span.setStatus({ code: SpanStatusCode.ERROR });
          span.end();
        },
      };
    },
    close: (limitMs) =>
      withTimeout(limitMs, provider.shutdown())
        .then((isSent) => {
          if (!isSent) throw new Error(`the collector did not reply within ${limitMs} ms`);
        })
        .catch((error: unknown) => logger.warn({ err: error }, 'the last traces were not sent')),
  };
}

/**
 * As the standard has it for OTEL_EXPORTER_OTLP_ENDPOINT: the path of the signal is added to it,
 * unless it is there.
 */
const tracesUrl = (endpoint: string): string =>
  /\/v1\/traces$/.test(endpoint) ? endpoint : `${endpoint.replace(/\/$/, '')}/v1/traces`;

/** The work's own result; the span ends with it, as failed where it throws. */
function ending<T>(span: Span, work: () => T): T {
  const fail = (error: unknown): never => {
    // The class or code of an error, not its text: that may repeat what somebody sent.
    const { code, name } = error as { code?: unknown; name?: unknown };
    span
      .setAttribute('error.type', String(code ?? name ?? 'error'))
      .setStatus({ code: SpanStatusCode.ERROR });
    span.end();
    throw error;
  };
  let result: T;
  try {
    result = work();
  } catch (error) {
    return fail(error);
  }
  if (!(result instanceof Promise)) {
    span.end();
    return result;
  }
  return result.then((value: unknown) => {
    span.end();
    return value;
  }, fail) as T;
}

/** Says it once when spans cannot be sent, and once when they can again. */
function reportingExporter(exporter: SpanExporter, logger: Logger): SpanExporter {
  let isBroken = false;
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const fails = result.code !== ExportResultCode.SUCCESS;
        if (fails !== isBroken) {
          if (fails) logger.warn({ err: result.error }, 'traces cannot be sent; they are dropped');
          else logger.info('traces are sent again');
        }
        isBroken = fails;
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
}
