/**
 * Purpose: for orchestrators: is the process alive, and may it get requests.
 * Invariants: live says nothing about data. Ready is 200 exactly while forecasts can be served;
 * `degraded` says that they are a fallback, but takes no instance out of service: the others read
 * the same store, and a labelled response is worth more than none.
 * Fails: ready responds with a 503 problem whose code is the reason (SNAPSHOT_EMPTY, STORE_…).
 */

import { LiveResponse, ReadyResponse, responsesOf } from '../openapi/common-schemas.ts';
import type { App } from '../plugins/app.ts';
import { readyResponse } from '../responses/ready-response.ts';
import type { RouteContext } from './context.ts';

export async function healthRoutes(app: App, context: RouteContext): Promise<void> {
  const { state, clock, access } = context;
  const options = { config: { access: 'open' as const, rateLimit: false as const, quiet: true } };

  app.get(
    '/health/live',
    {
      ...options,
      schema: {
        operationId: 'live',
        tags: ['health'],
        summary: 'Is the process alive',
        response: responsesOf(LiveResponse, 'It is'),
      },
    },
    async (_request, reply) => {
      reply.header('cache-control', 'no-store');
      return { status: 'live' as const, access };
    },
  );

  app.get(
    '/health/ready',
    {
      ...options,
      schema: {
        operationId: 'ready',
        tags: ['health'],
        summary: 'Can forecasts be served, and how old is the data',
        response: responsesOf(ReadyResponse, 'They can'),
      },
    },
    async (_request, reply) => {
      const ready = readyResponse(state, clock);
      reply.header('cache-control', 'no-store');
      return ready;
    },
  );
}
