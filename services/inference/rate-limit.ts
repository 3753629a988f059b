/**
 * Purpose: so many requests a minute from each client, and no more; every answer says how many are left.
 * Invariants: a window begins with a client's first request and ends a minute later; memory is bounded: of the clients of the last two
 * minutes only so many are remembered, and beyond that all begin anew; a hook without a promise, because it runs before everything.
 * Fails: RATE_LIMITED, a 429 with Retry-After.
 */
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import type { Clock } from '../../runtime/clock.ts';
import { HttpProblem } from './problems.ts';
import type { App } from './routes/context.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** false: not limited. With `max`: a count of its own. */
    rateLimit?: false | { readonly max: number };
  }
}

const WINDOW_MS = 60_000;
const MOST_CLIENTS = 50_000;

/** Counts the requests of each client in its window. */
export interface RateCounter {
  /** Counts one more. @returns requests of this client in its window, when that ends, and what time it is; to be read before the next call */
  count(client: string): { readonly used: number; readonly endsAt: number; readonly now: number };
}

export function rateCounter(clock: Pick<Clock, 'elapsedMs'>): RateCounter {
  interface Window {
    used: number;
    endsAt: number;
    now: number;
  }
  // Two generations: dropping the older whole costs nothing a request.
  let young = new Map<string, Window>();
  let old = new Map<string, Window>();
  let turnsAt = clock.elapsedMs() + WINDOW_MS;
  return {
    count(client) {
      const now = clock.elapsedMs();
      if (now >= turnsAt || young.size >= MOST_CLIENTS) {
        old = now >= turnsAt + WINDOW_MS ? new Map() : young;
        young = new Map();
        turnsAt = now + WINDOW_MS;
      }
      let window = young.get(client);
      if (window === undefined) {
        window = old.get(client) ?? { used: 0, endsAt: now + WINDOW_MS, now };
        young.set(client, window);
      }
      if (now >= window.endsAt) {
        window.used = 0;
        window.endsAt = now + WINDOW_MS;
      }
      window.used++;
      window.now = now;
      return window;
    },
  };
}

/** Limits every route by its own `config.rateLimit` where it has one, and all others together. */
export function limitRates(app: App, maxPerMinute: number, clock: Clock): void {
  const shared = limitHook(maxPerMinute, clock);
  const owns = new WeakMap<object, ReturnType<typeof limitHook>>();
  app.addHook('onRequest', (request, reply, done) => {
    const own = request.routeOptions.config.rateLimit;
    if (own === false) {
      done();
      return;
    }
    if (own === undefined) {
      shared(request, reply, done);
      return;
    }
    let hook = owns.get(own);
    if (hook === undefined) {
      hook = limitHook(own.max, clock);
      owns.set(own, hook);
    }
    hook(request, reply, done);
  });
}

function limitHook(max: number, clock: Clock) {
  const counter = rateCounter(clock);
  const limit = String(max);
  return (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    const { used, endsAt, now } = counter.count(request.ip);
    const seconds = String(Math.ceil((endsAt - now) / 1000));
    reply.header('x-ratelimit-limit', limit);
    reply.header('x-ratelimit-remaining', used < max ? String(max - used) : '0');
    reply.header('x-ratelimit-reset', seconds);
    if (used <= max) {
      done();
      return;
    }
    reply.header('retry-after', seconds);
    done(new HttpProblem('RATE_LIMITED', `more than ${max} requests in a minute`));
  };
}
