/**
 * Purpose: the groups that the domain adds series up to, and the forecast of their totals.
 * Invariants: all groups of a response are of one Serving; a total is of the same paths as every
 * other.
 * Fails: GROUP_UNKNOWN, HISTORY_TOO_SHORT, WINDOW_INVALID.
 */
import { responsesOf } from '../../openapi/common-schemas.ts';
import {
  GroupForecastQuery,
  GroupForecastResponse,
  GroupParams,
  GroupsResponse,
} from '../../openapi/group-schemas.ts';
import type { App } from '../../plugins/app.ts';
import { attachServing, servingOf } from '../../plugins/attach-serving.ts';
import { groupResponse } from '../../responses/group-response.ts';
import { parseLevels } from '../../responses/levels.ts';
import { queryNumbers } from '../../responses/query-integers.ts';
import type { RouteContext } from '../context.ts';

export async function groupRoutes(app: App, context: RouteContext): Promise<void> {
  const { domain, state, totals, fellBack } = context;

  app.get(
    '/v1/groups',
    {
      config: { access: 'forecasts:read' },
      schema: {
        operationId: 'listGroups',
        tags: ['groups'],
        summary: 'What series add up to',
        response: responsesOf(GroupsResponse, 'All groups'),
      },
      preHandler: attachServing(state),
    },
    async (request) => ({
      domain: domain.name,
      unit: domain.unit,
      groups: totals
        .groupsOf(servingOf(request))
        .map((group) => ({ ...group, seriesIds: [...group.seriesIds] })),
    }),
  );

  app.get(
    '/v1/groups/:id/forecast',
    {
      config: { access: 'forecasts:read' },
      schema: {
        operationId: 'forecastGroup',
        tags: ['groups'],
        summary: 'The forecast of a total: its mean, quantiles, peak, and what exceeds a capacity',
        params: GroupParams,
        querystring: GroupForecastQuery,
        response: responsesOf(GroupForecastResponse, 'The forecast of the total'),
      },
      preValidation: queryNumbers('capacity', 'history'),
      preHandler: attachServing(state),
    },
    async (request) => {
      const serving = servingOf(request);
      const { levels, ...rest } = request.query;
      const total = await totals.totalOf(serving, request.params.id);
      const asked = { ...rest, levels: parseLevels(levels) };
      const response = groupResponse(serving, domain, total, asked);
      if (serving.fallback) fellBack(serving.fallback.reason);
      return response;
    },
  );
}
