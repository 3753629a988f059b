/**
 * Purpose: why the forecast of one series is what it is, at the current cutoff or one of the last
 * days.
 * Invariants: the explained forecast of the current cutoff is the served one; a past cutoff is
 * explained only where the snapshot in memory holds as much history as the model looks at, so that
 * it is the forecast a longer history gives too.
 * Fails: SERIES_UNKNOWN, USAGE, HISTORY_TOO_SHORT, MODEL_INCOMPATIBLE; RATE_LIMITED sooner than
 * other routes, because a response is computed while it is waited for (docs/decisions/0008 has the
 * cost).
 */
import { HeadwayError } from '../../../platform/errors.ts';
import { responsesOf, SeriesParams } from '../openapi/common-schemas.ts';
import { ExplanationQuery, ExplanationResponse } from '../openapi/explanation-schemas.ts';
import type { App } from '../plugins/app.ts';
import { attachServing, servingOf } from '../plugins/attach-serving.ts';
import {
  cutoffIndex,
  explainable,
  explanationResponse,
} from '../responses/explanation-response.ts';
import { NotReady } from '../responses/problems.ts';
import { queryTime } from '../responses/query-times.ts';
import type { Serving } from '../serving/build-serving-snapshot.ts';
import { missingSeries } from '../shards/missing-series.ts';
import type { RouteContext } from './context.ts';

/**
 * A response takes some 10 ms of the event loop, where a stored forecast is only copied: this many
 * times fewer are allowed.
 */
const TIMES_FEWER = 10;

export async function explanationRoutes(app: App, context: RouteContext): Promise<void> {
  const { domain, state, startBackend, handlerTimeoutMs } = context;

  app.get(
    '/v1/series/:id/explanation',
    {
      config: { access: 'explanations:read', rateLimit: {}, timesFewer: TIMES_FEWER },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        operationId: 'explainForecast',
        tags: ['forecasts'],
        summary: 'Why the forecast of one series is what it is',
        params: SeriesParams,
        querystring: ExplanationQuery,
        response: responsesOf(
          ExplanationResponse,
          'How far each group of inputs moved the forecast, and the nearest past days',
        ),
      },
      preHandler: attachServing(state),
    },
    async (request) => {
      const serving = servingOf(request);
      const { snapshot, model } = serving;
      const { id } = request.params;
      if (!snapshot.indexOf.has(id)) throw missingSeries(snapshot, id);
      if (model.champion === null) throw new NotReady(state.failure()?.error ?? null);
      const cutoff = cutoffOf(serving, request.query.cutoff);
      if (
        cutoff === snapshot.cutoff &&
        serving.replaced.get(id)?.reason === 'FORECAST_OUT_OF_RANGE'
      ) {
        throw new HeadwayError(
          'MODEL_INCOMPATIBLE',
          'the served forecast is a baseline, which has no inputs to explain',
          {
            where: 'seriesId',
            fix:
              'Look at the history of the series: the forecast of the model was outside its ' +
              'plausibility bounds.',
          },
        );
      }
      await startBackend();
      return explanationResponse({
        domain,
        forecaster: model.forecaster,
        modelVersion: model.card.modelVersion,
        snapshotVersion: snapshot.manifest.snapshotVersion,
        panel: snapshot.panel,
        seriesId: id,
        cutoff,
        horizon: model.card.horizon,
      });
    },
  );
}

function cutoffOf({ snapshot, model, cutoffTimestamp }: Serving, text: string | undefined): number {
  const cutoff = queryTime('cutoff', text);
  if (cutoff === null || cutoff === cutoffTimestamp) return snapshot.cutoff;
  return cutoffIndex(
    snapshot.panel,
    cutoff,
    snapshot.cutoff,
    explainable(model.forecaster).lookBack,
  );
}
