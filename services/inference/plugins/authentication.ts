/**
 * Purpose: ask every request for what its route declares: nothing, or a key with a scope.
 * Invariants: a route that declares neither stops the start, so that none is open by oversight;
 * what counts is the route that was found, never the text of the path; a key is only ever read from
 * Authorization, because addresses end up in logs; a good key is never shut out by others of its
 * address.
 * Fails: API_KEY_MISSING, API_KEY_UNKNOWN, API_KEY_EXPIRED, API_KEY_REVOKED (401), SCOPE_MISSING
 * (403), each with WWW-Authenticate (RFC 6750); RATE_LIMITED for an address that was refused too
 * often.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../../platform/clock.ts';
import type { KeyRecord, KeySet } from '../access/key.ts';
import type { ApiKeys } from '../access/key-file.ts';
import { type Access, SCOPES, type Scope } from '../access/scopes.ts';
import { HttpProblem } from '../responses/problems.ts';
import type { App } from '../routes/context.ts';
import { addressOf } from './client-address.ts';
import { rateCounter, secondsUntil } from './rate-limit.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a request needs for this route. Every route declares it. */
    access?: Access;
  }
  interface FastifyRequest {
    /** The key it came with; null on an open route and in open mode. */
    apiKey: KeyRecord | null;
  }
}

/** Refusals of one address in a minute before it is turned away unheard. */
const MAX_REFUSALS = 60;
/** The documentation's own plugin adds routes below it, and it is open. */
const DOCS = /^\/docs(\/|$)/;

export type Refusal = 'missing' | 'unknown' | 'expired' | 'revoked' | 'scope' | 'flood';

export interface GuardOptions {
  /** null: open mode. */
  readonly apiKeys: ApiKeys | null;
  readonly clock: Clock;
  readonly refused: (why: Refusal) => void;
}

/** Call it before any route is added. */
export function guard(app: App, { apiKeys, clock, refused }: GuardOptions): void {
  app.decorateRequest('apiKey', null);
  app.addHook('onRoute', (route) => {
    const access = route.config?.access ?? (DOCS.test(route.url) ? 'open' : undefined);
    if (access === undefined)
      throw new Error(`the route ${route.method} ${route.url} does not declare its access`);
    route.config = { ...route.config, access };
    route.schema = { ...route.schema, security: securityOf(access, apiKeys !== null) };
  });
  if (apiKeys === null) return;

  const refusals = rateCounter(clock);
  function refuse(
    reply: FastifyReply,
    address: string,
    why: Refusal,
    problem: HttpProblem,
    parameters = '',
  ): HttpProblem {
    refused(why);
    refusals.count(address);
    reply.header('www-authenticate', `Bearer realm="headway"${parameters}`);
    return problem;
  }

  /** @returns what is wrong; null where nothing is */
  function judge(
    request: FastifyRequest,
    reply: FastifyReply,
    access: Access | undefined,
    keys: KeySet,
  ): HttpProblem | null {
    const address = addressOf(request.ip);
    const before = refusals.look(address);
    const isFlood = before !== null && before.used >= MAX_REFUSALS;
    const turnAway = (): HttpProblem => {
      refused('flood');
      reply.header('retry-after', secondsUntil(before?.endsAt ?? 0, clock));
      return new HttpProblem(
        'RATE_LIMITED',
        'too many requests without a key that counts came from this address',
      );
    };
    const text = bearerOf(request);
    if (isFlood && !(text !== null && keys.knows(text))) return turnAway();
    if (text === null)
      return refuse(
        reply,
        address,
        'missing',
        new HttpProblem('API_KEY_MISSING', 'this service wants an API key as a bearer token'),
      );
    const verdict = keys.judge(text, clock.now());
    if (typeof verdict === 'string') {
      // An address that is over its share learns nothing more of a key, not even whether its id
      // exists.
      if (isFlood && verdict === 'unknown') return turnAway();
      return refuse(
        reply,
        address,
        verdict,
        new HttpProblem(NOT_VALID[verdict].code, NOT_VALID[verdict].text),
        ', error="invalid_token"',
      );
    }
    request.apiKey = verdict;
    if (access !== undefined && access !== 'open' && verdict.scopes.includes(access)) return null;
    const problem = new HttpProblem(
      'SCOPE_MISSING',
      `the key ${verdict.id} has not the scope ${access}`,
    );
    return refuse(
      reply,
      address,
      'scope',
      problem,
      `, error="insufficient_scope", scope="${access}"`,
    );
  }

  app.addHook('onRequest', (request, reply, done) => {
    const { access } = request.routeOptions.config;
    // Where there is no route there is nothing to protect: a 404 tells no more than the
    // documentation does.
    if (access === 'open' || request.is404) return done();
    const decide = (keys: KeySet) => done(judge(request, reply, access, keys) ?? undefined);
    const keys = apiKeys.current();
    // A promise only where the file is looked at: for the others it would cost more than the
    // judgement.
    if (keys instanceof Promise) keys.then(decide, done);
    else decide(keys);
  });
}

const NOT_VALID = {
  unknown: { code: 'API_KEY_UNKNOWN', text: 'the API key is not one of this service' },
  expired: { code: 'API_KEY_EXPIRED', text: 'the API key has expired' },
  revoked: { code: 'API_KEY_REVOKED', text: 'the API key was revoked' },
} as const;

/** The bearer token; null where there is none. The scheme's case does not matter (RFC 9110). */
function bearerOf({ headers }: FastifyRequest): string | null {
  const { authorization } = headers;
  if (authorization === undefined || authorization.slice(0, 7).toLowerCase() !== 'bearer ')
    return null;
  return authorization.slice(7).trim();
}

/**
 * OpenAPI: the scope that a route needs. In open mode a key may be left out, and is not looked at.
 */
function securityOf(access: Access, isOn: boolean): Record<string, string[]>[] {
  if (access === 'open') return [];
  return [{ apiKey: [access] }, ...(isOn ? [] : [{}])];
}

export const SECURITY_SCHEMES = {
  apiKey: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'hw_<id>_<secret>',
    description: `An API key as \`Authorization: Bearer hw_…\`, made with \`headway keys create\`. Scopes: ${(
      Object.keys(SCOPES) as Scope[]
    )
      .map((scope) => `\`${scope}\`: ${SCOPES[scope]}`)
      .join('; ')}`,
  },
} as const;
