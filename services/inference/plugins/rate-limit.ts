/**
 * Purpose: limit the requests of each client per minute with @fastify/rate-limit.
 * Invariants: a client is its API key, or else its address; IPv6 addresses count by their first 64
 * bits, which belong to one customer; an address is read in every form that proxies write. A route
 * with `timesFewer` has a counter of its own, and one for each fraction where it is a function. The
 * counters are bounded LRU caches.
 * Fails: RATE_LIMITED, a 429 with Retry-After.
 */
import { isIP } from 'node:net';
import fastifyRateLimit from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import type { ApiKeys } from '../access/open-keys.ts';
import { HttpProblem } from '../responses/problems.ts';
import { type App, appPlugin } from './app.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Together with `rateLimit: {}`: this fraction of the client's limit, counted separately. A
     * function where requests of the route differ in their cost: those of each cost are counted
     * separately, so that cheap ones do not use up the limit of costly ones.
     */
    timesFewer?: number | ((request: FastifyRequest) => number);
  }
}

const MAX_CLIENTS = 50_000;
const IPV6_PREFIX_BITS = 64;

/** The name that an address is counted under. */
export const addressOf = (request: FastifyRequest): string =>
  fastifyRateLimit.normalizeIP(
    plainAddress(request.ip) ?? request.socket.remoteAddress ?? '',
    IPV6_PREFIX_BITS,
  );

/** What proxies write: also with quotes, brackets or a port; null for "unknown". */
function plainAddress(text: string): string | null {
  if (isIP(text) === 4) return text; // as nearly all are
  const bare = text.trim().replace(/^"(.*)"$/, '$1');
  const [, bracketed = bare] = /^\[([^\]]*)\](?::\d+)?$/.exec(bare) ?? [];
  const [, address = bracketed] = /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(bracketed) ?? [];
  return isIP(address) === 0 ? null : address.replace(/%.*$/, '');
}

const FORWARDED = ['x-forwarded-for', 'forwarded', 'x-real-ip'] as const;

/** Says once that a proxy is in front of the service which the settings do not name. */
function noticeProxies(app: App): void {
  let isNoticed = false;
  app.addHook('onRequest', async ({ headers, log }) => {
    const header = isNoticed ? undefined : FORWARDED.find((name) => headers[name] !== undefined);
    if (header === undefined) return;
    isNoticed = true;
    log.warn(
      { header },
      'requests come through a proxy, but HEADWAY_PROXIES is 0: all its clients share one rate ' +
        'limit. Set it to the number of proxies that add to X-Forwarded-For',
    );
  });
}

/** The name that a client is counted under. */
export const clientOf = (request: FastifyRequest): string =>
  request.apiKey === null ? addressOf(request) : `key ${request.apiKey.id}`;

export interface RateLimitOptions {
  /** Of a client whose key names no limit; 0: no limit. */
  readonly requestsPerMinute: number;
  /** null: open mode. */
  readonly apiKeys: ApiKeys | null;
  /** Proxies whose X-Forwarded-For is believed. */
  readonly trustProxy: number;
}

export const rateLimit = appPlugin('rate-limit', async (app, options: RateLimitOptions) => {
  const { requestsPerMinute, apiKeys, trustProxy } = options;
  if (trustProxy === 0) noticeProxies(app);
  if (requestsPerMinute === 0 && apiKeys === null) return;
  const limitOf = ({ apiKey }: FastifyRequest): number =>
    apiKey?.requestsPerMinute ?? requestsPerMinute;
  const fractionOf = (request: FastifyRequest): number => {
    const { timesFewer = 1 } = request.routeOptions.config;
    return typeof timesFewer === 'number' ? timesFewer : timesFewer(request);
  };
  const keyOf = (request: FastifyRequest): string => {
    const client = clientOf(request);
    const { timesFewer } = request.routeOptions.config;
    return typeof timesFewer === 'function' ? `${timesFewer(request)} ${client}` : client;
  };
  await app.register(fastifyRateLimit, {
    enableDraftSpec: true,
    timeWindow: '1 minute',
    cache: MAX_CLIENTS,
    keyGenerator: keyOf,
    allowList: apiKeys === null ? [] : (request) => limitOf(request) === 0,
    max: (request) => Math.ceil(limitOf(request) / fractionOf(request)),
    errorResponseBuilder: (_request, { max }) =>
      new HttpProblem('RATE_LIMITED', `more than ${max} requests in a minute`),
  });
});
