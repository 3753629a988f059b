/**
 * Purpose: a collector of traces for tests: takes OTLP over HTTP as JSON, on loopback, and keeps
 * the spans.
 * Invariants: responds with 200, or what `status` says.
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
  readonly status: { readonly code?: number };
  readonly attributes: readonly {
    readonly key: string;
    readonly value: Readonly<Record<string, unknown>>;
  }[];
}

interface Body {
  readonly resourceSpans: readonly {
    readonly resource: Pick<CollectedSpan, 'attributes'>;
    readonly scopeSpans: readonly { readonly spans: readonly CollectedSpan[] }[];
  }[];
}

export async function startCollector() {
  const collector = {
    spans: [] as CollectedSpan[],
    paths: [] as string[],
    service: '',
    text: '',
    status: 200,
  };
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      collector.paths.push(request.url ?? '');
      collector.text += text;
      for (const { resource, scopeSpans } of (JSON.parse(text) as Body).resourceSpans) {
        collector.service = String(attribute(resource, 'service.name'));
        for (const { spans } of scopeSpans) collector.spans.push(...spans);
      }
      response.writeHead(collector.status, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(collector, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  });
}

export function attribute({ attributes }: Pick<CollectedSpan, 'attributes'>, key: string): unknown {
  const value = attributes.find((one) => one.key === key)?.value;
  return value && Object.values(value)[0];
}
