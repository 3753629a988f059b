/**
 * Purpose: the usual question, the whole forecast of one series, answered from memory before the
 * framework sees it: most requests are that, and finding their route, running its hooks and putting
 * its headers together would cost more than everything that a service must do for it.
 * Invariants: the answer has the status, the head, the body, the line in the log and the count that
 * the framework's would have; only what was answered by the framework before is answered here;
 * whatever is out of the ordinary (another path or method, a query, a condition, an origin, a body,
 * a client over its limit, pressure, the end of the service) is the framework's. With API keys or
 * traces all is.
 * Fails: never; what fails is not begun here.
 */
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Clock } from '../../platform/clock.ts';
import { addressOf } from './plugins/client-address.ts';
import { limitHeaders, type RateCounter } from './plugins/rate-limit.ts';
import { JSON_TYPE, type PreparedForecasts } from './responses/prepared-forecasts.ts';
import type { FallbackReason } from './serving/fallback.ts';
import type { ServingState } from './serving/serving-state.ts';

export const FORECAST_ROUTE = '/v1/series/:id/forecast';
const [BEFORE_ID, AFTER_ID] = FORECAST_ROUTE.split(':id') as [string, string];
/** Ids that are in an address as they are (RFC 3986, 2.3). */
const PLAIN_ID = /^[\w.~-]+$/;
/** Headers on which an answer depends, or which tell of a body that would have to be read. */
const UNUSUAL_HEADERS = [
  'if-none-match',
  'origin',
  'expect',
  'content-length',
  'transfer-encoding',
  'upgrade',
] as const;

export interface QuickAnswers {
  readonly state: ServingState;
  readonly prepared: PreparedForecasts;
  readonly fellBack: (reason: FallbackReason) => void;
  readonly requestId: (headers: IncomingHttpHeaders) => string;
  /** Of every answer, as name, value, name, value … */
  readonly headers: readonly string[];
  /** null: clients are not limited. */
  readonly limit: { readonly perMinute: number; readonly counter: RateCounter } | null;
  /** Whether nothing is to be answered here at the moment. */
  readonly isOff: () => boolean;
  /**
   * Told when an answer has been handed over to the connection, which takes it at once: waiting for
   * its word cost a tenth of an answer.
   */
  readonly answered: (id: string, elapsedMs: number) => void;
  /** Where a request came from. */
  readonly addressOf: (request: IncomingMessage) => string;
  readonly clock: Pick<Clock, 'elapsedMs'>;
}

/** Puts itself before the framework, which listens to `server` already. */
export function answerQuickly(server: Server, quick: QuickAnswers): void {
  const framework = server.listeners('request');
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    if (answer(quick, request, response)) return;
    for (const listener of framework) listener.call(server, request, response);
  });
}

/** @returns false where it is not answered here, and nothing has happened */
function answer(quick: QuickAnswers, request: IncomingMessage, response: ServerResponse): boolean {
  const { url = '', method, httpVersion, headers } = request;
  if (
    method !== 'GET' ||
    !url.startsWith(BEFORE_ID) ||
    !url.endsWith(AFTER_ID) ||
    httpVersion !== '1.1' ||
    quick.isOff()
  )
    return false;
  const id = url.slice(BEFORE_ID.length, -AFTER_ID.length);
  if (
    !PLAIN_ID.test(id) ||
    headers.host === undefined ||
    UNUSUAL_HEADERS.some((name) => headers[name] !== undefined)
  )
    return false;
  const serving = quick.state.current();
  const ready = serving && quick.prepared.kept(serving, id);
  if (!ready) return false;
  const client = addressOf(quick.addressOf(request));
  const { limit, clock } = quick;
  if (limit && (limit.counter.look(client)?.used ?? 0) >= limit.perMinute) return false;

  const began = clock.elapsedMs();
  const requestId = quick.requestId(headers);
  const head = [
    ...quick.headers,
    'x-request-id',
    requestId,
    'etag',
    serving.etag,
    'cache-control',
    'no-cache',
  ];
  if (limit) head.push(...limitHeaders(limit.perMinute, limit.counter.count(client), clock));
  head.push('content-type', JSON_TYPE, 'content-length', String(ready.bytes.length));
  if (ready.fallback) quick.fellBack(ready.fallback);
  response.writeHead(200, head);
  response.end(ready.bytes);
  quick.answered(requestId, clock.elapsedMs() - began);
  return true;
}
