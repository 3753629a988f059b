/**
 * Purpose: what is being served: the domain, the champion with its figures, and the snapshot.
 * Invariants: model and snapshot are the pair that forecasts come from at this moment.
 * Fails: 503 while nothing is served.
 */

import { ModelResponse, responsesOf } from '../openapi/common-schemas.ts';
import type { App } from '../plugins/app.ts';
import { attachServing, servingOf } from '../plugins/attach-serving.ts';
import { fallbackMember, isoFrequency, isoTime } from '../responses/forecast-response.ts';
import type { RouteContext } from './context.ts';

export async function modelRoutes(app: App, context: RouteContext): Promise<void> {
  const { domain, state } = context;

  app.get(
    '/v1/model',
    {
      config: { access: 'models:read' },
      schema: {
        operationId: 'servedModel',
        tags: ['model'],
        summary: 'The model and the snapshot that are served',
        response: responsesOf(ModelResponse, 'The champion, its promotion and the snapshot'),
      },
      preHandler: attachServing(state),
    },
    async (request) => {
      const { model, snapshot, cutoffTimestamp, fallback } = servingOf(request);
      const { card, champion, forecaster } = model;
      return {
        domain: {
          name: domain.name,
          title: domain.title,
          unit: domain.unit,
          seriesNoun: domain.seriesNoun,
          timeZone: domain.timeZone,
          frequency: isoFrequency(domain.frequencyMinutes),
          seasonLengths: [...domain.seasonLengths],
        },
        model: champion && {
          modelVersion: card.modelVersion,
          forecaster: forecaster.name,
          createdAt: isoTime(card.createdAt),
          trainingCutoff: isoTime(card.trainingCutoff),
          snapshotVersion: card.snapshotVersion,
          trainingSeconds: card.trainingSeconds,
          backend: card.backend,
          seed: card.seed,
          quantiles: [...card.quantiles],
          horizon: card.horizon,
          minimumHistory: forecaster.minimumHistory,
          ...(forecaster.exogenous
            ? {
                exogenous: [...forecaster.exogenous.past, ...forecaster.exogenous.future],
                knownInAdvance: [...forecaster.exogenous.future],
              }
            : {}),
          metrics: card.metrics ?? null,
        },
        promotion: champion && {
          number: champion.number,
          promotedAt: isoTime(champion.at),
          kind: champion.kind,
          reason: champion.reason,
        },
        ...fallbackMember(fallback),
        snapshot: {
          snapshotVersion: snapshot.manifest.snapshotVersion,
          committedAt: isoTime(snapshot.manifest.committedAt),
          cutoff: isoTime(cutoffTimestamp),
          series: snapshot.panel.seriesIds.length,
        },
        ...(snapshot.shard && {
          shard: { name: snapshot.shard.name, storeSeries: snapshot.shard.storeSeries },
        }),
      };
    },
  );
}
