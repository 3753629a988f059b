/**
 * Purpose: limit the requests of each client per minute with @fastify/rate-limit.
 * Invariants: a client is its API key, or else its address; IPv6 addresses count by their first 64
 * bits, which belong to one customer. A route with `timesFewer` has a counter of its own. The
 * counters are bounded LRU caches.
 * Fails: RATE_LIMITED, a 429 with Retry-After.
 */
import fastifyRateLimit from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import type { ApiKeys } from '../access/key-file.ts';
import { HttpProblem } from '../responses/problems.ts';
import { appPlugin } from './app.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Together with `rateLimit: {}`: this fraction of the client's limit, counted separately. */
    timesFewer?: number;
  }
}

const MAX_CLIENTS = 50_000;
const IPV6_PREFIX_BITS = 64;

/** The name that an address is counted under. */
export const addressOf = (request: FastifyRequest): string =>
  fastifyRateLimit.normalizeIP(request.ip, IPV6_PREFIX_BITS);

const clientOf = (request: FastifyRequest): string =>
  request.apiKey === null ? addressOf(request) : `key ${request.apiKey.id}`;

export interface RateLimitOptions {
  /** Of a client whose key names no limit; 0: no limit. */
  readonly requestsPerMinute: number;
  /** null: open mode. */
  readonly apiKeys: ApiKeys | null;
}

export const rateLimit = appPlugin('rate-limit', async (app, options: RateLimitOptions) => {
  const { requestsPerMinute, apiKeys } = options;
  if (requestsPerMinute === 0 && apiKeys === null) return;
  const limitOf = ({ apiKey }: FastifyRequest): number =>
    apiKey?.requestsPerMinute ?? requestsPerMinute;
  await app.register(fastifyRateLimit, {
    enableDraftSpec: true,
    timeWindow: '1 minute',
    cache: MAX_CLIENTS,
    keyGenerator: clientOf,
    allowList: apiKeys === null ? [] : (request) => limitOf(request) === 0,
    max: (request) => Math.ceil(limitOf(request) / (request.routeOptions.config.timesFewer ?? 1)),
    errorResponseBuilder: (_request, { max }) =>
      new HttpProblem('RATE_LIMITED', `more than ${max} requests in a minute`),
  });
});
