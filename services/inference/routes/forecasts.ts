/**
 * Purpose: forecasts of many series at once, or of a caller's own recent history.
 * Invariants: all or nothing: if one series cannot be forecast the answer is that problem, never a shorter list.
 * Fails: SERIES_UNKNOWN, HORIZON_INVALID, HISTORY_INVALID, HISTORY_TOO_SHORT.
 */
import { ownAnswer, storedAnswer } from '../forecast-answer.ts';
import { answers, ForecastsAnswer, ForecastsBody } from '../schemas.ts';
import { servingOf, takeServing } from '../take-serving.ts';
import type { App, RouteContext } from './context.ts';

export function forecastRoutes(app: App, context: RouteContext): void {
  const { domain, clock, state, fellBack } = context;

  app.post(
    '/v1/forecasts',
    {
      schema: {
        operationId: 'forecastMany',
        tags: ['forecasts'],
        summary: 'Forecasts of many series, or of recent values of your own',
        body: ForecastsBody,
        response: answers(ForecastsAnswer, 'One forecast a series, in the order asked'),
      },
      preHandler: takeServing(state),
    },
    async (request) => {
      const serving = servingOf(request);
      const { seriesIds = [], history, horizon } = request.body;
      const forecasts = history
        ? [ownAnswer(serving, domain, history, horizon, clock.now())]
        : seriesIds.map((id) => storedAnswer(serving, domain, id, horizon));
      for (const { fallback } of forecasts) if (fallback) fellBack(fallback.reason);
      return { forecasts };
    },
  );
}
