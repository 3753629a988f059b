/**
 * Purpose: model and promotion history: every model there is, newest first, with what was decided
 * about it and why.
 * Invariants: a page begins behind the model that its cursor names; the ETag is of what the store
 * said.
 * Fails: REQUEST_INVALID for a cursor that names no model; the store's error as a 503 while nothing
 * was read yet.
 */
import type { HistoricModel } from '../models/model-history.ts';
import { ModelsResponse, responsesOf, SeriesQuery } from '../openapi/common-schemas.ts';
import type { App } from '../plugins/app.ts';
import { revalidated } from '../plugins/attach-serving.ts';
import { isoTime } from '../responses/forecast-response.ts';
import { readCursor, strangeCursor, writeCursor } from '../responses/pagination.ts';
import { asNotReady } from '../responses/problems.ts';
import { queryIntegers } from '../responses/query-integers.ts';
import type { RouteContext } from './context.ts';

export async function modelsRoutes(app: App, context: RouteContext): Promise<void> {
  const { modelHistory, handlerTimeoutMs } = context;
  app.get(
    '/v1/models',
    {
      config: { access: 'models:read' },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        operationId: 'listModels',
        tags: ['model'],
        summary: 'All models, newest first, and what was decided about each',
        querystring: SeriesQuery,
        response: responsesOf(ModelsResponse, 'One page of models'),
      },
      preValidation: queryIntegers('limit'),
    },
    async (request, reply) => {
      const models = await modelHistory().catch(asNotReady);
      const { limit = 100, cursor } = request.query;
      const last = cursor === undefined ? null : readCursor(cursor);
      const after =
        last === null ? -1 : models.findIndex(({ modelVersion }) => modelVersion === last);
      if (last !== null && after < 0) throw strangeCursor();
      const page = models.slice(after + 1, after + 1 + limit);
      const isLast = after + 1 + limit >= models.length;
      const body = {
        total: models.length,
        models: page.map(historyOf),
        nextCursor: isLast ? null : writeCursor((page.at(-1) as HistoricModel).modelVersion),
      };
      return revalidated(body, request, reply);
    },
  );
}

const historyOf = ({ modelVersion, isChampion, log, ...card }: HistoricModel) => ({
  modelVersion,
  isChampion,
  forecaster: card.forecaster,
  createdAt: isoTime(card.createdAt),
  trainingCutoff: isoTime(card.trainingCutoff),
  snapshotVersion: card.snapshotVersion,
  trainingSeconds: card.trainingSeconds,
  quantiles: [...card.quantiles],
  horizon: card.horizon,
  history: log.map(({ number, at, kind, reason }) => ({ number, at: isoTime(at), kind, reason })),
});
