/**
 * Purpose: what served at a time, and why: the champion of that time, and the decisions until then
 * with their evidence.
 * Invariants: the ETag is of what the store said.
 * Fails: REQUEST_INVALID for an invalid time; the store's error as a 503.
 */
import type { DecisionEntry } from '../../../storage/decisions/decision-log.ts';
import { responsesOf } from '../openapi/common-schemas.ts';
import { DecisionsQuery, DecisionsResponse } from '../openapi/decision-schemas.ts';
import type { App } from '../plugins/app.ts';
import { revalidated } from '../plugins/attach-serving.ts';
import { isoTime } from '../responses/forecast-response.ts';
import { asNotReady } from '../responses/problems.ts';
import { queryIntegers } from '../responses/query-integers.ts';
import { queryTime } from '../responses/query-times.ts';
import type { RouteContext } from './context.ts';

export async function decisionRoutes(app: App, context: RouteContext): Promise<void> {
  const { decisionHistory, handlerTimeoutMs } = context;
  app.get(
    '/v1/decisions',
    {
      config: { access: 'models:read' },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        operationId: 'listDecisions',
        tags: ['model'],
        summary: 'What served at a time, and what was decided until then, with the evidence',
        querystring: DecisionsQuery,
        response: responsesOf(DecisionsResponse, 'The champion of that time, and decisions'),
      },
      preValidation: queryIntegers('limit'),
    },
    async (request, reply) => {
      const { limit = 50 } = request.query;
      const at = queryTime('at', request.query.at);
      const { served, decisions } = await decisionHistory({ at, limit }).catch(asNotReady);
      const body = {
        at: at === null ? null : isoTime(at),
        served: served && { ...served, since: isoTime(served.since) },
        decisions: decisions.map(shown),
      };
      return revalidated(body, request, reply);
    },
  );
}

const shown = ({ format: _format, domain: _domain, commitId: _id, ...entry }: DecisionEntry) => ({
  ...entry,
  at: isoTime(entry.at),
});
