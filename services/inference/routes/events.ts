/**
 * Purpose: say at once when something else is served, as server-sent events.
 * Invariants: the first event is what is served now, each later one a change of it. A stream ends
 * after the seconds that were asked for, after the limit of this service, when the service stops,
 * and when the reader is gone; `retry` says when to come again. At most MAX_STREAMS are open, and
 * MAX_OF_CLIENT of one client.
 * Fails: the reason as a 503 while nothing is served; OVERLOADED for one stream too many.
 */
import { setMaxListeners } from 'node:events';
import { Readable } from 'node:stream';
import { HeadwayError } from '../../../platform/errors.ts';
import { countdown, sleep } from '../../../platform/timers.ts';
import { EventsQuery, eventsResponses } from '../openapi/event-schemas.ts';
import { overloaded } from '../overloaded.ts';
import type { App } from '../plugins/app.ts';
import { clientOf } from '../plugins/rate-limit.ts';
import { queryIntegers } from '../responses/query-integers.ts';
import { readyResponse } from '../responses/ready-response.ts';
import type { RouteContext } from './context.ts';

const LOOK_MS = 1000;
/** A line without meaning, so that proxies do not take a quiet stream for a dead one. */
const KEEP_ALIVE_MS = 15_000;
/** To a reader who wants no stream, and to one whose stream ends: another instance may be there. */
const [ASK_AGAIN_MS, RECONNECT_MS] = [15_000, 1_000];
const MAX_STREAMS = 500;
const MAX_OF_CLIENT = 20;

export async function eventRoutes(app: App, context: RouteContext): Promise<void> {
  const { state, clock, eventStreamMs } = context;
  let open = 0;
  const openOf = new Map<string, number>();
  // Each open stream is one: more than ten do not mean a leak.
  setMaxListeners(MAX_STREAMS, app.draining);

  /** Without its age, which changes by itself. */
  const served = () => {
    const { dataAgeSeconds: _age, ...rest } = readyResponse(state, clock);
    return JSON.stringify(rest);
  };
  async function* events(forMs: number, ended: AbortSignal): AsyncGenerator<string> {
    const leftMs = countdown(forMs);
    const isQuiet = () => quietMs >= KEEP_ALIVE_MS;
    let quietMs = 0;
    let known: string | null = null;
    yield `retry: ${forMs === 0 ? ASK_AGAIN_MS : RECONNECT_MS}\n\n`;
    for (;;) {
      const now = served();
      if (now !== known)
        yield `event: serving\ndata: ${JSON.stringify(readyResponse(state, clock))}\n\n`;
      else if (isQuiet()) yield ':\n\n';
      quietMs = now !== known || isQuiet() ? 0 : quietMs + LOOK_MS;
      known = now;
      if (leftMs() <= 0 || ended.aborted) return;
      await sleep(Math.min(LOOK_MS, leftMs()), ended).catch(() => undefined);
    }
  }

  app.get(
    '/v1/events',
    {
      config: { access: 'forecasts:read', quiet: true },
      schema: {
        operationId: 'serverEvents',
        tags: ['health'],
        summary: 'What is served, and each change of it, as server-sent events',
        querystring: EventsQuery,
        response: eventsResponses,
      },
      preValidation: queryIntegers('seconds'),
    },
    async (request, reply) => {
      readyResponse(state, clock);
      if (open >= MAX_STREAMS) throw overloaded(`${MAX_STREAMS} event streams are open`);
      const client = clientOf(request);
      const own = openOf.get(client) ?? 0;
      if (own >= MAX_OF_CLIENT)
        throw new HeadwayError('OVERLOADED', `this client has ${own} event streams open`, {
          fix: 'End one of them, or let several readers share one stream.',
        });
      open++;
      openOf.set(client, own + 1);
      const ended = new AbortController();
      const end = () => ended.abort();
      const forMs = Math.min(1000 * (request.query.seconds ?? 0), eventStreamMs);
      const stream = Readable.from(events(forMs, ended.signal), { objectMode: false });
      app.draining.addEventListener('abort', end);
      reply.raw.once('close', end);
      stream.once('close', () => {
        open--;
        const left = (openOf.get(client) as number) - 1;
        if (left === 0) openOf.delete(client);
        else openOf.set(client, left);
        app.draining.removeEventListener('abort', end);
      });
      reply.header('cache-control', 'no-store').header('x-accel-buffering', 'no');
      return reply.type('text/event-stream; charset=utf-8').send(stream as never);
    },
  );
}
