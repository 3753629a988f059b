/**
 * Purpose: the forecasts of all series: streamed as NDJSON or CSV, as one Arrow or Parquet table,
 * or in pages of JSON.
 * Invariants: one response is of one Serving; a series that cannot be forecast is left out and
 * counted, never made up.
 * Fails: HORIZON_INVALID, LEVEL_UNKNOWN, NOT_ACCEPTABLE; REQUEST_INVALID for a cursor that was not
 * issued.
 */
import type { FastifyRequest } from 'fastify';
import { TABLE_TYPES } from '../../../platform/tables/table.ts';
import { streamedResponses } from '../openapi/common-schemas.ts';
import { AllForecastsQuery, ForecastsPage } from '../openapi/forecast-schemas.ts';
import type { App } from '../plugins/app.ts';
import { attachServing, servingOf, variantOf } from '../plugins/attach-serving.ts';
import { forecastStream } from '../responses/forecast-stream.ts';
import { parseLevels } from '../responses/levels.ts';
import { chosenFormat } from '../responses/media-type.ts';
import { pageOf } from '../responses/pagination.ts';
import { arrayOf, JSON_TYPE } from '../responses/prepared-forecasts.ts';
import { HttpProblem } from '../responses/problems.ts';
import { queryIntegers } from '../responses/query-integers.ts';
import { prepareTables } from '../tables/forecast-table.ts';
import type { RouteContext } from './context.ts';

const TYPES = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv',
  ...TABLE_TYPES,
} as const;
type Format = keyof typeof TYPES;

function formatOf(request: FastifyRequest): Format {
  const { format } = request.query as { format?: Format };
  return format ?? chosenFormat(request.headers.accept, TYPES);
}

export async function allForecastRoutes(app: App, context: RouteContext): Promise<void> {
  const { domain, state, prepared, streamTimeoutMs, fellBack } = context;
  const tables = prepareTables(domain);

  app.get(
    '/v1/forecasts',
    {
      config: { access: 'forecasts:read' },
      handlerTimeout: streamTimeoutMs,
      schema: {
        operationId: 'forecastAll',
        tags: ['forecasts'],
        summary: 'The forecasts of all series: NDJSON, CSV, Arrow, Parquet, or pages of JSON',
        querystring: AllForecastsQuery,
        response: streamedResponses(ForecastsPage, 'The forecasts, in text order of the series'),
      },
      preValidation: queryIntegers('horizon', 'limit', 'history'),
      preHandler: attachServing(state, formatOf),
    },
    async (request, reply) => {
      const serving = servingOf(request);
      const { limit, cursor, format: _format, levels, horizon, history } = request.query;
      const asked = { horizon, levels: parseLevels(levels), history };
      const format = variantOf<Format>(request);
      if (format !== 'json') {
        if (limit !== undefined || cursor !== undefined)
          throw new HttpProblem(
            'REQUEST_INVALID',
            'limit and cursor apply to pages of JSON only; the other formats hold all series',
          );
        if (format === 'csv' && history !== undefined && history > 0)
          throw new HttpProblem('REQUEST_INVALID', 'CSV has no column for history: take NDJSON');
        if (format === 'arrow' || format === 'parquet') {
          const { bytes, leftOut } = await tables(serving, format, asked, context);
          return reply
            .header('x-series-left-out', leftOut)
            .type(TYPES[format])
            .send(bytes as never);
        }
        const { stream, leftOut } = forecastStream(serving, domain, format, asked, context);
        // A stream has no schema; its lines are those of one forecast.
        return reply
          .header('x-series-left-out', leftOut)
          .type(`${TYPES[format]}; charset=utf-8`)
          .send(stream as never);
      }
      const { page, nextCursor } = pageOf(serving.snapshot.sortedIds, limit ?? 100, cursor);
      const has = (id: string) =>
        serving.forecasts.usable[serving.snapshot.indexOf.get(id) as number] === 1;
      const forecasts = page.filter(has).map((id) => prepared(serving, id, asked));
      for (const { fallback } of forecasts) if (fallback) fellBack(fallback);
      const total = serving.snapshot.sortedIds.length;
      const rest = { withoutForecast: page.filter((id) => !has(id)), nextCursor, total };
      const text = `{"forecasts":${arrayOf(forecasts)},${JSON.stringify(rest).slice(1)}`;
      return reply.header('content-type', JSON_TYPE).send(text as never);
    },
  );
}
