/**
 * Purpose: a few sample paths of a series or a group: what may happen, one future at a time.
 * Invariants: the first of the paths that totals and decisions are of; a path of a group is the sum
 * of its series' paths.
 * Fails: SERIES_UNKNOWN, GROUP_UNKNOWN, HISTORY_TOO_SHORT.
 */
import type { Domain } from '../../../../domains/domain.ts';
import { responsesOf, SeriesParams } from '../../openapi/common-schemas.ts';
import { GroupParams, PathsQuery, PathsResponse } from '../../openapi/group-schemas.ts';
import type { App } from '../../plugins/app.ts';
import { attachServing, servingOf } from '../../plugins/attach-serving.ts';
import { fallbackMember, isoTime, rounded } from '../../responses/forecast-response.ts';
import { gridOf, totalWindows } from '../../responses/group-response.ts';
import { queryIntegers } from '../../responses/query-integers.ts';
import type { Serving } from '../../serving/build-serving-snapshot.ts';
import type { RouteContext } from '../context.ts';
import { groupSubject, type Subject, seriesSubject } from './subject.ts';

export async function pathRoutes(app: App, context: RouteContext): Promise<void> {
  const { domain, state, fellBack } = context;
  const config = { access: 'forecasts:read' } as const;
  const common = {
    tags: ['groups'],
    querystring: PathsQuery,
    response: responsesOf(PathsResponse, 'The first sample paths'),
  };
  const hooks = {
    preValidation: queryIntegers('count'),
    preHandler: attachServing(state),
  };
  const shown = (serving: Serving, subject: Subject, count = 10) => {
    if (subject.fallback) fellBack(subject.fallback.reason);
    return pathsResponse(serving, domain, subject, count);
  };

  app.get(
    '/v1/groups/:id/paths',
    {
      config,
      schema: {
        operationId: 'pathsOfGroup',
        summary: 'A few sample paths of a total',
        params: GroupParams,
        ...common,
      },
      ...hooks,
    },
    async (request) => {
      const serving = servingOf(request);
      const subject = await groupSubject(context, serving, request.params.id);
      return shown(serving, subject, request.query.count);
    },
  );

  app.get(
    '/v1/series/:id/paths',
    {
      config,
      schema: {
        operationId: 'pathsOfSeries',
        summary: 'A few sample paths of a series',
        params: SeriesParams,
        ...common,
      },
      ...hooks,
    },
    async (request) => {
      const serving = servingOf(request);
      const subject = seriesSubject(context, serving, request.params.id);
      return shown(serving, subject, request.query.count);
    },
  );
}

function pathsResponse(
  serving: Serving,
  domain: Domain,
  { paths, fallback, names }: Subject,
  count: number,
): PathsResponse {
  const { snapshot, model } = serving;
  const { timestamps, values } = totalWindows(gridOf(serving, domain), paths, undefined);
  const steps = timestamps.length;
  return {
    domain: domain.name,
    ...names,
    unit: domain.unit,
    cutoff: isoTime(serving.cutoffTimestamp),
    modelVersion: model.card.modelVersion,
    snapshotVersion: snapshot.manifest.snapshotVersion,
    timestamps: timestamps.map(isoTime),
    paths: Array.from({ length: count }, (_, n) =>
      Array.from(values.subarray(n * steps, (n + 1) * steps), rounded),
    ),
    ...fallbackMember(fallback),
  };
}
