/**
 * Purpose: what the schedule ran: when, how long, and why it failed.
 * Invariants: newest first; the ETag is of what the store said. The machine that ran a job is not
 * shown: `headway jobs` names it.
 * Fails: REQUEST_INVALID; the store's error as a 503.
 */
import { responsesOf } from '../openapi/common-schemas.ts';
import { JobsQuery, JobsResponse } from '../openapi/monitoring-schemas.ts';
import type { App } from '../plugins/app.ts';
import { revalidated } from '../plugins/attach-serving.ts';
import { isoTime } from '../responses/forecast-response.ts';
import { asNotReady } from '../responses/problems.ts';
import { queryIntegers } from '../responses/query-integers.ts';
import type { RouteContext } from './context.ts';

export async function jobRoutes(app: App, context: RouteContext): Promise<void> {
  const { monitoring, handlerTimeoutMs } = context;
  app.get(
    '/v1/jobs',
    {
      config: { access: 'models:read' },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        operationId: 'listJobs',
        tags: ['monitoring'],
        summary: 'What the schedule ran',
        querystring: JobsQuery,
        response: responsesOf(JobsResponse, 'Runs, newest first'),
      },
      preValidation: queryIntegers('limit'),
    },
    async (request, reply) => {
      const runs = await monitoring.jobs(request.query.limit ?? 50).catch(asNotReady);
      const body = {
        runs: runs.map(({ job, slot, attempt, state, startedAt, tookMs, problem }) => ({
          ...{ job, slot: isoTime(slot), attempt, state, startedAt: isoTime(startedAt) },
          ...{ tookSeconds: tookMs / 1000, problem },
        })),
      };
      return revalidated(body, request, reply);
    },
  );
}
