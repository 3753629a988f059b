/**
 * Purpose: the series there are, and the forecast of one.
 * Invariants: pages are in text order of the ids, and a cursor names an id, so pages neither repeat nor skip a series when the
 * snapshot changes between them.
 * Fails: SERIES_UNKNOWN, HORIZON_INVALID, HISTORY_TOO_SHORT; REQUEST_INVALID for a cursor nobody gave out.
 */
import { targetOf, timestampAt } from '../../../forecasting/panel.ts';
import type { Serving } from '../combine.ts';
import { isoTime, storedAnswer } from '../forecast-answer.ts';
import { HttpProblem } from '../problems.ts';
import { queryIntegers } from '../query-integers.ts';
import { answers, ForecastAnswer, ForecastQuery, SeriesAnswer, SeriesParams, SeriesQuery } from '../schemas.ts';
import { servingOf, takeServing } from '../take-serving.ts';
import type { App, RouteContext } from './context.ts';

export function seriesRoutes(app: App, context: RouteContext): void {
  const { domain, state, fellBack } = context;

  app.get(
    '/v1/series',
    {
      schema: {
        operationId: 'listSeries',
        tags: ['series'],
        summary: 'The series that can be forecast, in pages',
        querystring: SeriesQuery,
        response: answers(SeriesAnswer, 'One page of series'),
      },
      preValidation: queryIntegers('limit'),
      preHandler: takeServing(state),
    },
    async (request) => {
      const serving = servingOf(request);
      const { sortedIds } = serving.snapshot;
      const { limit = 100, cursor } = request.query;
      const after = cursor === undefined ? null : readCursor(cursor);
      const found = after === null ? 0 : sortedIds.findIndex((id) => id > after);
      const from = found < 0 ? sortedIds.length : found;
      const page = sortedIds.slice(from, from + limit);
      return {
        domain: domain.name,
        unit: domain.unit,
        seriesNoun: domain.seriesNoun,
        total: sortedIds.length,
        series: page.map((id) => ({ seriesId: id, title: domain.seriesTitle(id), ...summary(serving, id) })),
        nextCursor: from + limit < sortedIds.length ? writeCursor(page[page.length - 1]) : null,
      };
    },
  );

  app.get(
    '/v1/series/:id/forecast',
    {
      schema: {
        operationId: 'forecastSeries',
        tags: ['forecasts'],
        summary: 'The forecast of one series',
        params: SeriesParams,
        querystring: ForecastQuery,
        response: answers(ForecastAnswer, 'The forecast, quantiles as columns'),
      },
      preValidation: queryIntegers('horizon', 'history'),
      preHandler: takeServing(state),
    },
    async (request) => {
      const { horizon, history } = request.query;
      const answer = storedAnswer(servingOf(request), domain, request.params.id, horizon, history);
      if (answer.fallback) fellBack(answer.fallback.reason);
      return answer;
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

const writeCursor = (id: string): string => Buffer.from(id, 'utf8').toString('base64url');

function readCursor(cursor: string): string {
  const id = Buffer.from(cursor, 'base64url').toString('utf8');
  if (writeCursor(id) === cursor) return id;
  throw new HttpProblem('REQUEST_INVALID', 'the cursor is not one that this service gave out');
}
