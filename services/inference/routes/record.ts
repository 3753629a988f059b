/**
 * Purpose: the record of one series: what was served for past intervals, next to what happened.
 * Invariants: a series without a record has an empty one; the ETag is of what the store said.
 * Fails: SERIES_UNKNOWN; REQUEST_INVALID for a range that is empty or longer than the record; the
 * store's error as a 503.
 */
import { responsesOf, SeriesParams } from '../openapi/common-schemas.ts';
import { RecordQuery, RecordResponse } from '../openapi/record-schemas.ts';
import type { App } from '../plugins/app.ts';
import { requireServing, revalidated } from '../plugins/attach-serving.ts';
import { asNotReady } from '../responses/problems.ts';
import { queryRange } from '../responses/query-times.ts';
import { recordResponse } from '../responses/record-response.ts';
import { missingSeries } from '../shards/missing-series.ts';
import type { RouteContext } from './context.ts';

const DAYS = 7;
/** As many as monitoring publishes, and the begun one. */
const MAX_DAYS = 29;
const DAY_MS = 86_400_000;

export async function recordRoutes(app: App, context: RouteContext): Promise<void> {
  const { domain, state, monitoring, clock, handlerTimeoutMs } = context;
  app.get(
    '/v1/series/:id/record',
    {
      config: { access: 'forecasts:read' },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        operationId: 'recordOfSeries',
        tags: ['monitoring'],
        summary: 'What was served for past intervals, and what happened',
        params: SeriesParams,
        querystring: RecordQuery,
        response: responsesOf(RecordResponse, 'Forecasts with their actuals and errors'),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { panel, indexOf, shard } = requireServing(state).snapshot;
      if (!indexOf.has(id)) throw missingSeries({ shard }, id);
      // Whole intervals, so that the response is the same until one has ended.
      const interval = panel.frequencyMinutes * 60_000;
      const end = Math.ceil(clock.now() / interval) * interval;
      const range = queryRange(request.query, { end, days: DAYS, maxDays: MAX_DAYS });
      // Whole days, so that requests of the same days are one question to the store.
      const days = await monitoring
        .record(id, {
          from: Math.floor(range.from / DAY_MS) * DAY_MS,
          until: Math.ceil(range.until / DAY_MS) * DAY_MS,
        })
        .catch(asNotReady);
      const body = recordResponse(domain, id, panel.frequencyMinutes, days, range);
      return revalidated(body, request, reply);
    },
  );
}
