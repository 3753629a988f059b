/**
 * Purpose: the series there are, and the forecast of one.
 * Invariants: pages are in text order of the ids, and a cursor names an id, so pages neither repeat
 * nor skip a series when the snapshot changes between them.
 * Fails: SERIES_UNKNOWN, HORIZON_INVALID, HISTORY_TOO_SHORT; REQUEST_INVALID for a cursor nobody
 * gave out.
 */
import { targetOf, timestampAt } from '../../../forecasting/panel/panel.ts';
import {
  responsesOf,
  SeriesParams,
  SeriesQuery,
  SeriesResponse,
} from '../openapi/common-schemas.ts';
import { ForecastQuery, ForecastResponse } from '../openapi/forecast-schemas.ts';
import type { App } from '../plugins/app.ts';
import { attachServing, servingOf } from '../plugins/attach-serving.ts';
import { isoTime } from '../responses/forecast-response.ts';
import { parseLevels } from '../responses/levels.ts';
import { pageOf } from '../responses/pagination.ts';
import { JSON_TYPE } from '../responses/prepared-forecasts.ts';
import { queryIntegers } from '../responses/query-integers.ts';
import type { Serving } from '../serving/build-serving-snapshot.ts';
import type { RouteContext } from './context.ts';

export async function seriesRoutes(app: App, context: RouteContext): Promise<void> {
  const { domain, state, prepared, fellBack } = context;

  app.get(
    '/v1/series',
    {
      config: { access: 'forecasts:read' },
      schema: {
        operationId: 'listSeries',
        tags: ['series'],
        summary: 'The series that can be forecast, in pages',
        querystring: SeriesQuery,
        response: responsesOf(SeriesResponse, 'One page of series'),
      },
      preValidation: queryIntegers('limit'),
      preHandler: attachServing(state),
    },
    async (request) => {
      const serving = servingOf(request);
      const { sortedIds } = serving.snapshot;
      const { page, nextCursor } = pageOf(
        sortedIds,
        request.query.limit ?? 100,
        request.query.cursor,
      );
      return {
        domain: domain.name,
        unit: domain.unit,
        seriesNoun: domain.seriesNoun,
        total: sortedIds.length,
        series: page.map((id) => ({
          seriesId: id,
          title: domain.seriesTitle(id),
          ...summary(serving, id),
        })),
        nextCursor,
      };
    },
  );

  app.get(
    '/v1/series/:id/forecast',
    {
      config: { access: 'forecasts:read' },
      schema: {
        operationId: 'forecastSeries',
        tags: ['forecasts'],
        summary: 'The forecast of one series',
        params: SeriesParams,
        querystring: ForecastQuery,
        response: responsesOf(ForecastResponse, 'The forecast, quantiles as columns'),
      },
      preValidation: queryIntegers('horizon', 'history'),
      preHandler: attachServing(state),
    },
    (request, reply) => {
      const { horizon, history, levels } = request.query;
      const asked = { horizon, history, levels: parseLevels(levels) };
      const { text, fallback } = prepared(servingOf(request), request.params.id, asked);
      if (fallback) fellBack(fallback);
      reply.header('content-type', JSON_TYPE).send(text as never);
    },
  );
}

function summary(serving: Serving, id: string) {
  const { panel, indexOf } = serving.snapshot;
  const index = indexOf.get(id) as number;
  let sum = 0;
  let count = 0;
  let last = -1;
  for (const [t, value] of targetOf(panel, index).entries()) {
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
    last = t;
  }
  return {
    mean: count > 0 ? Number((sum / count).toPrecision(6)) : null,
    lastValueAt: last < 0 ? null : isoTime(timestampAt(panel, last)),
    forecast: serving.forecasts.usable[index] === 1,
  };
}
