/**
 * Purpose: a collector of traces for tests: takes OTLP over HTTP as JSON, on loopback, and keeps
 * the spans.
 * Invariants: responds with 200, or what `status` says; 0: with 400 when it closes.
 * Fails: never; what is no JSON is kept as no span.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  /** A whole number, as text where it went through a collector. */
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code?: number };
  /** Absent where a collector wrote it and there are none. */
  readonly attributes?: readonly {
    readonly key: string;
    readonly value: Readonly<Record<string, unknown>>;
  }[];
}

/** A span, with what it says of the process it is from. */
export interface ReceivedSpan extends CollectedSpan {
  readonly resource: Pick<CollectedSpan, 'attributes'>;
}

/** The body of an OTLP request, as JSON. */
export interface ExportedTraces {
  readonly resourceSpans: readonly {
    readonly resource: Pick<CollectedSpan, 'attributes'>;
    readonly scopeSpans: readonly { readonly spans: readonly CollectedSpan[] }[];
  }[];
}

export const spansOf = ({ resourceSpans }: ExportedTraces): ReceivedSpan[] =>
  resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, resource }))),
  );

export async function startCollector() {
  const collector = {
    spans: [] as ReceivedSpan[],
    paths: [] as string[],
    service: '',
    text: '',
    status: 200,
  };
  const waiting: ((status: number) => void)[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      collector.paths.push(request.url ?? '');
      collector.text += text;
      for (const span of spansOf(JSON.parse(text) as ExportedTraces)) {
        collector.service = String(attribute(span.resource, 'service.name'));
        collector.spans.push(span);
      }
      const respond = (status: number) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
      if (collector.status === 0) waiting.push(respond);
      else respond(collector.status);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(collector, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        for (const respond of waiting) respond(400);
      }),
  });
}

export function attribute({ attributes }: Pick<CollectedSpan, 'attributes'>, key: string): unknown {
  const value = attributes?.find((one) => one.key === key)?.value;
  return value && Object.values(value)[0];
}
