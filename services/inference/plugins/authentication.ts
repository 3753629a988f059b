/**
 * Purpose: require an API key with the scope that a route declares.
 * Invariants: the route that was found decides, never the text of the path. A key is only read from
 * Authorization, because addresses end up in logs. A valid key is never refused because of other
 * clients of its address.
 * Fails: API_KEY_MISSING, API_KEY_UNKNOWN, API_KEY_EXPIRED, API_KEY_REVOKED (401) and SCOPE_MISSING
 * (403), each with WWW-Authenticate (RFC 6750); RATE_LIMITED for an address with too many refusals.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../../platform/clock.ts';
import type { KeyRecord } from '../access/key.ts';
import type { ApiKeys } from '../access/open-keys.ts';
import { HttpProblem } from '../responses/problems.ts';
import { appPlugin } from './app.ts';
import { addressOf } from './rate-limit.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The key of the request; null on an open route and in open mode. */
    apiKey: KeyRecord | null;
  }
}

/** Refusals of one address in a minute before it gets 429. */
const MAX_REFUSALS = 60;

const REFUSALS = {
  missing: {
    code: 'API_KEY_MISSING',
    text: 'this service requires an API key as a bearer token',
    challenge: '',
  },
  unknown: {
    code: 'API_KEY_UNKNOWN',
    text: 'the API key is not one of this service',
    challenge: ', error="invalid_token"',
  },
  expired: {
    code: 'API_KEY_EXPIRED',
    text: 'the API key has expired',
    challenge: ', error="invalid_token"',
  },
  revoked: {
    code: 'API_KEY_REVOKED',
    text: 'the API key was revoked',
    challenge: ', error="invalid_token"',
  },
} as const;

type Denial = keyof typeof REFUSALS | 'scope';
export type Refusal = Denial | 'flood';

export interface AuthenticationOptions {
  /** null: open mode. */
  readonly apiKeys: ApiKeys | null;
  readonly clock: Clock;
  readonly refused: (why: Refusal) => void;
}

/** Register it after the rate limit, and before any route is added. */
export const authentication = appPlugin(
  'authentication',
  async (app, options: AuthenticationOptions) => {
    const { apiKeys, clock, refused } = options;
    app.decorateRequest('apiKey', null);
    if (apiKeys === null) return;
    const countRefusal = app.createRateLimit({
      max: MAX_REFUSALS,
      keyGenerator: addressOf,
      allowList: [],
    });

    async function refuse(request: FastifyRequest, reply: FastifyReply, why: Denial) {
      const count = await countRefusal(request);
      const isFlood = !count.isAllowed && count.isExceeded;
      // An address with too many refusals learns nothing about a key, not even whether its id
      // exists.
      if (isFlood && (why === 'missing' || why === 'unknown')) {
        refused('flood');
        reply.header('retry-after', count.ttlInSeconds);
        return new HttpProblem(
          'RATE_LIMITED',
          'too many requests without a valid key came from this address',
        );
      }
      refused(why);
      const { code, text, challenge } = refusalOf(request, why);
      reply.header('www-authenticate', `Bearer realm="headway"${challenge}`);
      return new HttpProblem(code, text);
    }

    app.addHook('onRequest', async (request, reply) => {
      const { access } = request.routeOptions.config;
      // Without a route there is nothing to protect: a 404 says no more than the documentation.
      if (access === 'open' || access === undefined || request.is404) return;
      const keys = await apiKeys.current();
      const token = bearerOf(request);
      const verdict = token === null ? 'missing' : keys.judge(token, clock.now());
      if (typeof verdict === 'string') throw await refuse(request, reply, verdict);
      request.apiKey = verdict;
      if (!verdict.scopes.includes(access)) throw await refuse(request, reply, 'scope');
    });
  },
);

function refusalOf({ apiKey, routeOptions }: FastifyRequest, why: Denial) {
  if (why !== 'scope') return REFUSALS[why];
  const { access } = routeOptions.config;
  return {
    code: 'SCOPE_MISSING',
    text: `the key ${apiKey?.id} does not have the scope ${access}`,
    challenge: `, error="insufficient_scope", scope="${access}"`,
  } as const;
}

/** The bearer token, or null. The case of the scheme does not matter (RFC 9110). */
function bearerOf({ headers }: FastifyRequest): string | null {
  const { authorization } = headers;
  if (authorization === undefined || authorization.slice(0, 7).toLowerCase() !== 'bearer ')
    return null;
  return authorization.slice(7).trim();
}
