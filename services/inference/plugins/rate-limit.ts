/**
 * Purpose: so many requests a minute from each client, and no more; every answer says how many are
 * left.
 * Invariants: a window begins with a client's first request and ends a minute later; memory is
 * bounded: of the clients of the last two minutes only so many are remembered, and beyond that all
 * begin again; a hook without a promise, because it runs before everything.
 * Fails: RATE_LIMITED, a 429 with Retry-After.
 */
import type { FastifyRequest } from 'fastify';
import type { Clock } from '../../../platform/clock.ts';
import { HttpProblem } from '../responses/problems.ts';
import type { App } from '../routes/context.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * false: not limited. With `timesFewer`: a count of its own, up to so small a part of the
     * client's limit.
     */
    rateLimit?: false | { readonly timesFewer: number };
  }
}

const WINDOW_MS = 60_000;
const MAX_CLIENTS = 50_000;

interface Window {
  used: number;
  endsAt: number;
}

/** Counts the requests of each client in its window. */
export interface RateCounter {
  /** Counts one more. @returns requests of this client in its window, and when that ends */
  count(client: string): Readonly<Window>;
  /** The same without counting; null where the client has no window. */
  look(client: string): Readonly<Window> | null;
}

export function rateCounter(clock: Pick<Clock, 'elapsedMs'>): RateCounter {
  // Two generations: dropping the older whole costs nothing a request.
  let young = new Map<string, Window>();
  let old = new Map<string, Window>();
  let turnsAt = clock.elapsedMs() + WINDOW_MS;
  return {
    count(client) {
      const now = clock.elapsedMs();
      if (now >= turnsAt || young.size >= MAX_CLIENTS) {
        old = now >= turnsAt + WINDOW_MS ? new Map() : young;
        young = new Map();
        turnsAt = now + WINDOW_MS;
      }
      let window = young.get(client);
      if (window === undefined) {
        window = old.get(client) ?? { used: 0, endsAt: now + WINDOW_MS };
        young.set(client, window);
      }
      if (now >= window.endsAt) {
        window.used = 0;
        window.endsAt = now + WINDOW_MS;
      }
      window.used++;
      return window;
    },
    look(client) {
      const window = young.get(client) ?? old.get(client);
      return window === undefined || clock.elapsedMs() >= window.endsAt ? null : window;
    },
  };
}

export interface RateLimits {
  readonly clientOf: (request: FastifyRequest) => string;
  /** Requests that the client of this one may make in a minute; 0: no limit. */
  readonly limitOf: (request: FastifyRequest) => number;
  readonly clock: Clock;
}

/**
 * Limits every route by its own part of the client's limit where it has one, and all others
 * together.
 * @returns what counts those
 */
export function limitRates(app: App, { clientOf, limitOf, clock }: RateLimits): RateCounter {
  const shared = rateCounter(clock);
  const owns = new WeakMap<object, RateCounter>();
  const counterOf = (own: object): RateCounter => {
    const counter = owns.get(own) ?? rateCounter(clock);
    owns.set(own, counter);
    return counter;
  };
  app.addHook('onRequest', (request, reply, done) => {
    const own = request.routeOptions.config.rateLimit;
    const limit = own === false ? 0 : limitOf(request);
    if (limit === 0) {
      done();
      return;
    }
    const max = own ? Math.ceil(limit / own.timesFewer) : limit;
    const window = (own ? counterOf(own) : shared).count(clientOf(request));
    const headers = limitHeaders(max, window, clock);
    for (let i = 0; i < headers.length; i += 2) reply.header(headers[i] as string, headers[i + 1]);
    if (window.used <= max) {
      done();
      return;
    }
    reply.header('retry-after', secondsUntil(window.endsAt, clock));
    done(new HttpProblem('RATE_LIMITED', `more than ${max} requests in a minute`));
  });
  return shared;
}

/** Name, value, name, value … */
export const limitHeaders = (
  max: number,
  { used, endsAt }: Readonly<Window>,
  clock: Pick<Clock, 'elapsedMs'>,
): string[] => [
  'ratelimit-limit',
  String(max),
  'ratelimit-remaining',
  used < max ? String(max - used) : '0',
  'ratelimit-reset',
  secondsUntil(endsAt, clock),
];

export const secondsUntil = (at: number, clock: Pick<Clock, 'elapsedMs'>): string =>
  String(Math.max(1, Math.ceil((at - clock.elapsedMs()) / 1000)));
