/**
 * Purpose: how much to have ready for a series or a group, by what too few and too many cost, and
 * how likely a capacity does not suffice.
 * Invariants: of the same paths as the totals of groups.
 * Fails: SERIES_UNKNOWN, GROUP_UNKNOWN, WINDOW_INVALID, HISTORY_TOO_SHORT; REQUEST_INVALID for
 * costs of 0.
 */
import type { Domain } from '../../../../domains/domain.ts';
import { newsvendorQuantile, quantityAt } from '../../../../forecasting/paths/decisions.ts';
import { responsesOf, SeriesParams } from '../../openapi/common-schemas.ts';
import { DecisionQuery, DecisionResponse, GroupParams } from '../../openapi/group-schemas.ts';
import type { App } from '../../plugins/app.ts';
import { attachServing, servingOf } from '../../plugins/attach-serving.ts';
import {
  fallbackMember,
  isoFrequency,
  isoTime,
  rounded,
} from '../../responses/forecast-response.ts';
import { exceedsOf, gridOf, totalWindows } from '../../responses/group-response.ts';
import { HttpProblem } from '../../responses/problems.ts';
import { queryNumbers } from '../../responses/query-integers.ts';
import type { Serving } from '../../serving/build-serving-snapshot.ts';
import type { RouteContext } from '../context.ts';
import { groupSubject, type Subject, seriesSubject } from './subject.ts';

export async function decisionQuantityRoutes(app: App, context: RouteContext): Promise<void> {
  const { state, fellBack } = context;
  const config = { access: 'forecasts:read' } as const;
  const common = {
    tags: ['groups'],
    querystring: DecisionQuery,
    response: responsesOf(DecisionResponse, 'The quantity of every window'),
  };
  const hooks = {
    preValidation: queryNumbers('under', 'over', 'capacity'),
    preHandler: attachServing(state),
  };
  const decided = async (serving: Serving, subject: Subject, asked: AskedDecision) => {
    if (subject.fallback) fellBack(subject.fallback.reason);
    return decisionResponse(serving, context.domain, subject, asked);
  };

  app.get(
    '/v1/groups/:id/decision',
    {
      config,
      schema: {
        operationId: 'decideGroup',
        summary: 'How much to have ready for a total, by what too few and too many cost',
        params: GroupParams,
        ...common,
      },
      ...hooks,
    },
    async (request) => {
      const serving = servingOf(request);
      return decided(
        serving,
        await groupSubject(context, serving, request.params.id),
        request.query,
      );
    },
  );

  app.get(
    '/v1/series/:id/decision',
    {
      config,
      schema: {
        operationId: 'decideSeries',
        summary: 'How much to have ready for a series, by what too few and too many cost',
        params: SeriesParams,
        ...common,
      },
      ...hooks,
    },
    async (request) => {
      const serving = servingOf(request);
      return decided(serving, seriesSubject(context, serving, request.params.id), request.query);
    },
  );
}

interface AskedDecision {
  readonly under?: number;
  readonly over?: number;
  readonly window?: string;
  readonly capacity?: number;
}

function decisionResponse(
  serving: Serving,
  domain: Domain,
  { paths, fallback, names }: Subject,
  { window: text, under = 1, over = 1, capacity }: AskedDecision,
): DecisionResponse {
  if (under + over === 0)
    throw new HttpProblem('REQUEST_INVALID', 'under and over are both 0: nothing to weigh');
  const { snapshot, model } = serving;
  const { horizon, modelVersion } = model.card;
  const windows = totalWindows(gridOf(serving, domain), paths, text);
  const quantile = newsvendorQuantile(under, over);
  return {
    domain: domain.name,
    ...names,
    unit: domain.unit,
    cutoff: isoTime(serving.cutoffTimestamp),
    modelVersion,
    snapshotVersion: snapshot.manifest.snapshotVersion,
    window: isoFrequency(snapshot.panel.frequencyMinutes * windows.steps),
    timestamps: windows.timestamps.map(isoTime),
    quantile: rounded(quantile),
    quantity: windows.sorted.map((column) =>
      rounded(quantityAt(column, quantile, domain.integerValued)),
    ),
    ...exceedsOf(windows, capacity),
    paths: paths.length / horizon,
    ...fallbackMember(fallback),
  };
}
