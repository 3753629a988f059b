/**
 * Purpose: the list of series, and the forecast of one.
 * Invariants: pages are in text order of the ids, and a cursor names an id, so pages neither repeat
 * nor skip a series when the snapshot changes between them.
 * Fails: SERIES_UNKNOWN, HORIZON_INVALID, HISTORY_TOO_SHORT, NOT_ACCEPTABLE; REQUEST_INVALID for a
 * cursor that was not issued, and for a table with history.
 */
import { targetOf, timestampAt } from '../../../forecasting/panel/panel.ts';
import {
  responsesOf,
  SeriesParams,
  SeriesQuery,
  SeriesResponse,
  tabledResponses,
} from '../openapi/common-schemas.ts';
import { ForecastQuery, ForecastResponse } from '../openapi/forecast-schemas.ts';
import type { App } from '../plugins/app.ts';
import { attachServing, servingOf, variantOf } from '../plugins/attach-serving.ts';
import { isoTime } from '../responses/forecast-response.ts';
import { parseLevels } from '../responses/levels.ts';
import { chosenFormat, JSON_OR_TABLE } from '../responses/media-type.ts';
import { pageOf } from '../responses/pagination.ts';
import { JSON_TYPE } from '../responses/prepared-forecasts.ts';
import { queryIntegers } from '../responses/query-integers.ts';
import type { Serving } from '../serving/build-serving-snapshot.ts';
import { tableOfSeries } from '../tables/forecast-table.ts';
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
        response: tabledResponses(ForecastResponse, 'The forecast, quantiles as columns'),
      },
      preValidation: queryIntegers('horizon', 'history'),
      preHandler: attachServing(state, ({ headers }) =>
        chosenFormat(headers.accept, JSON_OR_TABLE),
      ),
    },
    async (request, reply) => {
      const { horizon, history, levels } = request.query;
      const { id } = request.params;
      const asked = { horizon, history, levels: parseLevels(levels) };
      const serving = servingOf(request);
      const format = variantOf<keyof typeof JSON_OR_TABLE>(request);
      if (format !== 'json') {
        const bytes = await tableOfSeries(serving, domain, format, asked, [id], context);
        return reply.type(JSON_OR_TABLE[format]).send(bytes as never);
      }
      const { text, fallback } = prepared(serving, id, asked);
      if (fallback) fellBack(fallback);
      return reply.header('content-type', JSON_TYPE).send(text as never);
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
