/**
 * Purpose: what the last check of monitoring found: live scores, verdicts with their evidence, how
 * fresh data, forecasts and scores are.
 * Invariants: before the first check `state` is none; the ETag is of what the store said.
 * Fails: REQUEST_INVALID; the store's error as a 503.
 */
import type { Domain } from '../../../domains/domain.ts';
import type { Overview, OverviewVerdict } from '../../../storage/monitoring/overviews.ts';
import { responsesOf } from '../openapi/common-schemas.ts';
import { MonitoringQuery, MonitoringResponse } from '../openapi/monitoring-schemas.ts';
import type { App } from '../plugins/app.ts';
import { requireServing, revalidated } from '../plugins/attach-serving.ts';
import { isoTime } from '../responses/forecast-response.ts';
import { asNotReady } from '../responses/problems.ts';
import { queryIntegers } from '../responses/query-integers.ts';
import type { RouteContext } from './context.ts';

export async function monitoringRoutes(app: App, context: RouteContext): Promise<void> {
  const { domain, state, isShard, monitoring, handlerTimeoutMs } = context;
  app.get(
    '/v1/monitoring',
    {
      config: { access: 'models:read' },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        operationId: 'showMonitoring',
        tags: ['monitoring'],
        summary: 'Live scores, verdicts and freshness, as the last check found them',
        querystring: MonitoringQuery,
        response: responsesOf(MonitoringResponse, 'What the last check found'),
      },
      preValidation: queryIntegers('limit'),
    },
    async (request, reply) => {
      // Totals are of the whole store, lists name series that can be asked for here.
      const served = isShard ? requireServing(state).snapshot.indexOf : null;
      const overview = await monitoring.overview().catch(asNotReady);
      const { name, unit, timeZone } = domain;
      const body: MonitoringResponse = {
        ...{ domain: name, unit, timeZone, state: overview === null ? 'none' : 'checked' },
        overview: overview && shown(listing(overview, served), domain, request.query.limit ?? 10),
      };
      return revalidated(body, request, reply);
    },
  );
}

function listing(overview: Overview, served: ReadonlyMap<string, number> | null): Overview {
  if (served === null) return overview;
  return { ...overview, series: overview.series.filter(({ seriesId }) => served.has(seriesId)) };
}

const optionalTime = (time: number | null): string | null => (time === null ? null : isoTime(time));

function shown(overview: Overview, domain: Domain, limit: number) {
  const { at, checkNumber, from, freshness, days, series, verdicts, knownDays, ...rest } = overview;
  return {
    ...rest,
    ...{ checkedAt: isoTime(at), check: checkNumber, from: isoTime(from) },
    forecasters: [...rest.forecasters],
    steps: [...rest.steps],
    hoursOfWeek: [...rest.hoursOfWeek],
    freshness: {
      dataUntil: optionalTime(freshness.dataUntil),
      forecastAt: optionalTime(freshness.forecastAt),
      scoredUntil: optionalTime(freshness.scoredUntil),
    },
    days: days.map(({ day, forecasters, ...pair }) => ({
      ...{ day: isoTime(day), ...pair, forecasters: [...forecasters] },
    })),
    series: seriesLists(series, domain, limit),
    verdicts: verdicts.map(shownVerdict),
    knownDays: knownDays.map((day) => ({ at: isoTime(day.at), name: day.name })),
  };
}

/** By skill from below and from above, and by their part of the error. */
function seriesLists(series: Overview['series'], domain: Domain, limit: number) {
  const titled = series.map((one) => ({ ...one, title: domain.seriesTitle(one.seriesId) }));
  const skillOf = ({ served }: Overview['series'][number]) => served?.skill ?? null;
  const bySkill = titled
    .filter((one) => skillOf(one) !== null)
    .sort((a, b) => (skillOf(a) as number) - (skillOf(b) as number));
  return {
    total: series.length,
    worst: bySkill.slice(0, limit),
    best: [...bySkill].reverse().slice(0, limit),
    largest: titled.slice(0, limit),
  };
}

const shownVerdict = ({ since, detectedAt, endedAt, seriesIds, ...verdict }: OverviewVerdict) => ({
  ...verdict,
  since: isoTime(since),
  detectedAt: isoTime(detectedAt),
  endedAt: optionalTime(endedAt),
  seriesIds: [...seriesIds],
});
