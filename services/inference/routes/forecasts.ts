/**
 * Purpose: forecasts of many series at once, or of a caller's own recent history.
 * Invariants: all or nothing: if one series cannot be forecast the response is that problem, never
 * a shorter list.
 * Fails: SERIES_UNKNOWN, HORIZON_INVALID, LEVEL_UNKNOWN, HISTORY_INVALID, HISTORY_TOO_SHORT,
 * EXOGENOUS_INVALID, NOT_ACCEPTABLE; REQUEST_INVALID for a table of what is computed; OVERLOADED
 * with Retry-After where too many forecasts wait to be computed.
 */

import { tabledResponses } from '../openapi/common-schemas.ts';
import { ForecastsBody, ForecastsResponse } from '../openapi/forecast-schemas.ts';
import type { App } from '../plugins/app.ts';
import { attachServing, servingOf } from '../plugins/attach-serving.ts';
import type { WhatIf } from '../prediction/overrides.ts';
import { adhocResponse, overriddenResponses } from '../responses/forecast-response.ts';
import { chosenFormat, JSON_OR_TABLE } from '../responses/media-type.ts';
import { arrayOf, JSON_TYPE } from '../responses/prepared-forecasts.ts';
import { HttpProblem } from '../responses/problems.ts';
import { tableOfSeries } from '../tables/forecast-table.ts';
import type { RouteContext } from './context.ts';

/** A forecast with overrides is computed while a client waits, a stored one is only copied. */
const MAX_OVERRIDES = 100;

export async function forecastRoutes(app: App, context: RouteContext): Promise<void> {
  const { domain, clock, state, prepared, predictor, fellBack } = context;

  app.post(
    '/v1/forecasts',
    {
      config: { access: 'forecasts:read' },
      schema: {
        operationId: 'forecastMany',
        tags: ['forecasts'],
        summary: 'Forecasts of many series, or of recent values of your own',
        body: ForecastsBody,
        response: tabledResponses(
          ForecastsResponse,
          'One forecast per series, in the order of the request',
        ),
      },
      preHandler: attachServing(state),
    },
    async (request, reply) => {
      // Once, before anything is waited for: what is swapped in meanwhile is not part of this
      // response.
      const serving = servingOf(request);
      const { seriesIds = [], history, whatIf, ...asked } = request.body;
      if (whatIf && seriesIds.length > MAX_OVERRIDES)
        throw new HttpProblem(
          'REQUEST_INVALID',
          `with whatIf at most ${MAX_OVERRIDES} series are forecast at once`,
        );
      const format = chosenFormat(request.headers.accept, JSON_OR_TABLE);
      if (format !== 'json') {
        if (history || whatIf)
          throw new HttpProblem(
            'REQUEST_INVALID',
            'a table holds forecasts of stored series: take JSON with history or whatIf',
          );
        const bytes = await tableOfSeries(serving, domain, format, asked, seriesIds, context);
        return reply.type(JSON_OR_TABLE[format]).send(bytes as never);
      }
      if (!history && !whatIf) {
        const stored = seriesIds.map((id) => prepared(serving, id, asked));
        for (const { fallback } of stored) if (fallback) fellBack(fallback);
        return reply
          .header('content-type', JSON_TYPE)
          .send(`{"forecasts":${arrayOf(stored)}}` as never);
      }
      const forecasts = history
        ? [await adhocResponse(serving, domain, predictor, history, whatIf, asked, clock.now())]
        : await overriddenResponses(
            serving,
            domain,
            predictor,
            seriesIds,
            whatIf as WhatIf,
            asked,
            clock.now(),
          );
      for (const { fallback } of forecasts) if (fallback) fellBack(fallback.reason);
      return { forecasts };
    },
  );
}
