/**
 * Purpose: what happened: as the served snapshot has it, and posted back by clients: the feedback
 * loop that monitoring scores forecasts with.
 * Invariants: stored append-only with the time they were received; sent twice, stored once; nothing
 * is stored of a post in which anything is wrong: a value far outside all that the series has been,
 * a fraction of a whole number, or two values of one interval. Posts have a rate of their own. Only
 * a service that is configured to write does so.
 * Fails: ACTUALS_OFF, ACTUALS_INVALID with the place of the value, SERIES_UNKNOWN,
 * IDEMPOTENCY_CONFLICT, STORE_UNAVAILABLE.
 */

import { plausibilityBounds } from '../../../forecasting/models/plausibility-bounds.ts';
import { overAt } from '../../../forecasting/panel/interval-end.ts';
import { targetOf } from '../../../forecasting/panel/panel.ts';
import { seasonsOf } from '../../../forecasting/panel/seasons.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import { encodeTable } from '../../../platform/tables/encode-table.ts';
import type { ActualSpan } from '../../../storage/forecasts/actuals-log.ts';
import { ActualsBody, ActualsHeaders, ActualsReceipt } from '../openapi/actuals-schemas.ts';
import { responsesOf, tabledResponses } from '../openapi/common-schemas.ts';
import { ActualsQuery, ActualsResponse } from '../openapi/record-schemas.ts';
import type { App } from '../plugins/app.ts';
import { attachServing, servingOf, variantOf } from '../plugins/attach-serving.ts';
import { sentStart, sentValue } from '../prediction/sent-values.ts';
import { actualsResponse, actualsTable } from '../responses/actuals-response.ts';
import { isoTime } from '../responses/forecast-response.ts';
import { chosenFormat, JSON_OR_TABLE, preferredType } from '../responses/media-type.ts';
import { HttpProblem } from '../responses/problems.ts';
import { queryIntegers } from '../responses/query-integers.ts';
import type { Serving } from '../serving/build-serving-snapshot.ts';
import { missingSeries } from '../shards/missing-series.ts';
import type { RouteContext } from './context.ts';

/** Each post is a write to the store, each table a response of all series that is not kept. */
const TIMES_FEWER = 10;
/** An actual may lie this many times the whole range of its series outside of it: a record does. */
const RANGES = 20;
const DAY_MS = 86_400_000;

export async function actualsRoutes(app: App, context: RouteContext): Promise<void> {
  const { domain, state, clock, actuals: sink, handlerTimeoutMs } = context;

  app.get(
    '/v1/actuals',
    {
      config: {
        ...{ access: 'forecasts:read', rateLimit: {} },
        timesFewer: ({ headers }) => (isTableAsked(headers.accept) ? TIMES_FEWER : 1),
      },
      schema: {
        operationId: 'listActuals',
        tags: ['actuals'],
        summary: 'What happened, as the served snapshot has it',
        querystring: ActualsQuery,
        response: tabledResponses(ActualsResponse, 'One page of series with their values'),
      },
      preValidation: queryIntegers('limit'),
      preHandler: attachServing(state, ({ headers }) =>
        chosenFormat(headers.accept, JSON_OR_TABLE),
      ),
    },
    async (request, reply) => {
      const format = variantOf<keyof typeof JSON_OR_TABLE>(request);
      if (format === 'json') return actualsResponse(domain, servingOf(request), request.query);
      const table = actualsTable(servingOf(request), request.query);
      const bytes = Buffer.from(await encodeTable(table, format));
      return reply.type(JSON_OR_TABLE[format]).send(bytes as never);
    },
  );

  app.post(
    '/v1/actuals',
    {
      config: { access: 'actuals:write', rateLimit: {}, timesFewer: TIMES_FEWER },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        operationId: 'postActuals',
        tags: ['actuals'],
        summary: 'Post what happened',
        headers: ActualsHeaders,
        body: ActualsBody,
        response: responsesOf(ActualsReceipt, 'It is stored'),
      },
      preHandler: attachServing(state),
    },
    async (request) => {
      if (sink === null) throw new HttpProblem('ACTUALS_OFF', 'this service stores no actuals');
      const serving = servingOf(request);
      const now = clock.now();
      const actuals = request.body.actuals.map((span, i) =>
        checkedSpan(span, `actuals[${i}]`, serving, context),
      );
      refuseContradictions(actuals, serving.snapshot.panel.frequencyMinutes * 60_000);
      const { key, availableAt, isNew } = await sink.append({
        receivedAt: now,
        frequencyMinutes: serving.snapshot.panel.frequencyMinutes,
        actuals,
        idempotencyKey: request.headers['idempotency-key'] ?? null,
        client: request.apiKey?.id ?? null,
      });
      return {
        id: /([^/]+)\.json$/.exec(key)?.[1] ?? key,
        isNew,
        availableAt: isoTime(availableAt),
        series: new Set(actuals.map(({ seriesId }) => seriesId)).size,
        values: actuals.reduce(
          (sum, { values }) => sum + values.filter((value) => value !== null).length,
          0,
        ),
      };
    },
  );
}

interface SentSpan {
  readonly seriesId: string;
  readonly start: string;
  readonly values: readonly (number | null)[];
}

function checkedSpan(
  sent: SentSpan,
  where: string,
  { snapshot }: Serving,
  { domain, clock, actualsDays }: RouteContext,
): ActualSpan {
  const { panel, cutoff, indexOf } = snapshot;
  const series = indexOf.get(sent.seriesId);
  if (series === undefined) throw missingSeries(snapshot, sent.seriesId);
  const start = sentStart(sent.start, panel, {
    code: 'ACTUALS_INVALID',
    where: `${where}.start`,
  });
  const now = clock.now();
  if (start < now - actualsDays * DAY_MS)
    throw invalid(
      `${where}.start`,
      `is more than ${actualsDays} days ago`,
      'HEADWAY_ACTUALS_DAYS is the limit.',
    );
  const values = `${where}.values`;
  const last = start + (sent.values.length - 1) * panel.frequencyMinutes * 60_000;
  if (overAt(domain, last) > now)
    throw invalid(
      values,
      'ends with an interval that has not ended yet',
      'Send an interval once it is over.',
    );
  const bounds = plausibilityBounds(
    targetOf(panel, series),
    cutoff,
    seasonsOf(domain).week,
    RANGES,
  );
  for (const [i, value] of sent.values.entries()) {
    sentValue(value, i, domain.nonNegative, { code: 'ACTUALS_INVALID', where: values });
    if (value === null) continue;
    if (domain.integerValued && !Number.isInteger(value))
      throw invalid(
        `${values}[${i}]`,
        `is ${value}, and this domain has whole numbers`,
        'Send the count of the whole interval.',
      );
    if (value < bounds.lower || value > bounds.upper)
      throw invalid(
        `${values}[${i}]`,
        `is ${value}, far outside all values of this series`,
        'Check the unit; send null if the value is unknown.',
      );
  }
  return { seriesId: sent.seriesId, start, values: sent.values };
}

/** Two spans of one post may overlap only where they agree. */
function refuseContradictions(spans: readonly ActualSpan[], intervalMs: number): void {
  const seen = new Set<string>();
  const several = new Set(
    spans.map(({ seriesId }) => seriesId).filter((id) => seen.has(id) || !seen.add(id)),
  );
  const known = new Map([...several].map((id) => [id, new Map<number, number | null>()]));
  for (const [i, { seriesId, start, values }] of spans.entries()) {
    const earlier = known.get(seriesId);
    for (const [k, value] of earlier ? values.entries() : []) {
      const at = start + k * intervalMs;
      if (earlier?.has(at) && earlier.get(at) !== value)
        throw invalid(
          `actuals[${i}].values[${k}]`,
          `contradicts an earlier value of ${isoTime(at)} in the same post`,
          'Send each interval once.',
        );
      earlier?.set(at, value);
    }
  }
}

const isTableAsked = (accept: string | undefined): boolean =>
  preferredType(accept, Object.values(JSON_OR_TABLE)) !== JSON_OR_TABLE.json;

const invalid = (where: string, what: string, fix: string) =>
  new HeadwayError('ACTUALS_INVALID', `${where} ${what}`, { where, fix });
